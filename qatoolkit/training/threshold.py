"""Chooses the null score above which a SQuAD 2.0 model had better say "no answer".

Unlike the best threshold of the official script, which reports how good a score could have been,
this one is meant to be used on other data: it lies half-way between two observed null scores, and
of equally good ones the nearest to 0 is taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tune_threshold(
    null_scores: NDArray[np.float64], answered: NDArray[np.float64], abstained: NDArray[np.float64]
) -> float:
    """The threshold with the highest mean score.

    Args:
        null_scores: shape (n,), higher means rather no answer; infinite when there is no span.
        answered: shape (n,), the score (0..1) of each example's best span.
        abstained: shape (n,), the score of saying "no answer": 1 when that is right.
    """
    finite = np.isfinite(null_scores)
    order = np.argsort(null_scores[finite], kind="stable")
    scores = null_scores[finite][order]
    if not len(scores):
        return 0.0
    gains = (answered - abstained)[finite][order]
    # Keeping the answers of the k lowest null scores, for k = 0..n.
    totals = np.concatenate([[0.0], np.cumsum(gains)])
    cuts = np.concatenate([[scores[0] - 1.0], (scores[:-1] + scores[1:]) / 2, [scores[-1] + 1.0]])
    # Equal null scores cannot be told apart by any threshold.
    possible = np.concatenate([[True], np.diff(scores) > 0, [True]])
    best = np.flatnonzero(possible & (totals >= totals[possible].max() - 1e-9))
    return float(cuts[best[np.argmin(np.abs(cuts[best]))]])
