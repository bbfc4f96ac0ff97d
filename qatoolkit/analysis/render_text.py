"""Renders a report for a terminal, 80 columns wide, and as Markdown; both hold the same facts.

Only the signature and the name of the run may make a longer line: they are there to be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import Standing, standings

_COLUMNS = 80
_MOST_EXAMPLES = 8
_MOST_ROWS = 8
_MOST_IDS = 5
_BAR = 24
_LONGEST = 60
# Zero-width joiners, without which Persian words and many emoji fall apart.
_JOINERS = "\u200c\u200d"


def render_text(report: Report) -> str:
    """The report as plain text without colours; the verdict comes last."""
    return "\n".join(_text(report)) + "\n"


def render_markdown(report: Report) -> str:
    """The report as Markdown, for an issue or a pull request."""
    return "\n".join(_markdown(report)) + "\n"


def notes(report: Report) -> Iterator[str]:
    """What a reader must know, the ids that found no counterpart included."""
    yield from report.notes
    for ids, what in (
        (report.missing, "questions without a prediction, counted as wrong"),
        (report.unknown, "predicted ids that the data set does not have, ignored"),
    ):
        if ids:
            yield f"{what} ({len(ids):,}): {_listed(ids)}"


def one_line(text: str) -> str:
    """User text on one line, with control characters written out."""
    return "".join(
        c if c.isprintable() or c in _JOINERS else " " if c.isspace() else _written_out(ord(c)) for c in text
    )


def _text(report: Report) -> Iterator[str]:
    split = f", {report.split} split" if report.split else ""
    yield one_line(f"{report.subject}{split}")
    yield ""
    yield from _scores(report)
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
            name = set_cell_size(_cut(part.value, 30) or "no title", 32)
            yield f"  {name}{part.f1:>7.1f}{part.exact:>8.1f}{part.total:>11,}"
        if len(table.rows) > _MOST_ROWS:
            yield f"  ... {len(table.rows) - _MOST_ROWS:,} more"
    yield ""
    yield from _examples(report)
    for note in notes(report):
        yield _wrapped(f"Note: {note}")
    yield _wrapped(report.verdict)


def _scores(report: Report) -> Iterator[str]:
    yield f"{'':<34}{'F1':>7}{'exact':>8}   95% interval of F1"
    for row in standings(report):
        yield f"{_label(row):<34}{row.f1:>7.1f}{row.exact:>8.1f}   {_interval(row)}".rstrip()
    thresholds = _thresholds(report)
    if thresholds:
        yield f"  {thresholds}"


def _examples(report: Report) -> Iterator[str]:
    wrong = report.wrong
    if not wrong:
        return
    yield "The first that are not exact:"
    for case in wrong[:_MOST_EXAMPLES]:
        yield f"  {_where(case)}  {case.error_class}"
        yield f"    {_cut(case.example.question)}"
        yield f"    annotated: {_answers(case)}"
        yield f"    predicted: {_predicted(case)}"
    if len(wrong) > _MOST_EXAMPLES:
        yield f"  ... {len(wrong) - _MOST_EXAMPLES:,} more in the HTML report"
    yield ""


def _markdown(report: Report) -> Iterator[str]:
    yield f"## {_escaped(report.verdict)}"
    yield ""
    yield _escaped(one_line(report.subject))
    yield ""
    yield "| | F1 | exact | 95% interval of F1 |"
    yield "|---|---:|---:|---|"
    for row in standings(report):
        yield f"| {_escaped(row.label)} | {row.f1:.1f} | {row.exact:.1f} | {_interval(row)} |"
    yield ""
    thresholds = _thresholds(report)
    if thresholds:
        yield f"{_escaped(thresholds)}\n"
    yield f"`{report.signature}`"
    yield ""
    yield "| class | questions | meaning |"
    yield "|---|---:|---|"
    for name, count in report.classes.items():
        yield f"| {name} | {count:,} | {CLASSES[name]} |"
    wrong = report.wrong
    if wrong:
        yield ""
        yield "| source | class | question | annotated | predicted |"
        yield "|---|---|---|---|---|"
    for case in wrong[: 4 * _MOST_EXAMPLES]:
        cells = (_where(case), case.error_class, _cut(case.example.question), _answers(case),
                 _predicted(case))  # fmt: skip
        yield "| " + " | ".join(map(_escaped, cells)) + " |"
    for note in notes(report):
        yield f"\n{_escaped(note)}"


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_IDS:,} more" if len(ids) > _MOST_IDS else ""
    return ", ".join(_cut(key, 40) for key in ids[:_MOST_IDS]) + more


def _label(row: Standing) -> str:
    return f"  {row.label}" if row.kind == "part" else row.label


def _interval(row: Standing) -> str:
    return f"{row.f1_interval[0]:.1f} to {row.f1_interval[1]:.1f}" if row.f1_interval else ""


def _thresholds(report: Report) -> str:
    if "best_f1" not in report.metrics:
        return ""
    best = [report.metrics[f"best_{name}_thresh"] for name in ("f1", "exact")]
    return "best thresholds, chosen on these questions: {:.4f} (F1), {:.4f} (exact)".format(*best)


def _where(case: Case) -> str:
    """The place, its end rather than its beginning where it is long."""
    place = one_line(case.example.origin or case.example.id)
    if cell_len(place) <= _LONGEST:
        return place
    while cell_len(place) > _LONGEST - 3:
        place = place[max(1, (cell_len(place) - _LONGEST + 3) // 2) :]
    return f"...{place}"


def _answers(case: Case) -> str:
    texts = list(dict.fromkeys(case.example.answers))
    return _cut(" / ".join(texts)) if texts else "no answer"


def _predicted(case: Case) -> str:
    if case.prediction.text is None:
        return "no prediction"
    return _cut(case.prediction.text) if case.prediction.text else "no answer"


def _cut(text: str, most: int = _LONGEST) -> str:
    """On one line, at most `most` columns wide."""
    plain = one_line(text[: 4 * most])
    if cell_len(plain) <= most and len(text) <= 4 * most:
        return plain
    return set_cell_size(plain, most - 3).rstrip() + "..."


def _written_out(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _wrapped(text: str) -> str:
    """Broken between words; unlike textwrap it knows that some characters are two columns wide."""
    lines = [""]
    for word in text.split():
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > _COLUMNS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no link, markup, entity, formula, mention or cell border."""
    marked = "".join(f"\\{c}" if c in "\\`*_[]<>|#!~&$@" else c for c in text)
    # GitHub makes links of bare addresses.
    return re.sub(r"(?i)(?<=www)\.|:(?=//)", lambda found: f"\\{found[0]}", marked)
