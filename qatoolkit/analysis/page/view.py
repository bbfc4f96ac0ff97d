"""What the templates lay out: rows of tables and figures, read from a report without judging anew."""

from __future__ import annotations

import shlex
from typing import Any

import polars as pl

from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.comparison import most_different
from qatoolkit.analysis.load.run import CROSSFIT
from qatoolkit.analysis.page.class_groups import GROUP_OF, GROUPS
from qatoolkit.analysis.result import FEW, Report

MAX_VALUES = 20
FIRST_SUSPECTS = 10
MAX_SUSPECTS = 100
MAX_DROPPED = 50

Rows = list[dict[str, Any]]


def figures(report: Report) -> Rows:
    """The two scores; the interval is the number where there are few questions."""
    found = []
    for name, label in (("f1", "F1"), ("exact", "Exact match")):
        value, ends = report.metrics[name], report.intervals.get(name)
        if ends is None:
            found.append({"label": label, "number": f"{value:.1f}", "range": ""})
        elif len(report.cases) < FEW:
            number, said = (
                f"{ends[0]:.0f}–{ends[1]:.0f}",
                f"measured {value:.1f} on {len(report.cases)} questions",
            )
            found.append({"label": f"{label}, 95% interval", "number": number, "range": said})
        else:
            said = f"{ends[0]:.1f} to {ends[1]:.1f}"
            found.append({"label": label, "number": f"{value:.1f}", "range": said})
    return found


def shares(report: Report) -> Rows:
    """The groups of classes as parts of one bar, each with where it begins; in percent."""
    total = len(report.cases) or 1
    found: Rows = []
    begin = 0.0
    for group in GROUPS:
        width = 100 * sum(report.classes.get(name, 0) for name in group.classes) / total
        if width:
            found.append({"group": group.name, "label": group.label, "begin": begin, "width": width})
            begin += width
    return found


def class_rows(report: Report) -> Rows:
    """One row for each class, those that do not occur included."""
    total = len(report.cases) or 1
    return [
        {"name": name, "meaning": CLASSES[name], "group": GROUP_OF[name].name, "count": count,
         "share": 100 * count / total}
        for name, count in report.classes.items()
    ]  # fmt: skip


def slice_tables(report: Report) -> list[tuple[int, pl.DataFrame]]:
    """The slices by facet: how many values it has, and those on which most is lost if they are many."""
    return [
        (
            table.height,
            table if table.height <= MAX_VALUES else table.sort("lost", descending=True).head(MAX_VALUES),
        )
        for _, table in report.slices.group_by("facet", maintain_order=True)
    ]


def suspect_rows(report: Report) -> Rows:
    """The most suspicious annotations, with the places of their examples."""
    rows = report.suspects.head(MAX_SUSPECTS).to_dicts()
    return [{**row, "example": report.cases[row["index"]].example} for row in rows]


def suspects_command(report: Report) -> str:
    """How to write the list of suspects; "" where only the person knows how the report was asked for."""
    if not report.epochs:
        return ""
    split = f" --split {shlex.quote(CROSSFIT if report.data_map is not None else report.split or '')}"
    return f"qatk report {shlex.quote(report.subject)}{split} --suspects suspects.csv"


def dropped_rows(report: Report) -> Rows:
    """Right answers that lost a digit, a sign or a currency in normalising."""
    return [
        {"index": index, "what": what, "case": report.cases[index]}
        for index, what in report.dropped[:MAX_DROPPED]
    ]


def coverage_rows(coverage: pl.DataFrame) -> Rows:
    """About eleven points of a curve of up to 101."""
    step = max(1, (coverage.height - 1) // 10)
    return coverage.gather_every(step).to_dicts()


def data_map_rows(data_map: pl.DataFrame) -> Rows:
    """The data map in figures: how many examples are ever predicted rightly, and how surely."""
    return (
        data_map.group_by(pl.col("correctness").round(2))
        .agg(pl.len().alias("total"), pl.col("confidence").mean(), pl.col("variability").mean())
        .sort("correctness")
        .head(MAX_VALUES)
        .to_dicts()
    )


def matrix(transitions: pl.DataFrame) -> dict[str, Any]:
    """The transitions as a table: what each class became."""
    found = {
        (row["other_class"], row["this_class"]): row["total"] for row in transitions.iter_rows(named=True)
    }
    names = [name for name in GROUP_OF if any(name in pair and total for pair, total in found.items())]
    rows = [{"name": was, "totals": [found.get((was, now), 0) for now in names]} for was in names]
    return {"names": names, "rows": rows}


def won_lost_rows(slices: pl.DataFrame) -> Rows:
    """The slices between which two models differ most, gains first."""
    return most_different(slices, MAX_VALUES).to_dicts()
