"""Null odds of the official kind: how much more a model believes in "no answer", question by question.

Does what evaluate-v2.0.py does with `--na-prob-file`: answers with odds above its default
threshold count as no answer, and the best thresholds are searched over the answers as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.load.predictions import load_null_odds
from qatoolkit.errors import UsageError
from qatoolkit.metrics import best_threshold, score

# The default of --na-prob-thresh in evaluate-v2.0.py.
_THRESHOLD = 1.0


def odds_for(
    path: str | Path, examples: Sequence[Example], predictions: Sequence[Prediction]
) -> dict[str, float]:
    """Reads null odds and sees to it that every predicted question has some.

    Raises:
        UsageError: a predicted id has none.
        UnreadableError, NotACorpusError: the file cannot be read or holds something else.
    """
    odds = load_null_odds(path)
    without = [
        example.id
        for example, prediction in zip(examples, predictions, strict=True)
        if prediction.text is not None and example.id not in odds
    ]
    if without:
        raise UsageError(
            f"{path}: {len(without):,} predicted ids have no null odds; the first is {without[0]!r}"
        )
    return odds


def with_odds(
    examples: Sequence[Example], predictions: Sequence[Prediction], odds: dict[str, float]
) -> list[Prediction]:
    """The predictions with their null odds, which are what a null score is."""
    return [
        replace(prediction, null_score=odds.get(example.id))
        for example, prediction in zip(examples, predictions, strict=True)
    ]


def above_threshold(
    examples: Sequence[Example], predictions: Sequence[Prediction], odds: dict[str, float]
) -> tuple[list[Prediction], list[str]]:
    """The predictions as the official script counts them, and a note when that changed any."""
    kept = [
        replace(prediction, text="", start=None, end=None)
        if prediction.text and odds[example.id] > _THRESHOLD
        else prediction
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    changed = sum(one is not other for one, other in zip(kept, predictions, strict=True))
    if not changed:
        return kept, []
    note = (
        f"Answers counted as no answer because their null odds exceed {_THRESHOLD}, as the official "
        f"script does by default: {changed:,}."
    )
    return kept, [note]


def best_thresholds(
    examples: Sequence[Example], predictions: Sequence[Prediction], odds: dict[str, float], language: str
) -> dict[str, float]:
    """`best_exact`, `best_f1` (percent) and their thresholds under the official names.

    Questions are visited in the order of the null odds file, which decides between equal odds.
    """
    rank = {key: place for place, key in enumerate(odds)}
    order = sorted(range(len(examples)), key=lambda i: rank.get(examples[i].id, len(rank)))
    texts = [predictions[i].text for i in order]
    scores = score(texts, [examples[i].answers for i in order], language)
    values = np.array([odds.get(examples[i].id, np.inf) for i in order])
    exact = best_threshold(scores.exact, scores.answerable, texts, values)
    overlap = best_threshold(scores.f1, scores.answerable, texts, values)
    return {
        "best_exact": exact.score,
        "best_exact_thresh": exact.threshold,
        "best_f1": overlap.score,
        "best_f1_thresh": overlap.threshold,
    }
