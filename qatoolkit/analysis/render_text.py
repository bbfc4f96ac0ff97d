"""Renders a report or a profile for a terminal, 80 columns wide; piped it is the same without colours.

Only the signature and the name of the run may make a longer line: they are there to be copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl
from rich.cells import set_cell_size
from rich.text import Text

from qatoolkit.analysis.calibration import Calibration
from qatoolkit.analysis.comparison import Comparison, most_different
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import Standing, standings
from qatoolkit.analysis.wording import (
    annotated,
    between,
    chance,
    cut,
    cut_front,
    moves,
    notes,
    one_line,
    part_name,
    predicted,
    profile_tables,
    where,
    wrapped,
)  # fmt: skip

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile

_MOST_EXAMPLES = 5
_MOST_SUSPECTS = 5
_MOST_ROWS = 8
_MOST_FACETS = 3
_MOST_MOVES = 5
# Fewer questions than this say nothing about how far the rows of a table lie apart.
_SUPPORT = 10
_BAR = 24
_HEAD = "bold"
_COLOURS = {
    "exact": "green", "other-occurrence": "green", "suspected-annotation": "magenta",
    "unreachable": "magenta",
}  # fmt: skip


def render_text(found: Report | Profile) -> str:
    """All of it as plain text; the verdict comes last."""
    return "\n".join(line.plain for line in render_lines(found)) + "\n"


def render_lines(found: Report | Profile) -> Iterator[Text]:
    """The same line by line, styled for a terminal."""
    yield from _report(found) if isinstance(found, Report) else _profile(found)


def _report(report: Report) -> Iterator[Text]:
    split = f", {report.split} split" if report.split else ""
    yield Text(one_line(f"{report.subject}{split}"), _HEAD)
    yield Text()
    yield from _scores(report)
    yield Text()
    yield from _classes(report)
    yield from _worst(report)
    yield from _slices(report)
    if report.calibration is not None:
        yield from _calibration(report.calibration)
    yield from _suspects(report)
    if report.comparison is not None:
        yield from _comparison(report.comparison)
    yield from _examples(report)
    yield from _notes(report)
    yield Text(wrapped(report.verdict), _HEAD)
    if report.comparison is not None:
        yield Text(wrapped(f"Against {report.comparison.against}: {report.comparison.sentence}"), _HEAD)


def _scores(report: Report) -> Iterator[Text]:
    drawn = f", by {report.clusters}" if report.intervals else ""
    yield Text(f"{'':<34}{'F1':>7}{'exact':>8}   95% of F1{drawn}", _HEAD)
    for row in standings(report):
        label = f"  {row.label}" if row.kind == "part" else row.label
        line = f"{label:<34}{row.f1:>7.1f}{row.exact:>8.1f}   {interval(row)}".rstrip()
        yield Text(line, "" if row.kind in ("self", "part") else "dim")
    chosen = thresholds(report)
    if chosen:
        yield Text(f"  {chosen}")
    yield Text(f"  {report.signature}", "dim")


def _classes(report: Report) -> Iterator[Text]:
    total = len(report.cases) or 1
    for name, count in report.classes.items():
        bar = "#" * round(_BAR * count / total)
        line = Text(f"{name:<22}{count:>7,}{100 * count / total:>7.1f}%")
        yield line.append(f"  {bar}" if bar else "", _COLOURS.get(name, "yellow"))


def _worst(report: Report) -> Iterator[Text]:
    if report.worst.is_empty():
        return
    yield Text()
    yield Text(f"{'clearly worse than the rest':<51}{'F1':>6}{'rest':>7}{'questions':>11}{'p':>5}", _HEAD)
    for row in report.worst.head(_MOST_ROWS).iter_rows(named=True):
        name = part_name(row["facet"], row["value"], row["facet_2"], row["value_2"])
        p = "<.01" if row["p_adjusted"] < 0.01 else f"{row['p_adjusted']:.2f}".lstrip("0")
        yield Text(
            f"  {set_cell_size(cut(name, 47), 49)}{row['f1']:>6.1f}{row['rest_f1']:>7.1f}"
            f"{row['total']:>11,}{p:>5}"
        )


def _slices(report: Report) -> Iterator[Text]:
    """The tables whose rows lie furthest apart; all of them are in the other formats."""
    facets = (
        report.slices.filter(pl.col("total") >= _SUPPORT)
        .group_by("facet", maintain_order=True)
        .agg((pl.col("f1").max() - pl.col("f1").min()).alias("apart"))
        .filter(pl.col("apart") > 0)
        .sort("apart", descending=True, maintain_order=True)["facet"]
        .to_list()
    )
    for facet in facets[:_MOST_FACETS]:
        rows = report.slices.filter(pl.col("facet") == facet)
        yield Text()
        yield Text(f"{cut(facet, 32):<34}{'F1':>7}{'exact':>8}{'questions':>11}", _HEAD)
        for row in rows.head(_MOST_ROWS).iter_rows(named=True):
            name = set_cell_size(cut(row["value"], 30) or "none", 32)
            yield Text(f"  {name}{row['f1']:>7.1f}{row['exact']:>8.1f}{row['total']:>11,}")
        if rows.height > _MOST_ROWS:
            yield Text(f"  ... {rows.height - _MOST_ROWS:,} more", "dim")
    rest = report.slices["facet"].n_unique() - len(facets[:_MOST_FACETS])
    if rest > 0:
        ways = "1 more way" if rest == 1 else f"{rest} more ways"
        yield Text(f"{ways} to cut the questions: {_elsewhere(report)}", "dim")


def _calibration(found: Calibration) -> Iterator[Text]:
    half = found.coverage.filter(pl.col("coverage") >= 50).head(1)
    yield Text()
    line = f"confidence: expected calibration error {found.ece:.3f}"
    if half.height:
        line += f"; the surest half of the answers is {half['exact'][0]:.1f} % exact"
    yield Text(wrapped(f"{line}."))


def _suspects(report: Report) -> Iterator[Text]:
    found = report.suspects
    if found.is_empty():
        return
    yield Text()
    strong = int(found["strong"].sum())
    yield Text(f"Rows to look at first ({found.height:,} ranked, {strong:,} of them strong):", _HEAD)
    for row in found.head(_MOST_SUSPECTS).iter_rows(named=True):
        case = report.cases[row["index"]]
        yield Text(f"  {where(case)}  {row['confidence']:.2f}")
        yield Text(f"    {cut(case.example.question, 72)}")
        proposed = f"  ->  {cut(row['new_text'], 32)}" if row["new_text"] else ""
        yield Text(f"    {cut(row['old_text'], 32) or 'no answer'}{proposed}")
        yield Text(wrapped(row["reason"], "      "), "dim")
    yield Text("  All of them: --suspects suspects.csv, ready for qatk fix --apply.", "dim")


def _comparison(found: Comparison) -> Iterator[Text]:
    yield Text()
    yield Text(f"{cut_front('against ' + found.against, 32):<34}{'this':>7}{'other':>8}   difference", _HEAD)
    for row in found.scores.iter_rows(named=True):
        name = {"f1": "F1", "exact": "exact match"}[row["metric"]]
        yield Text(
            f"  {name:<32}{row['this']:>7.1f}{row['other']:>8.1f}   {row['difference']:+.1f} "
            f"({between(row['low'], row['high'])}), p {chance(row['p'])}"
        )
    yield Text(
        wrapped(
            f"Only this one right: {found.right_only_this:,}; only the other: {found.right_only_other:,} "
            f"(McNemar p {chance(found.mcnemar)}).",
            "  ",
        )
    )
    yield Text("  classes that became others, from the other to this:")
    for was, now, total in moves(found, _MOST_MOVES):
        yield Text(f"    {was} -> {now}{total:>{72 - len(was) - len(now)},}")
    if found.slices.height:
        yield Text("  parts won and lost:")
    for row in most_different(found.slices, _MOST_ROWS).iter_rows(named=True):
        name = set_cell_size(cut(part_name(row["facet"], row["value"]), 40), 42)
        of, p = f"{row['total']:>7,} questions", chance(row["p_adjusted"])
        yield Text(f"    {name}{row['difference']:>+7.1f} F1{of}  p {p}")
    yield Text(wrapped(found.sentence, "  "), _HEAD)


def _examples(report: Report) -> Iterator[Text]:
    wrong = report.wrong
    yield Text()
    if not wrong:
        return
    yield Text("The first that are not exact:", _HEAD)
    for case in wrong[:_MOST_EXAMPLES]:
        yield Text(f"  {where(case)}  {case.error_class}")
        yield Text(f"    {cut(case.example.question)}")
        yield Text(f"    annotated: {annotated(case)}", "green")
        yield Text(f"    predicted: {predicted(case)}", "yellow")
    if len(wrong) > _MOST_EXAMPLES:
        yield Text(f"  ... {len(wrong) - _MOST_EXAMPLES:,} more: {_elsewhere(report)}", "dim")
    yield Text()


def _elsewhere(report: Report) -> str:
    """Where all of it is."""
    return "in the HTML report" if report.html else "with -o report.html"


def _notes(found: Report | Profile) -> Iterator[Text]:
    for note in notes(found):
        yield Text(wrapped(f"Note: {note}"))


def _profile(profile: Profile) -> Iterator[Text]:
    yield Text(one_line(profile.subject), _HEAD)
    for heads, rows in profile_tables(profile):
        yield Text()
        yield _columns(heads, _HEAD)
        for row in rows[: 2 * _MOST_ROWS]:
            yield _columns((f"  {row[0]}", *row[1:]))
        if len(rows) > 2 * _MOST_ROWS:
            yield Text(f"  ... {len(rows) - 2 * _MOST_ROWS:,} more", "dim")
    yield Text()
    yield from _notes(profile)


def _columns(cells: tuple[str, ...], style: str = "") -> Text:
    """A label, and a column for each split."""
    label, *values = cells
    return Text(set_cell_size(cut(label, 30), 32) + "".join(f"{cut(v, 15):>16}" for v in values), style)


def interval(row: Standing) -> str:
    """The interval of F1, "" where there is none."""
    return f"{row.f1_interval[0]:.1f} to {row.f1_interval[1]:.1f}" if row.f1_interval else ""


def thresholds(report: Report) -> str:
    """The best no-answer thresholds, "" where null odds were not given."""
    if "best_f1" not in report.metrics:
        return ""
    best = [report.metrics[f"best_{name}_thresh"] for name in ("f1", "exact")]
    return "best thresholds, chosen on these questions: {:.4f} (F1), {:.4f} (exact)".format(*best)
