"""Finds texts that are nearly the same, by MinHash over their characters.

The sketches and their index are rensa's; here is only what counts as near: the Jaccard similarity
of two texts' sets of five neighbouring characters, white space and letter case set aside, so that
it means the same in scripts with and without blanks between words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rensa import RMinHash, RMinHashLSH

_CHARACTERS = 5
_PERMUTATIONS = 128
#: Sixteen bands of eight: two texts of similarity 0.7 meet with a chance of 0.6, of 0.8 with 0.95.
_BANDS = 16
_SEED = 42


@dataclass
class NearDuplicates:
    """Texts that were added, and which of them are nearly the same.

    Attributes:
        similarity: from which two texts count as nearly the same, between 0 and 1.
    """

    similarity: float = 0.8
    _sketches: dict[int, RMinHash] = field(default_factory=dict)

    def add(self, key: int, text: str) -> None:
        """Adds a text under a number of its own; one that was added before is not looked at again."""
        if key not in self._sketches:
            sketch = RMinHash(_PERMUTATIONS, _SEED)
            sketch.update(shingles(text))
            self._sketches[key] = sketch

    def groups(self) -> dict[int, int]:
        """For each text that is nearly another: the first text that it hangs together with, itself included.

        Hanging together is transitive: of a, b and c, a and c may be less alike than `similarity`.
        """
        keys = list(self._sketches)
        sketches = list(self._sketches.values())
        index = RMinHashLSH(self.similarity, _PERMUTATIONS, _BANDS)
        index.insert_many(sketches)
        root = list(range(len(keys)))

        def find(i: int) -> int:
            while root[i] != i:
                root[i] = i = root[root[i]]
            return i

        for i, sketch in enumerate(sketches):
            for j in (j for j in index.query(sketch) if j < i):
                a, b = find(i), find(j)
                if a != b and sketch.jaccard(sketches[j]) >= self.similarity:
                    root[max(a, b)] = min(a, b)
        firsts = [find(i) for i in range(len(keys))]
        several = {first for i, first in enumerate(firsts) if first != i}
        return {key: keys[first] for key, first in zip(keys, firsts, strict=True) if first in several}


def shingles(text: str) -> list[str]:
    """Every five neighbouring characters of a text, white space and letter case set aside."""
    plain = "".join(text.casefold().split())
    return [plain[i : i + _CHARACTERS] for i in range(max(1, len(plain) - _CHARACTERS + 1))]
