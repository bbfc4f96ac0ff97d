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
    if len(values) != len(clusters):
        raise ValueError(f"{len(clusters)} cluster labels for {len(values)} values")
    index: dict[Hashable, int] = {}
    membership = np.array([index.setdefault(label, len(index)) for label in clusters], dtype=np.int64)
    if len(index) < 2:
        return None
    sums = np.bincount(membership, weights=values)
    counts = np.bincount(membership)
    generator = np.random.default_rng(seed)
    means = np.empty(n)
    for first in range(0, n, _CHUNK):
        drawn = generator.integers(len(index), size=(min(_CHUNK, n - first), len(index)))
        means[first : first + len(drawn)] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
