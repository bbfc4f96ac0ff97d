"""Span arithmetic: where a text stands in a context, exactly or after normalising.

Pure functions over strings. All positions are code points, ends exclusive. Nothing here changes
a context; a text found only after normalising is reported as the context's own slice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

#: How far a start may be off and still plainly mean the occurrence beside it.
NEARBY = 10

#: What Python strips, for Polars, whose own idea of white space is smaller.
WHITE_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())

Difference = Literal["white space", "punctuation", "Unicode form", "letter case"]


def occurrences(context: str, text: str) -> list[int]:
    """Starts of every occurrence, overlapping ones too; none for an empty text."""
    found = []
    at = context.find(text) if text else -1
    while at >= 0:
        found.append(at)
        at = context.find(text, at + 1)
    return found


def nearest(starts: list[int], wanted: int, reach: int = NEARBY) -> int | None:
    """The one start within `reach` of `wanted`; None if there is none or more than one."""
    close = [start for start in starts if abs(start - wanted) <= reach]
    return close[0] if len(close) == 1 else None


def on_word_boundaries(context: str, start: int, end: int) -> bool:
    """Whether a span cuts no word in two.

    Only letters of scripts that put blanks between words can be cut: between two Han, kana,
    Thai, Lao, Khmer or Myanmar characters there is nothing to see, so it counts as a boundary.
    """
    return not (_joined(context, start) or _joined(context, end))


def _joined(context: str, at: int) -> bool:
    """Whether the characters on both sides of a position belong to one word."""
    if not 0 < at < len(context):
        return False
    before, after = context[at - 1], context[at]
    return _in_word(before) and _in_word(after) and not (_unspaced(before) or _unspaced(after))


def _in_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


@lru_cache(maxsize=4096)
def _unspaced(character: str) -> bool:
    """Whether a character's script writes words without blanks between them."""
    name = unicodedata.name(character, "").removeprefix("HALFWIDTH ")
    return name.startswith(_UNSPACED_SCRIPTS)


_UNSPACED_SCRIPTS = (
    "CJK",
    "IDEOGRAPHIC",
    "HIRAGANA",
    "KATAKANA",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
)


@dataclass(frozen=True)
class LooseMatch:
    """A stretch of the context that equals a text once both are normalised.

    Attributes:
        start: first character in the context.
        end: exclusive.
        difference: the mildest normalisation under which the two are equal.
    """

    start: int
    end: int
    difference: Difference


def find_loosely(context: str, text: str) -> list[LooseMatch]:
    """Occurrences after normalising, by the mildest step that finds any.

    The steps add up: white space (runs of any kind count as one blank, none at the edges),
    quotes and dashes, Unicode form (NFKD, which unlike NFKC never joins neighbours), letter case.
    """
    if _skeleton(text) not in _skeleton(context):
        return []
    steps: list[tuple[Difference, Callable[[str], str]]] = [
        ("white space", _same),
        ("punctuation", _plain_punctuation),
        ("Unicode form", _compatible),
        ("letter case", _folded),
    ]
    for difference, fold in steps:
        wanted, _ = _normalise(text, fold)
        if not wanted.strip():
            return []
        searched, origin = _normalise(context, fold)
        found = [
            LooseMatch(origin[at][0], origin[at + len(wanted) - 1][1], difference)
            for at in occurrences(searched, wanted)
            if _whole(origin, at, at + len(wanted))
        ]
        if found:
            return found
    return []


@lru_cache(maxsize=64)
def _skeleton(text: str) -> str:
    """What is left when everything that any step disregards is gone.

    A text whose skeleton is not in the context's cannot be found by any step. Whole strings are
    folded at C speed here; keeping track of where each character came from is a hundred times slower.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(folded.translate(_DISREGARDED).split())


def _normalise(text: str, fold: Callable[[str], str]) -> tuple[str, list[tuple[int, int]]]:
    """The normalised text and, for each of its characters, the (start, end) it came from.

    A base character and the combining marks behind it are folded together, so that composed
    and decomposed forms meet.
    """
    out: list[str] = []
    origin: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = at + 1
        joins = str.isspace if text[at].isspace() else unicodedata.combining
        while end < len(text) and joins(text[end]):
            end += 1
        piece = " " if text[at].isspace() else fold(text[at:end])
        for character in piece:
            out.append(character)
            origin.append((at, end))
        at = end
    first = 1 if out[:1] == [" "] else 0
    last = len(out) - 1 if len(out) > 1 and out[-1] == " " else len(out)
    return "".join(out[first:last]), origin[first:last]


def _whole(origin: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a match takes all of what its first and last characters came from: not half of "…" or "ﬁ"."""
    begins = start == 0 or origin[start - 1] != origin[start]
    return begins and (end == len(origin) or origin[end - 1] != origin[end])


def _same(piece: str) -> str:
    return piece


_PUNCTUATION = str.maketrans(
    {**dict.fromkeys("‘’‚‛′´`", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-"),
     "\u00ad": "", "\u200b": "", "\ufeff": ""}
)  # fmt: skip

_DISREGARDED = dict.fromkeys([*_PUNCTUATION, *map(ord, "'\"-")])


def _plain_punctuation(piece: str) -> str:
    return piece.translate(_PUNCTUATION)


def _compatible(piece: str) -> str:
    return _plain_punctuation(unicodedata.normalize("NFKD", _plain_punctuation(piece)))


def _folded(piece: str) -> str:
    return unicodedata.normalize("NFKD", _compatible(piece).casefold())
