"""Shows findings to people: one line each, and under it the stretch of context that matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from qatoolkit.cli.console import plural
from qatoolkit.validation.finding import location
from qatoolkit.validation.hypotheses import winner

if TYPE_CHECKING:
    from rich.console import Console

    from qatoolkit.corpus.splice import Edit
    from qatoolkit.validation.finding import Finding
    from qatoolkit.validation.review import Outcome
    from qatoolkit.validation.validate import ValidationReport

_AROUND = 36
_STYLES = {"error": "red", "warning": "yellow", "info": "cyan"}


def print_findings(console: Console, findings: list[Finding], *, most: int, excerpts: bool) -> None:
    """Prints at most `most` findings (0 = all) and says by code how many are hidden."""
    first = findings[:most] if most else findings
    width = min(48, max((cell_len(_location(finding)) for finding in first), default=0))
    for finding in first:
        console.print(_headline(finding, width))
        if excerpts and finding.span and finding.context:
            for line in _excerpt(finding):
                console.print(Text(line, style="dim"))
    hidden = Counter((finding.code, _mark(finding)) for finding in findings[len(first) :])
    for (code, mark), count in sorted(hidden.items()):
        console.print(Text(f"... {count:,} more {code} {mark}".rstrip(), style="dim"))
    if hidden:
        console.print(Text("--max-findings 0 shows all", style="dim"))


def print_repairs(console: Console, findings: list[Finding]) -> None:
    """Prints each repaired value, old above new."""
    for finding in findings:
        assert finding.fix is not None
        console.print(Text(f"{_location(finding)}  {finding.code} {finding.name}, {finding.fix.safety}"))
        _print_edits(console, finding.fix.edits)


def print_corrections(console: Console, source: str, outcomes: list[Outcome]) -> None:
    """Prints each corrected value, old above new."""
    for outcome in outcomes:
        console.print(Text(shown(location(source, outcome.place))))
        _print_edits(console, outcome.edits)


def print_skipped(console: Console, listed: str, outcomes: list[Outcome]) -> None:
    """Prints the rows of a list that could not be applied, and why."""
    for outcome in outcomes:
        console.print(Text(shown(f"{listed}:{outcome.correction.line}  skipped: {outcome.reason}")))


def _print_edits(console: Console, edits: Iterable[Edit]) -> None:
    for edit in edits:
        console.print(Text(f"  - {edit.field}: {_value(edit.old)}", style="red"))
        console.print(Text(f"  + {edit.field}: {_value(edit.new)}", style="green"))


def evidence_lines(report: ValidationReport) -> list[str]:
    """The ways of counting that explain wrong answers, as a table for each file that has one."""
    lines: list[str] = []
    for source, found in report.evidence.items():
        rows = [evidence for evidence in found if evidence.explains]
        if not any(evidence.holds for evidence in rows):
            continue
        chosen = winner(found)
        lines.append(
            f"{shown(source)}: how are its starts counted? {found[0].tested:,} do not fit as code points"
        )
        lines.append("  explains  contradicts")
        for evidence in rows:
            mark = "  <- repaired by this" if evidence.hypothesis is chosen else ""
            counts = f"  {evidence.explains:>8,}  {evidence.contradicts:>11,}"
            lines.append(f"{counts}  {evidence.hypothesis.what}{mark}")
        if chosen is None:
            lines.append("  a tie, so nothing is repaired by any of them")
    for source, habit in report.ends.items():
        lines.append(
            f"{shown(source)}: {habit.hypothesis.what}, in {habit.explains:,} of {habit.tested:,} answers"
        )
    return lines


def certificate_line(report: ValidationReport) -> str:
    """That a converted dataset is what it was, "" where it is not, or is none."""
    proved = report.certificate
    if proved is None or not proved.holds:
        return ""
    counts = f"{plural(proved.examples, 'example')} and {plural(proved.answers, 'answer')}"
    return f"Certificate holds: {counts} are as manifest.json and lineage.parquet say."


def summary(report: ValidationReport) -> str:
    """The verdict, such as: 240 records in 1 csv file: 39 errors, 1 warning, 2 notes."""
    layouts = Counter(layout for _, layout in report.files)
    files = " and ".join(
        f"{n:,} {layout} {'split' if layout in ('arrow', 'hub') else 'file'}{'s' if n > 1 else ''}"
        for layout, n in layouts.items()
    )
    counts = [plural(report.count("error"), "error"), plural(report.count("warning"), "warning")]
    if report.count("info"):
        counts.append(plural(report.count("info"), "note"))
    return f"{plural(report.tally.records, 'record')} in {files}: {', '.join(counts)}."


def statistics(report: ValidationReport) -> list[str]:
    """One line for each code: count, code, name, how many have a safe repair."""
    names = {finding.code: finding.name for finding in report.findings}
    safe = Counter(f.code for f in report.findings if f.fix and f.fix.safety == "safe")
    return [
        f"{count:>7,}  {code}  {names[code]}" + (f"  [*] {safe[code]:,} fixable" if safe[code] else "")
        for code, count in sorted(report.by_code.items(), key=lambda item: -item[1])
    ]


def _headline(finding: Finding, width: int) -> Text:
    location = _location(finding)
    padding = " " * max(0, width - cell_len(location))
    return Text.assemble(
        (location, "bold"),
        padding + "  ",
        (finding.code, _STYLES[finding.severity]),
        " ",
        (f"{_mark(finding):<3}", "green"),
        " ",
        shown(finding.message),
    )


def _location(finding: Finding) -> str:
    return shown(finding.location)


def _mark(finding: Finding) -> str:
    if finding.fix is None:
        return ""
    return "[*]" if finding.fix.safety == "safe" else "[u]"


def _excerpt(finding: Finding) -> list[str]:
    """The context around the span on one line, and a line that marks it."""
    assert finding.span is not None
    start, end = finding.span
    context = finding.context
    left = max(0, start - _AROUND)
    right = min(len(context), max(end, start + 1) + _AROUND)
    before = ("..." if left else "") + shown(context[left:start])
    inside = shown(context[start:end])
    if cell_len(inside) > 2 * _AROUND:
        inside = inside[: 2 * _AROUND - 3] + "..."
    after = shown(context[end:right]) + ("..." if right < len(context) else "")
    marks = " " * cell_len(before) + "^" * max(1, cell_len(inside))
    return [f"    | {before}{inside}{after}", f"    | {marks} {finding.hint}".rstrip()]


def _value(value: object) -> str:
    return f'"{shown(value)}"' if isinstance(value, str) else str(value)


def shown(text: str) -> str:
    """User text on one line, with control characters written out."""
    return "".join(c if c.isprintable() else " " if c in "\n\t" else _escaped(ord(c)) for c in text)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
