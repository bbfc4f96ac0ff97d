"""`qatk report`: what a model gets wrong, how often, and on which lines of the source."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from qatoolkit.cli.console import hint, print_json, read_mapping
from qatoolkit.cli.options import Map


class OutputFormat(StrEnum):
    """What goes to stdout."""

    text = "text"
    json = "json"
    markdown = "markdown"


def report(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Folder that qatk finetune wrote; run by default.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split to report on. Left out: test if it was predicted, else validation."),
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Predictions instead of a run: {id: text} JSON, Parquet or JSON Lines."
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="PATH", help="What --predictions are scored against.")
    ] = None,
    null_odds: Annotated[
        str | None, typer.Option(metavar="FILE", help="{id: number} JSON, for the best no-answer thresholds.")
    ] = None,
    map: Map = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="HTML file; report.html in the run by default.")
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="What to print.")] = OutputFormat.text,
) -> None:
    """Say where a model fails, and on which source lines.

    Reads a run, or a predictions file with its dataset; loads no model.
    """
    from qatoolkit.analysis.report import report as analyse

    if predictions is None:
        run = run or "run"
        output = output or str(Path(run) / "report.html")
    found = analyse(
        run,
        predictions=predictions,
        dataset=dataset,
        null_odds=null_odds,
        split=split,
        fields=read_mapping(map),
        output=output,
    )
    from qatoolkit.analysis.render_text import notes, render_markdown, render_text

    if output_format is OutputFormat.json:
        for note in notes(found):
            hint(note)
        print_json(found.to_dict())
        return
    if output_format is OutputFormat.markdown:
        print(render_markdown(found), end="")
        return
    print(render_text(found), end="")
    if found.html is not None:
        print(f"Report written to {found.html}; open it in a browser.")
