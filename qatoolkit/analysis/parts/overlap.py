"""What of a test set a model may have learnt by heart: strata by overlap with its training data.

After Lewis, Stenetorp and Riedel (2020), "Question and Answer Test-Train Overlap in Open-Domain Question
Answering Datasets". They had people find the paraphrases; here two questions count as the same when they
agree nearly word for word: the words that both have weigh at least 80% of the words that either has, a word
weighing the more the fewer training questions have it. So "What year was Rome founded?" has been seen with
"In what year was Rome founded?", but not with "In what year was Cairo founded?".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.text.words import word_sets
from qatoolkit.metrics.normalize import normalize_answer

STRATA = ("question seen", "answer seen", "neither", "no answer")

# How much of the weight two questions must share.
_SIMILAR = 0.8

Words = frozenset[str]


def training_overlap(
    examples: Sequence[Example], training: Sequence[Example], language: str = "en"
) -> pl.Series:
    """The stratum of each example, the first that fits.

    question seen  nearly the same as a training question, whatever its context.
    answer seen    an annotated answer is, normalised, the answer to a training question.
    no answer      unanswerable, so there is no answer that could have been seen.
    neither        all others.

    Args:
        examples: n examples.
        training: what the model was trained on; may be many more.
        language: a key of `metrics.normalize.PROFILES`.
    """
    seen = _seen_questions(
        word_sets([example.question for example in examples], language),
        list(set(word_sets(list(dict.fromkeys(example.question for example in training)), language))),
    )
    learnt = {
        normalize_answer(text, language)
        for text in dict.fromkeys(text for example in training for text in example.answers)
    } - {""}
    values = [
        "question seen" if known else _by_answer(example, learnt, language)
        for example, known in zip(examples, seen, strict=True)
    ]
    return pl.Series(values, dtype=pl.Enum(STRATA))


def _by_answer(example: Example, learnt: set[str], language: str) -> str:
    if not example.answers:
        return "no answer"
    known = any(normalize_answer(text, language) in learnt for text in example.answers)
    return "answer seen" if known else "neither"


def _seen_questions(questions: Sequence[Words], training: Sequence[Words]) -> list[bool]:
    """Whether each question is nearly the same as one of the training questions.

    Two questions that share enough share one of each other's rarest words: those that together weigh more
    than may be missing. So only the training questions with one of these are compared.
    """
    counts = Counter(word for words in training for word in words)
    weights = {word: math.log(1 + len(training) / count) for word, count in counts.items()}
    # What no training question has is the rarest of all.
    unknown = {word for words in questions for word in words} - weights.keys()
    weights |= dict.fromkeys(unknown, math.log(1 + len(training)))

    def weight(words: Words) -> float:
        return math.fsum(map(weights.__getitem__, words))

    def is_near(one: Words, own: float, other: Words, its: float) -> bool:
        if min(own, its) < _SIMILAR * max(own, its):
            return False
        both = weight(one & other)
        return both >= _SIMILAR * (own + its - both)

    rarest = [_rarest(words, weights) for words in questions]
    wanted = frozenset(word for found in rarest for word in found)
    holders: dict[str, list[tuple[Words, float]]] = {word: [] for word in wanted}
    for words in training:
        held = words & wanted
        if held:
            entry = (words, weight(words))
            for word in held:
                holders[word].append(entry)
    return [
        any(is_near(words, own, *entry) for word in found for entry in holders[word])
        for words, own, found in zip(questions, map(weight, questions), rarest, strict=True)
    ]


def _rarest(words: Words, weights: Mapping[str, float]) -> list[str]:
    """The rarest words of a question, of which a similar one has at least one.

    Without all of them more than 1 - `_SIMILAR` of the weight would be missing.
    """
    spare = (1 - _SIMILAR) * math.fsum(weights[word] for word in words)
    found = []
    for word in sorted(words, key=lambda word: (-weights[word], word)):
        if spare < 0:
            break
        spare -= weights[word]
        found.append(word)
    return found
