"""The characters that tokens stand for, as a person sees them.

Some tokenizers count the blank before a word as part of it, and uncased ones leave the vowel signs and
accents behind a letter out of its token.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.ragged import Ints, bounds_of


def visible(context: str, start: int, end: int) -> tuple[int, int]:
    """Moves a span of tokens to where its text visibly begins and ends; both ends meet if it is blank."""
    while end < len(context) and _is_mark(context[end]):
        end += 1
    text = context[start:end]
    begin = start + len(text) - len(text.lstrip())
    return begin, begin + len(text.strip())


def unlike_visible(contexts: Sequence[str], which: Ints, start: Ints, end: Ints) -> NDArray[np.bool_]:
    """Shape (n,), which spans `visible` would move: a blank at an edge, or a mark behind it.

    Args:
        contexts: the texts.
        which: shape (n,), in which of them each span is.
        start: shape (n,), first character of each span.
        end: shape (n,), the one behind its last; behind `start`.
    """
    number = {context: i for i, context in enumerate(dict.fromkeys(contexts))}
    text_of = np.array([number[context] for context in contexts], np.int64)[which]
    bounds = bounds_of(np.array([len(context) + 1 for context in number], np.int64))
    # A zero behind each context: it is neither blank nor mark.
    text = "\0".join([*number, ""])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    begin, behind = bounds[text_of] + start, bounds[text_of] + end
    return (
        _any(codes[begin], str.isspace) | _any(codes[behind - 1], str.isspace) | _any(codes[behind], _is_mark)
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _any(codes: NDArray[np.uint32], test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Shape (n,), which of the characters pass a test."""
    table = np.zeros(int(codes.max(initial=0)) + 1, bool)
    for code in np.flatnonzero(np.bincount(codes)).tolist():
        table[code] = test(chr(code))
    return table[codes]
