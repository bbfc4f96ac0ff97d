"""Runs of words that could be an answer, for answers that need no model.

A run is a stretch of neighbouring words of one sentence without punctuation, function words at its ends or
words of the question. Function words are English ones: in other languages runs are only longer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from qatoolkit.analysis.text.scripts import IN_WORD
from qatoolkit.analysis.text.sentences import sentences

WORD = re.compile(rf"{IN_WORD}+(?:[.,’'-]{IN_WORD}+)*")
_BREAK = re.compile(r"[^\s$£€%]")
_FUNCTION_WORD_LIST = (
    "a about after all also an and are as at be been before but by can could did do does for from had "
    "has have he her his how if in into is it its many may more most much not of on one or other over "
    "she so some such than that the their them then there these they this those to under up was were "
    "what when where which while who whom whose why will with would"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
# "Alexander of Macedon" is one answer, "331 BC by Alexander" is two.
_JOINING_WORDS = frozenset(("a", "and", "of", "the"))
_BREAKING_WORDS = FUNCTION_WORDS - _JOINING_WORDS


class Word(NamedTuple):
    """A word of a context; `key` is what is compared."""

    text: str
    key: str
    start: int
    end: int


def sentence_words(context: str) -> list[list[Word]]:
    """The words of each sentence that has any."""
    found = [
        [
            Word(match[0], match[0].lower(), *match.span())
            for match in WORD.finditer(context, span.start, span.end)
        ]
        for span in sentences(context)
    ]
    return [words for words in found if words]


def runs(context: str, words: list[Word], max_words: int, asked: Collection[str] = ()) -> list[range]:
    """The runs of a sentence, as index ranges of its words.

    Args:
        context: what the words point into.
        words: of one sentence.
        max_words: the longest run.
        asked: the keys of the question's words; none of them is in a run.
    """
    found: list[range] = []
    start = 0
    for i in range(1, len(words) + 1):
        if i < len(words) and not _breaks(context, words[i - 1], words[i], asked):
            continue
        found.append(_trimmed(words, range(start, i), asked, max_words))
        start = i
    return [run for run in found if run]


def _breaks(context: str, one: Word, other: Word, asked: Collection[str]) -> bool:
    if one.key in asked or other.key in asked:
        return True
    if one.key in _BREAKING_WORDS or other.key in _BREAKING_WORDS:
        return True
    gap = context[one.end : other.start]
    return gap != " " and _BREAK.search(gap) is not None


def _trimmed(words: list[Word], run: range, asked: Collection[str], max_words: int) -> range:
    """Without function words at its ends, and no longer than allowed."""
    start, stop = run.start, run.stop
    while start < stop and (words[start].key in FUNCTION_WORDS or words[start].key in asked):
        start += 1
    stop = min(stop, start + max_words)
    while stop > start and words[stop - 1].key in FUNCTION_WORDS:
        stop -= 1
    return range(start, stop)
