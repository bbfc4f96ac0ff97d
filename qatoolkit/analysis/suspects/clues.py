"""Clues to which of two answers is the right one that need no model: shared words, and the kind of answer.

A question and the sentence that answers it share words, the rarer the more telling; and who asks "how
many" wants a number. Both are weak alone: they tip the scales where a model disagrees with an annotation.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from qatoolkit.analysis.cases import Span
from qatoolkit.analysis.text.answer_type import answer_type
from qatoolkit.analysis.text.question_words import question_word
from qatoolkit.analysis.text.sentences import sentences
from qatoolkit.analysis.text.words import word_sets

# The question words, as `question_words` names them, that nearly always ask for one kind of answer; a wrong
# clue would be worse than none. Beside the kinds that will do stands what to call them.
_HOW_MANY = ("how many", "wie viele", "cuántos", "كم", "कितने", "bao nhiêu", "多少", "いくつ", "กี่")
_WHEN = ("when", "wann", "cuándo", "متى", "कब", "khi nào", "何时", "いつ", "เมื่อไร")
_WHO = ("who", "quién", "ai")
_ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(_HOW_MANY, (("number",), "a number")),
    **dict.fromkeys(_WHEN, (("date", "number"), "a date")),
    **dict.fromkeys(_WHO, (("name",), "a name")),
}


class SharedWords:
    """Which sentences share the telling words of a question; words that few sentences have weigh more."""

    def __init__(self, contexts: Sequence[str], language: str = "en") -> None:
        """Counts in how many sentences each word stands.

        Args:
            contexts: repeated ones count once.
            language: a key of `metrics.normalize.PROFILES`.
        """
        self._language = language
        found = [words for context in dict.fromkeys(contexts) for words in _by_sentence(context, language)]
        self._counts = Counter(word for words in found for word in words)
        self._total = len(found)

    def gain(self, question: str, context: str, one: Span, other: Span) -> float:
        """How much more of the question's words the sentence of another span has, -1..1.

        Args:
            question: the question.
            context: its context.
            one: where one answer stands.
            other: where another one stands.
        """
        [asked] = word_sets([question], self._language)
        whole = self._weight(asked)
        held = _by_sentence(context, self._language)
        shares = [self._weight(asked & held[sentence_at(context, span.start)]) for span in (one, other)]
        return (shares[1] - shares[0]) / whole if whole else 0.0

    def _weight(self, words: frozenset[str]) -> float:
        # A set has no order, and a plain sum would round differently from one process to the next.
        return math.fsum(math.log((1 + self._total) / (1 + self._counts[word])) for word in words)


def sentence_at(context: str, start: int) -> int:
    """The number, from 0, of the sentence that a character belongs to."""
    return bisect_right(sentences(context), start, key=lambda span: span.start) - 1


def better_kind(question: str, one: str, other: str, language: str = "en") -> tuple[int, str]:
    """Whether only another text is of the kind that the question asks for: 1; only the first: -1; else 0.

    Returns:
        That, and the kind with its article ("a number"), "" where the question does not tell.
    """
    kinds, name = _ASKED.get(question_word(question, language), ((), ""))
    if not kinds or not one or not other:
        return 0, ""
    return (answer_type(other) in kinds) - (answer_type(one) in kinds), name


@lru_cache(maxsize=1024)
def _by_sentence(context: str, language: str) -> list[frozenset[str]]:
    return word_sets([context[span.start : span.end] for span in sentences(context)], language)
