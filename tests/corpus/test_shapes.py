"""Layouts that are rows of a table: told by their marks, read, and mended in their own way of counting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Corpus, from_text, read
from qatoolkit.corpus.json_records import find_records
from qatoolkit.corpus.shapes import SHAPES
from qatoolkit.corpus.sniff import LAYOUTS
from qatoolkit.corpus.spans import code_points
from qatoolkit.errors import UsageError
from qatoolkit.validation.fix import fix
from qatoolkit.validation.validate import validate


@dataclass(frozen=True)
class Pair:
    """A question as every layout must give it back: answers are spans of the context."""

    id: str
    title: str
    context: str
    question: str
    spans: tuple[tuple[int, int], ...]

    @property
    def texts(self) -> list[str]:
        return [self.context[a:b] for a, b in self.spans]


def n_bytes(text: str) -> int:
    return len(text.encode())


def mrqa(pairs: list[Pair]) -> list[Any]:
    contexts = dict.fromkeys(pair.context for pair in pairs)
    return [{"header": {"dataset": "ours", "split": "dev"}}] + [
        {
            "id": "",
            "context": context,
            "context_tokens": [["The", 0]],
            "qas": [
                {
                    "qid": pair.id,
                    "question": pair.question,
                    "answers": ["another spelling"],
                    "detected_answers": [
                        {"text": text, "char_spans": [[a, b - 1] for a, b in spans], "token_spans": [[0, 0]]}
                        for text, spans in grouped(pair).items()
                    ],
                }
                for pair in pairs
                if pair.context == context
            ],
        }
        for context in contexts
    ]


def grouped(pair: Pair) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for text, span in zip(pair.texts, pair.spans, strict=True):
        found.setdefault(text, []).append(span)
    return found


def cmrc(pairs: list[Pair]) -> list[Any]:
    return [
        {
            "context_id": f"c{i}",
            "context_text": pair.context,
            "title": pair.title,
            "qas": [{"query_text": pair.question, "query_id": pair.id, "answers": pair.texts}],
        }
        for i, pair in enumerate(pairs)
    ]


def textinator(pairs: list[Pair]) -> list[Any]:
    return [
        {
            "id": pair.id,
            "title": pair.title,
            "context": pair.context,
            "question": pair.question,
            "choices": [
                {"start": 0, "end": 1, "text": pair.context[:1], "type": "Distractor", "extra": None},
                *(
                    {"start": a, "end": b, "text": text, "type": "Correct answer", "extra": None}
                    for text, (a, b) in zip(pair.texts, pair.spans, strict=True)
                ),
            ],
        }
        for pair in pairs
    ]


def qed(pairs: list[Pair]) -> list[Any]:
    return [
        {
            "example_id": pair.id,
            "title_text": pair.title,
            "question_text": pair.question,
            "paragraph_text": pair.context,
            "original_nq_answers": [
                [{"start": a, "end": b, "string": text}]
                for text, (a, b) in zip(pair.texts, pair.spans, strict=True)
            ],
        }
        for pair in pairs
    ]


def tydi(pairs: list[Pair]) -> list[Any]:
    def annotation(start: int, end: int) -> dict[str, Any]:
        span = {"plaintext_start_byte": start, "plaintext_end_byte": end}
        return {"minimal_answer": span, "yes_no_answer": "NONE"}

    return [
        {
            "example_id": pair.id,
            "document_title": pair.title,
            "document_plaintext": pair.context,
            "question_text": pair.question,
            "annotations": [annotation(-1, -1)]
            + [annotation(n_bytes(pair.context[:a]), n_bytes(pair.context[:b])) for a, b in pair.spans],
        }
        for pair in pairs
    ]


def afriqa(pairs: list[Pair]) -> list[Any]:
    return [
        {
            "id": pair.id,
            "title": pair.title,
            "context": pair.context,
            "question_lang": "Swali?",
            "question_translated": pair.question,
            "answer_pivot": {"text": pair.texts, "answer_start": [a for a, _ in pair.spans]},
            "answer_lang": "jibu",
        }
        for pair in pairs
    ]


WRITERS: dict[str, Callable[[list[Pair]], list[Any]]] = {
    "mrqa": mrqa, "cmrc": cmrc, "textinator": textinator, "qed": qed, "tydi": tydi, "afriqa": afriqa,
}  # fmt: skip
LETTERS = st.sampled_from('aÅ😀 \n"\\क\u0301')


@st.composite
def pairs_strategy(draw: st.DrawFn) -> list[Pair]:
    pairs = []
    for number in range(draw(st.integers(1, 4))):
        context = "x" + draw(st.text(LETTERS, max_size=8)) + "y"
        every = [(a, b) for a in range(len(context)) for b in range(a + 1, min(a + 4, len(context) + 1))]
        spans = draw(st.lists(st.sampled_from(every), max_size=3, unique=True))
        pairs.append(Pair(f"id{number}", "t", context, f"q{number}?", tuple(sorted(spans))))
    return pairs


def document(name: str, pairs: list[Pair], spelled: str, ascii_only: bool = False) -> str:
    """The pairs in one layout: as a list, below "data", or one a line."""
    records = WRITERS[name](pairs)
    if spelled == "lines":
        return "".join(json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records)
    records = [record for record in records if "header" not in record]
    whole = {"data": records, "version": 1} if spelled == "data" else records
    return json.dumps(whole, ensure_ascii=ascii_only, indent=1)


def test_the_table_and_the_writers_are_complete():
    assert set(WRITERS) == set(SHAPES)
    assert set(SHAPES) < set(LAYOUTS)


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=40)
@given(pairs=pairs_strategy(), spelled=st.sampled_from(["list", "data", "lines"]), ascii_only=st.booleans())
def test_reading_is_the_inverse_of_writing(name, pairs, spelled, ascii_only):
    text = document(name, pairs, spelled, ascii_only)
    for corpus in [from_text(text, format=name)] + ([from_text(text)] if any(p.spans for p in pairs) else []):
        (batch,) = corpus
        assert batch.notes == []
        rows = {row["id"]: row for row in batch.records.iter_rows(named=True)}
        assert set(rows) == {pair.id for pair in pairs}
        for pair in pairs:
            row = rows[pair.id]
            assert (row["context"], row["question"]) == (pair.context, pair.question)
            assert row["title"] == (None if name == "mrqa" else "t")
            if name == "mrqa":  # spans with the same text stand together
                assert sorted(zip(row["answer_start"], row["answer_end"], strict=True)) == list(pair.spans)
                assert row["text"] == [
                    pair.context[a:b] for a, b in zip(row["answer_start"], row["answer_end"], strict=True)
                ]
                continue
            assert row["text"] == pair.texts
            starts = [None] * len(pair.spans) if name == "cmrc" else [a for a, _ in pair.spans]
            assert row["answer_start"] == starts
            ended = name not in ("cmrc", "afriqa")
            assert row["answer_end"] == [b if ended else None for _, b in pair.spans]


NILE = Pair("1", "t", "😀 The Nile is långt.", "What is long?", ((6, 10), (14, 19)))


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("spelled", ["list", "data", "lines"])
def test_the_layout_is_told_by_its_marks(name, spelled):
    text = document(name, [NILE], spelled)
    assert from_text(text).sources[0].layout == name
    assert from_text(text[:-3]).sources[0].layout == name  # the beginning tells


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_field_is_kept(name):
    (record,) = from_text(document(name, [NILE], "lines")).to_polars().iter_rows(named=True)
    extra = json.loads(record["extra"])
    kept = {
        "mrqa": "detected_answers",
        "cmrc": "context_id",
        "textinator": "choices",
        "qed": "original_nq_answers",
        "tydi": "annotations",
        "afriqa": "question_lang",
    }[name]
    assert kept in extra or f"paragraph_{kept}" in extra
    assert not {"context", "document_plaintext", "paragraph_text", "context_text"} & set(extra)


COUNTED = [name for name in WRITERS if name != "cmrc"]


def moved(name: str, record: dict[str, Any], by: int) -> None:
    """Shifts the first answer of a record by so many characters, in the layout's own unit."""
    if name == "mrqa":
        span = record["qas"][0]["detected_answers"][0]["char_spans"][0]
        span[:] = [span[0] + by, span[1] + by]
    elif name == "textinator":
        record["choices"][1]["start"] += by
        record["choices"][1]["end"] += by
    elif name == "qed":
        record["original_nq_answers"][0][0]["start"] += by
        record["original_nq_answers"][0][0]["end"] += by
    else:
        record["answer_pivot"]["answer_start"][0] += by


@pytest.mark.parametrize("name", [name for name in COUNTED if name != "tydi"])
@pytest.mark.parametrize("by", [-2, 1, 3])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_shifted_answer_is_put_back_to_the_byte(name, by, ascii_only):
    def written(shift: int) -> str:
        records = WRITERS[name]([NILE])
        moved(name, records[-1], shift)
        return "".join(json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records)

    corpus = from_text(written(by))
    findings = validate(corpus, select=["QA2"], ignore=["QA209"]).findings
    assert [finding.code for finding in findings] == ["QA201"]
    report = fix(corpus)
    mended, fixed = report.content, report.fixed
    assert mended.decode() == written(0)
    assert len(fixed) == 1


def test_blanks_around_an_answer_are_trimmed_in_bytes():
    wide = Pair("1", "t", "😀 The Nile is långt.", "What is long?", ((5, 11), (13, 19)))
    corpus = from_text(document("tydi", [wide], "lines"))
    assert corpus.to_polars()["text"].to_list() == [[" Nile ", " långt"]]
    report = fix(corpus)
    mended, fixed = report.content, report.fixed
    assert mended.decode() == document("tydi", [NILE], "lines")
    assert {finding.code for finding in fixed} == {"QA208"}


def test_blanks_around_an_answer_are_trimmed_with_an_inclusive_end():
    records = mrqa([NILE])
    answer = records[1]["qas"][0]["detected_answers"][0]
    answer.update(text=" Nile", char_spans=[[5, 9]])
    mended = fix(from_text("\n".join(json.dumps(record) for record in records))).content
    assert [json.loads(line) for line in mended.decode().splitlines()] == mrqa([NILE])


def test_a_text_that_several_spans_share_is_for_a_person():
    records = mrqa([Pair("1", "", "a Nile, a Nile", "q?", ((2, 6), (10, 14)))])
    answer = records[1]["qas"][0]["detected_answers"][0]
    answer.update(text=" Nile", char_spans=[[1, 5], [9, 13]])
    with pytest.raises(UsageError, match="record 1: the text ' Nile' belongs to several spans; mend it"):
        fix(from_text("\n".join(json.dumps(record) for record in records)))


def test_the_span_says_how_a_shared_text_is_spelled():
    records = mrqa([NILE])
    records[1]["qas"][0]["detected_answers"][0]["text"] = "nile"
    records[1]["qas"][0]["detected_answers"][1]["text"] = "kort"
    (row,) = from_text("\n".join(map(json.dumps, records))).to_polars().iter_rows(named=True)
    assert (row["text"], row["answer_start"]) == (["Nile", "kort"], [6, 14])


@pytest.mark.parametrize(
    ("start", "end", "odd"),
    [
        (1, 14, [("answer_start", 1)]),  # inside the emoji
        (0, 3, [("answer_end", 3)]),
        (9, 10_000, [("answer_end", 10_000)]),
        (-7, 14, [("answer_start", -7)]),
        (10_000, 20_000, [("answer_start", 10_000), ("answer_end", 20_000)]),
        ("9", 13, [("answer_start", "9")]),
        (None, 13, []),
        (9, [], [("answer_end", [])]),
    ],
)
def test_bytes_that_are_no_place_between_characters_are_noted(start, end, odd):
    (record,) = tydi([NILE])
    record["annotations"][1]["minimal_answer"] = {"plaintext_start_byte": start, "plaintext_end_byte": end}
    (batch,) = from_text(json.dumps(record))
    assert [(note.kind, note.field, note.answer, note.value) for note in batch.notes] == [
        ("wrong-type", field, 0, value) for field, value in odd
    ]
    report = validate(from_text(json.dumps(record)))
    assert report.tally.records == 1
    assert not report.ok


def test_a_number_in_quotes_is_mended_in_the_unit_of_the_layout():
    (record,) = tydi([NILE])
    record["annotations"][1]["minimal_answer"]["plaintext_start_byte"] = str(n_bytes(NILE.context[:6]))
    report = fix(from_text(json.dumps(record)))
    mended, fixed = report.content, report.fixed
    assert json.loads(mended) == tydi([NILE])[0]
    assert [finding.code for finding in fixed] == ["QA102"]
    records = mrqa([NILE])
    records[1]["qas"][0]["detected_answers"][0]["char_spans"][0][1] = "9"
    mended = fix(from_text("\n".join(map(json.dumps, records)))).content
    assert [json.loads(line) for line in mended.decode().splitlines()] == mrqa([NILE])


@given(st.text(LETTERS, max_size=8), st.integers(-2, 40))
def test_code_points_of_bytes(text, size):
    told = code_points(text, size)
    if told is not None:
        assert n_bytes(text[:told]) == size
    else:
        assert size not in {n_bytes(text[:i]) for i in range(len(text) + 1)}


@pytest.mark.parametrize("value", ["text", 5, {"a": 1}, True])
@pytest.mark.parametrize("name", ["textinator", "qed", "tydi"])
def test_what_is_no_list_of_answers_is_noted(name, value):
    key = {"textinator": "choices", "qed": "original_nq_answers", "tydi": "annotations"}[name]
    (record,) = WRITERS[name]([NILE])
    (batch,) = from_text(json.dumps({**record, key: value}), format=name)
    assert [(note.kind, note.field, note.value) for note in batch.notes] == [("wrong-type", "answers", value)]
    assert batch.records["text"].to_list() == [[]]


@pytest.mark.parametrize("value", [None, []])
def test_no_list_or_an_empty_one_is_no_answer(value):
    (record,) = qed([NILE])
    (batch,) = from_text(json.dumps({**record, "original_nq_answers": value}), format="qed")
    assert (batch.notes, batch.records["text"].to_list()) == ([], [[]])


PARTS = st.sampled_from(["start", "end", "text", "type", "0", "minimal_answer"])
ANY = st.recursive(
    st.sampled_from([None, True, 0, 3, -1, 10**30, 2.5, "", "Nile", "4"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(PARTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_whatever_stands_in_a_record_it_is_read_and_reported_once(name, data):
    records = WRITERS[name]([NILE])
    record = records[-1]["qas"][0] if "qas" in records[-1] else records[-1]
    key = data.draw(st.sampled_from(sorted(record)))
    record[key] = data.draw(ANY)
    text = "\n".join(json.dumps(record) for record in records)
    assert validate(from_text(text, format=name)).tally.records == 1


def test_format_goes_before_the_marks_and_the_mapping_before_the_row():
    text = document("textinator", [NILE], "list")
    assert from_text(text, format="rows").to_polars()["text"].to_list() == [[]]
    corpus = Corpus(from_text(text).sources, {"choices.0.text": "answers"})
    assert corpus.to_polars()["text"].to_list() == [["😀"]]


def test_a_header_counts_only_where_it_belongs():
    text = json.dumps({"header": {}}) + "\n" + json.dumps({"context": "x", "qas": [{"question": "q"}]})
    assert len(list(find_records(text, "x", "mrqa"))) == 1
    assert len(list(find_records(text, "x", "squad"))) == 2


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("file", "layout", "wrong"),
    [
        ("cmrc2018/original_trial.json", "cmrc", 0),
        ("sweqquad-mc/dev.json", "textinator", 0),
        ("sweqquad-mc/training.json", "textinator", 0),
        ("qed/qed-dev.jsonlines", "qed", 0),
        ("tydiqa/tiny_dev.jsonl.gz", "tydi", 0),
        ("afriqa/gold_span_passages.afriqa.swa.en.test.json", "afriqa", 39),
        ("afriqa/gold_span_passages.afriqa.fon.fr.test.json", "afriqa", 24),
    ],
)
def test_published_layouts_have_as_many_wrong_answers_as_their_manifest_says(corpora, file, layout, wrong):
    corpus = read(corpora / file)
    assert corpus.sources[0].layout == layout
    assert validate(corpus, select=["QA2"]).tally.mismatched_answers == wrong


@pytest.mark.corpora
def test_starts_of_afriqa_behind_a_blank_are_put_back(corpora):
    corpus = read(corpora / "afriqa/gold_span_passages.afriqa.swa.en.test.json")
    report = fix(corpus)
    mended, fixed = report.content, report.fixed
    assert {finding.code for finding in fixed} == {"QA201", "QA205", "QA206"}
    after = from_text(mended.decode())
    assert validate(after, select=["QA2"]).tally.mismatched_answers == 39 - len(fixed)
    before = corpus.sources[0].read_bytes().splitlines()
    changed = [old for old, new in zip(before, mended.splitlines(), strict=True) if old != new]
    assert len(changed) == len(fixed)


@pytest.mark.corpora
def test_925_bare_answers_of_cmrc_occur_once(corpora):
    records = read(corpora / "cmrc2018/original_trial.json").to_polars()
    rows = records.select("context", "text").iter_rows()
    assert sum(context.count(text) == 1 for context, (text,) in rows if context and text) == 925
