"""Two sets of predictions for the same questions: better, worse, or not distinguishable.

Only questions that both have answered are compared, pair by pair, which is far more telling than two
intervals that overlap. Both are judged already; where they come from is the business of `report`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.parts.slices import SIGNIFICANT, supported
from qatoolkit.errors import UsageError
from qatoolkit.metrics.adjust import holm
from qatoolkit.metrics.paired import Paired, mcnemar, paired

Verdict = Literal["better", "worse", "not distinguishable"]

_SLICE_SCHEMA = {
    "facet": pl.String, "value": pl.String, "total": pl.Int64, "f1": pl.Float64, "other_f1": pl.Float64,
    "difference": pl.Float64, "p": pl.Float64, "p_adjusted": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """How these predictions stand against others, on the questions that both have.

    Attributes:
        against: what the others are called.
        total: questions compared.
        only_this: questions that the others do not have; left out.
        only_other: questions that these do not have; left out.
        scores: two rows, `metric` "exact" and "f1": `this`, `other`, `difference` and its 95% interval `low`
            to `high`, in percent, and `p`.
        right_only_this: questions that only these got right (exact match).
        right_only_other: questions that only the others got right.
        mcnemar: p of McNemar's test of these two numbers.
        transitions: `other_class`, `this_class`, `total`: how often a question went from one class to the
            other, in the order of `classify.CLASSES`, without zeros.
        slices: `facet`, `value`, `total`, `f1`, `other_f1`, `difference` (percent), `p`, `p_adjusted`: the
            slices won and lost beyond chance, most lost first.
        verdict: by the interval of the difference in F1.
        sentence: the verdict in plain words.
        others: for each of these cases that of the others, None where they have none.
    """

    against: str
    total: int
    only_this: int
    only_other: int
    scores: pl.DataFrame
    right_only_this: int
    right_only_other: int
    mcnemar: float
    transitions: pl.DataFrame
    slices: pl.DataFrame
    verdict: Verdict
    sentence: str
    others: list[Case | None] = field(repr=False)


def compare(
    cases: Sequence[Case],
    others: Sequence[Case],
    against: str,
    facets: pl.DataFrame,
    clusters: Sequence[Hashable],
) -> Comparison:
    """Compares two judgements of the same questions.

    Questions belong together when id, context and question are equal; of repeated ones the first with the
    first, and so on.

    Args:
        cases: n judged examples.
        others: the same questions with other predictions, in any order, as many as there are.
        against: what the others are called, for people.
        facets: of `cases`, n rows.
        clusters: of `cases`, n labels.

    Raises:
        UsageError: no question is in both.
    """
    pairs = [
        (i, j)
        for i, j in _pairs(cases, others)
        if "missing" not in (cases[i].error_class, others[j].error_class)
    ]
    if not pairs:
        raise UsageError(
            f"{against} has none of these {len(cases):,} questions: only predictions for the same questions "
            "can be compared (equal in id, context and question)"
        )
    rows = [i for i, _ in pairs]
    this, other = [cases[i] for i in rows], [others[j] for _, j in pairs]
    labels = [clusters[i] for i in rows]
    exact, other_exact = (np.array([case.exact for case in side]) for side in (this, other))
    f1, other_f1 = (np.array([case.f1 for case in side]) for side in (this, other))
    by_exact, by_f1 = paired(exact, other_exact, labels), paired(f1, other_f1, labels)
    only_this, only_other = int((exact > other_exact).sum()), int((exact < other_exact).sum())
    verdict = _verdict(by_f1)
    return Comparison(
        against=against,
        total=len(pairs),
        only_this=len(cases) - len(pairs),
        only_other=len(others) - len(pairs),
        scores=pl.DataFrame(
            [_score("exact", exact, other_exact, by_exact), _score("f1", f1, other_f1, by_f1)]
        ),
        right_only_this=only_this,
        right_only_other=only_other,
        mcnemar=mcnemar(only_this, only_other),
        transitions=_transitions(this, other),
        slices=_slices(facets[rows] if facets.width else facets, f1, other_f1, labels),
        verdict=verdict,
        sentence=_sentence(verdict, by_f1, len(pairs)) + _other_answers(this, other),
        others=[None if j is None else others[j] for j in map(dict(pairs).get, range(len(cases)))],
    )


def most_different(slices: pl.DataFrame, most: int) -> pl.DataFrame:
    """Those that move the score most, weighed by their questions, gains first."""
    moved = pl.col("difference").abs() * pl.col("total")
    return slices.sort(moved, descending=True).head(most).sort("difference", descending=True)


def _pairs(cases: Sequence[Case], others: Sequence[Case]) -> list[tuple[int, int]]:
    waiting: dict[tuple[str, str, str], list[int]] = {}
    for j in reversed(range(len(others))):
        waiting.setdefault(_key(others[j]), []).append(j)
    found = ((i, waiting.get(_key(case))) for i, case in enumerate(cases))
    return [(i, places.pop()) for i, places in found if places]


def _key(case: Case) -> tuple[str, str, str]:
    return case.example.id, case.example.context, case.example.question


def _score(
    metric: str, this: NDArray[np.float64], other: NDArray[np.float64], found: Paired
) -> dict[str, str | float | None]:
    return {
        "metric": metric,
        "this": 100 * float(this.mean()),
        "other": 100 * float(other.mean()),
        "difference": 100 * found.difference,
        "low": _known(100 * found.low),
        "high": _known(100 * found.high),
        "p": found.p,
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _transitions(this: Sequence[Case], other: Sequence[Case]) -> pl.DataFrame:
    counts = Counter((b.error_class, a.error_class) for a, b in zip(this, other, strict=True))
    order = {name: place for place, name in enumerate(CLASSES)}
    rows = sorted(counts.items(), key=lambda item: tuple(order.get(name, len(order)) for name in item[0]))
    schema = {"other_class": pl.String, "this_class": pl.String, "total": pl.Int64}
    return pl.DataFrame([(*names, total) for names, total in rows], schema, orient="row")


def _slices(
    facets: pl.DataFrame, f1: NDArray[np.float64], other_f1: NDArray[np.float64], clusters: Sequence[Hashable]
) -> pl.DataFrame:
    """The slices where the mean difference is not zero beyond chance, Holm's adjustment over all of them."""
    rows = []
    for part in supported(facets, f1 - other_f1, clusters):
        found = part.scores.contrast(part.sums)
        for k, value in enumerate(part.values):
            inside = part.groups == k
            rows.append(
                {
                    "facet": part.facet,
                    "value": value,
                    "total": int(inside.sum()),
                    "f1": 100 * float(f1[inside].mean()),
                    "other_f1": 100 * float(other_f1[inside].mean()),
                    "difference": 100 * float(found.difference[k]),
                    "p": float(found.p[k]),
                }
            )
    table = pl.DataFrame(rows, _SLICE_SCHEMA)
    table = table.with_columns(p_adjusted=pl.Series(holm(table["p"].to_numpy()), dtype=pl.Float64))
    beyond = table.filter(pl.col("p_adjusted") < SIGNIFICANT)
    return beyond.sort(pl.col("total") * pl.col("difference"), maintain_order=True)


def _verdict(found: Paired) -> Verdict:
    if found.low > 0:
        return "better"
    return "worse" if found.high < 0 else "not distinguishable"


def _sentence(verdict: Verdict, found: Paired, total: int) -> str:
    difference, low, high = (100 * value for value in (found.difference, found.low, found.high))
    measured = f"F1 {difference:+z.1f} ({low:z.1f} to {high:z.1f})"
    on = f"on {total:,} question{'' if total == 1 else 's'}"
    if verdict != "not distinguishable":
        return f"{verdict.capitalize()}: {measured} {on}."
    if not np.isfinite(high - low):
        return f"Not distinguishable {on}: F1 {difference:+z.1f}; all of them belong to one document."
    smallest = (high - low) / 2
    if not smallest:
        return f"Not distinguishable {on}: each has the same F1 in both."
    unseen = f"{smallest:.0f}" if smallest >= 2 else f"{smallest:.1f}"
    return f"Not distinguishable {on}: {measured}; a difference below about {unseen} would not be seen."


def _other_answers(this: Sequence[Case], other: Sequence[Case]) -> str:
    """A warning where the two were not judged by the same answers."""
    count = sum(
        sorted(a.example.answers) != sorted(b.example.answers) for a, b in zip(this, other, strict=True)
    )
    if not count:
        return ""
    questions = "1 question has" if count == 1 else f"{count:,} questions have"
    return f" {questions} other annotated answers in the two."
