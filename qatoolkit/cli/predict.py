"""`qatk predict`: answers a question, or all questions of a split."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qatoolkit.cli.console import plural, print_json
from qatoolkit.cli.options import Overwrite
from qatoolkit.cli.progress import Progress
from qatoolkit.errors import UnreadableError, UsageError

if TYPE_CHECKING:
    from qatoolkit.training.predict import PredictionRun

# Characters shown on either side of an answer, and of an answer that is too long to show whole.
_AROUND = 30
_LONGEST = 60


class OutputFormat(StrEnum):
    """What goes to stdout."""

    text = "text"
    json = "json"


def predict(
    model: Annotated[
        str, typer.Argument(metavar="RUN or MODEL", help="Folder of a run or model, pkg:NAME or a hub id.")
    ] = "run",
    data: Annotated[
        str | None, typer.Argument(metavar="DIR", help="Converted dataset. Left out: the one of the run.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="One question, with --context or --context-file.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="The text to answer from.")] = None,
    context_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The text to answer from, in UTF-8; - is stdin.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split whose questions are answered.")] = "validation",
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="File to write. Left out: predictions-SPLIT.parquet in the run."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Windows at a time.")] = 32,
    overwrite: Overwrite = False,
    output_format: Annotated[OutputFormat, typer.Option(help="What to print.")] = OutputFormat.text,
) -> None:
    """Answer one question, or all those of a split."""
    as_json = output_format is OutputFormat.json
    if question is None:
        if context is not None or context_file is not None:
            raise UsageError("--context and --context-file need a --question")
        _answer_split(model, data, split, output, batch_size, overwrite=overwrite, as_json=as_json)
        return
    if data is not None or output is not None:
        raise UsageError("--question answers one question from a text; leave out the dataset and -o")
    text = _read_context(context, context_file)
    from qatoolkit.training.answerer import Answerer

    answer = Answerer(model)(question=question, context=text)
    if as_json:
        print_json({"version": 1, **answer})
    else:
        _print_answer(answer, text)


def _read_context(context: str | None, file: str | None) -> str:
    if (context is None) == (file is None):
        raise UsageError("--question needs a text: give either --context or --context-file")
    if context is not None:
        return context
    assert file is not None
    try:
        # As bytes: reading text would turn "\r\n" into "\n" and shift every position.
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{file}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise UnreadableError(f"{file}: cannot be read: {error.strerror}") from error


def _answer_split(
    model: str,
    data: str | None,
    split: str,
    output: str | None,
    batch_size: int,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    from qatoolkit.training.predict import predict as run

    with Progress("window") as progress:
        result = run(
            model,
            data,
            split=split,
            output=output,
            batch_size=batch_size,
            overwrite=overwrite,
            on_batch=progress.advance,
        )
    if as_json:
        print_json(_summary(result))
        return
    _print_scores(result)
    if result.path is not None:
        print(f"Written to {result.path}")
    else:
        print("Nothing written: name a file with -o")


def _summary(result: PredictionRun) -> dict[str, Any]:
    return {
        "version": 1,
        "split": result.split,
        "questions": result.table.num_rows,
        "scores": result.summary,
        "signature": result.signature,
        "path": None if result.path is None else str(result.path),
    }


def _print_scores(result: PredictionRun) -> None:
    print(f"{plural(result.table.num_rows, 'question')} of {result.split} answered")
    if result.summary is None:
        print("No scores: the split has no annotated answers")
        return
    width = max(len(name) for name in result.summary)
    for name, value in result.summary.items():
        print(f"  {name:<{width}}  {value if isinstance(value, int) else f'{value:.2f}':>6}")
    print(f"  {result.signature}")


def _print_answer(answer: dict[str, Any], context: str) -> None:
    from qatoolkit.cli.findings import shown

    if not answer["answer"]:
        print(f"no answer in this text\nscore   {answer['score']:.4f}")
        return
    print(f"answer  {shown(answer['answer'])}")
    print(f"score   {answer['score']:.4f}")
    print(f"start   {answer['start']}")
    print(f"end     {answer['end']}")
    for line in _surroundings(context, answer["start"], answer["end"]):
        print(f"        | {line}")


def _surroundings(context: str, start: int, end: int) -> list[str]:
    """The answer within its text on one line, and a line that marks it."""
    from rich.cells import cell_len

    from qatoolkit.cli.findings import shown

    left, right = max(0, start - _AROUND), min(len(context), end + _AROUND)
    before = ("..." if left else "") + shown(context[left:start])
    inside = context[start:end]
    if len(inside) > _LONGEST:
        inside = f"{inside[: _LONGEST // 2]} ... {inside[-_LONGEST // 2 :]}"
    inside = shown(inside)
    after = shown(context[end:right]) + ("..." if right < len(context) else "")
    return [before + inside + after, " " * cell_len(before) + "^" * max(1, cell_len(inside))]
