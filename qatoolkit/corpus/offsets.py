"""Span arithmetic: where a text stands in a context, exactly or after normalising.

Pure functions over strings. All positions are code points, ends exclusive. Nothing here changes
a context; a text found only after normalising is reported as the context's own slice.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

#: How far a start may be off and still plainly mean the occurrence beside it.
NEARBY = 10

#: What Python strips, for Polars, whose own idea of white space is smaller.
WHITE_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())

Difference = Literal[
    "white space", "punctuation", "Unicode form", "HTML entities", "tokenised text", "letter case"
]


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


def whole_words(context: str, start: int, end: int) -> tuple[int, int]:
    """The span, widened until it cuts no word in two; see `on_word_boundaries`."""
    while _joined(context, start):
        start -= 1
    while _joined(context, end):
        end += 1
    return start, end


def in_one_word(text: str) -> bool:
    """Whether nothing but letters, digits and marks stands in a text, so that a longer word may hold it."""
    return all(map(_in_word, text))


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
    quotes and dashes, Unicode form (NFKD, which unlike NFKC never joins neighbours), HTML entities,
    the traces of a tokeniser (see `_without_blanks`), letter case.
    """
    if _nowhere(context, text):
        return []
    for step in _STEPS:
        if _outline(text, step) not in _outline(context, step):
            continue
        wanted, _ = _normalise(text, step)
        if not wanted.strip():
            return []
        searched, origin = _normalise(context, step)
        found = [
            LooseMatch(origin[at][0], origin[at + len(wanted) - 1][1], step.difference)
            for at in occurrences(searched, wanted)
            if _whole(origin, at, at + len(wanted))
        ]
        if found:
            return found
    return []


def _nowhere(context: str, text: str) -> bool:
    """Whether the last step, which disregards whatever the others do, shows that none can find the text.

    That it does so holds only where nothing stands for another character, because parts of an entity
    are found by the steps that do not read it.
    """
    last = _STEPS[-1]
    return _outline(text, last) not in _outline(context, last) and not (
        _PIECE.search(text) or _PIECE.search(context)
    )


@lru_cache(maxsize=128)
def _outline(text: str, step: _Step) -> str:
    """The normalised text without any blanks.

    A text whose outline is not in the context's cannot be found by this step. Whole strings are folded
    at C speed here; keeping track of where each character came from is a hundred times slower.
    """
    if step.pieces:
        text = step.pieces.sub(lambda piece: _meant(piece.group()), text)
    return "".join(step.fold(text).split())


@lru_cache(maxsize=32)
def _normalise(text: str, step: _Step) -> tuple[str, list[tuple[int, int]]]:
    """The normalised text and, for each of its characters, the (start, end) it came from.

    A base character and the combining marks behind it are folded together, so that composed
    and decomposed forms meet.
    """
    out, origin = _one_to_one(text, step) or _by_pieces(text, step)
    if step.blanks:
        first = 1 if out[:1] == [" "] else 0
        last = len(out) - 1 if len(out) > 1 and out[-1] == " " else len(out)
        return "".join(out[first:last]), origin[first:last]
    kept = _without_blanks("".join(out))
    return "".join(out[i] for i in kept), [origin[i] for i in kept]


def _one_to_one(text: str, step: _Step) -> tuple[list[str], list[tuple[int, int]]] | None:
    """The characters and their origins where each stays one, as in most texts, at C speed; else None."""
    characters = set(text)
    if any(map(unicodedata.combining, characters)) or _BLANKS.search(text):
        return None
    if step.pieces and step.pieces.search(text):
        return None
    folded = {c: " " if c.isspace() else _folded_piece(step.fold, c) for c in characters}
    if any(len(piece) != 1 for piece in folded.values()):
        return None
    return [folded[c] for c in text], list(zip(range(len(text)), range(1, len(text) + 1), strict=True))


def _by_pieces(text: str, step: _Step) -> tuple[list[str], list[tuple[int, int]]]:
    out: list[str] = []
    origin: list[tuple[int, int]] = []
    pieces = {piece.start(): piece.end() for piece in step.pieces.finditer(text)} if step.pieces else {}
    at = 0
    while at < len(text):
        end = pieces.get(at, at + 1)
        if at in pieces:
            piece = _folded_piece(step.fold, _meant(text[at:end]))
        else:
            blank = text[at].isspace()
            joins = str.isspace if blank else unicodedata.combining
            while end < len(text) and joins(text[end]):
                end += 1
            piece = " " if blank else _folded_piece(step.fold, text[at:end])
        out += piece
        origin += [(at, end)] * len(piece)
        at = end
    return out, origin


@lru_cache(maxsize=2**14)
def _folded_piece(fold: Callable[[str], str], piece: str) -> str:
    """The same for a character and its marks; a text has few different ones."""
    return fold(piece)


def _without_blanks(text: str) -> list[int]:
    """Indices of the characters that are left once no blank is where a tokeniser may have put it.

    That is beside anything but letters and digits, as in "1901 , of" and "( of )", and before the
    "n't" of "was n't". Blanks between two words stay.
    """
    kept = []
    for i, character in enumerate(text):
        if character == " ":
            before, after = text[i - 1 : i], text[i + 1 : i + 2]
            if not (before and after and _in_word(before) and _in_word(after)):
                continue
            if text[i + 1 : i + 4].lower() == "n't":
                continue
        kept.append(i)
    return kept


def _whole(origin: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a match takes all of what its first and last characters came from: not half of "…" or "ﬁ"."""
    begins = start == 0 or origin[start - 1] != origin[start]
    return begins and (end == len(origin) or origin[end - 1] != origin[end])


_BLANKS = re.compile(r"\s\s")

#: What stands for one character: an entity, and what the Penn Treebank writes for brackets and quotes.
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}\d{0,2}|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});")
_PIECE = re.compile(_ENTITY.pattern + r"|-[LR][RSC]B-|``|''")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}


def _meant(piece: str) -> str:
    """The character that a piece stands for."""
    return '"' if piece in ("``", "''") else _BRACKETS.get(piece) or html.unescape(piece)


def _same(piece: str) -> str:
    return piece


_PUNCTUATION = str.maketrans(
    {**dict.fromkeys("‘’‚‛′´`", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-"),
     "\u00ad": "", "\u200b": "", "\ufeff": ""}
)  # fmt: skip


def _plain_punctuation(piece: str) -> str:
    return piece.translate(_PUNCTUATION)


def _compatible(piece: str) -> str:
    return _plain_punctuation(unicodedata.normalize("NFKD", _plain_punctuation(piece)))


def _folded(piece: str) -> str:
    return unicodedata.normalize("NFKD", _compatible(piece).casefold())


@dataclass(frozen=True)
class _Step:
    """One way of normalising: how a character is folded, what stands for one, whether all blanks count."""

    difference: Difference
    fold: Callable[[str], str]
    pieces: re.Pattern[str] | None = None
    blanks: bool = True


_STEPS = (
    _Step("white space", _same),
    _Step("punctuation", _plain_punctuation),
    _Step("Unicode form", _compatible),
    _Step("HTML entities", _compatible, _ENTITY),
    _Step("tokenised text", _compatible, _PIECE, blanks=False),
    _Step("letter case", _folded, _PIECE, blanks=False),
)
