"""`qatk trace`: the source record of an example."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qatoolkit.cli.console import hint, plural, print_json
from qatoolkit.errors import EXIT_FINDINGS

if TYPE_CHECKING:
    from qatoolkit.conversion.traced import Proof, Traced


class OutputFormat(StrEnum):
    """What goes to stdout."""

    text = "text"
    json = "json"


def trace(
    place: Annotated[
        str, typer.Argument(metavar="DIR|RUN", help="Folder that qatk convert or qatk finetune wrote.")
    ],
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the example.")],
    output_format: Annotated[
        OutputFormat, typer.Option(help="The record alone on stdout, or everything as JSON.")
    ] = OutputFormat.text,
) -> None:
    """Print the source record that an example was made of.

    The record is read from your file, where it stands, and goes to stdout; what is known about it to stderr.
    Exits with 1 if there is no such id, or if its question with its context is no longer in the file.
    """
    from qatoolkit.conversion.trace import trace as run

    traced = run(place, id)
    if output_format is OutputFormat.json:
        print_json(traced.to_dict())
    else:
        if traced.is_found and traced.record is not None:
            _print_record(traced.record)
        for line in _told(traced):
            hint(line)
    if not traced.is_found:
        raise typer.Exit(EXIT_FINDINGS)


def _print_record(record: bytes) -> None:
    """The bytes as they are; on a terminal without what they would say to it."""
    from qatoolkit.cli.findings import shown

    sys.stdout.flush()
    if sys.stdout.isatty():
        text = record.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        print("\n".join(shown(line) for line in text.removesuffix("\n").split("\n")), flush=True)
    else:
        sys.stdout.buffer.write(record)
        sys.stdout.buffer.flush()


def _told(traced: Traced) -> Iterator[str]:
    """Where the record is from, what was done to it, and last what became of it."""
    from qatoolkit.cli.findings import shown
    from qatoolkit.corpus.record import Place
    from qatoolkit.validation.finding import location

    split = f", split {traced.split}" if traced.split else ""
    yield shown(f"{location(traced.source, traced.place)} ({_parts(traced.place)}){split}")
    for repair in traced.repairs:
        for edit in repair["edits"]:
            yield shown(
                f"repaired  {repair['code']} {_edited(edit)} ({repair['method']}, {repair['safety']})"
            )
    if traced.answers == ():
        yield "no answer"
    for number, proof in enumerate(traced.answers or (), 1):
        yield f"answer {number}  {_proved(proof)}"
    for row in traced.merged:
        answers = "not read again, for the file has changed" if row.answers is None else _listed(row.answers)
        yield shown(f"merged    {location(row.source, Place(row.row, row.line))} (row {row.row}): {answers}")
    for note in traced.notes:
        yield shown(note)
    yield shown(_verdict(traced))
    if not traced.is_found and traced.record is not None:
        for line in traced.record.decode("utf-8", "backslashreplace").splitlines():
            yield f"  | {shown(line)}"


def _parts(place: Any) -> str:
    """A place beyond its location: row 7, /data/6, lines 8 to 9, bytes 412 to 530."""
    parts = [f"row {place.row}"]
    if place.pointer and place.line is not None:
        parts.append(place.pointer)
    if place.line is not None and place.line_end != place.line:
        parts.append(f"lines {place.line} to {place.line_end}")
    if place.byte_start is not None:
        parts.append(f"bytes {place.byte_start} to {place.byte_end}")
    return ", ".join(parts)


def _edited(edit: dict[str, Any]) -> str:
    answer = "" if edit["answer"] is None else f" of answer {edit['answer'] + 1}"
    return f"{edit['field']}{answer}: {_value(edit['old'])} -> {_value(edit['new'])}"


def _proved(proof: Proof) -> str:
    given = "no start given" if proof.original_start is None else f"start given as {proof.original_start}"
    parts = [proof.proof, given]
    if proof.candidates is not None:
        parts.append(plural(proof.candidates, "candidate"))
    if proof.distance:
        parts.append(f"distance {proof.distance}")
    return ", ".join(parts)


def _listed(answers: tuple[tuple[str, int | None], ...]) -> str:
    told = (f"{_value(text)}{'' if start is None else f' at {start}'}" for text, start in answers)
    return ", ".join(told) or "no answer"


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _verdict(traced: Traced) -> str:
    """What became of the record, as one sentence."""
    from qatoolkit.validation.finding import location

    name = traced.source
    if traced.state == "unchanged":
        return f"{name} is unchanged since it was converted."
    since = f"{name} has changed since it was converted: " if traced.changed else ""
    this = "this question and its context"
    where = "" if traced.now is None else location(name, traced.now)
    if traced.state == "here":
        found = f"{this} still stand here."
    elif traced.state == "moved":
        found = f"{this} now stand at {where}."
    elif traced.state == "edited":
        found = f"the record with this id now has another question or context, at {where}:"
    else:
        found = f"{this} are not in {'it' if since else name} any more." + (
            f" Where they stood, at {where}, now stands:" if where else ""
        )
    return since + found if since else f"{found[0].upper()}{found[1:]}"
