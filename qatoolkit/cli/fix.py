"""`qatk fix`: writes a mended copy of a file, or shows what it would change."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import hint, make_console, plural
from qatoolkit.cli.inputs import as_typed, open_corpus
from qatoolkit.cli.options import Documents, Encoding, Format, Map, On, Overwrite
from qatoolkit.cli.progress import reading
from qatoolkit.cli.settings import read_severities
from qatoolkit.errors import EXIT_FINDINGS, UsageError

if TYPE_CHECKING:
    from qatoolkit.validation.apply import ApplyReport
    from qatoolkit.validation.fix import FixReport


def fix(
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The file to mend; it is never changed itself.")
    ],
    output: Annotated[str | None, typer.Option("-o", "--output", help="Where the mended copy goes.")] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show each value that would change; write nothing.")
    ] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Also make repairs that a person should look at.")
    ] = False,
    apply: Annotated[
        str | None,
        typer.Option(
            "--apply", metavar="CSV", help="Make only the corrections that a reviewed list accepts."
        ),
    ] = None,
    format: Format = None,
    map: Map = None,
    encoding: Encoding = None,
    documents: Documents = None,
    on: On = None,
    overwrite: Overwrite = False,
) -> None:
    """Repair a file into a copy of the same layout.

    What is not repaired stays as it is, byte for byte.
    Exits with 1 if errors remain, or, with --diff, if something would change.
    With --apply it exits with 1 if an accepted correction could not be made.
    """
    if apply is not None and unsafe_fixes:
        raise UsageError("--apply makes the corrections of its list only; leave out --unsafe-fixes")
    if not diff and output is None:
        listed = f" --apply {quote(apply)}" if apply is not None else ""
        look = f"qatk fix {quote(path)}{as_typed(context)}{listed} --diff"
        raise UsageError(f"name the copy with -o, or look first: {look}")
    from qatoolkit.validation.apply import apply_corrections
    from qatoolkit.validation.fix import fix as run

    target = None if diff else output
    severities = read_severities(context)
    corpus = open_corpus(path, format=format, map=map, encoding=encoding, documents=documents, on=on)
    with reading(corpus) as watched:
        if apply is not None:
            applied = apply_corrections(watched, apply, target, overwrite=overwrite)
        else:
            report = run(watched, target, unsafe=unsafe_fixes, severities=severities, overwrite=overwrite)
    options = as_typed(context)
    if apply is not None:
        code = _tell_applied(applied, apply, target, options)
    else:
        code = _tell_diff(report) if target is None else _tell_fixed(report, path, target, options)
    raise typer.Exit(code)


def _tell_diff(report: FixReport) -> int:
    from qatoolkit.cli.findings import print_repairs

    print_repairs(make_console(), report.fixed)
    if not report.fixed:
        hint("There is nothing to repair.")
    return EXIT_FINDINGS if report.changed else 0


def _tell_fixed(report: FixReport, path: str, output: str, options: str) -> int:
    from qatoolkit.cli.findings import print_findings

    console = make_console()
    errors = [finding for finding in report.left.findings if finding.severity == "error"]
    print_findings(console, errors, most=20, excerpts=False)
    if errors:
        console.print()
    console.print(
        f"{plural(len(report.fixed), 'repair')} made, {plural(len(errors), 'error')} left in {output}."
    )
    unsafe = report.left.fixable("unsafe")
    if unsafe:
        look = f"qatk fix {quote(path)}{options} --unsafe-fixes --diff"
        them = "it" if unsafe == 1 else "them"
        console.print(f"{plural(unsafe, 'unsafe repair')} not made; look at {them} with: {look}")
    drop = " --drop-invalid" if errors else ""
    console.print(f"Next: qatk convert {quote(output)}{options}{drop}")
    return EXIT_FINDINGS if errors else 0


def _tell_applied(report: ApplyReport, listed: str, output: str | None, options: str) -> int:
    """What was corrected, what was not and why, and a line of counts."""
    from qatoolkit.cli.findings import print_corrections, print_skipped
    from qatoolkit.validation.review import UNMADE

    console = make_console()
    if output is None:
        print_corrections(console, report.source, report.having("made"))
    print_skipped(console, listed, report.having("skipped"))
    made = "made" if output is not None else "to be made"
    counts = [f"{len(report.having('made')):,} {made}"]
    for verdict in UNMADE:
        if found := report.having(verdict):
            counts.append(f"{len(found):,} {verdict}")
    console.print(f"{plural(len(report.outcomes), 'row')} in {listed}: {', '.join(counts)}.")
    if output is not None:
        console.print(f"Next: qatk validate {quote(output)}{options}")
    return EXIT_FINDINGS if report.having("skipped") or (output is None and report.changed) else 0
