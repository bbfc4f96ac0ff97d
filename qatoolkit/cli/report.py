"""`qatk report`: what a model gets wrong, how often, and on which lines of the source."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import hint, make_console, print_json, read_mapping
from qatoolkit.cli.options import Map, Overwrite
from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile
    from qatoolkit.analysis.result import Report


class OutputFormat(StrEnum):
    """What goes to stdout."""

    text = "text"
    json = "json"
    markdown = "markdown"


def report(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="Folder that qatk finetune wrote, or data for its profile; run by default."
        ),
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
        str | None,
        typer.Option(
            metavar="PATH", help="What --predictions are scored against; alone: the data's profile."
        ),
    ] = None,
    null_odds: Annotated[
        str | None, typer.Option(metavar="FILE", help="{id: number} JSON, for the best no-answer thresholds.")
    ] = None,
    map: Map = None,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="How answers are compared: en, de, es, ar, hi, vi, zh, ja, th or other. Left out: as the "
            "run did, else what the texts are in.",
        ),
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option(metavar="MODEL", help="For a profile: count windows with its tokenizer.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RUN2", help="Another run, or predictions for the same questions, to compare with."
        ),
    ] = None,
    suspects: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the rows whose annotation is probably wrong: .csv for qatk fix --apply, .json for "
            "Label Studio.",
        ),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=PERCENT", help="Exit 1 below it, e.g. f1=70; repeatable."),
    ] = None,
    fail_if_worse_than: Annotated[
        str | None,
        typer.Option(metavar="RUN2", help="Compare as --against does, and exit 1 if this one is worse."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="HTML file; report.html in the run by default.")
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="What to print.")] = OutputFormat.text,
    overwrite: Overwrite = False,
) -> None:
    """Say where a model fails, and on which source lines.

    Reads a run, or a predictions file with its dataset; loads no model. Of data alone it tells what it
    is made of. Exit 1: a gate of --fail-under or --fail-if-worse-than is not passed.
    """
    from qatoolkit.analysis.gates import failures, read_gates
    from qatoolkit.analysis.load.run import is_run

    data = _data_alone(run, predictions, dataset, is_run)
    if data is not None:
        _refuse(
            {
                "--null-odds": null_odds, "--against": against, "--suspects": suspects,
                "--fail-under": fail_under, "--fail-if-worse-than": fail_if_worse_than,
            }
        )  # fmt: skip
        _profile(data, split, map, lang, tokenizer, output, output_format)
        return
    if tokenizer is not None:
        raise UsageError("--tokenizer goes with data alone; a run has its own windows")
    if against and fail_if_worse_than and against != fail_if_worse_than:
        raise UsageError("--against and --fail-if-worse-than name different runs; compare with one at a time")
    gates = read_gates(fail_under or ())
    if predictions is None:
        run = run or "run"
        output = output or str(Path(run) / "report.html")
    from qatoolkit.analysis.report import report as analyse

    found = analyse(
        run,
        predictions=predictions,
        dataset=dataset,
        null_odds=null_odds,
        split=split,
        fields=read_mapping(map),
        language=lang,
        against=fail_if_worse_than or against,
        suspects=suspects,
        overwrite=overwrite,
        output=output,
    )
    failed = failures(found, gates, worse_fails=fail_if_worse_than is not None)
    _show(found, output_format)
    if suspects is not None:
        hint(_next_step(found, suspects))
    for sentence in failed:
        hint(f"Gate not passed: {sentence}")
    if failed:
        raise typer.Exit(1)


def _data_alone(
    run: str | None, predictions: str | None, dataset: str | None, is_run: Callable[[str], bool]
) -> str | None:
    """The data whose profile is asked for, None where it is predictions that are."""
    if predictions is not None:
        return None
    if run is None:
        return dataset
    if dataset is not None:
        raise UsageError("a run carries its questions: --dataset goes with --predictions, or alone")
    return run if Path(run).exists() and not is_run(run) else None


def _refuse(given: dict[str, object]) -> None:
    for flag, value in given.items():
        if value:
            raise UsageError(f"{flag} needs predictions: name a run, or --predictions and --dataset")


def _profile(
    data: str,
    split: str | None,
    map: list[str] | None,
    lang: str | None,
    tokenizer: str | None,
    output: str | None,
    output_format: OutputFormat,
) -> None:
    from qatoolkit.analysis.profile.profile import profile

    found = profile(
        data, split=split, fields=read_mapping(map), language=lang, tokenizer=tokenizer, output=output
    )
    _show(found, output_format)


def _show(found: Report | Profile, output_format: OutputFormat) -> None:
    from qatoolkit.analysis.render_markdown import render_markdown
    from qatoolkit.analysis.render_text import render_lines
    from qatoolkit.analysis.wording import notes

    if output_format is OutputFormat.json:
        for note in notes(found):
            hint(note)
        print_json(found.to_dict())
        return
    if output_format is OutputFormat.markdown:
        print(render_markdown(found), end="")
        return
    console = make_console()
    for line in render_lines(found):
        console.print(line)
    if found.html is not None:
        print(f"Report written to {found.html}; open it in a browser.")


def _next_step(found: Report, suspects: str) -> str:
    count = found.suspects.height
    if Path(suspects).suffix.lower() != ".csv":
        return f"{count:,} suspects written to {suspects}; import it in Label Studio."
    file = next((name for name in found.suspects["file"] if name), "DATA")
    return (
        f"{count:,} suspects written to {suspects}; write accept or reject into its last column, then: "
        f"qatk fix {quote(file)} --apply {quote(suspects)} -o corrected{Path(file).suffix or '.csv'}"
    )
