"""Whether two systems differ on the same examples beyond chance: a paired bootstrap and McNemar's test.

The bootstrap compares means of any score and knows that examples of one document stand or fall together;
McNemar's test compares how often only one of the two is right, and takes every example for itself.
Many tests at once need an adjustment: see `adjust`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qatoolkit.metrics.bootstrap import by_cluster, means

# Sums in another order differ in the last digits; such resamples are as far away as the data, not closer.
_EVEN = 1 - 1e-9


class Paired(NamedTuple):
    """Mean difference (this minus other) with its 95% interval, in the unit of the scores, and its p."""

    difference: float
    low: float
    high: float
    p: float


def paired(
    this: NDArray[np.float64],
    other: NDArray[np.float64],
    clusters: Sequence[Hashable],
    n: int = 10_000,
    seed: int = 0,
) -> Paired:
    """Paired bootstrap of the mean difference, resampled by cluster.

    Both scores of an example are drawn together, so what makes it hard for both cancels out. The interval
    is the percentile interval. p is two-sided: resamples scatter around the difference observed as they
    would around zero if there were none (the shifted bootstrap; Efron and Tibshirani, 1993, chapter 16), so p
    is the share of them that lie at least as far from it as zero does. The sample itself counts as one
    resample, hence p is never below 1 / (n + 1).

    Args:
        this: shape (k,), one score per example.
        other: shape (k,), the other system's scores of the same examples, in the same unit.
        clusters: k labels; examples with equal labels are drawn together.
        n: number of resamples.
        seed: equal seeds give equal results.

    Returns:
        With fewer than two clusters, where resampling says nothing, `low` and `high` are not a number and
        p is 1. Without any example the difference is 0.

    Raises:
        ValueError: the lengths differ.
    """
    if len(this) != len(other):
        raise ValueError(f"{len(this)} scores against {len(other)}")
    sums, counts = by_cluster(this - other, clusters)
    if len(counts) < 2:
        return Paired(float(sums.sum() / max(counts.sum(), 1)), math.nan, math.nan, 1.0)
    difference = float(sums.sum() / counts.sum())
    resampled = means(sums, counts, n, seed)
    low, high = np.quantile(resampled, [0.025, 0.975])
    as_far = int((np.abs(resampled - difference) >= abs(difference) * _EVEN).sum())
    return Paired(difference, float(low), float(high), (as_far + 1) / (n + 1))


def mcnemar(only_this: int, only_other: int) -> float:
    """Tests, two-sided and exact, whether two systems are right equally often (McNemar, 1947).

    Examples that both get right or both get wrong say nothing about that. If there is no
    difference, the others fall to either side like coins; the tail of that binomial distribution is doubled.

    Args:
        only_this: examples that only the one system gets right.
        only_other: examples that only the other one gets right.

    Returns:
        p, at most 1.
    """
    total, fewer = only_this + only_other, min(only_this, only_other)
    none = -total * math.log(2) + math.lgamma(total + 1)
    tail = math.fsum(
        math.exp(none - math.lgamma(k + 1) - math.lgamma(total - k + 1)) for k in range(fewer + 1)
    )
    return min(1.0, 2 * tail)
