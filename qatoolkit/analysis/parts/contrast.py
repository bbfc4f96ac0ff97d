"""Tests whether groups of examples have a lower or higher mean, where examples come in clusters.

Questions about the same document succeed and fail together, so a difference between two groups of them is
less sure than it looks. Numbers in, numbers out; many groups at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# 95% of a normal distribution lie within so many standard errors.
INTERVAL = 1.959964


class Sums(NamedTuple):
    """Of k groups: how many members they have in each of G clusters, and the sum of their values.

    Attributes:
        counts: shape (k, G).
        values: shape (k, G).
    """

    counts: Floats
    values: Floats

    @property
    def size(self) -> Floats:
        """Shape (k,): members of each group."""
        total: Floats = self.counts.sum(axis=1)
        return total

    @property
    def mean(self) -> Floats:
        """Shape (k,): the mean value of each group; 0 for a group without members."""
        mean: Floats = self.values.sum(axis=1) / np.maximum(self.size, 1)
        return mean

    @property
    def effective(self) -> Floats:
        """Shape (k,): how many clusters of equal size a group is worth (Kish, 1965)."""
        squares = (self.counts**2).sum(axis=1)
        number: Floats = self.size**2 / np.maximum(squares, 1)
        return number

    def without(self, other: Sums) -> Sums:
        """What is left of each group when another, within it, is taken out."""
        return Sums(self.counts - other.counts, self.values - other.values)


class Contrast(NamedTuple):
    """Differences of means, each of shape (k,): the difference, its standard error and p (two-sided)."""

    difference: Floats
    error: Floats
    p: Floats


@dataclass(frozen=True, eq=False)
class Clustered:
    """Values of n examples in G clusters.

    Attributes:
        values: shape (n,).
        clusters: shape (n,), numbers from 0 to G - 1.
    """

    values: Floats
    clusters: Integers

    def sums(self, groups: Integers, k: int) -> Sums:
        """Adds up by group and cluster.

        Args:
            groups: shape (n,), numbers from 0 to k - 1; -1 belongs to none.
            k: number of groups.
        """
        n_clusters = int(self.clusters.max()) + 1
        member = groups >= 0
        cell = groups[member] * n_clusters + self.clusters[member]
        shape = (k, n_clusters)
        counts = np.bincount(cell, minlength=k * n_clusters)
        values = np.bincount(cell, self.values[member], k * n_clusters)
        return Sums(counts.astype(np.float64).reshape(shape), values.astype(np.float64).reshape(shape))

    def contrast(self, inside: Sums, outside: Sums | None = None) -> Contrast:
        """Compares the mean inside with that outside, or with zero.

        With e the distance of a value from the mean of its own side, divided by the size of that side and
        counted negative outside, the variance of the difference is the larger of two estimates:

            g / (g - 1) * sum over clusters of (sum of e in the cluster)^2
            s^2 * ((1 - r) * sum of w^2 + r * sum over clusters of (sum of w in the cluster)^2)

        The first (the usual cluster-robust one; g is the effective number of clusters inside) trusts the
        group alone, which is too sure of itself when a small group happens to be all right or all wrong.
        The second takes the variance s^2 and the intraclass correlation r of all values; w is 1 / size,
        negative outside. The difference in standard errors is then compared with Student's t with g - 1
        degrees of freedom.

        Args:
            inside: of k groups.
            outside: of as many groups that share no member with those inside; by default nothing.
        """
        size, effective = inside.size, inside.effective
        weights = inside.counts / size[:, None]
        errors = inside.values / size[:, None] - weights * inside.mean[:, None]
        difference, squares = inside.mean, 1 / size
        if outside is not None:
            other = outside.size
            shares = outside.counts / other[:, None]
            errors -= outside.values / other[:, None] - shares * outside.mean[:, None]
            weights = weights - shares
            difference, squares = difference - outside.mean, squares + 1 / other
        freedom = np.maximum(effective - 1, 1e-9)
        own = effective / freedom * (errors**2).sum(axis=1)
        variance, correlation = self._spread
        general = variance * ((1 - correlation) * squares + correlation * (weights**2).sum(axis=1))
        error = np.sqrt(np.maximum(own, general))
        return Contrast(difference, error, two_sided(difference, error, freedom))

    @cached_property
    def _spread(self) -> tuple[float, float]:
        """The variance of all values and their intraclass correlation (one-way analysis of variance)."""
        n = len(self.values)
        counts = np.bincount(self.clusters)
        counts = counts[counts > 0]
        total = float(((self.values - self.values.mean()) ** 2).sum())
        if n < 2 or not 1 < len(counts) < n:
            return total / max(n - 1, 1), 0.0
        means = np.bincount(self.clusters, self.values) / np.maximum(np.bincount(self.clusters), 1)
        within = float(((self.values - means[self.clusters]) ** 2).sum()) / (n - len(counts))
        between = (total - within * (n - len(counts))) / (len(counts) - 1)
        typical = (n - float((counts**2).sum()) / n) / (len(counts) - 1)
        spread = between + (typical - 1) * within
        correlation = min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 0.0
        return total / (n - 1), correlation


def two_sided(difference: Floats, error: Floats, freedom: Floats) -> Floats:
    """The probability of a t at least this far from zero; 1 where there is no difference.

    By the normal approximation of Wallace (1959), good to 0.002 from three degrees of freedom on; with two it
    is off by up to 0.004, with one by up to 0.016.

    Args:
        difference: shape (k,).
        error: shape (k,), standard errors; 0 is an infinitely sure difference.
        freedom: shape (k,), degrees of freedom, above 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0, 0.0, difference / error)
        scale = (8 * freedom + 1) / (8 * freedom + 3)
        normal = scale * np.sqrt(freedom * np.log1p(t**2 / freedom))
    return np.array([math.erfc(z / math.sqrt(2)) for z in normal.tolist()])
