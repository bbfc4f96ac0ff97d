"""The index of records against the standard library's parser, which knows nothing of bytes."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import scan

FIELD = st.text(st.sampled_from('ab ,;\t|"\n\ré😀'), max_size=6)
ROWS = st.lists(st.lists(FIELD, max_size=4), max_size=6)
DELIMITERS = st.sampled_from(",\t;|")
BREAKS = st.sampled_from(["\n", "\r\n"])


class Record(NamedTuple):
    start: int
    end: int
    line: int
    line_end: int
    n_fields: int


def write(rows: list[list[str]], delimiter: str, line_break: str, *, final_break: bool = True) -> str:
    """Rows as `csv.writer` has them; an empty row makes a blank line."""
    out = io.StringIO(newline="")
    # Python 3.11 leaves a lone carriage return without quotes, and then cannot read it back.
    quoting = csv.QUOTE_ALL if any("\r" in field for row in rows for field in row) else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=line_break, quoting=quoting).writerows(rows)
    text = out.getvalue()
    return text if final_break else text.removesuffix(line_break)


def physical_lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def by_the_standard_library(text: str, delimiter: str) -> list[Record]:
    lines = physical_lines(text)
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line.encode()))
    reader = csv.reader(lines, delimiter=delimiter)
    records, first = [], 0
    for cells in reader:
        if cells:
            records.append(Record(ends[first], ends[reader.line_num], first, reader.line_num - 1, len(cells)))
        first = reader.line_num
    return records


def indexed(block: bytes, delimiter: str) -> list[Record]:
    index = scan.index_records(block, delimiter)
    columns = (index.start, index.end, index.line, index.line_end, index.n_fields)
    return [Record(*map(int, row)) for row in zip(*columns, strict=True)]


@settings(deadline=None)
@given(ROWS, DELIMITERS, BREAKS, st.booleans())
def test_records_lie_where_the_standard_library_finds_them(rows, delimiter, line_break, final_break):
    text = write(rows, delimiter, line_break, final_break=final_break)
    assert scan.index_records(text.encode(), delimiter).well_quoted
    assert indexed(text.encode(), delimiter) == by_the_standard_library(text, delimiter)
    assert scan.index_records(text.encode(), delimiter).n_lines == text.count("\n")


@settings(deadline=None)
@given(ROWS, DELIMITERS, BREAKS, st.data())
def test_a_part_that_holds_whole_records_ends_where_a_record_ends(rows, delimiter, line_break, data):
    block = write(rows, delimiter, line_break).encode()
    cut = data.draw(st.integers(0, len(block)))
    length = scan.index_records(block[:cut], delimiter, final=False).length
    ends = [0, *(record.end for record in by_the_standard_library(block.decode(), delimiter))]
    blank_too = [m.end() for m in re.finditer(rb"(?m)^\r?\n", block)]
    assert length in {*ends, *blank_too}
    assert not any(length < end <= cut for end in ends)
    assert scan.index_records(block[:cut], delimiter, final=True).length == cut


@settings(deadline=None)
@given(st.lists(st.lists(st.text("abé ", min_size=2), min_size=2, max_size=3), min_size=1), st.data())
@example(rows=[["ab", "ab"]], data=None)
def test_a_quote_inside_a_plain_field_is_seen(rows, data):
    row = data.draw(st.integers(0, len(rows) - 1)) if data else 0
    rows[row][1] = rows[row][1][:1] + "q" + rows[row][1][1:]
    assert scan.index_records(write(rows, ",", "\n").encode(), ",").well_quoted
    rows[row][1] = rows[row][1].replace("q", '"')
    stray = "\n".join(",".join(row) for row in rows) + "\n"
    assert not scan.index_records(stray.encode(), ",").well_quoted


def test_an_open_quote_is_not_well_quoted():
    assert not scan.index_records(b'a,"b\nc,d\n', ",").well_quoted


def test_fields_of_any_length_are_parsed():
    (row,) = scan.rows_of(["x" * 300_000 + ",y\n"], ",")
    assert [len(cell) for cell in row] == [300_000, 1]
