"""The engine: the same findings however the file is cut, in the order of the source, and right counts."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import delimited, from_text, json_batches, read
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.validate import validate

#: Files whose answers carry no starts that we read, so nothing can be counted as misplaced.
WITHOUT_STARTS = {
    "cmrc2018/original_trial.json",
    "sweqquad-mc/dev.json",
    "sweqquad-mc/training.json",
    "qed/qed-dev.jsonlines",
    "afriqa/gold_span_passages.afriqa.swa.en.test.json",
    "afriqa/gold_span_passages.afriqa.fon.fr.test.json",
    "tydiqa/tiny_dev.jsonl.gz",
}


def manifest() -> list[dict[str, str]]:
    folder = os.environ.get("QATK_CORPORA")
    if not folder:
        return []
    with (Path(folder) / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        return [
            row for row in csv.DictReader(lines) if row["questions"] and row["file"] not in WITHOUT_STARTS
        ]


def told(findings: list[Finding]) -> list[tuple[Any, ...]]:
    """What must not depend on batches; how many later records share a context does."""
    return [
        (f.code, f.place, f.id, f.answer, re.sub("; [0-9]+ more records? shares? it", "", f.message), f.fix)
        for f in findings
    ]


@pytest.mark.parametrize("file", ["messy.csv", "messy.json"])
@pytest.mark.parametrize("size", [5, 100])
def test_batching_does_not_matter(sample_data, monkeypatch, file, size):
    whole = validate(sample_data / file)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", size * 1000)
    monkeypatch.setattr(json_batches, "BATCH_RECORDS", size)
    assert len(list(read(sample_data / file))) > 3
    pieces = validate(sample_data / file)
    assert told(pieces.findings) == told(whole.findings)
    assert pieces.tally == whole.tally


def test_a_context_with_a_fault_is_reported_once_for_a_file(monkeypatch):
    rows = [{"context": "The Nile<br>is long.", "question": f"q{i}", "answers": ["Nile"]} for i in range(6)]
    found = validate(from_text(json.dumps(rows)), ignore=["QA406"]).findings
    assert [f.message for f in found] == ['the context holds markup, "<br>"; 5 more records share it']
    monkeypatch.setattr(json_batches, "BATCH_RECORDS", 2)
    assert [f.code for f in validate(from_text(json.dumps(rows)), ignore=["QA406"]).findings] == ["QA305"]


def test_a_value_of_a_wrong_type_is_not_also_missing():
    text = '[{"id": [1], "context": {"a": 1}, "question": "What?", "answers": []}]'
    found = validate(from_text(text), ignore=["QA4"]).findings
    assert [(f.code, f.field) for f in found] == [("QA102", "context"), ("QA102", "id")]
    without = validate(from_text(text), select=["QA103"]).findings
    assert sorted(f.field for f in without) == ["context", "id"]


@pytest.mark.parametrize("file", ["messy.csv", "messy.json"])
def test_findings_come_in_the_order_of_the_source(sample_data, file):
    starts = [finding.place.byte_start for finding in validate(sample_data / file).findings]
    assert starts == sorted(starts)


def test_what_two_records_share_is_told_with_the_file_of_the_other(tmp_path):
    (tmp_path / "a.csv").write_text("id,context,question\n1,a,q\n2,b,q\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,context,question\n1,c,q\n3,b,q\n4,c,q\n", encoding="utf-8")
    found = validate([tmp_path / "a.csv", tmp_path / "b.csv"], select=["QA104", "QA401"]).findings
    assert [(f.code, f.message) for f in found] == [
        ("QA104", f"id '1' also names another question, in record 1 of {tmp_path}/a.csv"),
        (
            "QA401",
            f"the same question on the same context is also record 2 of {tmp_path}/a.csv, under another id",
        ),
        ("QA401", "the same question on the same context is also record 1, under another id"),
    ]


TEXT = st.text(st.sampled_from("ab é😀\u0301\x1c"), max_size=4)
ANSWER = st.fixed_dictionaries({"text": TEXT | st.none(), "answer_start": st.integers(-3, 9) | st.none()})
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"context": TEXT, "question": st.just("q"), "answers": st.lists(ANSWER, max_size=3)}
    ),
    min_size=1,
    max_size=4,
)


def misplaced(records: list[dict[str, Any]]) -> int:
    answers = [(record["context"], answer) for record in records for answer in record["answers"]]
    gives_starts = any(answer["answer_start"] is not None for _, answer in answers)
    count = 0
    for context, answer in answers:
        text, start = answer["text"] or "", answer["answer_start"]
        if start is None:
            count += gives_starts or not text
        else:
            count += start < 0 or not text.strip() or context[start : start + len(text)] != text
    return count


@given(RECORDS)
@settings(max_examples=60, deadline=None)
def test_misplaced_answers_are_counted_as_plain_python_counts_them(records):
    report = validate(from_text(json.dumps(records)))
    assert report.tally.mismatched_answers == misplaced(records)
    assert report.tally.answers == sum(len(record["answers"]) for record in records)
    assert report.tally.records == len(records)


@given(RECORDS)
@settings(max_examples=60, deadline=None)
def test_every_misplaced_answer_of_a_context_gets_exactly_one_error(records):
    found = validate(from_text(json.dumps(records)), select=["QA2"]).findings
    errors = [(f.place.row, f.answer) for f in found if f.severity == "error"]
    assert len(set(errors)) == len(errors)
    for row, record in enumerate(records, 1):
        for i, answer in enumerate(record["answers"]):
            text, start = answer["text"] or "", answer["answer_start"]
            placed = start is not None and start >= 0 and record["context"][start : start + len(text)] == text
            if start is not None and record["context"]:
                assert ((row, i) in errors) == (not text.strip() or not placed)


@pytest.mark.corpora
@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in manifest()])
def test_misplaced_answers_of_published_corpora_equal_the_manifest(corpora, row):
    report = validate(corpora / row["file"])
    assert report.tally.mismatched_answers == int(row["bad_answers"])
    if row["bad_answers"] == "0":
        assert [f for f in report.findings if f.code.startswith("QA2") and f.severity == "error"] == []


@pytest.mark.corpora
@pytest.mark.parametrize("language", ["en", "ar", "hi", "th", "de"])
def test_xquad_is_without_an_error(corpora, language):
    report = validate(corpora / "xquad" / f"xquad.{language}.json")
    assert report.ok
    assert report.tally.records == 1190
