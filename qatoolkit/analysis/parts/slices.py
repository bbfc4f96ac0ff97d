"""Scores by part of the data, and the parts that are worse than the rest beyond chance.

`slice_table` tells how every value of every facet scored. `worst_slices` looks at all values, and at all
pairs of values of two facets, and keeps what is significantly worse after a correction for having looked
at so many. What the facets are is the business of `facets`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain, combinations
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.analysis.parts.contrast import INTERVAL, Clustered, Contrast, Floats, Integers, Sums
from qatoolkit.metrics.adjust import holm

#: A slice is looked at when it has so many examples, at least this share of all, in so many clusters.
MIN_TOTAL = 20
MIN_SHARE = 0.01
MIN_CLUSTERS = 5
#: From which adjusted p on a difference counts as chance.
SIGNIFICANT = 0.05

_WORST_SCHEMA = {
    "facet": pl.String, "value": pl.String, "facet_2": pl.String, "value_2": pl.String, "total": pl.Int64,
    "f1": pl.Float64, "rest_f1": pl.Float64, "difference": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "p": pl.Float64, "p_adjusted": pl.Float64,
}  # fmt: skip


def slice_table(facets: pl.DataFrame, exact: Floats, f1: Floats) -> pl.DataFrame:
    """The scores of every value of every facet.

    Args:
        facets: n rows, as `facets.describe` makes them.
        exact: shape (n,), 0..1.
        f1: shape (n,), 0..1.

    Returns:
        `facet`, `value`, `total`, `exact` and `f1` (percent), and `lost`: how many points the F1 of all n
        would gain if everything here were right. Values of bands in their natural order, others by what is
        lost there, most first.
    """
    schema = {"facet": pl.String, "value": pl.String, "total": pl.Int64}
    parts = [pl.DataFrame(schema=schema | dict.fromkeys(("exact", "f1", "lost"), pl.Float64))]
    for facet in facets.columns:
        scores = pl.DataFrame({"value": facets[facet], "exact": exact, "f1": f1})
        part = scores.group_by("value", maintain_order=True).agg(
            pl.lit(facet).alias("facet"),
            total=pl.len().cast(pl.Int64),
            exact=100 * pl.col("exact").mean(),
            f1=100 * pl.col("f1").mean(),
            lost=100 * (1 - pl.col("f1")).sum() / len(f1),
        )
        banded = facets[facet].dtype == pl.Enum
        part = part.sort("value" if banded else "lost", descending=not banded, maintain_order=True)
        parts.append(part.cast({"value": pl.String}).select(parts[0].columns))
    return pl.concat(parts)


def worst_slices(facets: pl.DataFrame, f1: Floats, clusters: Sequence[Hashable]) -> pl.DataFrame:
    """The slices that are worse than the rest beyond chance.

    Looked at are all values, and all pairs of values of two facets, with at least 20 examples, 1% of all,
    and five clusters, inside and outside; slices with the same examples once. Tested is the difference of
    mean F1 inside and outside, as in `contrast.Clustered`. A pair has to be worse than the rest and worse
    than what else is in either of its values; its p is the largest of the three, so that it is listed only
    if it says more than its parts. Holm's adjustment is over everything that was looked at.

    A title is one document, and what is said of it is about this document: its units are the questions,
    and it takes part alone, not in pairs.

    Args:
        facets: n rows, as `facets.describe` makes them.
        f1: shape (n,), 0..1.
        clusters: n labels; examples with equal labels succeed and fail together. With a dozen documents
            hardly anything but titles can be told from chance.

    Returns:
        `facet`, `value`, `facet_2`, `value_2` (null for single slices), `total`, `f1`, `rest_f1`,
        `difference` with its 95% interval `low` to `high` (not adjusted; percent), `p`, `p_adjusted`; only
        where p_adjusted is below 0.05 and the difference negative, the most F1 lost against the rest first.
    """
    parts = supported(facets, f1, clusters)
    looked = [_single(part) for part in parts]
    looked += [
        _pairs(one, other) for one, other in combinations(parts, 2) if "title" not in (one.facet, other.facet)
    ]
    distinct: dict[float, dict[str, Any]] = {}
    for row in chain.from_iterable(looked):
        distinct.setdefault(row.pop("members"), row)
    found = pl.DataFrame(list(distinct.values()), _WORST_SCHEMA)
    found = found.with_columns(p_adjusted=pl.Series(holm(found["p"].to_numpy()), dtype=pl.Float64))
    worse = found.filter(pl.col("p_adjusted") < SIGNIFICANT, pl.col("difference") < 0)
    return worse.sort(pl.col("total") * pl.col("difference"), maintain_order=True)


class Part(NamedTuple):
    """A facet and those of its values that have enough support to be judged.

    Attributes:
        values: k values.
        groups: shape (n,), the position of each example's value in `values`, -1 for others.
        scores: what is compared, and in which clusters.
        sums: of the k values.
    """

    facet: str
    values: list[str]
    groups: Integers
    scores: Clustered
    sums: Sums


def supported(facets: pl.DataFrame, scores: Floats, clusters: Sequence[Hashable]) -> list[Part]:
    """The values of each facet that have enough examples in enough clusters.

    Of values with the same examples only the first is there: what has no answer also has no answer length,
    position and type.

    Args:
        facets: n rows.
        scores: shape (n,).
        clusters: n labels.
    """
    clustered = Clustered(scores, _numbered(clusters)[0])
    alone = Clustered(scores, np.arange(len(scores)))
    parts: list[Part] = []
    seen: set[float] = set()
    for facet in facets.columns if len(scores) else ():
        used = alone if facet == "title" else clustered
        groups, values = _numbered(facets[facet].to_list())
        enough = np.flatnonzero(np.bincount(groups) >= _needed(len(scores)))
        groups = _renumbered(groups, enough, len(values))
        sums, members = used.sums(groups, len(enough)), _members(groups, len(enough)).tolist()
        chosen = [i for i, n in enumerate(sums.effective) if n >= MIN_CLUSTERS and members[i] not in seen]
        seen.update(members[i] for i in chosen)
        if chosen:
            kept = np.array(chosen)
            groups = _renumbered(groups, kept, len(enough))
            names = [str(values[enough[i]]) for i in chosen]
            parts.append(Part(facet, names, groups, used, _chosen(sums, kept)))
    return parts


def _single(part: Part) -> list[dict[str, Any]]:
    whole = part.scores.sums(np.zeros_like(part.groups), 1)
    rest = whole.without(part.sums)
    chosen = np.flatnonzero(_enough(rest, len(part.groups)))
    inside, rest = _chosen(part.sums, chosen), _chosen(rest, chosen)
    found = part.scores.contrast(inside, rest)
    names = [(part.facet, part.values[i], None, None) for i in chosen]
    return _rows(names, inside, rest, found, _members(part.groups, len(part.values))[chosen])


def _pairs(one: Part, other: Part) -> list[dict[str, Any]]:
    """All pairs of a value of one facet with a value of the other."""
    n, width = len(one.groups), len(other.values)
    cells = np.where((one.groups >= 0) & (other.groups >= 0), one.groups * width + other.groups, -1)
    k = len(one.values) * width
    counts = np.bincount(cells[cells >= 0], minlength=k)
    candidates = np.flatnonzero(counts >= _needed(n))
    inside = one.scores.sums(_renumbered(cells, candidates, k), len(candidates))
    first, second = np.divmod(candidates, width)
    whole = one.scores.sums(np.zeros_like(cells), 1)
    against = [
        whole.without(inside),
        _chosen(one.sums, first).without(inside),
        _chosen(other.sums, second).without(inside),
    ]
    chosen = np.flatnonzero(
        np.logical_and.reduce([_enough(sums, n) for sums in (inside, *against)]) if len(candidates) else []
    )
    inside, against = _chosen(inside, chosen), [_chosen(sums, chosen) for sums in against]
    tests = [one.scores.contrast(inside, sums) for sums in against]
    worse = np.logical_and.reduce([test.difference < 0 for test in tests])
    p = np.where(worse, np.maximum.reduce([test.p for test in tests]), 1.0)
    names = [(one.facet, one.values[first[i]], other.facet, other.values[second[i]]) for i in chosen]
    members = _members(cells, k)[candidates[chosen]]
    return _rows(names, inside, against[0], tests[0]._replace(p=p), members)


def _rows(
    names: Sequence[tuple[str, str, str | None, str | None]],
    inside: Sums,
    rest: Sums,
    found: Contrast,
    members: Floats,
) -> list[dict[str, Any]]:
    columns = {
        "total": inside.size.astype(int),
        # What is left of sums of fractions may be off by a rounding, and 100.00000000000003 is no percentage.
        "f1": (100 * inside.mean).clip(0, 100),
        "rest_f1": (100 * rest.mean).clip(0, 100),
        "difference": 100 * found.difference,
        "low": 100 * (found.difference - INTERVAL * found.error),
        "high": 100 * (found.difference + INTERVAL * found.error),
        "p": found.p,
        "members": members,
    }
    lists = {name: values.tolist() for name, values in columns.items()}
    return [
        dict(zip(("facet", "value", "facet_2", "value_2"), name, strict=True))
        | {column: values[i] for column, values in lists.items()}
        for i, name in enumerate(names)
    ]


def _members(groups: Integers, k: int) -> Floats:
    """A number for each group that is the same for groups with the same members."""
    member = groups >= 0
    lots = np.random.default_rng(0).random(len(groups))
    return np.bincount(groups[member], lots[member], k).astype(np.float64)


def _enough(sums: Sums, n: int) -> NDArray[np.bool_]:
    enough: NDArray[np.bool_] = (sums.size >= _needed(n)) & (sums.effective >= MIN_CLUSTERS)
    return enough


def _needed(n: int) -> float:
    return max(MIN_TOTAL, MIN_SHARE * n)


def _chosen(sums: Sums, which: Integers) -> Sums:
    return Sums(sums.counts[which], sums.values[which])


def _renumbered(groups: Integers, kept: Integers, k: int) -> Integers:
    """Group numbers after all but some groups were left out."""
    numbers = np.full(k + 1, -1)  # the last one is for -1
    numbers[kept] = np.arange(len(kept))
    return numbers[groups]


def _numbered(labels: Sequence[Hashable]) -> tuple[Integers, list[Hashable]]:
    """Labels as numbers from 0, and the labels in the order of these numbers."""
    index: dict[Hashable, int] = {}
    numbers = np.array([index.setdefault(label, len(index)) for label in labels], dtype=np.int64)
    return numbers, list(index)
