"""Turns a table of texts, as a delimited file holds them, into record columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from qatoolkit.corpus.answers import as_integer, read_answers
from qatoolkit.corpus.cells import parse_cell
from qatoolkit.corpus.record import RECORD, Batch, Note, Place, content_hash


@dataclass(frozen=True)
class Table:
    """What the header of a delimited file says.

    Attributes:
        source: the file as the user typed it.
        delimiter: one character.
        columns: the header's names.
        fields: record field -> column.
    """

    source: str
    delimiter: str
    columns: list[str]
    fields: dict[str, str]


class Noter:
    """Collects what was odd about cells, with the place of their record."""

    def __init__(self, places: pl.DataFrame, notes: list[Note]) -> None:
        self._places = places
        self._notes = notes

    def wrong_type(self, index: int, field: str, answer: int | None, value: Any, meant: Any) -> None:
        self._notes.append(Note("wrong-type", place_of(self._places, index), "", field, answer, value, meant))

    def uneven(self, index: int, texts: int, starts: int) -> None:
        detail = f"{texts} texts and {starts} starts"
        self._notes.append(Note("lengths-differ", place_of(self._places, index), detail, "answers"))


def to_batch(cells: pl.DataFrame, places: pl.DataFrame, table: Table, notes: list[Note]) -> Batch:
    """Turns a frame of texts into a batch.

    Args:
        cells: the table's columns, all texts, "" where a cell is empty.
        places: row, line, line_end, byte_start, byte_end of each record.
        table: what the header says.
        notes: what was noted before; more is added.
    """
    fields = table.fields
    others = [column for column in table.columns if column not in fields.values()]
    columns = {
        name: _nullable(pl.col(fields[name])) if name in fields else pl.lit(None, pl.String)
        for name in ("id", "title", "context", "question")
    }
    columns["extra"] = pl.struct(others).struct.json_encode() if others else pl.lit(None, pl.String)
    frame = cells.select(**columns)
    if "id" not in fields:
        frame = frame.with_columns(made_ids(frame))
    answers = read_answer_columns(cells, fields, Noter(places, notes))
    pointers = pl.Series("pointer", [None] * cells.height, pl.String)
    records = pl.concat([frame, answers, places.with_columns(pointers)], how="horizontal")
    return Batch(table.source, records.select(list(RECORD)).cast(RECORD), notes)


def _nullable(column: pl.Expr) -> pl.Expr:
    return pl.when(column == "").then(None).otherwise(column)


def made_ids(frame: pl.DataFrame) -> pl.Series:
    """Ids for records whose source has none, from their context and question."""
    pairs = frame.select("context", "question").iter_rows()
    return pl.Series(
        "id", [content_hash(context or "", question or "") for context, question in pairs], pl.String
    )


_LISTS = ("text", "answer_start", "answer_end")


def read_answer_columns(cells: pl.DataFrame, fields: Mapping[str, str], noter: Noter) -> pl.DataFrame:
    """The answer columns as lists, and the flag.

    A column in most of whose cells a JSON or Python literal stands is read as such, and a plain text in
    it is one answer; a text among others that happens to begin with a bracket is a text.
    """
    flag = read_flags(cells, fields, noter)
    if "answers" not in fields:
        empty = [pl.Series(name, [[]] * cells.height, RECORD[name]) for name in _LISTS]
        return pl.DataFrame([*empty, flag])
    text = cells[fields["answers"]]
    filled = text.filter(text != "")
    if 2 * filled.str.contains(r"^\s*[\[{]").sum() > filled.len():
        return _read_literal_cells(cells, fields, noter).with_columns(flag)
    start = _read_numbers(cells, fields, "answer_start", noter)
    end = _read_numbers(cells, fields, "answer_end", noter)
    # A start beside an empty text is an answer without text, unless the row says that there is none.
    given = (text != "") | (start.is_not_null() & ~flag.fill_null(False))
    lists = pl.DataFrame({"text": text, "answer_start": start, "answer_end": end, "given": given}).select(
        pl.when("given").then(pl.concat_list(name)).otherwise(pl.lit([], RECORD[name])).alias(name)
        for name in _LISTS
    )
    return lists.with_columns(flag)


def _read_literal_cells(cells: pl.DataFrame, fields: Mapping[str, str], noter: Noter) -> pl.DataFrame:
    empty: list[str] = [""] * cells.height
    beside = [
        cells[fields[name]].to_list() if name in fields else empty
        for name in ("answers", "answer_start", "answer_end")
    ]
    columns: dict[str, list[Any]] = {name: [] for name in _LISTS}
    for index, (answers, *numbers) in enumerate(zip(*beside, strict=True)):
        found = read_answers(parse_cell(answers) if answers else None, *map(_number_cell, numbers))
        for name, column in zip(_LISTS, (found.text, found.start, found.end), strict=True):
            columns[name].append(column)
        for odd in found.odd:
            noter.wrong_type(index, *odd)
        if found.uneven:
            noter.uneven(index, *found.uneven)
    return pl.DataFrame([pl.Series(name, values, RECORD[name]) for name, values in columns.items()])


def _number_cell(cell: str) -> Any:
    """A start or end beside answers in a literal: a list, a whole number, or what is neither."""
    plain = _WHOLE_NUMBER.fullmatch(cell)
    return int(cell) if plain else parse_cell(cell) if cell else None


_WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")


def _read_numbers(cells: pl.DataFrame, fields: Mapping[str, str], field: str, noter: Noter) -> pl.Series:
    if field not in fields:
        return pl.Series(field, [None] * cells.height, pl.Int64)
    found = cells[fields[field]]
    numbers = found.str.strip_chars().cast(pl.Int64, strict=False)
    for index in (numbers.is_null() & (found.str.strip_chars() != "")).arg_true():
        meant = as_integer(found[index])
        noter.wrong_type(index, field, 0, found[index], meant)
        numbers[index] = meant
    return numbers


_TRUE, _FALSE = ("true", "1", "yes", "t", "y"), ("false", "0", "no", "f", "n")


def read_flags(cells: pl.DataFrame, fields: Mapping[str, str], noter: Noter) -> pl.Series:
    """`is_impossible` from its column of texts, null where there is none or it is neither true nor false."""
    if "is_impossible" not in fields:
        return pl.Series("is_impossible", [None] * cells.height, pl.Boolean)
    found = cells[fields["is_impossible"]]
    plain = found.str.strip_chars().str.to_lowercase()
    flags = pl.select(
        pl.when(plain.is_in(_TRUE)).then(True).when(plain.is_in(_FALSE)).then(False).alias("is_impossible")
    ).to_series()
    for index in (flags.is_null() & (plain != "")).arg_true():
        noter.wrong_type(index, "is_impossible", None, found[index], None)
    return flags


def place_of(place: pl.DataFrame, index: int) -> Place:
    """The place of one row of a frame of places."""
    names = ("row", "line", "line_end", "byte_start", "byte_end")
    return Place(**{name: place[name][index] for name in names})
