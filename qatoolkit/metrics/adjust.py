"""Adjusts p values for having tested many hypotheses at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p values after Holm (1979), in the order given.

    Calling significant what stays below a level makes a single false call no more likely than that level,
    however the tests depend on each other.

    Args:
        p: shape (k,), between 0 and 1; k may be 0.
    """
    order = np.argsort(p, kind="stable")
    stepwise = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepwise), 1.0)
    return adjusted
