"""Excel workbooks: cells as they are seen, rows by their number, repairs that touch nothing else."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.styles import Font

from qatoolkit.corpus import Place, read, workbook
from qatoolkit.corpus.splice import Edit, splice
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError
from qatoolkit.validation.fix import fix

HEADER = ["id", "context", "question", "answer", "answer_start", "is_impossible", "when", "share"]
ROWS: list[list[Any]] = [
    [1, "Ån är lång.", "Vad?", "lång", 0, False, datetime.datetime(2024, 5, 31), 0.5],
    [2.0, "The Nile\nis long.", "What?", " Nile", 4, None, datetime.datetime(2024, 5, 31, 12, 30), 3.0],
    [],
    ["x3", "x y", "q", None, None, True, datetime.date(2024, 5, 31), True],
    ["007", "NA is a word.", "q", "NA", "0", None, datetime.time(8, 5), None],
]


def write(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def cells(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_cells_are_read_as_they_are_seen(tmp_path):
    corpus = read(write(tmp_path / "x.xlsx", {"data": [HEADER, *ROWS]}))
    (source,) = corpus.sources
    assert (source.layout, source.encoding, source.remark) == ("xlsx", "", "")
    records = corpus.to_polars()
    assert records["id"].to_list() == ["1", "2", "x3", "007"]
    assert records["context"].to_list() == [row[1] for row in ROWS if row]
    assert records["text"].to_list() == [["lång"], [" Nile"], [], ["NA"]]
    assert records["answer_start"].to_list() == [[0], [4], [], [0]]
    assert records["is_impossible"].to_list() == [False, None, True, None]
    assert records.select("row", "line", "line_end", "byte_start").rows() == [
        (1, 2, 2, None), (2, 3, 3, None), (3, 5, 5, None), (4, 6, 6, None),
    ]  # fmt: skip
    assert records["extra"].to_list() == [
        '{"when":"2024-05-31","share":"0.5"}', '{"when":"2024-05-31T12:30:00","share":"3"}',
        '{"when":"2024-05-31","share":"true"}', '{"when":"08:05:00","share":""}',
    ]  # fmt: skip


def test_the_sheet_with_the_questions_is_read_and_the_others_are_named(tmp_path):
    notes = [["about"], ["hello"]]
    path = write(
        tmp_path / "x.xlsx", {"notes": notes, "empty": [], "data": [[], HEADER, *ROWS], "more": notes}
    )
    corpus = read(path)
    assert corpus.sources[0].remark == f"{path}: sheet 'data' is read, 'notes', 'more' not"
    assert corpus.to_polars()["line"].to_list() == [3, 4, 6, 7]
    own = write(tmp_path / "y.xlsx", {"a": notes, "b": [["absatz", "question"], ["x y", "q"]]})
    assert read(own, fields={"absatz": "context"}).to_polars()["context"].to_list() == ["x y"]


def test_rows_with_more_cells_than_the_header_are_notes(tmp_path):
    rows = [["context", "question", None], ["a", "b"], ["a", "b", None, "c"], ["c"]]
    (batch,) = read(write(tmp_path / "x.xlsx", {"data": rows}))
    assert batch.records.select("context", "question", "row").rows() == [("a", "b", 1), ("c", None, 3)]
    (note,) = batch.notes
    assert (note.kind, note.place, note.detail) == ("ragged-row", Place(2, 3, 3), "4 cells, the header has 2")


def test_a_column_without_a_name_goes_by_its_letter(tmp_path):
    rows = [[None, "context", "question"], [0, "a", "b"]]
    assert read(write(tmp_path / "x.xlsx", {"data": rows})).to_polars()["extra"].to_list() == ['{"A":"0"}']


def test_many_rows_come_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "BATCH_RECORDS", 4)
    path = write(tmp_path / "x.xlsx", {"data": [["context", "question"], *[["a", "b"]] * 10]})
    assert [batch.records["row"].to_list() for batch in read(path)] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "the sheet is empty"),
        ([["context", "reply"], ["a", "b"]], "no column for question"),
        ([["context", "question", "x", "x"]], "names 'x' more than once"),
    ],
)
def test_what_is_no_corpus(tmp_path, rows, message):
    with pytest.raises(NotACorpusError, match=message):
        read(write(tmp_path / "x.xlsx", {"data": rows})).to_polars()


def test_a_header_alone_is_a_corpus_without_records(tmp_path):
    assert read(write(tmp_path / "x.xlsx", {"data": [HEADER]})).to_polars().height == 0


@pytest.mark.parametrize("damage", ["xl/workbook.xml", "[Content_Types].xml"])
def test_a_damaged_workbook_is_refused(tmp_path, damage):
    whole, path = write(tmp_path / "x.xlsx", {"data": [HEADER, *ROWS]}), tmp_path / "y.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<broken" if name == damage else old.read(name))
    with pytest.raises(UnreadableError, match="cannot be read as an Excel workbook"):
        read(path).to_polars()


def test_an_old_or_protected_file_is_named_for_what_it_is(tmp_path):
    (tmp_path / "x.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(UnreadableError, match=r"Office 97, or protected by a password; save it as \.xlsx"):
        read(tmp_path / "x.xls")


def test_a_repair_changes_its_cells_and_no_other(tmp_path):
    path, copy, again = tmp_path / "x.xlsx", tmp_path / "y.xlsx", tmp_path / "z.xlsx"
    write(path, {"notes": [["=1+1", 2]], "data": [HEADER, *ROWS]})
    book = openpyxl.load_workbook(path)
    book["data"]["B2"].font = Font(bold=True)
    book.save(path)
    report = fix(path, copy)
    assert report.left.ok
    before, after = cells(path.read_bytes()), cells(copy.read_bytes())
    assert (before["data"][1][4], after["data"][1][4]) == (0, 6)
    assert (before["data"][2][3], after["data"][2][3]) == (" Nile", "Nile")
    before["data"][1] = after["data"][1] = before["data"][2] = after["data"][2] = ()
    assert before == after
    assert openpyxl.load_workbook(copy)["data"]["B2"].font.bold
    assert not fix(copy, again).changed
    assert again.read_bytes() == copy.read_bytes()


@pytest.mark.parametrize(
    ("old", "edit", "new"),
    [
        (7, Edit("answer_start", 0, 7, 2), 2),
        ("7", Edit("answer_start", 0, 7, 2), "2"),
        (None, Edit("answer_start", 0, None, 2), 2),
        ("x", Edit("text", 0, "x", "=A1"), "=A1"),
        (5, Edit("text", 0, "5", "6"), 6),
        (5, Edit("text", 0, "5", "Nile"), "Nile"),
        (True, Edit("is_impossible", None, True, False), False),
        ("yes", Edit("is_impossible", None, True, False), "no"),
        ('{"text": ["x"], "answer_start": [7]}', Edit("answer_start", 0, 7, 2),
         '{"text": ["x"], "answer_start": [2]}'),
    ],
)  # fmt: skip
def test_a_value_keeps_the_kind_it_had(tmp_path, old, edit, new):
    name = "answers" if edit.field == "text" or str(old).startswith("{") else edit.field
    header = ["context", "question", *dict.fromkeys([name, "answers"])]
    path = write(tmp_path / "x.xlsx", {"data": [header, ["c", "q", old]]})
    (source,) = read(path).sources
    changed = openpyxl.load_workbook(io.BytesIO(splice(source, {}, [(Place(1, 2, 2), [edit])])))
    cell = changed["data"]["C2"]
    assert (cell.value, type(cell.value)) == (new, type(new))
    assert cell.data_type != "f"


def test_a_workbook_with_pictures_is_not_mended(tmp_path):
    path = tmp_path / "x.xlsx"
    book = openpyxl.load_workbook(write(path, {"data": [HEADER, *ROWS]}))
    book["data"].add_chart(BarChart(), "K1")
    book.save(path)
    with pytest.raises(UsageError, match="pictures, charts or pivot tables"):
        fix(path)
