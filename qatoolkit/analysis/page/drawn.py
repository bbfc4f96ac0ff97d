"""Which charts a page has, by the names of their places in the templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from qatoolkit.analysis.calibration import Calibration
from qatoolkit.analysis.comparison import Comparison, most_different
from qatoolkit.analysis.page import charts
from qatoolkit.analysis.page.chart_kit import Specification, rows_high, specification
from qatoolkit.analysis.page.view import MAX_VALUES, slice_tables
from qatoolkit.analysis.result import Report

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile

# A list holds the specifications among which a select chooses.
Specifications = dict[str, Specification | list[Specification]]

_SCORES = {"f1": "F1", "exact": "exact match"}
_LOSSES = {"train_loss": "training", "validation_loss": "validation"}


def report_charts(report: Report) -> Specifications:
    """The charts of everything that the report knows."""
    found = {**_epochs(report), **_classes(report), **_slices(report)}
    if report.calibration is not None:
        found |= _calibration(report.calibration)
    if report.thresholds is not None:
        found |= _thresholds(report.thresholds)
    if report.data_map is not None and report.data_map.height:
        drawn = charts.data_map(report.data_map)
        found["data-map"] = specification(drawn, "Confidence against variability of every example", 380)
    if report.comparison is not None:
        found |= _comparison(report.comparison)
    return found


def profile_charts(profile: Profile) -> Specifications:
    """One chart for each table of the profile, named by its place."""
    found: Specifications = {}
    for place, (facet, table) in enumerate(profile.tables.items()):
        shown = table.head(MAX_VALUES)
        height = rows_high(shown.height, 10 + 12 * len(profile.splits))
        drawn = charts.shares(shown, profile.splits)
        found[f"profile-{place}"] = specification(drawn, f"Questions by {facet}, split by split", height)
    return found


def _epochs(report: Report) -> Specifications:
    found: Specifications = {}
    if len(report.epochs) < 2:
        return found
    frame = pl.DataFrame(
        [{name: row.get(name) for name in ("epoch", *_SCORES, *_LOSSES)} for row in report.epochs],
        infer_schema_length=None,
    )
    for name, series, title in (("scores", _SCORES, "percent"), ("losses", _LOSSES, "loss")):
        if not any(frame[column].drop_nulls().len() for column in series):
            continue
        curve = charts.lines(frame, "epoch", series, ("epoch", title), whole=True)
        best = report.best_epoch
        drawn = curve if best is None else charts.marked(curve, best, "best")
        said = f"{' and '.join(series.values())} by epoch of the training"
        found[f"epochs-{name}"] = specification(drawn, said, 220)
    return found


def _classes(report: Report) -> Specifications:
    wrong = [(name, total) for name, total in report.classes.items() if name != "exact" and total]
    if not wrong:
        return {}
    frame = pl.DataFrame(wrong, schema=["class", "total"], orient="row")
    said = "Questions by error class, exact ones left out"
    return {"classes": specification(charts.classes(frame), said, rows_high(frame.height))}


def _slices(report: Report) -> Specifications:
    found: Specifications = {}
    if report.worst.height:
        frame = report.worst.head(MAX_VALUES).with_columns(label=_slice_label())
        drawn = charts.differences(frame, "F1 points against the rest")
        said = "The slices that are worse than the rest, with intervals"
        found["worst"] = specification(drawn, said, rows_high(frame.height))
    if report.slices.height:
        found["slices"] = [_facet(table, report.metrics["f1"]) for _, table in slice_tables(report)]
    return found


def _facet(table: pl.DataFrame, overall: float) -> Specification:
    said = f"F1 and number of questions of every {table['facet'][0]}"
    return specification(charts.slices(table, overall), said, rows_high(table.height))


def _slice_label() -> pl.Expr:
    """What a slice, or a pair of slices, is called: facet and value of each."""
    one = pl.format("{}: {}", "facet", "value")
    pair = pl.format("{} + {}: {}", one, "facet_2", "value_2")
    return pl.when(pl.col("facet_2").is_null()).then(one).otherwise(pair)


def _calibration(calibration: Calibration) -> Specifications:
    drawn = charts.reliability(calibration.bins)
    found: Specifications = {
        "reliability": specification(drawn, "How often answers of each confidence are exact", 280)
    }
    titles = ("% of the questions answered, the surest first", "percent")
    curve = charts.lines(calibration.coverage, "coverage", _SCORES, titles)
    found["coverage"] = specification(curve, "Scores if only the surest questions are answered", 280)
    return found


def _thresholds(thresholds: pl.DataFrame) -> Specifications:
    series = {**_SCORES, "answered": "answered"}
    curve = charts.lines(thresholds, "threshold", series, ("threshold for no answer", "percent"))
    return {"thresholds": specification(curve, "Scores by the threshold for giving no answer", 280)}


def _comparison(comparison: Comparison) -> Specifications:
    found: Specifications = {}
    moved = comparison.transitions
    if moved.height:
        said = "Error classes in the other predictions and in these"
        height = rows_high(len({*moved["other_class"], *moved["this_class"]}), 28)
        found["transitions"] = specification(charts.transitions(moved), said, height)
    if comparison.slices.height:
        frame = most_different(comparison.slices, MAX_VALUES)
        frame = frame.with_columns(label=pl.format("{}: {}", "facet", "value"))
        height = rows_high(frame.height)
        found["won-lost"] = specification(charts.won_lost(frame), "F1 gained and lost by slice", height)
    return found
