"""Renders a report for a terminal, 80 columns wide, and as Markdown; both hold the same lines."""

from __future__ import annotations

from collections.abc import Iterator

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import Standing, standings

_MOST_EXAMPLES = 8
_MOST_ROWS = 8
_BAR = 24
_LONGEST = 60


def render_text(report: Report) -> str:
    """The report as plain text without colours; the verdict is the last line."""
    return "\n".join(_text(report)) + "\n"


def render_markdown(report: Report) -> str:
    """The report as Markdown, for an issue or a pull request."""
    return "\n".join(_markdown(report)) + "\n"


def _text(report: Report) -> Iterator[str]:
    split = f", {report.split} split" if report.split else ""
    yield f"{report.subject}{split}"
    yield ""
    yield f"{'':<34}{'F1':>7}{'exact':>8}   95% interval of F1"
    for row in standings(report):
        yield f"{_label(row):<34}{row.f1:>7.1f}{row.exact:>8.1f}   {_interval(row)}".rstrip()
    yield f"  {report.signature}"
    yield ""
    total = len(report.cases) or 1
    for name, count in report.classes.items():
        bar = "#" * round(_BAR * count / total)
        yield f"{name:<20}{count:>7,}{100 * count / total:>7.1f}%  {bar}".rstrip()
    for table in report.slices:
        yield ""
        yield f"{table.name:<34}{'F1':>7}{'exact':>8}{'questions':>11}"
        for part in table.rows[:_MOST_ROWS]:
            yield f"  {_cut(part.value, 30):<32}{part.f1:>7.1f}{part.exact:>8.1f}{part.total:>11,}"
        if len(table.rows) > _MOST_ROWS:
            yield f"  ... {len(table.rows) - _MOST_ROWS:,} more"
    yield from _examples(report)
    for note in report.notes:
        yield f"Note: {note}"
    yield report.verdict


def _examples(report: Report) -> Iterator[str]:
    if not report.wrong:
        yield ""
        return
    yield ""
    yield "The first that are not exact:"
    for case in report.wrong[:_MOST_EXAMPLES]:
        yield f"  {_where(case)}  {case.error_class}"
        yield f"    {_cut(case.example.question)}"
        yield f"    annotated: {_answers(case)}"
        yield f"    predicted: {_cut(case.prediction.text) if case.prediction.text else 'no answer'}"
    if len(report.wrong) > _MOST_EXAMPLES:
        yield f"  ... {len(report.wrong) - _MOST_EXAMPLES:,} more in the HTML report"
    yield ""


def _markdown(report: Report) -> Iterator[str]:
    yield f"## {_escaped(report.verdict)}"
    yield ""
    yield "| | F1 | exact | 95% interval of F1 |"
    yield "|---|---:|---:|---|"
    for row in standings(report):
        yield f"| {_escaped(row.label)} | {row.f1:.1f} | {row.exact:.1f} | {_interval(row)} |"
    yield ""
    yield f"`{report.signature}`"
    yield ""
    yield "| class | questions | meaning |"
    yield "|---|---:|---|"
    for name, count in report.classes.items():
        yield f"| {name} | {count:,} | {CLASSES.get(name, '')} |"
    if report.wrong:
        yield ""
        yield "| source | class | question | annotated | predicted |"
        yield "|---|---|---|---|---|"
    for case in report.wrong[: 4 * _MOST_EXAMPLES]:
        cells = (_where(case), case.error_class, _cut(case.example.question), _answers(case),
                 _cut(case.prediction.text or "no answer"))  # fmt: skip
        yield "| " + " | ".join(map(_escaped, cells)) + " |"
    for note in report.notes:
        yield f"\n{_escaped(note)}"


def _label(row: Standing) -> str:
    return f"  {row.label}" if row.kind == "part" else row.label


def _interval(row: Standing) -> str:
    return f"{row.f1_interval[0]:.1f} to {row.f1_interval[1]:.1f}" if row.f1_interval else ""


def _where(case: Case) -> str:
    """The place, its end rather than its beginning where it is long."""
    place = _cut(case.example.origin or case.example.id, 1_000)
    return place if len(place) <= _LONGEST else f"...{place[3 - _LONGEST :]}"


def _answers(case: Case) -> str:
    texts = list(dict.fromkeys(case.example.answers))
    return _cut(" / ".join(texts)) if texts else "no answer"


def _cut(text: str, most: int = _LONGEST) -> str:
    """On one line, control characters written out, cut at `most` characters."""
    plain = "".join(c if c.isprintable() else " " if c in "\n\t\r" else f"\\u{ord(c):04x}" for c in text)
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no link, no markup, no cell border."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!~" else c for c in text)
