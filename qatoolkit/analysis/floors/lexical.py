"""A baseline that needs no model: the floor that a trained one has to clear.

For each question: the sentence that shares most question words with it, each weighted by how rare
it is (inverse document frequency over the sentences of all contexts given); in it, the run of at
most `max_words` words that are not in the question (see `word_runs`), preferring the kind of word that the
question asks for (digits after "when" and "how many", capitals after "who" and "where") and then the run
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

from qatoolkit.analysis.text.word_runs import FUNCTION_WORDS, WORD, Word, runs, sentence_words

_NUMBER = re.compile(
    r"\b(?:when|how (?:many|much|old|long|far|large|big|often)|what (?:year|date|percent\w*))\b"
)
_NAME = re.compile(r"\b(?:who|whom|whose|where|which|what (?:city|country|state|company|name))\b")


class _Sentence(NamedTuple):
    words: list[Word]
    keys: frozenset[str]


def lexical_baseline(questions: Sequence[str], contexts: Sequence[str], max_words: int = 5) -> list[str]:
    """Answers questions by word overlap alone.

    Args:
        questions: n questions.
        contexts: n contexts; repeated ones are analysed once.
        max_words: the longest answer, in words.

    Returns:
        n texts, each a piece of its context; "" where the context has no words.
    """
    distinct = {
        context: [
            _Sentence(words, frozenset(word.key for word in words)) for words in sentence_words(context)
        ]
        for context in dict.fromkeys(contexts)
    }
    rarity = _rarity([sentence for found in distinct.values() for sentence in found])
    return [
        _answer(question, context, distinct[context], rarity, max_words)
        for question, context in zip(questions, contexts, strict=True)
    ]


def _rarity(found: Sequence[_Sentence]) -> dict[str, float]:
    """Inverse document frequency of each word, a sentence being the document."""
    counts = Counter(key for sentence in found for key in sentence.keys)
    return {key: math.log(1 + len(found) / count) for key, count in counts.items()}


def _answer(
    question: str, context: str, found: list[_Sentence], rarity: dict[str, float], max_words: int
) -> str:
    asked = {match[0].lower() for match in WORD.finditer(question)} - FUNCTION_WORDS

    def weight(sentence: _Sentence) -> float:
        # A set has no order, and a plain sum would round differently from one process to the next.
        return math.fsum(rarity[key] for key in asked & sentence.keys)

    # The first of equally good sentences, so that the result never depends on chance.
    for words, _ in sorted(found, key=weight, reverse=True):
        possible = runs(context, words, max_words, asked)
        if possible:
            shared = [i for i, word in enumerate(words) if word.key in asked]
            best = max(possible, key=lambda run: _fit(question.lower(), words, run, shared))
            return context[words[best.start].start : words[best.stop - 1].end]
    return ""


def _fit(question: str, words: list[Word], run: range, shared: list[int]) -> tuple[bool, float]:
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
