"""Goes back into a source: what stands at a place, and where a question stands now.

Judges nothing, and knows of no dataset.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from qatoolkit.corpus.json_records import find_records
from qatoolkit.corpus.record import Place
from qatoolkit.corpus.source import Source

Record = dict[str, Any]
#: Says of an id, a context and a question whether they are those that are looked for.
Test = Callable[[str, str, str], bool]


@dataclass(frozen=True)
class Seen:
    """What a search through a source came upon.

    Attributes:
        same: the record that was looked for; of several the one that has its id, and of those the
            first, or the one nearest to where it was.
        same_id: one that has only its id.
        standing: what stands where it was.
    """

    same: Record | None = None
    same_id: Record | None = None
    standing: Record | None = None


def has_bytes(source: Source) -> bool:
    """Whether a record of the source is one run of bytes; one of JSON columns stands in pieces."""
    return source.is_text and source.layout != "columns"


def place_of(record: Mapping[str, Any]) -> Place:
    """The place of a record, or of a row of lineage.parquet."""
    return Place(*(record[name] for name in vars(Place())))


def text_at(source: Source, place: Place, mapping: Mapping[str, str]) -> bytes:
    """A record as it stands in its source: its bytes, in UTF-8, or its row as one line of JSON."""
    if not has_bytes(source):
        assert place.row is not None
        return _row_as_json(source, place.row, mapping)
    assert place.byte_start is not None
    assert place.byte_end is not None
    with source.as_utf8() as stream:
        if stream.seekable():
            stream.seek(place.byte_start)
        else:
            left = place.byte_start
            while left and (part := stream.read(min(left, 2**20))):
                left -= len(part)
        return stream.read(place.byte_end - place.byte_start)


def search(
    source: Source, mapping: Mapping[str, str], row: int, id: str, is_it: Test, *, first: bool = False
) -> Seen:
    """Reads a source for one record, no further than needed.

    Args:
        source: what is read.
        mapping: column -> field.
        row: where the record was; if it still is there, that is the end of it.
        id: its id, by which it is told from another of the same content.
        is_it: what it is known by.
        first: it is the first of its like, and not the one nearest to where it was.
    """
    best: tuple[bool, int] | None = None
    same: Record | None = None
    same_id: Record | None = None
    standing: Record | None = None
    for batch in source.batches(mapping):
        keys = batch.records.select("row", "id", *(pl.col(c).fill_null("") for c in ("context", "question")))
        for at, (number, own, context, question) in enumerate(keys.iter_rows()):
            if number == row:
                standing = batch.records.row(at, named=True)
            if own == id and same_id is None:
                same_id = batch.records.row(at, named=True)
            if not is_it(own, context, question):
                continue
            rank = (own != id, 0 if first else abs(number - row))
            if best is None or rank < best:
                best, same = rank, batch.records.row(at, named=True)
            if rank == (False, 0):
                return Seen(same, same_id, standing)
    return Seen(same, same_id, standing)


def records_at(source: Source, mapping: Mapping[str, str], rows: Collection[int]) -> dict[int, Record]:
    """The records of some rows, by their numbers; reads no further than the last of them."""
    found: dict[int, Record] = {}
    last = max(rows)
    for batch in source.batches(mapping):
        wanted = batch.records.filter(pl.col("row").is_in(list(rows)))
        found |= {record["row"]: record for record in wanted.iter_rows(named=True)}
        if batch.records.height and batch.records["row"][-1] >= last:
            break
    return found


def rows_at(source: Source, mapping: Mapping[str, str], rows: Collection[int]) -> dict[int, Record]:
    """Rows of a source whose records are no bytes of it, by their numbers, with the columns it has there."""
    wanted = set(rows)
    return {number: values for number, values in _rows(source, mapping, sorted(wanted)) if number in wanted}


def _row_as_json(source: Source, row: int, mapping: Mapping[str, str]) -> bytes:
    """A row with the columns that its source has, as a line of JSON; b"" if there is no such row."""
    values = rows_at(source, mapping, [row]).get(row)
    if values is None:
        return b""
    line = json.dumps(values, ensure_ascii=False, default=str) + "\n"
    return line.encode("utf-8", "backslashreplace")


def _rows(source: Source, mapping: Mapping[str, str], rows: list[int]) -> Iterator[tuple[int, Record]]:
    """Rows of a table by their numbers, among them those that are asked for, which rise."""
    if source.layout == "xlsx":
        from qatoolkit.corpus.workbook import sheet_rows

        yield from enumerate(sheet_rows(source.unpacked_bytes(), source.name, mapping), 1)
    elif source.layout == "columns":
        for number, found in enumerate(find_records(source.read_text(), source.name, "columns", mapping), 1):
            yield number, found.record or {}
    else:
        done = 0
        for table in source.tables():
            here = rows[bisect_right(rows, done) : bisect_right(rows, done + table.height)]
            yield from ((row, table.row(row - done - 1, named=True)) for row in here)
            done += table.height
            if done >= rows[-1]:
                return
