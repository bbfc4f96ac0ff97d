"""Finds texts that are nearly the same, by MinHash over their characters.

What counts as near: the Jaccard similarity of two texts' sets of five neighbouring characters, white
space and letter case set aside, so that it means the same in scripts with and without blanks between
words. It is estimated from sketches (rensa's), which are compared only where two texts agree in a whole
band of them, so a pair just above the threshold can be missed. Texts are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rensa import RMinHash

from qatoolkit.corpus.linked import find, link

_CHARACTERS = 5
_PERMUTATIONS = 128
#: Of each minimum one byte is kept: two unlike ones agree with a chance of 1 in 256, which is allowed for.
_VALUES = 256
#: Sixteen bands of eight: two texts of similarity 0.7 meet with a chance of 0.6, of 0.8 with 0.95. Eight
#: bytes of a sketch are one number, so a band is a column of numbers.
_BAND = np.dtype(np.uint64)
_SEED = 42
#: In a larger crowd that shares a band, each text is compared with as many that follow it. Texts that are
#: nearly the same still hang together, by many paths; what is not does not cost the square of the crowd.
_NEIGHBOURS = 32
#: Arrays of this many characters, and of this many pairs, stay in the processor's cache.
_CHARACTERS_AT_ONCE = 100_000
_PAIRS_AT_ONCE = 4096
_BLANK = 0xFFFF_FFFF
#: No letter above has two cases, no character above is white space.
_FOLDED_BELOW = 0x2_0000


@dataclass
class NearDuplicates:
    """Texts that were added, and which of them are nearly the same; about 240 bytes for each.

    Attributes:
        similarity: from which two texts count as nearly the same, between 0 and 1.
    """

    similarity: float = 0.8
    _known: set[int] = field(default_factory=set, repr=False)
    _keys: list[NDArray[np.uint64]] = field(default_factory=list, repr=False)
    _sketches: list[NDArray[np.uint8]] = field(default_factory=list, repr=False)

    def add_all(self, keys: pl.Series, texts: pl.Series) -> pl.DataFrame:
        """Adds texts, each under a number of its own; what was added before is not looked at again.

        Args:
            keys: unsigned 64-bit numbers, the same number for the same text only.
            texts: as many strings, none of them null.

        Returns:
            `key` and `text` of what was not known before.
        """
        added = pl.DataFrame({"key": keys, "text": texts}, {"key": pl.UInt64, "text": pl.String})
        added = added.unique("key", keep="first", maintain_order=True)
        unknown = [key not in self._known for key in added["key"].to_list()]
        added = added.filter(pl.Series(unknown, dtype=pl.Boolean))
        if added.height:
            self._known.update(added["key"].to_list())
            self._keys.append(added["key"].to_numpy())
            sketches = [_sketches(part) for part in _parts(added["text"].to_list())]
            self._sketches.append(np.concatenate(sketches))
        return added

    def groups(self) -> pl.DataFrame:
        """Each text that is nearly another: its `key` and its `cluster`, the smallest key it hangs with.

        Hanging together is transitive: of a, b and c, a and c may be less alike than `similarity`. The
        order in which texts were added, and what their keys are, makes no difference to who is with whom.
        """
        if not self._keys:
            return pl.DataFrame(schema={"key": pl.UInt64, "cluster": pl.UInt64})
        keys = np.concatenate(self._keys)
        forest = _linked(self._together(), self.similarity)
        root = find(forest, np.arange(len(forest)))
        smallest = keys.copy()
        np.minimum.at(smallest, root, keys)
        in_company = np.bincount(root)[root] > 1
        return pl.DataFrame({"key": keys[in_company], "cluster": smallest[root[in_company]]})

    def _together(self) -> NDArray[np.uint8]:
        """All sketches in one array; the parts go as they are copied, so that nothing is there twice."""
        if len(self._sketches) == 1:
            return self._sketches[0]
        whole = np.empty((sum(map(len, self._sketches)), _PERMUTATIONS), np.uint8)
        end = len(whole)
        while self._sketches:
            part = self._sketches.pop()
            whole[end - len(part) : end] = part
            end -= len(part)
        self._sketches.append(whole)
        return whole


def _linked(sketches: NDArray[np.uint8], similarity: float) -> NDArray[np.int64]:
    """The forest of texts, those linked whose sketches share a band and agree in enough places."""
    forest = np.arange(len(sketches))
    bands = sketches.view(_BAND)
    needed = _PERMUTATIONS * (similarity + (1 - similarity) / _VALUES)
    # Neighbours in a crowd are neighbours in this order, which only the texts decide.
    ordered = np.argsort(_mixed(bands), kind="stable")
    for band in bands.T:
        members = ordered[np.argsort(band[ordered], kind="stable")]
        shared = band[members]
        first = np.arange(len(members))
        for distance in range(1, _NEIGHBOURS + 1):
            first = first[first < len(members) - distance]
            first = first[shared[first] == shared[first + distance]]
            if not first.size:
                break
            for start in range(0, len(first), _PAIRS_AT_ONCE):
                at = first[start : start + _PAIRS_AT_ONCE]
                some, others = members[at], members[at + distance]
                apart = find(forest, some) != find(forest, others)
                some, others = some[apart], others[apart]
                alike = np.count_nonzero(sketches[some] == sketches[others], axis=1) >= needed
                link(forest, some[alike], others[alike])
    return forest


def _mixed(bands: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number for each whole sketch."""
    mixed = np.zeros(len(bands), np.uint64)
    for band in bands.T:
        mixed = (mixed ^ band) * np.uint64(0x9E37_79B9_7F4A_7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in runs of limited length."""
    start = characters = 0
    for end, text in enumerate(texts):
        if characters and characters + len(text) > _CHARACTERS_AT_ONCE:
            yield texts[start:end]
            start, characters = end, 0
        characters += len(text)
    yield texts[start:]


def _sketches(texts: Sequence[str]) -> NDArray[np.uint8]:
    """One row of `_PERMUTATIONS` bytes for each text."""
    hashes, bounds = shingles(texts)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        hashes.astype(np.uint64), bounds.astype(np.uint64), _PERMUTATIONS, _SEED
    )
    return np.array(matrix.to_rows(), np.uint32).astype(np.uint8)


def shingles(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Every five neighbouring characters of each text as a hash, and the bounds between the texts.

    A text of fewer than five is one shingle, one of none has none. Text i has the hashes from bounds[i]
    to bounds[i + 1]; its last four are its first again, which a set does not notice.
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    folded = _folding()[points]
    kept = np.flatnonzero(folded != _BLANK)
    bounds = np.searchsorted(kept, np.concatenate([[0], ends]))
    plain = np.concatenate([folded[kept], np.zeros(_CHARACTERS - 1, np.uint32)])
    hashes = _hashed([plain[i : i + len(kept)] for i in range(_CHARACTERS)])
    # The last four reach into the text that follows, and so do all of a short text.
    starts, ends = bounds[:-1], bounds[1:]
    present = starts < ends
    starts, ends = starts[present], ends[present]
    first = hashes[starts]
    short = ends - starts < _CHARACTERS
    places = starts[short, None] + np.arange(_CHARACTERS)
    first[short] = _hashed(list(np.where(places < ends[short, None], plain[places], 0).T))
    for back in range(1, _CHARACTERS):
        inside = ends - back >= starts
        hashes[ends[inside] - back] = first[inside]
    return hashes, bounds


def _hashed(characters: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """A hash of the first characters of all columns, of the second, and so on."""
    hashes = np.zeros(len(characters[0]), np.uint32)
    for column in characters:
        hashes *= np.uint32(0x9E37_79B1)
        hashes += column
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x85EB_CA77)
    return hashes


@cache
def _folding() -> NDArray[np.uint32]:
    """For every code point the one that stands for it: caseless, and `_BLANK` for white space.

    A letter whose caseless form is several characters ("ß") stays one: as its lower case if that is one.
    """
    table = np.arange(0x11_0000, dtype=np.uint32)
    for point in range(_FOLDED_BELOW):
        character = chr(point)
        if character.isspace():
            table[point] = _BLANK
        elif (folded := character.casefold()) != character:
            caseless = folded if len(folded) == 1 else character.lower()
            table[point] = ord(caseless) if len(caseless) == 1 else point
    return table
