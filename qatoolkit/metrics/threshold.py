"""The best score that any no-answer threshold would have reached, from null odds.

Follows `find_best_thresh` of evaluate-v2.0.py. Null odds say how much more the model believes in
"no answer" than in its best span; a threshold t turns every prediction with odds above t into
"no answer". The best threshold is chosen on the data it is scored on, so it is a ceiling for
calibration and not a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class BestThreshold(NamedTuple):
    """A score in percent, and the null odds up to which answers are kept to reach it."""

    score: float
    threshold: float


def best_threshold(
    values: NDArray[np.float64],
    answerable: NDArray[np.bool_],
    predictions: Sequence[str | None],
    null_odds: NDArray[np.float64],
) -> BestThreshold:
    """Moves the threshold upwards past one question after the other and keeps the best score.

    Args:
        values: shape (n,), exact match or F1 (0..1) of the predictions as they stand.
        answerable: shape (n,).
        predictions: n texts before any threshold; None is missing, and wrong at every threshold.
        null_odds: shape (n,). Equal odds are visited in the order given; the official script
            visits them in the order of its null odds file.

    Returns:
        The threshold is 0.0 when abstaining from everything is best, as in the official script.
    """
    running: float = sum(
        1
        for prediction, has_answer in zip(predictions, answerable, strict=True)
        if prediction is not None and not has_answer
    )
    best, threshold = running, 0.0
    for i in np.argsort(null_odds, kind="stable"):
        prediction = predictions[i]
        if prediction is None:
            continue
        if answerable[i]:
            running += float(values[i])
        elif prediction:
            running -= 1
        if running > best:
            best, threshold = running, float(null_odds[i])
    return BestThreshold(100.0 * best / len(values) if len(values) else 0.0, threshold)
