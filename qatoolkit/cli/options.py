"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        help="Files, globs, folders, folders that qatk convert wrote, or - for standard input.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Layout of the input, where detection is wrong: csv, squad, rows, jsonl, columns, arrow.",
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="Which column is which field, e.g. passage=context."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a destination that exists.")]
