"""`qatk fix`: writes a mended copy of a file, or shows what it would change."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from qatoolkit.cli.console import make_console, plural, read_mapping
from qatoolkit.cli.options import Format, Map, Overwrite
from qatoolkit.errors import EXIT_FINDINGS, UsageError


def fix(
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
    format: Format = None,
    map: Map = None,
    overwrite: Overwrite = False,
) -> None:
    """Repair a file into a copy of the same layout.

    What is not repaired stays as it is, byte for byte.
    Exits with 1 if errors remain, or, with --diff, if something would change.
    """
    if not diff and output is None:
        raise UsageError(f"name the copy with -o, or look first: qatk fix {quote(path)} --diff")
    from qatoolkit.cli.findings import print_findings, print_repairs
    from qatoolkit.validation.fix import fix as run

    console = make_console()
    target = None if diff else output
    report = run(
        path, target, unsafe=unsafe_fixes, format=format, fields=read_mapping(map), overwrite=overwrite
    )
    if diff:
        print_repairs(console, report.fixed)
        raise typer.Exit(EXIT_FINDINGS if report.changed else 0)
    errors = [finding for finding in report.left.findings if finding.severity == "error"]
    print_findings(console, errors, most=20, excerpts=False)
    if errors:
        console.print()
    console.print(
        f"{plural(len(report.fixed), 'repair')} made, {plural(len(errors), 'error')} left in {output}."
    )
    unsafe = report.left.fixable("unsafe")
    if unsafe:
        look = f"qatk fix {quote(path)} --unsafe-fixes --diff"
        them = "it" if unsafe == 1 else "them"
        console.print(f"{plural(unsafe, 'unsafe repair')} not made; look at {them} with: {look}")
    drop = " --drop-invalid" if errors else ""
    console.print(f"Next: qatk convert {quote(str(output))}{drop}")
    raise typer.Exit(EXIT_FINDINGS if errors else 0)
