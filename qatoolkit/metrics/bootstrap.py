"""Bootstrap intervals for a mean whose examples come in clusters.

Questions about the same document succeed and fail together, so resampling single questions
gives intervals that are too narrow. Whole clusters are drawn instead (Field and Welsh, 2007,
"Bootstrapping clustered data", the randomised cluster bootstrap; percentile interval).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

# Draws made at once: bounds the memory at 64 x the number of clusters.
_CHUNK = 64


def interval(
    values: NDArray[np.float64],
    clusters: Sequence[Hashable],
    n: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Percentile interval of the mean of `values`, resampled by cluster.

    Args:
        values: shape (k,), one number per example, in any unit; the interval has the same unit.
        clusters: k labels; examples with equal labels are drawn together.
        n: number of resamples.
        seed: equal seeds give equal intervals.
        level: probability mass between the two ends.

    Returns:
        (low, high), or None with fewer than two clusters, where resampling says nothing.

    Raises:
        ValueError: the lengths differ.
    """
    sums, counts = by_cluster(values, clusters)
    if len(counts) < 2:
        return None
    low, high = np.quantile(means(sums, counts, n, seed), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def by_cluster(
    values: NDArray[np.float64], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sum of the values and the number of examples of each cluster, in order of appearance.

    Raises:
        ValueError: the lengths differ.
    """
    if len(values) != len(clusters):
        raise ValueError(f"{len(clusters)} cluster labels for {len(values)} values")
    index: dict[Hashable, int] = {}
    membership = np.array([index.setdefault(label, len(index)) for label in clusters], dtype=np.int64)
    sums = np.bincount(membership, weights=values).astype(np.float64)
    return sums, np.bincount(membership).astype(np.int64)


def means(sums: NDArray[np.float64], counts: NDArray[np.int64], n: int, seed: int) -> NDArray[np.float64]:
    """Shape (n,): the mean of all values in each of n resamples of whole clusters.

    Args:
        sums: shape (k,), the sum of each cluster's values; k is at least 1.
        counts: shape (k,), how many values each cluster has.
        n: number of resamples.
        seed: equal seeds draw the same clusters.
    """
    generator = np.random.default_rng(seed)
    resampled = np.empty(n)
    for first in range(0, n, _CHUNK):
        drawn = generator.integers(len(sums), size=(min(_CHUNK, n - first), len(sums)))
        resampled[first : first + len(drawn)] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return resampled
