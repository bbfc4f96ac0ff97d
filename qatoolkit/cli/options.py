"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from qatoolkit.cli.completion import complete_layout, complete_rules

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
        help="Layout of the input, where detection is wrong: csv, squad, rows, jsonl, columns, xlsx, "
        "parquet, arrow and more.",
        autocompletion=complete_layout,
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=FIELD", help="Which column is which field, e.g. passage=context."),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="How the bytes are text, e.g. windows-1252."),
]
Documents = Annotated[
    str | None,
    typer.Option("--documents", metavar="PATH", help="Table or folder of texts that holds the contexts."),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="COLUMN[=COLUMN]",
        help="Column that says which of them a question is on; doc=id if they call it id.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(help="Rules to run: codes, prefixes (QA2) or names.", autocompletion=complete_rules),
]
ExtendSelect = Annotated[
    list[str] | None,
    typer.Option(help="Rules to run besides the usual ones.", autocompletion=complete_rules),
]
Ignore = Annotated[list[str] | None, typer.Option(help="Rules to leave out.", autocompletion=complete_rules)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a destination that exists.")]
