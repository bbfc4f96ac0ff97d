"""Rows of different lengths, stored one behind the other in a flat array.

A flat array travels with its bounds: row i is `[bounds[i]:bounds[i + 1]]`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bounds = NDArray[np.int64]


def bounds_of(lengths: NDArray[Any]) -> Bounds:
    """Shape (n + 1,): where each of n rows begins, and where the last one ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def places(starts: NDArray[Any], lengths: NDArray[Any]) -> Bounds:
    """Shape (sum of lengths,): `starts[i]`, `starts[i] + 1` and so on, `lengths[i]` of them, for all i."""
    bounds = bounds_of(lengths)
    return np.arange(bounds[-1]) + np.repeat(np.asarray(starts, np.int64) - bounds[:-1], lengths)
