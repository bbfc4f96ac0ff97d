"""JSON layouts: records, pointers, bytes and lines; what is malformed is noted and the rest is read."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pandas
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Note, from_text, json_batches, read
from qatoolkit.corpus.json_records import read_json
from qatoolkit.corpus.record import UNREADABLE
from qatoolkit.errors import NotACorpusError
from qatoolkit.validation.fix import fix

ANSWERS = [{"text": "Nile", "answer_start": 4}]
QA = {"id": "1", "question": "What is long?", "answers": ANSWERS}
PARAGRAPH = {"context": "The Nile is long.", "qas": [QA]}
ARTICLE = {"title": "Rivers", "paragraphs": [PARAGRAPH]}
ROW = {
    "id": "1",
    "title": "Rivers",
    "context": "The Nile is long.",
    "question": "What is long?",
    "answers": ANSWERS,
}
LAYOUTS: dict[str, tuple[str, Any]] = {
    "squad": ("squad", {"version": "x", "data": [ARTICLE]}),
    "bare articles": ("squad", [ARTICLE]),
    "one article": ("squad", ARTICLE),
    "paragraphs without articles": ("squad", [{"title": "Rivers", **PARAGRAPH}]),
    "rows": ("rows", [ROW]),
    "rows under data": ("rows", {"data": [ROW]}),
    "one row": ("jsonl", ROW),
    "columns": ("columns", {key: [value] for key, value in ROW.items()}),
}


def parse(text: str, layout: str | None = None) -> tuple[pl.DataFrame, list[Note]]:
    batches = list(from_text(text, format=layout))
    return pl.concat([batch.records for batch in batches]), [n for batch in batches for n in batch.notes]


def resolve(document: Any, pointer: str) -> Any:
    """RFC 6901, by itself."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_every_layout_gives_the_same_record(name, indent):
    layout, document = LAYOUTS[name]
    corpus = from_text(json.dumps(document, indent=indent))
    assert corpus.sources[0].layout == layout
    record = corpus.to_polars().row(0, named=True)
    content = {key: record[key] for key in ("id", "title", "context", "question", "text", "answer_start")}
    assert content == {
        **{k: v for k, v in ROW.items() if k != "answers"},
        "text": ["Nile"],
        "answer_start": [4],
    }
    assert (record["line"] is not None) == (indent is not None)


def test_articles_and_rows_one_a_line():
    articles = "".join(json.dumps({"title": t, "paragraphs": [PARAGRAPH]}) + "\n" for t in "ab")
    records, notes = parse(articles)
    assert (records["title"].to_list(), records["line"].to_list(), notes) == (["a", "b"], [1, 2], [])
    records, notes = parse("".join(json.dumps({**ROW, "title": t}) + "\r\n" for t in "ab"))
    assert (records["title"].to_list(), records["line"].to_list(), notes) == (["a", "b"], [1, 2], [])


TEXT = st.text(st.sampled_from('aé😀"\\\n/~ '), min_size=1, max_size=5)
QAS = st.lists(st.fixed_dictionaries({"id": TEXT, "question": TEXT, "answers": st.just([])}), max_size=3)
PARAGRAPHS = st.lists(st.fixed_dictionaries({"context": TEXT, "qas": QAS}), max_size=3)
DATA = st.lists(st.fixed_dictionaries({"paragraphs": PARAGRAPHS, "title": TEXT}), max_size=3)


@settings(deadline=None)
@given(DATA, st.sampled_from([None, 0, 2]), st.booleans(), st.sampled_from([0, 3]))
def test_pointers_bytes_and_lines_lead_back_to_the_question(data, indent, ascii_only, first_byte):
    document = {"data": data, "version": "é"}
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    expected = [
        {**qa, "context": p["context"], "title": article["title"]}
        for article in data
        for p in article["paragraphs"]
        for qa in p["qas"]
    ]
    if not expected:
        return
    raw = b"\0" * first_byte + text.encode()
    records = pl.concat([b.records for b in read_json(text, "x", "squad", first_byte=first_byte)])
    assert records.height == len(expected)
    for found, wanted in zip(records.iter_rows(named=True), expected, strict=True):
        own = json.loads(raw[found["byte_start"] : found["byte_end"]])
        assert own == resolve(document, found["pointer"])
        for name in ("context", "title", "id", "question"):
            assert found[name] == wanted[name]
        assert own["question"] == wanted["question"]
        if indent is not None:
            lines = text.encode()[: found["byte_end"] - first_byte].count(b"\n") + 1
            assert found["line_end"] == lines
            assert found["line"] == lines - text.encode()[
                found["byte_start"] - first_byte : found["byte_end"] - first_byte
            ].count(b"\n")


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), TEXT.filter(lambda key: key != "context"))
def test_pointers_into_columns_are_escaped(pairs, key):
    document = {"context": [c for c, _ in pairs], key: [q for _, q in pairs]}
    text = json.dumps(document)
    records = pl.concat([b.records for b in read_json(text, "x", "columns", {key: "question"})])
    assert [resolve(document, pointer) for pointer in records["pointer"]] == [q for _, q in pairs]
    assert [json.loads(text[a:b]) for a, b in records.select("byte_start", "byte_end").rows()] == document[
        key
    ]


def test_bytes_count_a_byte_order_mark(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(codecs.BOM_UTF8 + json.dumps([{**ROW, "title": "Å"}], ensure_ascii=False).encode())
    record = read(path).to_polars().row(0, named=True)
    assert json.loads(path.read_bytes()[record["byte_start"] : record["byte_end"]])["title"] == "Å"


def test_batches_are_joined_without_a_seam(monkeypatch):
    rows = json.dumps([{**ROW, "id": str(i)} for i in range(10)])
    whole, _ = parse(rows)
    monkeypatch.setattr(json_batches, "BATCH_RECORDS", 3)
    assert len(list(from_text(rows))) == 4
    assert parse(rows)[0].equals(whole)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"data": [5, ARTICLE]}, "/data/0"),
        ({"data": [{"title": "t", "paragraphs": None}, ARTICLE]}, "/data/0/paragraphs"),
        ({"data": [{"paragraphs": ["text"]}, ARTICLE]}, "/data/0/paragraphs/0"),
        ({"data": [{"paragraphs": [{"context": "c"}]}, ARTICLE]}, "/data/0/paragraphs/0"),
        ({"data": [{"paragraphs": [{"context": "c", "qas": {}}]}, ARTICLE]}, "/data/0/paragraphs/0"),
        ({"data": [{"paragraphs": [{"context": "c", "qas": ["q"]}]}, ARTICLE]}, "/data/0/paragraphs/0/qas/0"),
        ([["row"], ROW], "/0"),
        ([None, ROW], "/0"),
    ],
)
def test_a_malformed_part_is_noted_and_the_rest_is_read(document, pointer):
    text = json.dumps(document, indent=1)
    records, notes = parse(text, "squad" if isinstance(document, dict) else "rows")
    assert records["id"].to_list() == ["1"]
    (note,) = notes
    assert (note.kind, note.place.pointer) == ("malformed-record", pointer)
    part = json.loads(text.encode()[note.place.byte_start : note.place.byte_end])
    assert part == resolve(document, pointer)


def test_an_object_for_a_list_of_one_paragraph_is_read_all_the_same():
    records, notes = parse(json.dumps({"data": [{"paragraphs": PARAGRAPH}]}))
    assert records["pointer"].to_list() == ["/data/0/paragraphs/qas/0"]
    assert [(n.kind, n.place.row) for n in notes] == [("malformed-article", None)]


def test_a_malformed_line_costs_only_itself():
    good = json.dumps(ROW)
    lines = [good, "nonsense", good + "garbage", "", "[1]", '{"context": "cut', '{"a":' * 30_000, good]
    records, notes = parse("\n".join(lines), "jsonl")
    assert records["line"].to_list() == [1, 3, 8]
    assert [n.place.line for n in notes] == [2, 3, 5, 6, 7]
    assert {n.kind for n in notes} == {"malformed-record"}


SQUAD = json.dumps({"version": "é", "data": [ARTICLE, ARTICLE]}, ensure_ascii=False, indent=1)
CUTS = [(layout, json.dumps(doc)) for layout, doc in LAYOUTS.values() if layout != "columns"] + [
    ("squad", SQUAD)
]


@pytest.mark.parametrize(("layout", "text"), CUTS)
def test_wherever_a_file_is_cut_off_all_before_the_cut_is_read(layout, text):
    whole, _ = parse(text, layout)
    ends = whole["byte_end"].to_list()
    for cut in range(1, len(text.rstrip())):
        batches = list(read_json(text[:cut], "x", layout))
        complete = sum(end <= len(text[:cut].encode()) for end in ends)
        assert sum(batch.records.height for batch in batches) == complete, cut
        notes = [note for batch in batches for note in batch.notes]
        assert [note.kind for note in notes] == ["malformed-record"], cut
        assert "not JSON" in notes[0].detail


@pytest.mark.parametrize("text", [json.dumps(doc) + " [5]" for _, doc in LAYOUTS.values()])
def test_what_follows_the_end_is_noted(text):
    records, notes = parse(text)
    assert records.height == 1
    assert [n.kind for n in notes] == ["malformed-record"]


@pytest.mark.parametrize(
    "member",
    ['"context": "half \\ud83d"', '"title": "\\udc00"', '"id": "\\ud83d"', '"answers": ["\\ud83d"]',
     '"mood": {"a": ["\\ud83d"]}', '"\\ud83d": 1'],
)  # fmt: skip
def test_half_a_surrogate_pair_sets_its_record_aside(member):
    bad = json.dumps(ROW)[:-1] + ", " + member + "}"
    records, notes = parse(f"[{json.dumps(ROW)}, {bad}, {json.dumps(ROW)}]")
    assert records["row"].to_list() == [1, 3]
    assert [(n.kind, n.place.row) for n in notes] == [("undecodable-bytes", 2)]
    assert records.height + len([n for n in notes if n.kind in UNREADABLE]) == 3


def test_a_whole_surrogate_pair_is_a_character():
    records, notes = parse('[{"context": "\\ud83d\\ude00", "question": "q"}]')
    assert (records["context"].to_list(), notes) == (["😀"], [])


def test_integer_ids_are_ids_and_other_types_are_noted():
    rows = [{**ROW, "id": value} for value in (7, "7", 1.5, True, None, [], "")]
    records, notes = parse(json.dumps(rows))
    assert records["id"].to_list() == ["7", "7", None, None, None, None, None]
    assert [(n.place.row, n.field) for n in notes] == [(3, "id"), (4, "id"), (6, "id")]


def test_made_ids_depend_on_context_and_question_alone():
    row = {"context": "The Nile is long.", "question": "What?"}
    records, _ = parse(json.dumps([{**row, "answers": ["Nile"]}, {"context": "x", "question": "What?"}, row]))
    first, second, third = records["id"]
    assert first == third == "7be20a3d76340f48"
    assert second != first


def test_a_question_does_not_inherit_the_id_of_what_holds_it():
    article = {"id": "a", "paragraphs": [{"id": "p", "context": "c", "qas": [{"question": "q"}]}]}
    record = parse(json.dumps({"data": [article]}))[0].row(0, named=True)
    assert record["id"] not in ("a", "p")
    assert json.loads(record["extra"]) == {"article_id": "a", "paragraph_id": "p"}


@pytest.mark.parametrize(
    "start", [10**30, -(10**30), "9" * 400, float("nan"), float("inf"), True, [], {}, "x"]
)
def test_a_start_that_is_no_number_is_noted(start):
    (batch,) = from_text(json.dumps([{**ROW, "answers": [{"text": "Nile", "answer_start": start}]}]))
    assert batch.records["answer_start"].to_list() == [[None]]
    assert [(n.kind, n.field, n.meant) for n in batch.notes] == [("wrong-type", "answer_start", None)]


@pytest.mark.parametrize("text", ["[]", "{}", '{"data": []}', '{"data": [{"paragraphs": []}]}', "[{}]"])
def test_json_without_records_is_no_corpus(text):
    with pytest.raises(NotACorpusError, match="no records found"):
        parse(text)


@pytest.mark.parametrize(("document", "message"), [
    ({"context": ["a", "b"], "question": ["q"]}, r"<text>: .*different lengths: context 2, question 1"),
    ({"context": ["a"], "question": ["q"], "answers": {"text": [["a"]]}},
     "'answers', the column of answers, is not"),
])  # fmt: skip
def test_columns_that_do_not_fit_together(document, message):
    with pytest.raises(NotACorpusError, match=message):
        parse(json.dumps(document))


@pytest.mark.parametrize("layout", ["squad", "rows", "jsonl", "columns"])
@pytest.mark.parametrize(
    "text", ["{}", "[]", "[[]]", "null", "5", '"x"', "x", "[null]", '{"data": null}', "{", "["]
)
def test_a_layout_that_does_not_fit_ends_in_a_note_or_a_helpful_error(layout, text):
    try:
        records, notes = parse(text, layout)
        refusal = ""
    except NotACorpusError as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("<text>: ")
    else:
        assert records.height == 0
        assert {n.kind for n in notes} == {"malformed-record"}


@pytest.mark.parametrize("indent", [None, 2])
def test_columns_as_pandas_writes_them(indent):
    rows = [{**ROW, "id": name, "title": f"T/{name}"} for name in "ab"]
    frame = pandas.DataFrame(rows)
    corpus = from_text(frame.to_json(indent=indent))
    assert corpus.sources[0].layout == "columns"
    (batch,) = corpus
    assert batch.notes == []
    records = batch.records
    assert records["id"].to_list() == ["a", "b"]
    assert records["title"].to_list() == ["T/a", "T/b"]
    assert records["text"].to_list() == [["Nile"], ["Nile"]]
    document = json.loads(frame.to_json())
    assert [resolve(document, pointer) for pointer in records["pointer"]] == ["What is long?"] * 2


def test_columns_as_pandas_writes_them_are_mended_in_place():
    rows = [ROW, {**ROW, "answers": [{"text": "Nile", "answer_start": 9}]}]
    frame = pandas.DataFrame(rows, index=["x", "y"])
    report = fix(from_text(frame.to_json()))
    mended, fixed = report.content, report.fixed
    assert len(fixed) == 1
    assert mended.decode() == pandas.DataFrame([ROW, ROW], index=["x", "y"]).to_json()


@pytest.mark.parametrize(("questions", "message"), [
    ({"0": "q"}, "different lengths: context 2, question 1"),
    ({"0": "q", "2": "r"}, "the columns name their rows differently"),
    (["q", "r"], "'context', the column of context, is not a list of values"),
])  # fmt: skip
def test_columns_of_pandas_that_do_not_fit_together(questions, message):
    with pytest.raises(NotACorpusError, match=message):
        parse(json.dumps({"context": {"0": "c", "1": "d"}, "question": questions}), "columns")


def test_columns_that_are_longer_than_the_beginning_of_the_file(tmp_path):
    many = 40_000
    for first in ("context", "id"):
        columns = {first: [f"{first} {i:08}" for i in range(many)], "context": ["x y"] * many}
        columns |= {"question": ["q"] * many}
        for table in (columns, {key: dict(enumerate(cells)) for key, cells in columns.items()}):
            path = tmp_path / "long.json"
            path.write_text(json.dumps(table), encoding="utf-8")
            corpus = read(path)
            assert corpus.sources[0].layout == "columns"
            assert corpus.to_polars().height == many


def test_wrong_lines_are_not_counted_through_all_the_text_before_them(monkeypatch):
    lines = "".join(f"{{'context': 'The Nile', 'question': {i}}}\n" for i in range(50)) + json.dumps(ROW)
    seen = []

    class Watched(json.JSONDecodeError):
        def __init__(self, msg, doc, pos):
            seen.append(len(doc))
            super().__init__(msg, doc, pos)

    monkeypatch.setattr(json.decoder, "JSONDecodeError", Watched)
    _, notes = parse(lines, "jsonl")
    assert [note.place.line for note in notes] == list(range(1, 51))
    assert "property name" in notes[0].detail
    assert all("character 2 of the record" in note.detail for note in notes)
    assert max(seen, default=0) < len(lines) / 2


def test_rows_over_several_lines_and_broken_ones_between_them():
    text = (
        json.dumps(ROW, indent=1) + '\n{"context":\n' + json.dumps(ROW, indent=1) + "\n{]\n" + json.dumps(ROW)
    )
    records, notes = parse(text, "jsonl")
    assert records.height == 3
    raw = text.encode()
    for start, end in records.select("byte_start", "byte_end").rows():
        assert json.loads(raw[start:end]) == ROW
    assert {note.kind for note in notes} == {"malformed-record"}


@given(st.text(alphabet="aå😀\n", max_size=5000), st.data())
def test_bytes_of_characters_in_any_order(text, data):
    places = json_batches.Places(text, 3)
    for at in data.draw(st.lists(st.integers(0, len(text)), max_size=8)):
        assert places.byte(at) == 3 + len(text[:at].encode())
