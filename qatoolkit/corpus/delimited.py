"""Reads CSV and its relatives: comma, tab, semicolon or bar between fields.

A block of the file at a time: its records are located, ragged ones are set aside with their
line, and Polars parses the rest. Blocks whose quotes do not follow RFC 4180 go through the
standard library's parser instead, which is slower and forgiving. Every value stays the text it
is: "NA", "007" and " x" are not touched.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from qatoolkit.corpus import scan
from qatoolkit.corpus.answers import as_integer, read_answers
from qatoolkit.corpus.cells import parse_cell
from qatoolkit.corpus.fields import match_columns, require
from qatoolkit.corpus.record import CONTENT, RECORD, Batch, Note, Place, content_hash
from qatoolkit.errors import NotACorpusError

BLOCK_BYTES = 16 * 2**20


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


@dataclass
class _Position:
    """How far the file has been read: the next byte, physical line (0-based) and record number."""

    byte: int = 0
    line: int = 0
    row: int = 1


def read_delimited(
    stream: BinaryIO, source: str, delimiter: str, mapping: Mapping[str, str] | None = None
) -> Iterator[Batch]:
    """Yields the records of a UTF-8 stream in batches.

    Args:
        stream: the file's bytes, at their start; a byte order mark is allowed.
        source: the file's name for messages and lineage.
        delimiter: what separates fields.
        mapping: column -> field, where the usual names do not fit.

    Raises:
        NotACorpusError: no column holds the context or the question.
    """
    at = _Position()
    block = stream.read(BLOCK_BYTES)
    if block.startswith(b"\xef\xbb\xbf"):
        block, at.byte = block[3:], 3
    table: Table | None = None
    while block:
        more = stream.read(BLOCK_BYTES)
        length = scan.complete_length(block, final=not more)
        if not length and more:
            block += more
            continue
        whole, rest = block[:length], block[length:]
        if not scan.well_quoted(whole, delimiter):
            yield from _read_carefully(io.BytesIO(block), more, stream, source, delimiter, mapping, table, at)
            return
        index = scan.index_records(whole, delimiter)
        if table is None and len(index.start):
            table, index = _read_header(whole, index, source, delimiter, mapping)
        if table is not None:
            yield _read_block(whole, index, table, at)
        at.byte += length
        at.line += index.n_lines
        block = rest + more
    if table is None:
        raise NotACorpusError(f"{source}: the file is empty; expected a header line and records below it")


def _read_header(
    block: bytes, index: scan.RecordIndex, source: str, delimiter: str, mapping: Mapping[str, str] | None
) -> tuple[Table, scan.RecordIndex]:
    header = block[index.start[0] : index.end[0]].decode("utf-8", "replace")
    columns = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter))
    rest = scan.RecordIndex(
        *(getattr(index, name)[1:] for name in ("start", "end", "line", "line_end", "n_fields")), index.n_lines
    )
    return _table(source, delimiter, columns, mapping), rest


def _table(source: str, delimiter: str, columns: list[str], mapping: Mapping[str, str] | None) -> Table:
    fields = match_columns(columns, mapping)
    require(fields, columns, source)
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise NotACorpusError(
            f"{source}: the header names {', '.join(map(repr, sorted(repeated)))} more than once; rename one"
        )
    return Table(source, delimiter, columns, fields)


def _read_block(block: bytes, index: scan.RecordIndex, table: Table, at: _Position) -> Batch:
    """Parses the located records of one block; ragged or undecodable ones become notes."""
    n = len(index.start)
    place = pl.DataFrame(
        {
            "row": np.arange(at.row, at.row + n),
            "line": index.line + at.line + 1,
            "line_end": index.line_end + at.line + 1,
            "byte_start": index.start + at.byte,
            "byte_end": index.end + at.byte,
        }
    )
    at.row += n
    faulty = index.n_fields != len(table.columns)
    notes = [
        Note("ragged-row", _place(place, int(i)), _ragged(int(index.n_fields[i]), len(table.columns)))
        for i in np.flatnonzero(faulty)
    ]
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        for i in np.flatnonzero(~faulty):
            detail = _undecodable(block[index.start[i] : index.end[i]])
            if detail:
                faulty[i] = True
                notes.append(Note("undecodable-bytes", _place(place, int(i)), detail))
    kept = np.flatnonzero(~faulty)
    if not len(kept):
        return Batch(table.source, RECORD.to_frame(), notes)
    raw = [block[index.start[i] : index.end[i]] for i in kept]
    return _to_batch(_parse(raw, table), place[kept], table, notes)


def _parse(raw: list[bytes], table: Table) -> pl.DataFrame:
    """The fields of located records as texts, by Polars; by the standard library if the two disagree."""
    body = b"".join(raw)
    try:
        cells = pl.read_csv(
            body,
            has_header=False,
            new_columns=table.columns,
            infer_schema=False,
            separator=table.delimiter,
        ).fill_null("")
        if cells.height == len(raw):
            return cells
    except pl.exceptions.PolarsError:
        pass
    text = (record.decode("utf-8") for record in raw)
    rows = [next(csv.reader(io.StringIO(record, newline=""), delimiter=table.delimiter)) for record in text]
    return pl.DataFrame(
        {name: pl.Series([row[i] for row in rows], dtype=pl.String) for i, name in enumerate(table.columns)}
    )


def _read_carefully(
    first: BinaryIO,
    second: bytes,
    rest: BinaryIO,
    source: str,
    delimiter: str,
    mapping: Mapping[str, str] | None,
    table: Table | None,
    at: _Position,
) -> Iterator[Batch]:
    """The standard library's parser over what is left of the file, with places counted by line."""
    lines = _Lines(_chain(first, second, rest))
    rows: list[list[str]] = []
    spans: list[Place] = []
    notes: list[Note] = []
    reader = csv.reader(lines, delimiter=delimiter)
    for cells in reader:
        text, byte_count, line_count = lines.taken()
        here = Place(
            at.row, at.line + 1, at.line + line_count, at.byte, at.byte + byte_count
        )  # fmt: skip
        at.byte += byte_count
        at.line += line_count
        if not cells:
            continue
        if table is None:
            table = _table(source, delimiter, cells, mapping)
            continue
        at.row += 1
        bad = _undecodable(text.encode("utf-8", "surrogateescape"))
        if len(cells) != len(table.columns):
            notes.append(Note("ragged-row", here, _ragged(len(cells), len(table.columns))))
        elif bad:
            notes.append(Note("undecodable-bytes", here, bad))
        else:
            rows.append(cells)
            spans.append(here)
        if len(rows) >= 20_000:
            yield _careful_batch(rows, spans, table, notes)
            rows, spans, notes = [], [], []
    if table is not None and (rows or notes):
        yield _careful_batch(rows, spans, table, notes)


def _careful_batch(rows: list[list[str]], spans: list[Place], table: Table, notes: list[Note]) -> Batch:
    if not rows:
        return Batch(table.source, RECORD.to_frame(), notes)
    cells = pl.DataFrame(
        {name: pl.Series([row[i] for row in rows], dtype=pl.String) for i, name in enumerate(table.columns)}
    )
    place = pl.DataFrame(
        {
            name: pl.Series([getattr(span, name) for span in spans], dtype=pl.Int64)
            for name in ("row", "line", "line_end", "byte_start", "byte_end")
        }
    )
    return _to_batch(cells, place, table, notes)


class _Lines:
    """Feeds physical lines to `csv.reader` and remembers what it took since it was last asked."""

    def __init__(self, raw: Iterator[bytes]) -> None:
        self._raw = raw
        self._taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._raw:
            self._taken.append(line)
            yield line.decode("utf-8", "surrogateescape")

    def taken(self) -> tuple[str, int, int]:
        """The text, bytes and physical lines of the record that was just read."""
        raw = b"".join(self._taken)
        count = len(self._taken)
        self._taken = []
        return raw.decode("utf-8", "surrogateescape"), len(raw), count


def _chain(first: BinaryIO, second: bytes, rest: BinaryIO) -> Iterator[bytes]:
    """Lines of the three parts as if they were one file."""
    tail = b""
    for part in (first, io.BytesIO(second), rest):
        for line in part:
            line = tail + line
            tail = b""
            if line.endswith(b"\n"):
                yield line
            else:
                tail = line
    if tail:
        yield tail


def _to_batch(cells: pl.DataFrame, place: pl.DataFrame, table: Table, notes: list[Note]) -> Batch:
    """Turns a frame of texts into record columns."""
    fields = table.fields
    used = set(fields.values())
    others = [column for column in table.columns if column not in used]
    columns: dict[str, pl.Expr | pl.Series] = {
        name: _nullable(pl.col(fields[name])) if name in fields else pl.lit(None, pl.String)
        for name in ("id", "title", "context", "question")
    }
    columns["extra"] = (
        pl.struct(others).struct.json_encode() if others else pl.lit(None, pl.String)
    )
    frame = cells.select(**columns)
    if "id" not in fields:
        frame = frame.with_columns(_made_ids(frame))
    answers, odd = _read_answer_columns(cells, fields)
    places = place.with_columns(pl.lit(None, pl.String).alias("pointer"))
    records = pl.concat([frame, answers, places], how="horizontal").select(list(RECORD)).cast(dict(RECORD))
    for index, field, answer, value, meant in odd:
        kind = "lengths-differ" if field == "answers" and isinstance(value, tuple) else "wrong-type"
        detail = f"{value[0]} texts and {value[1]} starts" if kind == "lengths-differ" else ""
        notes.append(Note(kind, _place(places, index), detail, field, answer, value, meant))
    return Batch(table.source, records, notes)


def _nullable(column: pl.Expr) -> pl.Expr:
    return pl.when(column == "").then(None).otherwise(column)


def _made_ids(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select("context", "question").iter_rows()
    return pl.Series("id", [content_hash(context or "", question or "") for context, question in pairs], pl.String)


Odd = list[tuple[int, str, int | None, Any, Any]]


def _read_answer_columns(cells: pl.DataFrame, fields: Mapping[str, str]) -> tuple[pl.DataFrame, Odd]:
    """The answer columns as lists; a cell that holds JSON or a Python literal is read as such."""
    odd: Odd = []
    flag, unclear = _read_flags(cells, fields)
    odd += unclear
    if "answers" not in fields:
        empty = pl.DataFrame({name: [] for name in ("text", "answer_start", "answer_end")})
        columns = {name: pl.Series(name, [[]] * cells.height, CONTENT[name]) for name in empty.columns}
        return pl.DataFrame([*columns.values(), flag]), odd
    text = cells[fields["answers"]]
    if bool(text.str.contains(r"^\s*[\[{]").any()):
        return _read_literal_cells(cells, fields, odd).with_columns(flag), odd
    start, bad_starts = _read_numbers(cells, fields, "answer_start")
    end, bad_ends = _read_numbers(cells, fields, "answer_end")
    odd += bad_starts + bad_ends
    given = (text != "") | start.is_not_null()
    lists = pl.DataFrame({"text": text, "answer_start": start, "answer_end": end, "given": given}).select(
        pl.when("given").then(pl.concat_list(name)).otherwise(pl.lit([], dtype=CONTENT[name])).alias(name)
        for name in ("text", "answer_start", "answer_end")
    )
    return lists.with_columns(flag), odd


def _read_literal_cells(cells: pl.DataFrame, fields: Mapping[str, str], odd: Odd) -> pl.DataFrame:
    starts = cells[fields["answer_start"]].to_list() if "answer_start" in fields else [None] * cells.height
    ends = cells[fields["answer_end"]].to_list() if "answer_end" in fields else [None] * cells.height
    columns: dict[str, list[Any]] = {"text": [], "answer_start": [], "answer_end": []}
    for index, cell in enumerate(cells[fields["answers"]].to_list()):
        found = read_answers(
            *(parse_cell(value) if value else None for value in (cell, starts[index], ends[index]))
        )
        columns["text"].append(found.text)
        columns["answer_start"].append(found.start)
        columns["answer_end"].append(found.end)
        odd += [(index, *item) for item in found.odd]
        if found.uneven:
            odd.append((index, "answers", None, found.uneven, None))
    return pl.DataFrame({name: pl.Series(values, dtype=CONTENT[name]) for name, values in columns.items()})


def _read_numbers(cells: pl.DataFrame, fields: Mapping[str, str], field: str) -> tuple[pl.Series, Odd]:
    if field not in fields:
        return pl.Series(field, [None] * cells.height, pl.Int64), []
    found = cells[fields[field]]
    numbers = found.str.strip_chars().cast(pl.Int64, strict=False)
    odd: Odd = []
    for index in (numbers.is_null() & (found.str.strip_chars() != "")).arg_true():
        meant = as_integer(found[index])
        odd.append((index, field, 0, found[index], meant))
        numbers[index] = meant
    return numbers, odd


_TRUE, _FALSE = ("true", "1", "yes", "t", "y"), ("false", "0", "no", "f", "n")


def _read_flags(cells: pl.DataFrame, fields: Mapping[str, str]) -> tuple[pl.Series, Odd]:
    if "is_impossible" not in fields:
        return pl.Series("is_impossible", [None] * cells.height, pl.Boolean), []
    found = cells[fields["is_impossible"]].str.strip_chars().str.to_lowercase()
    flags = pl.select(
        pl.when(found.is_in(_TRUE)).then(True).when(found.is_in(_FALSE)).then(False).alias("is_impossible")
    ).to_series()
    unclear = (flags.is_null() & (found != "")).arg_true()
    return flags, [(index, "is_impossible", None, found[index], None) for index in unclear]


def _place(place: pl.DataFrame, index: int) -> Place:
    names = ("row", "line", "line_end", "byte_start", "byte_end")
    return Place(**{name: place[name][index] for name in names})


def _ragged(found: int, expected: int) -> str:
    return f"{found} field{'s' if found != 1 else ''}, the header has {expected}"


def _undecodable(raw: bytes) -> str | None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte 0x{raw[error.start]:02x} at byte {error.start} of the record is not UTF-8"
    return None
