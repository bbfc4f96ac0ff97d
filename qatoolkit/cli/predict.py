"""`qatk predict`: answers a question, those that are typed, or all of a split or a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import hint, print_json
from qatoolkit.cli.options import Documents, Encoding, Format, Map, On, Overwrite
from qatoolkit.cli.progress import Progress
from qatoolkit.errors import UnreadableError, UsageError

if TYPE_CHECKING:
    from qatoolkit.corpus.reader import Corpus


class OutputFormat(StrEnum):
    """What goes to stdout."""

    text = "text"
    json = "json"


def predict(
    model: Annotated[
        str, typer.Argument(metavar="RUN or MODEL", help="Folder of a run or model, pkg:NAME or a hub id.")
    ] = "run",
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DIR or PATH",
            help="Converted dataset, or questions in any layout. Left out: the dataset of the run.",
        ),
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="One question, with --context or --context-file.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="The text to answer from.")] = None,
    context_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The text to answer from, in UTF-8; - is stdin. Without --question, stdin holds questions.",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split whose questions are answered; validation if none is named.")
    ] = None,
    format: Format = None,
    map: Map = None,
    encoding: Encoding = None,
    documents: Documents = None,
    on: On = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Let this model answer too, and show where they differ."),
    ] = None,
    show: Annotated[int, typer.Option(help="Differences that --compare shows; 0 for all.")] = 10,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Run RUN or MODEL with weights of eight bits, on the CPU."),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write: .jsonl, .csv or .parquet. Left out: predictions-SPLIT.parquet in the run, "
            "and for a file of questions JSON Lines on stdout.",
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Windows at a time.")] = 32,
    overwrite: Overwrite = False,
    output_format: Annotated[OutputFormat, typer.Option(help="What to print.")] = OutputFormat.text,
) -> None:
    """Answer one question, those of a file, or those of a split.

    Annotated answers in a file serve to score the model's. A row that cannot be asked is written without an
    answer, with the reason.
    """
    as_json = output_format is OutputFormat.json
    if show < 0:
        raise UsageError(f"--show must be 0 or more, not {show}; 0 shows all differences")
    if question is not None or context is not None or context_file is not None:
        if data is not None or output is not None or split is not None:
            raise UsageError("--question answers one question from a text; leave out the dataset and -o")
        _ask([model, *([compare] if compare else [])], question, context, context_file, int8, as_json)
        return
    questions = _open(data, format, map, encoding, documents, on)
    if compare is None:
        _answer(model, questions, split, output, batch_size, int8, overwrite, as_json)
        return
    if output is not None:
        raise UsageError("--compare prints what differs; --output-format json has all of it. Leave out -o")
    from qatoolkit.cli.answers import print_comparison
    from qatoolkit.training.compare import compare as run

    with Progress("question") as progress:
        found = run(
            model,
            compare,
            questions,
            split=split,
            batch_size=batch_size,
            int8=int8,
            on_batch=progress.advance,
        )
    if as_json:
        print_json(found.to_dict())
    else:
        print_comparison(found, show)


def _open(
    data: str | None,
    format: str | None,
    map: list[str] | None,
    encoding: str | None,
    documents: str | None,
    on: str | None,
) -> str | Corpus | None:
    """A file of questions, opened; a converted dataset as it is named."""
    from qatoolkit.corpus.arrow import is_saved_dataset

    if data is None or is_saved_dataset(Path(data)):
        for name, value in {
            "--format": format,
            "--encoding": encoding,
            "--documents": documents,
            "--on": on,
        }.items():
            if value is not None:
                raise UsageError(f"{name} {value}: says how a file of questions is read; name the file")
        return data
    from qatoolkit.cli.inputs import open_corpus

    return open_corpus(data, format=format, map=map, encoding=encoding, documents=documents, on=on)


def _answer(
    model: str,
    questions: str | Corpus | None,
    split: str | None,
    output: str | None,
    batch_size: int,
    int8: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    from qatoolkit.cli.answers import answers_of, print_json_line, print_result, summary
    from qatoolkit.training.predict import predict as run

    with Progress("question") as progress:
        result = run(
            model,
            questions,
            split=split,
            output=output,
            batch_size=batch_size,
            int8=int8,
            overwrite=overwrite,
            on_batch=progress.advance,
        )
    to_stdout = result.split is None and result.path is None
    if as_json:
        answers = {"answers": list(answers_of(result))} if to_stdout else {}
        print_json(summary(result) | answers)
        return
    if to_stdout:
        for row in answers_of(result):
            print_json_line(row)
    print_result(result, model, hint if to_stdout else print)


def _ask(
    models: list[str],
    question: str | None,
    context: str | None,
    context_file: str | None,
    int8: bool,
    as_json: bool,
) -> None:
    """Answers from one text: one question, or each that is typed."""
    if question is None and context is not None:
        raise UsageError("--context is a text without a question: add --question")
    if question is None and context_file == "-":
        raise UsageError(
            "--context-file - is a text on stdin, which cannot hold questions as well: add --question"
        )
    text = _read_context(context, context_file)
    from qatoolkit.cli.answers import as_document, print_answers, print_json_line
    from qatoolkit.cli.findings import shown
    from qatoolkit.training.answerer import Answerer

    answerers = [Answerer(name, int8=int8 and place == 0) for place, name in enumerate(models)]
    names = [f"{models[0]} (int8)" if int8 else models[0], *models[1:]]
    if question is not None:
        answers = [answerer(question=question, context=text) for answerer in answerers]
        if as_json:
            print_json(as_document(names, question, answers))
        else:
            print_answers(names, answers, text)
        return
    number = 0
    for number, typed in enumerate(_typed(), 1):
        try:
            answers = [answerer(question=typed, context=text) for answerer in answerers]
        except UsageError as error:  # this question is too long; the next one may not be
            hint(f"qatk: {error}")
            continue
        if as_json:
            print_json_line(as_document(names, typed, answers))
        else:
            if not sys.stdin.isatty():  # who types sees the question already
                print("\n" * (number > 1) + shown(typed))
            print_answers(names, answers, text)
        sys.stdout.flush()
    if not number and not sys.stdin.isatty():
        raise UsageError("no question on stdin: add --question, or give one question a line")


def _typed() -> Iterator[str]:
    """The lines of stdin, up to an empty one; a prompt only where somebody types."""
    number = 0
    while True:
        if sys.stdin.isatty():
            print("question (empty to end): ", end="", file=sys.stderr, flush=True)
        number += 1
        try:
            line = sys.stdin.buffer.readline().decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise UnreadableError(f"standard input, line {number}: not UTF-8 text") from error
        if not line:
            return
        yield line


def _read_context(context: str | None, file: str | None) -> str:
    if (context is None) == (file is None):
        raise UsageError("--question needs a text: give either --context or --context-file")
    if context is not None:
        return context
    assert file is not None
    try:
        # As bytes: reading text would turn "\r\n" into "\n" and shift every position.
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{file}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise UnreadableError(f"{file}: cannot be read: {error.strerror}") from error
    if not text.strip():
        raise UnreadableError(f"{file}: holds no text to answer from")
    return text
