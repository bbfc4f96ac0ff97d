"""Opens what a command reads, with the options that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

import typer

from qatoolkit.cli.console import hint, read_mapping

if TYPE_CHECKING:
    from qatoolkit.corpus.reader import Corpus


def open_corpus(
    paths: str | Sequence[str],
    *,
    format: str | None,
    map: Sequence[str] | None,
    encoding: str | None,
    documents: str | None,
    on: str | None,
) -> Corpus:
    """Opens the files, and says on stderr what was guessed about them."""
    from qatoolkit.corpus.reader import read

    corpus = read(
        paths, format=format, fields=read_mapping(map), encoding=encoding, documents=documents, on=on
    )
    for source in corpus.sources:
        if source.remark:
            hint(source.remark)
    return corpus


def as_typed(context: typer.Context) -> str:
    """The options on the command line that say how files are read, for a command that reads them again."""
    given = ""
    for name in ("format", "map", "encoding", "documents", "on"):
        source, value = context.get_parameter_source(name), context.params[name]
        if source is not None and source.name == "COMMANDLINE":
            values = value if isinstance(value, list | tuple) else [value]
            given += "".join(f" --{name} {quote(str(item))}" for item in values)
    return given
