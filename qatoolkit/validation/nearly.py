"""Where an answer that is not in the context may have come from: nearly the same text, or several pieces.

The last resort of `diagnosis`. Nothing found here is certain, so nothing of it is ever repaired safely.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment

from qatoolkit.corpus.offsets import occurrences, on_word_boundaries

#: One edit in so many characters is a slip; with more, another word is as likely (quinto, quarto).
_CHARACTERS_AN_EDIT = 10

#: More edits than this are a rewording, however long the text.
_MOST_EDITS = 5

#: An answer of more pieces than this is a list, and its pieces are short enough to be found anywhere.
_MOST_PIECES = 8

_NUMBER = re.compile(r"\d+")
_SEAM = re.compile(
    r"\s*(?:\[\s*)?(?:\.\.\.|…)(?:\s*\])?\s*"  # an ellipsis, in brackets or not
    r"|\s*[;|\n\u061b\uff1b\u3001]\s*|\s*[,\u060c\uff0c]\s+(?:and\s+)?|\uff0c|\s+[/&+]\s+"
    r"|\s+(?:and|und|et|y|e|en|och|og|dan|и)\s+"
)


@dataclass(frozen=True)
class NearMatch:
    """A stretch of the context that differs from a text by a few characters.

    Attributes:
        start: first character in the context.
        end: exclusive.
        distance: characters to insert, delete or replace.
    """

    start: int
    end: int
    distance: int


def find_nearly(context: str, text: str) -> list[NearMatch]:
    """Whole words of the context that are almost the text, the nearest first; two at most.

    Letter case does not count, and numbers must be the same: another digit is another answer.
    """
    wanted = text.strip()
    allowed = min(len(wanted) // _CHARACTERS_AN_EDIT, _MOST_EDITS)
    searched = _lowered(context)
    found: list[NearMatch] = []
    while allowed and len(found) < 2:
        match = _nearest(context, searched, wanted, allowed)
        if match is None:
            break
        found.append(match)
        searched = searched[: match.start] + "\0" * (match.end - match.start) + searched[match.end :]
    return found


def _nearest(context: str, searched: str, wanted: str, allowed: int) -> NearMatch | None:
    lowered = _lowered(wanted)
    # The score counts an exchanged character twice, as one gone and one come, over both lengths.
    cutoff = 100 * (1 - (2 * allowed + 1) / len(wanted))
    rough = partial_ratio_alignment(lowered, searched, score_cutoff=cutoff)
    if rough is None or len(searched) < len(wanted):
        return None
    best: tuple[int, int, int, int] | None = None
    for start in _edges(context, rough.dest_start, allowed):
        for end in _edges(context, rough.dest_end, allowed):
            if start >= end or context[start].isspace() or context[end - 1].isspace():
                continue
            distance = Levenshtein.distance(lowered, searched[start:end], score_cutoff=allowed)
            surplus = abs(end - start - len(wanted))
            if distance <= allowed and (best is None or (distance, surplus) < best[:2]):
                best = (distance, surplus, start, end)
    if best is None:
        return None
    start, end = best[2:]
    slice_ = context[start:end]
    if _NUMBER.findall(slice_) != _NUMBER.findall(wanted):
        return None
    return NearMatch(start, end, Levenshtein.distance(wanted, slice_))


def _edges(context: str, around: int, reach: int) -> list[int]:
    """Positions near one that cut no word in two."""
    near = range(max(0, around - reach), min(len(context), around + reach) + 1)
    return [at for at in near if on_word_boundaries(context, at, at)]


def _lowered(text: str) -> str:
    """Lower case, where that keeps every character in its place."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def find_pieces(context: str, text: str) -> list[tuple[int, int]]:
    """The places of an answer that was put together from pieces of the context.

    Returns:
        Start and exclusive end of each piece, in the order of the text; empty unless there are two
        or more pieces and each of them stands in the context as whole words.
    """
    pieces = [piece.strip(" .\"'") for piece in _SEAM.split(text)]
    pieces = [piece for piece in pieces if piece]
    if not 2 <= len(pieces) <= _MOST_PIECES:
        return []
    places = []
    for piece in pieces:
        whole = [at for at in occurrences(context, piece) if on_word_boundaries(context, at, at + len(piece))]
        if not whole:
            return []
        places.append((whole[0], whole[0] + len(piece)))
    return places
