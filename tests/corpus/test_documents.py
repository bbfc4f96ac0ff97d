"""Contexts in a second file or a folder: joined as they stand, missing ones reported, never edited."""

from __future__ import annotations

import codecs
import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import read
from qatoolkit.corpus.record import UNREADABLE
from qatoolkit.errors import NotACorpusError, QatkError, UnreadableError, UsageError
from qatoolkit.validation.fix import fix
from qatoolkit.validation.validate import validate

NILE, OSLO = "The Nile is\r\nlong.\n", "Oslo är 😀 kallt. "
DOCUMENTS = [{"doc": 7, "note": "x", "text": NILE}, {"doc": "å", "note": "", "text": OSLO}]
QUESTIONS = [
    {"doc": 7, "question": "What is long?", "answer": "Nile", "answer_start": 9},
    {"doc": "å", "question": "Vad är kallt?", "answer": "Oslo", "answer_start": 0},
    {"doc": 7, "question": "How is it?", "answer": "long", "answer_start": 13},
]


def table(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def written(rows: list[dict[str, Any]], kind: str) -> bytes:
    text = {
        "csv": lambda: table(rows),
        "tsv": lambda: table(rows, "\t"),
        "json": lambda: json.dumps(rows, indent=1),
        "data.json": lambda: json.dumps({"data": rows}, ensure_ascii=False),
        "jsonl": lambda: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "utf16.csv": lambda: table(rows),
        "marked.csv": lambda: table(rows),
    }[kind]()
    if kind == "marked.csv":
        return codecs.BOM_UTF8 + text.encode()
    return text.encode("utf-16" if kind == "utf16.csv" else "utf-8")


KINDS = ["csv", "tsv", "json", "data.json", "jsonl", "utf16.csv", "marked.csv"]


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("documents", KINDS)
@pytest.mark.parametrize("questions", ["csv", "json", "jsonl"])
def test_texts_take_the_place_of_keys(tmp_path, documents, questions):
    asked = put(tmp_path, f"q.{questions}", written(QUESTIONS, questions))
    texts = put(tmp_path, f"d.{documents}", written(DOCUMENTS, documents))
    corpus = read(asked, documents=texts, on="doc")
    (batch,) = corpus
    assert batch.notes == []
    assert batch.records["context"].to_list() == [NILE, OSLO, NILE]
    assert batch.records["title"].to_list() == ["7", "å", "7"]
    assert [json.loads(extra)["doc"] for extra in batch.records["extra"]] == ["7", "å", "7"]
    report = validate(corpus, ignore=["QA3", "QA4"])
    assert [(f.code, f.place.row) for f in report.findings] == [("QA201", 1)]


def test_a_folder_of_texts_named_by_their_files(tmp_path):
    put(tmp_path, "docs/nile.txt", codecs.BOM_UTF8 + NILE.encode())
    put(tmp_path, "docs/oslo.MD", OSLO.encode())
    put(tmp_path, "docs/two.txt", b"text")
    put(tmp_path, "docs/two.md", b"mark")
    put(tmp_path, "docs/left.pdf", b"%PDF")
    names = ["nile", "nile.txt", "oslo.MD", "oslo", "two.txt", "two.md", "two", "left.pdf", "left"]
    asked = put(tmp_path, "q.csv", table([{"file": name, "question": "q"} for name in names]).encode())
    (batch,) = read(asked, documents=tmp_path / "docs", on="file")
    assert batch.records["context"].to_list() == [NILE, NILE, OSLO, OSLO, "text", "mark"]
    assert [(note.kind, note.value) for note in batch.notes] == [
        ("missing-document", name) for name in ("two", "left.pdf", "left")
    ]


def test_the_columns_may_have_different_names_and_the_text_a_name_of_its_own(tmp_path):
    asked = put(tmp_path, "q.csv", b"question,about\nWhat?,1\n")
    texts = put(tmp_path, "d.csv", b"id,stuff,text\n1,The Nile.,no\n")
    corpus = read(asked, documents=texts, on="about=id", fields={"stuff": "context"})
    (row,) = corpus.to_polars().iter_rows(named=True)
    assert (row["context"], json.loads(row["extra"])) == ("The Nile.", {"about": "1"})
    assert fix(corpus).content == asked.read_bytes()


def test_other_columns_titles_and_ids_stay(tmp_path):
    asked = put(tmp_path, "q.csv", b'id,title,question,doc,mood,context\n5,T,What?,1,"a ""b"", c",short\n')
    texts = put(tmp_path, "d.csv", b"doc,text\n1,The Nile.\n")
    (row,) = read(asked, documents=texts, on="doc").to_polars().iter_rows(named=True)
    assert (row["id"], row["title"], row["context"]) == ("5", "T", "The Nile.")
    assert json.loads(row["extra"]) == {"doc": "1", "mood": 'a "b", c', "context": "short"}


def test_a_question_without_a_document_still_counts(tmp_path):
    asked = put(tmp_path, "q.csv", b"doc,question\n1,a?\n2,b?\n,c?\n3,d?\n")
    texts = put(tmp_path, "d.csv", b"doc,text\n1,The Nile.\n3,\n")
    corpus = read(asked, documents=texts, on="doc")
    (batch,) = corpus
    assert batch.records["row"].to_list() == [1, 4]
    assert batch.records["context"].to_list() == ["The Nile.", None]  # an empty document is there
    assert [(n.kind, n.place.row, n.place.line, n.value) for n in batch.notes] == [
        ("missing-document", 2, 3, "2"),
        ("missing-document", 3, 4, None),
    ]
    assert [n.detail for n in batch.notes] == [
        f"no document '2' in {texts}, which doc names",
        f"doc is empty, so no document of {texts} belongs to the question",
    ]
    assert validate(corpus).tally.records == 4


KEYS = st.text(st.sampled_from('a1å😀" ,\n'), min_size=1, max_size=3)
TEXTS = st.text(st.sampled_from('ab å😀"\r\n,\\'), max_size=9)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(KEYS, TEXTS, min_size=1, max_size=4), st.lists(KEYS, min_size=1, max_size=6))
def test_every_question_meets_its_document_or_is_noted(tmp_path_factory, texts, keys):
    folder = tmp_path_factory.mktemp("docs")
    rows = [{"key": key, "text": text} for key, text in texts.items()]
    documents = put(folder, "d.json", json.dumps(rows).encode())
    asked = put(folder, "q.json", json.dumps([{"key": key, "question": "q"} for key in keys]).encode())
    (batch,) = read(asked, documents=documents, on="key")
    found = {row["row"]: row for row in batch.records.iter_rows(named=True)}
    noted = {note.place.row: note.value for note in batch.notes if note.kind in UNREADABLE}
    for number, key in enumerate(keys, 1):
        if key in texts:
            assert (found[number]["context"] or "") == texts[key]
            assert json.loads(found[number]["extra"]) == {"key": key}
        else:
            assert noted[number] == key
    assert len(found) + len(noted) == len(keys)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_fix_mends_the_answers_and_leaves_the_documents(tmp_path, kind):
    asked = put(tmp_path, f"q.{kind}", written(QUESTIONS, kind))
    texts = put(tmp_path, "d.csv", written(DOCUMENTS, "csv"))
    report = fix(read(asked, documents=texts, on="doc"), tmp_path / f"fixed.{kind}")
    assert report.content == written([{**QUESTIONS[0], "answer_start": 4}, *QUESTIONS[1:]], kind)
    assert texts.read_bytes() == written(DOCUMENTS, "csv")


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ("id,text\n1,x\n", "no column 'doc' that names a document; columns are 'id', 'text'."),
        ("doc,stuff\n1,x\n", "no column holds the texts of the documents; columns are 'doc', 'stuff'."),
        ("doc,text\n1,x,y\n", "document 1 has 3 fields, the header has 2"),
        ("doc,text\n1,x\n,y\n", "document 2 has no doc"),
        ("doc,text\n1,x\n1,y\n", "document 2 gives document '1' another text than it had"),
        ('[{"doc": 1, "text": 5}]', "text of document 1 is no text"),
        ('[{"doc": true, "text": "x"}]', "document 1 has no doc"),
        ('[{"doc": 1, "text": "x"}, 5]', "document 2: expected an object, found 5"),
        ('[{"doc": 1, "text": "x"}, {"doc"', "not JSON: Expecting ':' delimiter"),
        ('[{"doc": 1, "text": "\\ud83d"}]', "half of a surrogate pair"),
        ("[]", "no column 'doc'"),
    ],
)
def test_documents_that_cannot_be_joined(tmp_path, documents, message):
    asked = put(tmp_path, "q.csv", b"doc,question\n1,a?\n")
    texts = put(tmp_path, "d.txt", documents.encode())
    with pytest.raises((NotACorpusError, UsageError)) as error:
        read(asked, documents=texts, on="doc")
    assert message in str(error.value)
    assert str(error.value).startswith(f"{texts}:")


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_numbers_of_a_typed_table_are_keys_too(tmp_path, kind):
    path = tmp_path / f"q.{kind}"
    rows = [{"doc": 7, "question": "a?"}, {"doc": 8, "question": "b?"}]
    if kind == "parquet":
        polars.DataFrame(rows).write_parquet(path)
    else:
        book = openpyxl.Workbook()
        for row in (list(rows[0]), *(list(row.values()) for row in rows)):
            book.active.append(row)
        book.save(path)
    texts = put(tmp_path, "d.csv", b"doc,text\n7,x\n8,y\n")
    assert read(path, documents=texts, on="doc").to_polars()["context"].to_list() == ["x", "y"]


def test_a_guess_at_the_encoding_of_documents_is_said(tmp_path):
    asked = put(tmp_path, "q.csv", b"doc,question\n1,a?\n")
    content = "doc,text\n1,Blåbærsyltetøy på grøt er godt sier Åse ofte.\n"
    texts = put(tmp_path, "d.csv", content.encode("cp1252"))
    (source,) = read(asked, documents=texts, on="doc").sources
    assert source.remark.startswith(f"{texts}: not UTF-8; read as ")


def test_the_same_document_twice_is_one(tmp_path):
    asked = put(tmp_path, "q.csv", b"doc,question\n1,a?\n")
    texts = put(tmp_path, "d.csv", b"doc,text\n1,x\n1,x\n")
    assert read(asked, documents=texts, on="doc").to_polars()["context"].to_list() == ["x"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"documents": "d.csv"}, UsageError, "--on COLUMN"),
        ({"documents": "d.csv", "on": "=x"}, UsageError, "--on COLUMN"),
        ({"documents": "d.csv", "on": "x="}, UsageError, "--on COLUMN"),
        ({"on": "doc"}, UsageError, "name those with --documents"),
        ({"documents": "none", "on": "doc"}, UnreadableError, "no such file or folder"),
        ({"documents": "empty", "on": "doc"}, UnreadableError, r"no file ending in \.txt or \.md"),
        ({"documents": "latin", "on": "doc"}, UnreadableError, "byte 1 is not UTF-8"),
        ({"documents": "*.csv", "on": "doc"}, UsageError, "stands for 2 files"),
    ],
)
def test_what_cannot_be_meant(tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "q.csv", b"doc,question\n1,a?\n")
    put(tmp_path, "d.csv", b"doc,text\n1,x\n")
    (tmp_path / "empty").mkdir()
    put(tmp_path, "latin/a.txt", "xå".encode("latin-1"))
    with pytest.raises(error, match=message):
        read("q.csv", **arguments)


def test_questions_without_the_column_are_refused(tmp_path):
    asked = put(tmp_path, "q.csv", b"question,about\nWhat?,1\n")
    texts = put(tmp_path, "d.csv", b"doc,text\n1,x\n")
    with pytest.raises(QatkError, match=r"no column 'doc' .*columns are 'question', 'about'"):
        read(asked, documents=texts, on="doc").to_polars()


@pytest.mark.corpora
def test_published_questions_and_documents_in_two_files(corpora):
    folder = corpora / "norquad"
    corpus = read(
        folder / "annotator1_news_questions.csv",
        documents=folder / "annotator1_news_documents.csv",
        on="document_identifier",
    )
    report = validate(corpus)
    assert (report.tally.records, report.tally.answers, report.ok) == (813, 0, True)


@pytest.mark.corpora
def test_published_answers_to_documents_in_a_second_file(corpora):
    folder = corpora / "covidqa-deepset"
    fields = {"real_answer": "answers"}
    corpus = read(folder / "predictions.tsv", documents=folder / "docs.tsv", on="doc_id", fields=fields)
    report = validate(corpus, select=["QA1", "QA203"])
    assert (report.tally.records, report.tally.answers, report.findings) == (83, 83, [])


def test_hidden_files_of_a_folder_are_no_documents(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "nile.txt").write_text(NILE, encoding="utf-8")
    (folder / "._nile.txt").write_bytes(b"\x00\x05\x16\x07\xb0")
    questions = tmp_path / "q.csv"
    questions.write_text("doc,question,answer\nnile,What?,Nile\n", encoding="utf-8")
    assert read(questions, documents=folder, on="doc").to_polars().height == 1


def test_a_table_of_documents_that_is_not_utf_8_says_so(tmp_path):
    table = tmp_path / "docs.csv"
    table.write_bytes(("id,text\n1,åäö är många\n2,".encode()) + b"caf\xe9\n")
    with pytest.raises(NotACorpusError, match="a byte that is not UTF-8"):
        read(write_questions(tmp_path), documents=table, on="doc=id")


def write_questions(folder: Path) -> Path:
    path = folder / "questions.csv"
    path.write_text("doc,question,answer\n1,What?,x\n", encoding="utf-8")
    return path
