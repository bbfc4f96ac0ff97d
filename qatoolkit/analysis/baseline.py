"""A baseline that needs no model: the floor that a trained one has to clear.

For each question: the sentence that shares most question words with it, each weighted by how rare
it is (inverse document frequency over the sentences of all contexts given); in it, the run of at
most `max_words` words that are not in the question, preferring the kind of word that the question
asks for (digits after "when" and "how many", capitals after "who" and "where") and then the run
nearest to a shared word. The same idea as the sliding-window baseline of Richardson et al. (2013),
reported with SQuAD by Rajpurkar et al. (2016), in a simpler form. Deterministic; never abstains
unless the context has no word.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from qatoolkit.analysis.sentences import sentences

_WORD = re.compile(r"\w+(?:[.,’'-]\w+)*")
_RUN_BREAK = re.compile(r"[^\s$£€%]")
_NUMBER = re.compile(
    r"\b(?:when|how (?:many|much|old|long|far|large|big|often)|what (?:year|date|percent\w*))\b"
)
_NAME = re.compile(r"\b(?:who|whom|whose|where|which|what (?:city|country|state|company|name))\b")
_FUNCTION_WORD_LIST = (
    "a about after all also an and are as at be been before but by can could did do does for from had "
    "has have he her his how if in into is it its many may more most much not of on one or other over "
    "she so some such than that the their them then there these they this those to under up was were "
    "what when where which while who whom whose why will with would"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())
# "Alexander of Macedon" is one answer, "331 BC by Alexander" is two.
_JOINING_WORDS = frozenset(("a", "and", "of", "the"))


class _Word(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        return self.text.lower()


def lexical_baseline(questions: Sequence[str], contexts: Sequence[str], max_words: int = 5) -> list[str]:
    """Answers questions by word overlap alone.

    Args:
        questions: n questions.
        contexts: n contexts; repeated ones are analysed once.
        max_words: the longest answer, in words.

    Returns:
        n texts, each a piece of its context; "" where the context has no words.
    """
    distinct = {context: _sentence_words(context) for context in dict.fromkeys(contexts)}
    rarity = _rarity([words for found in distinct.values() for words in found])
    return [
        _answer(question, context, distinct[context], rarity, max_words)
        for question, context in zip(questions, contexts, strict=True)
    ]


def _sentence_words(context: str) -> list[list[_Word]]:
    found = [
        [_Word(match[0], *match.span()) for match in _WORD.finditer(context, span.start, span.end)]
        for span in sentences(context)
    ]
    return [words for words in found if words]


def _rarity(found: Sequence[Sequence[_Word]]) -> dict[str, float]:
    """Inverse document frequency of each word, a sentence being the document."""
    counts = Counter(key for words in found for key in {word.key for word in words})
    return {key: math.log(1 + len(found) / count) for key, count in counts.items()}


def _answer(
    question: str, context: str, found: list[list[_Word]], rarity: dict[str, float], max_words: int
) -> str:
    asked = {match[0].lower() for match in _WORD.finditer(question)} - _FUNCTION_WORDS

    def weight(words: list[_Word]) -> float:
        # A set has no order, and a plain sum would round differently from one process to the next.
        return math.fsum(rarity[key] for key in asked & {word.key for word in words})

    # The first of equally good sentences, so that the result never depends on chance.
    for words in sorted(found, key=weight, reverse=True):
        runs = _runs(context, words, asked, max_words)
        if runs:
            shared = [i for i, word in enumerate(words) if word.key in asked]
            best = max(runs, key=lambda run: _fit(question.lower(), words, run, shared))
            return context[words[best.start].start : words[best.stop - 1].end]
    return ""


def _runs(context: str, words: list[_Word], asked: set[str], max_words: int) -> list[range]:
    """Index ranges of neighbouring words without question words, punctuation or outer function words."""
    runs: list[range] = []
    start = 0
    for i in range(1, len(words) + 1):
        if i < len(words) and not _breaks(context, words[i - 1], words[i], asked):
            continue
        runs.append(_trimmed(words, range(start, i), asked, max_words))
        start = i
    return [run for run in runs if run]


def _breaks(context: str, one: _Word, other: _Word, asked: set[str]) -> bool:
    gap = context[one.end : other.start]
    return bool(_RUN_BREAK.search(gap)) or any(
        word.key in asked or (word.key in _FUNCTION_WORDS and word.key not in _JOINING_WORDS)
        for word in (one, other)
    )


def _trimmed(words: list[_Word], run: range, asked: set[str], max_words: int) -> range:
    """Without function words at its ends, and no longer than allowed."""
    start, stop = run.start, run.stop
    while start < stop and (words[start].key in _FUNCTION_WORDS or words[start].key in asked):
        start += 1
    stop = min(stop, start + max_words)
    while stop > start and words[stop - 1].key in _FUNCTION_WORDS:
        stop -= 1
    return range(start, stop)


def _fit(question: str, words: list[_Word], run: range, shared: list[int]) -> tuple[bool, float]:
    """How well a run suits: the kind of word asked for, then nearness to a shared word."""
    texts = [words[i].text for i in run]
    if _NUMBER.search(question):
        suits = any(character.isdigit() for text in texts for character in text)
    elif _NAME.search(question):
        suits = texts[0][:1].isupper() and run.start > 0
    else:
        suits = False
    # No shared word is in a run, so the nearest is the last before it or the first after it.
    after = bisect_left(shared, run.start)
    gap = min(
        (max(i - run.stop + 1, run.start - i) for i in shared[max(0, after - 1) : after + 1]), default=0
    )
    return suits, -gap
