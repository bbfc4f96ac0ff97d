"""Reads CSV and its relatives: comma, tab, semicolon or bar between fields.

A block of the file at a time: its records are located, ragged ones are set aside with their
line, and Polars parses the rest. Blocks whose quotes do not follow RFC 4180 go through the
standard library's parser instead, which is slower and forgiving. Every value stays the text it
is: "NA", "007" and " x" are not touched.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from qatoolkit.corpus import scan
from qatoolkit.corpus.fields import match_columns, require
from qatoolkit.corpus.record import RECORD, Batch, Note, Place
from qatoolkit.corpus.table import Table, place_of, to_batch
from qatoolkit.errors import NotACorpusError

BLOCK_BYTES = 16 * 2**20


@dataclass
class _Position:
    """How far the file has been read: the next byte, physical line (0-based) and record number."""

    byte: int = 0
    line: int = 0
    row: int = 1


def read_delimited(
    stream: io.BufferedIOBase, source: str, delimiter: str, mapping: Mapping[str, str] | None = None
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
    table: Table | None = None
    blocks = _Blocks(stream)
    while block := blocks.fill():
        if not at.byte and bytes(block[:3]) == codecs.BOM_UTF8:
            at.byte = blocks.drop(3)
            continue
        index = scan.index_records(block, delimiter, final=blocks.final)
        if not index.length:
            blocks.grow()
            continue
        if not index.well_quoted:
            yield from _read_carefully(bytes(block), stream, source, delimiter, mapping, table, at)
            return
        if table is None and len(index.start):
            table, index = _read_header(block, index, source, delimiter, mapping)
        if table is not None:
            yield _read_block(block, index, table, at)
        at.byte += blocks.drop(index.length)
        at.line += index.n_lines
    if table is None:
        raise NotACorpusError(f"{source}: the file is empty; expected a header line and records below it")


class _Blocks:
    """A window that slides over a stream; always the same memory, because fresh pages take time.

    Attributes:
        final: whether the stream has ended, so that nothing follows the window.
    """

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._buffer = bytearray(BLOCK_BYTES)
        self._filled = 0
        self.final = False

    def fill(self) -> memoryview:
        """The window, as full as it gets; it is empty at the end."""
        free = memoryview(self._buffer)
        while not self.final and self._filled < len(self._buffer):
            taken = self._stream.readinto(free[self._filled :])
            self._filled += taken
            self.final = not taken
        return free[: self._filled]

    def drop(self, length: int) -> int:
        """Takes bytes off the window's beginning, and returns how many."""
        self._buffer[: self._filled - length] = self._buffer[length : self._filled]
        self._filled -= length
        return length

    def grow(self) -> None:
        """Makes room for more, where a single record fills the window."""
        self._buffer = self._buffer + bytearray(len(self._buffer))


def _read_header(
    block: memoryview, index: scan.RecordIndex, source: str, delimiter: str, mapping: Mapping[str, str] | None
) -> tuple[Table, scan.RecordIndex]:
    header = bytes(block[index.start[0] : index.end[0]]).decode("utf-8", "replace")
    columns, *more = scan.rows_of(io.StringIO(header, newline=""), delimiter)
    if more:
        raise _only_carriage_returns(source)
    return _table(source, delimiter, columns, mapping), index.without_first()


def _table(source: str, delimiter: str, columns: list[str], mapping: Mapping[str, str] | None) -> Table:
    fields = match_columns(columns, mapping)
    require(fields, columns, source)
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise NotACorpusError(
            f"{source}: the header names {', '.join(map(repr, sorted(repeated)))} more than once; rename one"
        )
    return Table(source, delimiter, columns, fields)


def _read_block(block: memoryview, index: scan.RecordIndex, table: Table, at: _Position) -> Batch:
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
    whole = index.n_fields == len(table.columns)
    notes = [
        Note("ragged-row", place_of(place, int(i)), _ragged(int(index.n_fields[i]), len(table.columns)))
        for i in np.flatnonzero(~whole)
    ]
    kept = np.flatnonzero(whole)
    cells = _parse(_joined(block, index, kept), len(kept), table)
    if cells is None:
        raw = {int(i): bytes(block[index.start[i] : index.end[i]]) for i in kept}
        problems = {i: problem for i, record in raw.items() if (problem := _undecodable(record))}
        notes += [Note("undecodable-bytes", place_of(place, i), problem) for i, problem in problems.items()]
        kept = np.array([i for i in raw if i not in problems], int)
        cells = _parse(_joined(block, index, kept), len(kept), table)
        if cells is None:
            cells = _parse_singly([raw[int(i)] for i in kept], table)
    if not cells.height:
        return Batch(table.source, RECORD.to_frame(), notes)
    return to_batch(cells, place[kept], table, notes)


def _joined(block: memoryview, index: scan.RecordIndex, kept: scan.Positions) -> bytes:
    """The bytes of some records, cut out by runs of neighbours."""
    if not len(kept):
        return b""
    start, end = index.start[kept], index.end[kept]
    gaps = np.flatnonzero(start[1:] != end[:-1])
    runs = zip([start[0], *start[gaps + 1]], [*end[gaps], end[-1]], strict=True)
    return b"".join(block[first:last] for first, last in runs)


def _parse(body: bytes, n_records: int, table: Table) -> pl.DataFrame | None:
    """The fields of records as texts; None if Polars refuses the bytes or finds other records in them."""
    if not n_records:
        return _texts([], table)
    try:
        cells = pl.read_csv(
            body,
            has_header=False,
            new_columns=table.columns,
            infer_schema=False,
            separator=table.delimiter,
        )
    except pl.exceptions.PolarsError:  # not UTF-8, for one
        return None
    return cells.fill_null("") if cells.height == n_records else None


def _parse_singly(raw: list[bytes], table: Table) -> pl.DataFrame:
    text = (record.decode("utf-8") for record in raw)
    rows = [next(scan.rows_of(io.StringIO(record, newline=""), table.delimiter)) for record in text]
    return _texts(rows, table)


def _texts(rows: list[list[str]], table: Table) -> pl.DataFrame:
    return pl.DataFrame(
        {name: pl.Series([row[i] for row in rows], dtype=pl.String) for i, name in enumerate(table.columns)}
    )


def _read_carefully(
    first: bytes,
    rest: io.BufferedIOBase,
    source: str,
    delimiter: str,
    mapping: Mapping[str, str] | None,
    table: Table | None,
    at: _Position,
) -> Iterator[Batch]:
    """The standard library's parser over what is left of the file, with places counted by line."""
    lines = _Lines(_chain(first, rest))
    rows: list[list[str]] = []
    spans: list[Place] = []
    notes: list[Note] = []
    for cells, problem in _forgiving(scan.rows_of(lines, delimiter, strict=True)):
        raw, line_count = lines.taken()
        here = Place(at.row, at.line + 1, at.line + line_count, at.byte, at.byte + len(raw))
        at.byte += len(raw)
        at.line += line_count
        if not cells and not problem:
            continue
        if table is None:
            if problem == _PROBLEMS["new-line"]:
                raise _only_carriage_returns(source)
            if problem:
                raise NotACorpusError(f"{source}: the header line cannot be read: {problem}")
            names = [cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for cell in cells]
            table = _table(source, delimiter, names, mapping)
            continue
        at.row += 1
        bad = _undecodable(raw)
        if problem:
            lines_taken = f", and {line_count} lines were taken for one record" if line_count > 1 else ""
            notes.append(Note("ragged-row", here, problem + lines_taken))
        elif len(cells) != len(table.columns):
            notes.append(Note("ragged-row", here, _ragged(len(cells), len(table.columns))))
        elif bad:
            notes.append(Note("undecodable-bytes", here, bad))
        else:
            rows.append(cells)
            spans.append(here)
        if len(rows) >= 20_000:
            yield _careful_batch(rows, spans, table, notes)
            rows, spans, notes = [], [], []
    if table is not None:
        yield _careful_batch(rows, spans, table, notes)


#: What the parser's complaints come down to, by a piece of their text.
_PROBLEMS = {
    "expected after": "text stands behind a closing quote; inside a field a quote is written twice",
    "end of data": "a quote is not closed",
    "new-line": "a carriage return without a line feed stands outside quotes",
}


def _forgiving(rows: Iterator[list[str]]) -> Iterator[tuple[list[str], str]]:
    """The rows, and what is wrong with one that the parser refuses; it goes on with the next line."""
    while True:
        try:
            yield next(rows), ""
        except csv.Error as error:
            yield [], next((told for said, told in _PROBLEMS.items() if said in str(error)), str(error))
        except StopIteration:
            return


def _careful_batch(rows: list[list[str]], spans: list[Place], table: Table, notes: list[Note]) -> Batch:
    if not rows:
        return Batch(table.source, RECORD.to_frame(), notes)
    place = pl.DataFrame(
        {
            name: pl.Series([getattr(span, name) for span in spans], dtype=pl.Int64)
            for name in ("row", "line", "line_end", "byte_start", "byte_end")
        }
    )
    return to_batch(_texts(rows, table), place, table, notes)


class _Lines:
    """Feeds physical lines to `csv.reader` and remembers what it took since it was last asked."""

    def __init__(self, raw: Iterator[bytes]) -> None:
        self._raw = raw
        self._taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._raw:
            self._taken.append(line)
            yield line.decode("utf-8", "surrogateescape")

    def taken(self) -> tuple[bytes, int]:
        """The bytes of the record that was just read, and the number of its physical lines."""
        raw = b"".join(self._taken)
        count = len(self._taken)
        self._taken = []
        return raw, count


def _chain(first: bytes, rest: io.BufferedIOBase) -> Iterator[bytes]:
    """Lines of the two as if they were one file."""
    tail = b""
    for part in (io.BytesIO(first), rest):
        for line in part:
            line = tail + line
            tail = b""
            if line.endswith(b"\n"):
                yield line
            else:
                tail = line
    if tail:
        yield tail


def _only_carriage_returns(source: str) -> NotACorpusError:
    return NotACorpusError(
        f"{source}: the header line holds a carriage return outside quotes. Where lines end in carriage "
        "returns alone, as on old Macintoshes, save the file with line feeds and try again."
    )


def _ragged(found: int, expected: int) -> str:
    return f"{found} field{'s' if found != 1 else ''}, the header has {expected}"


def _undecodable(raw: bytes) -> str | None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte 0x{raw[error.start]:02x} at byte {error.start} of the record is not UTF-8"
    return None
