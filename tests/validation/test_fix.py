"""Repairs: exact, idempotent, never of another byte than the value's own, never onto a file that is there."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Corpus, Source, from_text, read
from qatoolkit.corpus.offsets import on_word_boundaries
from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.fix import fix
from qatoolkit.validation.repair import repair
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.select import select_rules
from qatoolkit.validation.validate import validate

MESSY = ["messy.csv", "messy.json"]


@pytest.mark.parametrize("file", MESSY)
@pytest.mark.parametrize("unsafe", [False, True])
def test_fixing_twice_is_fixing_once(sample_data, tmp_path, file, unsafe):
    once, twice = tmp_path / f"once{Path(file).suffix}", tmp_path / f"twice{Path(file).suffix}"
    first = fix(sample_data / file, once, unsafe=unsafe)
    assert first.changed
    assert once.read_bytes() == first.content
    second = fix(once, twice, unsafe=unsafe)
    assert not second.changed
    assert second.fixed == []
    assert twice.read_bytes() == once.read_bytes()


@pytest.mark.parametrize("file", MESSY)
def test_no_safe_repair_is_left_and_unsafe_ones_only_when_asked(sample_data, file):
    safe, unsafe = fix(sample_data / file), fix(sample_data / file, unsafe=True)
    assert safe.left.fixable() == unsafe.left.fixable() == unsafe.left.fixable("unsafe") == 0
    assert {f.fix.safety for f in safe.fixed} == {"safe"}
    assert {f.fix.safety for f in unsafe.fixed} == {"safe", "unsafe"}
    assert safe.left.fixable("unsafe") > 0
    assert len(safe.fixed) >= validate(sample_data / file).fixable()


@pytest.mark.parametrize("file", MESSY)
def test_records_without_a_repair_keep_their_bytes(sample_data, file):
    report = fix(sample_data / file)
    touched = {finding.place.row for finding in report.fixed}
    assert touched
    at = 0
    for row, start, end in (
        read(sample_data / file).to_polars().select("row", "byte_start", "byte_end").rows()
    ):
        if row not in touched:
            record = report.original[start:end]
            assert record in report.content[at:]
            at = report.content.index(record, at) + len(record)


@pytest.mark.parametrize("file", MESSY)
def test_what_fix_writes_is_what_repair_makes_in_memory(sample_data, file):
    columns = ["context", "question", "text", "answer_start"]
    (batch,) = read(sample_data / file)
    repaired = repair(batch, select_rules())
    report = fix(sample_data / file)
    written = Corpus(
        [Source("x", None, "csv" if file.endswith("csv") else "squad", "utf-8", ",", content=report.content)]
    )
    assert written.to_polars().select(columns).equals(repaired.batch.records.select(columns))
    assert len(repaired.fixed) == len(report.fixed)


def occurrences_of_the_clean_sample() -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    """The first articles of the clean sample, and the paths of answers that stand there once."""
    document = json.loads((resource("sample_data") / "clean.json").read_text(encoding="utf-8"))
    document["data"] = document["data"][:3]
    paths = [
        (a, p, q, i)
        for a, article in enumerate(document["data"])
        for p, paragraph in enumerate(article["paragraphs"])
        for q, qa in enumerate(paragraph["qas"])
        for i, answer in enumerate(qa["answers"])
        if paragraph["context"].count(answer["text"]) == 1
        and on_word_boundaries(
            paragraph["context"], answer["answer_start"], answer["answer_start"] + len(answer["text"])
        )
    ]
    return document, paths


CLEAN, PATHS = occurrences_of_the_clean_sample()
SHIFTS = st.dictionaries(st.sampled_from(PATHS), st.integers(-400, 400).filter(bool), min_size=1, max_size=12)


@given(SHIFTS, st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=8, deadline=None)
def test_planted_shifts_are_found_and_undone_exactly(shifts, indent, ascii_only):
    shifted = copy.deepcopy(CLEAN)
    for (a, p, q, i), distance in shifts.items():
        shifted["data"][a]["paragraphs"][p]["qas"][q]["answers"][i]["answer_start"] += distance
    clean, broken = (json.dumps(d, indent=indent, ensure_ascii=ascii_only).encode() for d in (CLEAN, shifted))
    corpus = Corpus([Source("x.json", None, "squad", "utf-8", content=broken)])
    found = validate(corpus, select=["QA2"]).findings
    assert len(found) == len(shifts)
    assert {f.code for f in found} <= {"QA201", "QA205", "QA206"}
    report = fix(corpus)
    mended, fixed = report.content, report.fixed
    assert mended == clean
    assert len(fixed) == len(shifts)


def test_a_repair_that_uncovers_another_is_followed_by_it():
    rows = [{"context": "The Nile.", "question": "q", "answers": [{"text": " Nile", "answer_start": 7}]}]
    report = fix(from_text(json.dumps(rows)))
    mended, fixed = report.content, report.fixed
    assert [f.code for f in fixed] == ["QA201", "QA208"]
    assert json.loads(mended)[0]["answers"] == [{"text": "Nile", "answer_start": 4}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_encoding_and_line_breaks_survive_several_rounds(tmp_path, encoding, line_break):
    header, good = "context,question,answer,answer_start", "Ån är lång.,Vad?,Ån,0"
    bad = 'The Nile is long.,What?," Nile",9'
    path, output = tmp_path / "x.csv", tmp_path / "y.csv"
    path.write_bytes(line_break.join([header, good, bad, good]).encode(encoding))
    fix(path, output)
    mended = 'The Nile is long.,What?,"Nile",4'
    assert output.read_bytes() == line_break.join([header, good, mended, good]).encode(encoding)


def test_records_beside_undecodable_bytes_are_mended(tmp_path):
    path, output = tmp_path / "x.csv", tmp_path / "y.csv"
    header = b"context,question,answer,answer_start\n"
    bad, unreadable = "Ån är lång.,Vad är lång?,Ån,3\n".encode(), "Ån \xff.,Vad?,Ån,0\n".encode("latin-1")
    path.write_bytes(header + bad + unreadable + bad)
    report = fix(path, output)
    assert [finding.code for finding in report.left.findings if finding.severity == "error"] == ["QA106"]
    assert output.read_bytes() == header + bad.replace(b"3", b"0") + unreadable + bad.replace(b"3", b"0")


def test_a_corpus_that_is_open_already(sample_data):
    assert fix(read(sample_data / "messy.csv")).content == fix(sample_data / "messy.csv").content


def test_a_rule_that_is_off_repairs_nothing(sample_data):
    codes = {finding.code for finding in fix(sample_data / "messy.csv").fixed}
    assert "QA201" in codes
    fewer = fix(sample_data / "messy.csv", severities={"span-mismatch": "off"})
    assert "QA201" not in {finding.code for finding in [*fewer.fixed, *fewer.left.findings]}


def test_a_file_that_is_there_is_never_overwritten_unasked(sample_data, tmp_path):
    source, output = tmp_path / "messy.csv", tmp_path / "fixed.csv"
    source.write_bytes((sample_data / "messy.csv").read_bytes())
    output.write_text("mine", encoding="utf-8")
    with pytest.raises(DestinationError, match="is the file itself"):
        fix(source, source, overwrite=True)
    with pytest.raises(DestinationError, match="exists already"):
        fix(source, output)
    assert output.read_text(encoding="utf-8") == "mine"
    fix(source, output, overwrite=True)
    assert output.read_bytes() == fix(source).content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fixed.csv", "messy.csv"]


def test_a_destination_that_cannot_be_written(sample_data, tmp_path):
    with pytest.raises(DestinationError, match="cannot be written"):
        fix(sample_data / "messy.csv", tmp_path / "no" / "such" / "folder.csv")


def test_one_file_at_a_time(sample_data):
    with pytest.raises(UsageError, match="one at a time"):
        fix(sample_data)


def test_looking_at_the_report_writes_nothing(sample_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = (sample_data / "messy.csv").read_bytes()
    assert fix(sample_data / "messy.csv").changed
    assert list(tmp_path.iterdir()) == []
    assert (sample_data / "messy.csv").read_bytes() == before


def test_a_clean_file_is_left_alone(sample_data):
    for file in ("clean.csv", "clean.json", "clean.jsonl", "ten.json"):
        report = fix(sample_data / file)
        assert not report.changed
        assert report.left.ok


def test_no_rule_repairs_a_context():
    for rule in RULES:
        for text in rule.bad:
            fixed = fix(from_text(text), unsafe=True).fixed
            assert not any(edit.field == "context" for f in fixed for edit in f.fix.edits)


@pytest.mark.corpora
def test_covidqa_is_nearly_all_mended(corpora):
    report = fix(corpora / "covidqa-deepset" / "200421_covidQA.json")
    assert validate(corpora / "covidqa-deepset" / "200421_covidQA.json").tally.mismatched_answers == 229
    assert report.left.tally.mismatched_answers <= 10
    assert report.left.fixable() == 0


def test_a_file_is_read_once_and_its_copy_once_a_round(sample_data):
    read_batches = []
    corpus = read(sample_data / "messy.csv")
    watched = replace(corpus, sources=[replace(corpus.sources[0], on_batch=read_batches.append)])
    report = fix(watched)
    assert report.fixed
    rounds = len(read_batches) - 1
    assert 1 <= rounds <= 3
    assert report.left == validate(
        replace(corpus, sources=[replace(corpus.sources[0], path=None, content=report.content)])
    )
