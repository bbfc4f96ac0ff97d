"""Tables: what is read is what `csv` reads, byte and line are right, and no row is lost."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Note, delimited, from_text, read
from qatoolkit.corpus.delimited import read_delimited
from qatoolkit.errors import NotACorpusError, UnreadableError

HEADER = "context,question,answer,answer_start\n"
NILE = "The Nile is long.,What?,Nile,4\n"
COLUMNS = ["id", "context", "question", "answer", "mood"]
CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0[{"), max_size=8
) | st.sampled_from(
    [
        "NA",
        "null",
        "None",
        "007",
        " leading",
        "trailing ",
        "a\r\nb",
        "😀",
        '"',
        "1.0",
        "-",
        "",
        "NaN",
        "x,y;z\tq|r",
    ]
)
TABLES = st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=5)


def parse(
    content: bytes, delimiter: str = ",", block_bytes: int | None = None
) -> tuple[pl.DataFrame, list[Note]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", block_bytes or delimited.BLOCK_BYTES)
        batches = list(read_delimited(io.BytesIO(content), "x.csv", delimiter))
    return pl.concat([batch.records for batch in batches]), [n for batch in batches for n in batch.notes]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str, line_break: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_break, quoting=csv.QUOTE_ALL)
    writer.writerows([columns, *rows])
    return out.getvalue().encode()


@settings(deadline=None)
@given(TABLES, st.sampled_from(",\t;|"), st.sampled_from(["\n", "\r\n"]), st.sampled_from([5, 97, None]))
def test_what_is_read_equals_dictreader(rows, delimiter, line_break, block_bytes):
    content = table(COLUMNS, rows, delimiter, line_break)
    expected = list(csv.DictReader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))
    records, notes = parse(content, delimiter, block_bytes)
    assert not notes
    found = [
        {
            "id": row["id"] or "",
            "context": row["context"] or "",
            "question": row["question"] or "",
            "answer": "".join(row["text"]),
            "mood": json.loads(row["extra"])["mood"],
        }
        for row in records.iter_rows(named=True)
    ]
    assert found == expected


# A body over these characters is now well quoted and now not, so both parsers are met.
BODY = st.text(st.sampled_from('ab",\né'), max_size=40) | st.lists(
    st.sampled_from(
        ["a,b,c\n", '"a","b\n","c"\r\n', 'a,"b""",c\n', 'a"b,c,d\n', '"a"b,c,d\n', "\n", "\r\n", 'a,b,"\n']
    ),
    max_size=6,
).map("".join)


@settings(deadline=None)
@given(BODY, st.sampled_from([3, 16, 50, None]))
def test_any_text_is_read_as_the_standard_library_reads_it(body, block_bytes):
    text = "context,question,answer\n" + body
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    reader = csv.reader(lines, strict=True)
    expected, first = [], 0
    while first < len(lines):
        try:
            cells = next(reader)
        except csv.Error:
            cells = [""]  # what the parser refuses is a record that cannot be read
        if cells and first:
            before = sum(len(line.encode()) for line in lines[:first])
            after = sum(len(line.encode()) for line in lines[: reader.line_num])
            place = (len(expected) + 1, first + 1, reader.line_num, before, after)
            expected.append((*place, [cell or "" for cell in cells] if len(cells) == 3 else None))
        first = reader.line_num
    records, notes = parse(text.encode(), block_bytes=block_bytes)
    names = ("row", "line", "line_end", "byte_start", "byte_end")
    found = [
        (*(row[name] for name in names), [row["context"] or "", row["question"] or "", "".join(row["text"])])
        for row in records.iter_rows(named=True)
    ]
    assert {note.kind for note in notes} <= {"ragged-row"}
    found += [(*(getattr(note.place, name) for name in names), None) for note in notes]
    assert sorted(found, key=lambda row: row[0]) == expected


def test_ragged_rows_become_notes_with_their_line_and_the_rest_is_read():
    content = f'{HEADER}{NILE}too,few\n"two\nlines",a,b,1,too many\n\n{NILE}'.encode()
    records, notes = parse(content)
    assert records["line"].to_list() == [2, 7]
    assert records["row"].to_list() == [1, 4]
    assert [(n.kind, n.place.row, n.place.line, n.place.line_end, n.detail) for n in notes] == [
        ("ragged-row", 2, 3, 3, "2 fields, the header has 4"),
        ("ragged-row", 3, 4, 5, "5 fields, the header has 4"),
    ]


@pytest.mark.parametrize("stray", ["", 'A "stray" quote.,What?,stray,3\n'])
def test_undecodable_bytes_cost_their_own_row_only(stray):
    content = (HEADER + NILE).encode() + "Ån är lång.,Vad?,Ån,0\n".encode("latin-1") + (stray + NILE).encode()
    records, notes = parse(content)
    assert records.height == (3 if stray else 2)
    assert [(n.kind, n.place.line) for n in notes] == [("undecodable-bytes", 3)]
    assert "0xc5" in notes[0].detail


def test_a_quote_that_is_never_closed_is_one_note_that_says_so():
    records, notes = parse((HEADER + NILE + '"The Nile,What?,Nile,4\n' + NILE).encode())
    assert records.height == 1
    assert [(n.place.line, n.place.line_end) for n in notes] == [(3, 4)]
    assert notes[0].detail == "a quote is not closed, and 2 lines were taken for one record"


def test_text_behind_a_closing_quote_is_not_guessed_at():
    records, notes = parse((HEADER + NILE + '"The "old" bridge.",When?,old,4\n' + NILE).encode())
    assert records["line"].to_list() == [2, 4]
    assert [(n.kind, n.place.line) for n in notes] == [("ragged-row", 3)]
    assert "written twice" in notes[0].detail


def test_a_header_that_needs_care_and_nothing_else_is_an_empty_file_of_records():
    records, notes = parse(b'con"text,context,question\n')
    assert (records.height, notes) == (0, [])


def test_a_lone_carriage_return_beside_stray_quotes_costs_its_own_row_only():
    records, notes = parse((HEADER + 'The "Nile" is\rlong.,What?,Nile,5\n' + NILE).encode())
    assert records["line"].to_list() == [3]
    assert [(n.kind, n.place.line) for n in notes] == [("ragged-row", 2)]


@pytest.mark.parametrize("tail", ["", 'The "Nile" is long.,What?,Nile,5\r'])
def test_carriage_returns_alone_are_no_line_ends(tail):
    content = (HEADER + NILE).replace("\n", "\r") + tail
    with pytest.raises(NotACorpusError, match="carriage return"):
        parse(content.encode())


def test_fields_longer_than_the_standard_library_allows():
    long = "x" * 200_000
    records, notes = parse(f'{HEADER}{long} a "stray" quote,What?,stray,200004\n'.encode())
    assert not notes
    assert len(records["context"][0]) == 200_000 + len(' a "stray" quote')


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (codecs.BOM_UTF8 + (HEADER + NILE).encode(), "utf-8-sig"),
        ((HEADER + NILE).encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + (HEADER + NILE).encode("utf-16-be"), "utf-16"),
        (codecs.BOM_UTF16_LE + (HEADER + NILE).replace("\n", "\r\n").encode("utf-16-le"), "utf-16"),
        ((HEADER + NILE).replace(",", ";").encode(), "utf-8"),
        ((HEADER + NILE).replace(",", "\t").encode(), "utf-8"),
        ((HEADER + NILE).replace(",", "|").encode(), "utf-8"),
        (("\r\n\n" + HEADER + NILE).replace(",", ";").encode(), "utf-8"),
        ((HEADER + NILE.rstrip()).encode(), "utf-8"),
    ],
)
def test_encodings_and_delimiters_are_recognised(tmp_path, content, encoding):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    corpus = read(path)
    record = corpus.to_polars().row(0, named=True)
    assert corpus.sources[0].encoding == encoding
    assert (record["context"], record["question"]) == ("The Nile is long.", "What?")
    assert (record["text"], record["answer_start"]) == (["Nile"], [4])


def test_byte_places_count_the_byte_order_mark(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(codecs.BOM_UTF8 + (HEADER + "Ån är lång.,Vad?,Ån,0\n" + NILE).encode())
    record = read(path).to_polars().row(1, named=True)
    assert path.read_bytes()[record["byte_start"] : record["byte_end"]].decode() == NILE


@pytest.mark.parametrize("content", [b"\xff\xfea", b"\xff\xfe\0\0a", b"a\0b,c\n"])
def test_bytes_that_are_no_text_are_refused(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"x\.csv: .*\n?.*save"):
        read(path).to_polars()


@pytest.mark.parametrize("content", ["", "\n\r\n", "  \n"])
def test_an_empty_file_is_no_corpus(content):
    with pytest.raises(NotACorpusError, match="empty"):
        from_text(content).to_polars()


def test_a_header_alone_is_a_corpus_without_records():
    assert from_text(HEADER).to_polars().height == 0
    assert from_text(HEADER.strip()).to_polars().height == 0


def test_repeated_column_names_are_refused_by_name():
    with pytest.raises(NotACorpusError, match="'answer' more than once"):
        from_text("context,question,answer,answer\n").to_polars()


def test_numbers_and_flags_are_read_as_what_they_plainly_mean_and_noted():
    rows = "a b,q,a,0.0,TRUE\na b,q,a,x,maybe\na b,q,a,,no\na b,q,a,99999999999999999999,\n"
    (batch,) = from_text("context,question,answer,answer_start,is_impossible\n" + rows)
    assert batch.records["answer_start"].to_list() == [[0], [None], [None], [None]]
    assert batch.records["is_impossible"].to_list() == [True, None, False, None]
    noted = [(n.place.row, n.field, n.value, n.meant) for n in batch.notes]
    assert sorted(noted, key=str) == [
        (1, "answer_start", "0.0", 0),
        (2, "answer_start", "x", None),
        (2, "is_impossible", "maybe", None),
        (4, "answer_start", "99999999999999999999", None),
    ]


def test_an_empty_answer_is_none_unless_a_start_stands_beside_it():
    rows = "a b,q,,,\na b,q,,-1,false\na b,q,,0,true\n"
    records = from_text("context,question,answer,answer_start,is_impossible\n" + rows).to_polars()
    assert records["text"].to_list() == [[], [""], []]
