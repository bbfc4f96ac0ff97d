"""Renders a report or a profile as Markdown, for an issue or a pull request.

Text of the user is escaped, so that nothing in it becomes a link, markup or a mention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.comparison import Comparison, most_different
from qatoolkit.analysis.render_text import interval, thresholds
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import standings
from qatoolkit.analysis.wording import (
    annotated,
    between,
    chance,
    cut,
    escaped,
    moves,
    notes,
    part_name,
    predicted,
    profile_tables,
    where,
)

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile

_MOST_ROWS = 20


def render_markdown(found: Report | Profile) -> str:
    """All of it, the verdict as its heading."""
    lines = _report(found) if isinstance(found, Report) else _profile(found)
    return "\n".join(lines) + "\n"


def _report(report: Report) -> Iterator[str]:
    yield f"## {escaped(report.verdict)}"
    yield ""
    yield escaped(report.subject)
    yield ""
    rows = [(row.label, f"{row.f1:.1f}", f"{row.exact:.1f}", interval(row)) for row in standings(report)]
    yield from _table(("", "F1", "exact", "95% interval of F1"), rows, numbers=2)
    chosen = thresholds(report)
    if chosen:
        yield f"{escaped(chosen)}\n"
    yield f"`{report.signature}`"
    yield ""
    yield from _table(
        ("class", "questions", "meaning"),
        [(name, f"{count:,}", CLASSES[name]) for name, count in report.classes.items()],
        numbers=1,
    )
    if report.comparison is not None:
        yield from _comparison(report.comparison)
    if report.worst.height:
        yield "### Clearly worse than the rest"
        yield ""
        yield from _table(("part", "F1", "rest", "questions", "p"), list(_worst(report.worst)), numbers=4)
    if report.suspects.height:
        yield "### Rows to look at first"
        yield ""
        yield from _table(("source", "question", "annotated", "proposed", "why"), list(_suspects(report)))
    if report.wrong:
        yield "### Not exact"
        yield ""
        cells = [
            (where(case), case.error_class, cut(case.example.question), annotated(case), predicted(case))
            for case in report.wrong[:_MOST_ROWS]
        ]
        yield from _table(("source", "class", "question", "annotated", "predicted"), cells)
    yield from _notes(report)


def _worst(worst: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in worst.head(_MOST_ROWS).iter_rows(named=True):
        name = part_name(row["facet"], row["value"], row["facet_2"], row["value_2"])
        yield (
            cut(name), f"{row['f1']:.1f}", f"{row['rest_f1']:.1f}", f"{row['total']:,}",
            chance(row["p_adjusted"]),
        )  # fmt: skip


def _suspects(report: Report) -> Iterator[tuple[str, ...]]:
    for row in report.suspects.head(_MOST_ROWS).iter_rows(named=True):
        case = report.cases[row["index"]]
        yield (
            where(case), cut(case.example.question), cut(row["old_text"]), cut(row["new_text"]),
            cut(row["reason"], 160),
        )  # fmt: skip


def _comparison(found: Comparison) -> Iterator[str]:
    yield f"### Against {escaped(found.against)}"
    yield ""
    yield escaped(found.sentence)
    yield ""
    rows = [
        (
            row["metric"], f"{row['this']:.1f}", f"{row['other']:.1f}", f"{row['difference']:+.1f}",
            between(row["low"], row["high"]), chance(row["p"]),
        )
        for row in found.scores.iter_rows(named=True)
    ]  # fmt: skip
    yield from _table(("", "this", "other", "difference", "95% interval", "p"), rows)
    yield (
        f"Only this one right: {found.right_only_this:,}; only the other: {found.right_only_other:,} "
        f"(McNemar p {chance(found.mcnemar)}).\n"
    )
    yield from _table(
        ("class in the other", "class here", "questions"),
        [(was, now, f"{total:,}") for was, now, total in moves(found, _MOST_ROWS)],
    )
    if found.slices.height:
        parts = [
            (part_name(row["facet"], row["value"]), f"{row['difference']:+.1f}", f"{row['total']:,}",
             chance(row["p_adjusted"]))
            for row in most_different(found.slices, _MOST_ROWS).iter_rows(named=True)
        ]  # fmt: skip
        yield from _table(("part won or lost", "F1", "questions", "p"), parts, numbers=3)


def _profile(profile: Profile) -> Iterator[str]:
    yield f"## {escaped(profile.subject)}"
    yield ""
    for heads, rows in profile_tables(profile):
        yield from _table(heads, rows[:_MOST_ROWS], numbers=len(heads) - 1)
    yield from _notes(profile)


def _notes(found: Report | Profile) -> Iterator[str]:
    for note in notes(found):
        yield f"{escaped(note)}\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> Iterator[str]:
    """A table; the columns after the first that hold numbers are set to the right."""
    rule = ["---"] + ["---:"] * numbers + ["---"] * (len(heads) - 1 - numbers)
    yield f"| {' | '.join(map(escaped, heads))} |"
    yield f"|{'|'.join(rule)}|"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"
    yield ""
