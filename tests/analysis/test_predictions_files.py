"""What may be wrong with the files that predictions come in, and what is said about it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qatoolkit.analysis import report
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError


@pytest.fixture
def write_lines(tmp_path):
    def write(*lines):
        path = tmp_path / "p.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


def test_json_lines_without_questions_are_scored_against_a_data_set(write_lines, write_squad, rows):
    path = write_lines(*(json.dumps({"id": row["id"], "answer": row["answer"]}) for row in rows))
    found = report(predictions=path, dataset=write_squad(rows))
    assert found.metrics["exact"] == 50.0
    with pytest.raises(UsageError, match=r"carries no questions: .* --dataset"):
        report(predictions=path)


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (('{"id": "q1", "answer": ""}', "", "{"), UnreadableError, r"p\.jsonl:3: not JSON Lines"),
        (("", "7"), NotACorpusError, r"p\.jsonl:2: expected one JSON object"),
        (('{"id": "q1"}',), NotACorpusError, "row 1: not a prediction: no 'answer'"),
        (('{"answer": "x"}',), NotACorpusError, "row 1: not a prediction: no 'id'"),
        (('{"id": "q1", "answer": 6650}',), NotACorpusError, "answer is int, not text"),
        (
            ('{"id": "q1", "answer": "x", "context": "x", "question": "x", "answers": "x"}',),
            NotACorpusError,
            "answers is str, not an object of text and answer_start",
        ),
        (("[" * 100_000,), UnreadableError, r"p\.jsonl:1: not JSON Lines"),
    ],
)
def test_the_line_that_is_no_prediction_is_named(write_lines, lines, error, message):
    with pytest.raises(error, match=message):
        report(predictions=write_lines(*lines))


def test_answers_without_starts_are_looked_up(write_lines):
    row = {
        "id": "1",
        "answer": "Rome",
        "context": "Rome or Oslo.",
        "question": "?",
        "answers": {"text": ["Oslo"]},
    }
    (case,) = report(predictions=write_lines(json.dumps(row))).cases
    assert (case.error_class, case.annotated) == ("same-sentence", (8, 12))


def test_a_missing_parquet_file_is_no_broken_one(tmp_path):
    with pytest.raises(UnreadableError, match=r"none\.parquet: no such file"):
        report(predictions=tmp_path / "none.parquet")


def test_a_broken_split_of_a_run_is_named(write_run, rows):
    folder = write_run(validation=rows)
    (folder / "predictions-test.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableError, match=r"predictions-test\.parquet: not a readable parquet file"):
        report(folder)
    assert report(folder, split="validation").split == "validation"
    pq.write_table(pa.table({"id": ["q1"], "answer": [""]}), folder / "predictions-test.parquet")
    with pytest.raises(NotACorpusError, match=r"predictions-test\.parquet: .* no column answers"):
        report(folder)


def test_a_run_without_a_question_has_nothing_to_report(write_run):
    with pytest.raises(UsageError, match="for validation hold no questions"):
        report(write_run(validation=[]), split="validation")


def test_a_split_goes_with_a_run_or_a_data_set(write_predictions, tmp_path, rows):
    path = write_predictions(tmp_path / "p.parquet", rows)
    with pytest.raises(UsageError, match="has no splits"):
        report(predictions=path, split="test")


@pytest.mark.parametrize("odds", ["NaN", "Infinity", "true", '"1"'])
def test_null_odds_are_finite_numbers(write_squad, write_json, rows, odds, tmp_path):
    (tmp_path / "n.json").write_text(f'{{"q1": {odds}}}', encoding="utf-8")
    with pytest.raises(NotACorpusError, match=r"n\.json: not null odds"):
        report(
            predictions=write_json("p.json", {"q1": "x"}),
            dataset=write_squad(rows),
            null_odds=tmp_path / "n.json",
        )


def test_json_that_is_nested_too_deeply_is_refused(tmp_path, write_squad, rows):
    (tmp_path / "p.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"p\.json"):
        report(predictions=tmp_path / "p.json", dataset=write_squad(rows))


def test_half_characters_are_replaced_and_told(write_json, write_squad, rows):
    predictions = write_json("p.json", {"q1": "6650 \ud800km", "q2": "6650"})
    found = report(predictions=predictions, dataset=write_squad(rows))
    assert found.cases[0].prediction.text == "6650 \ufffdkm"
    assert found.notes[0] == "Halves of surrogate pairs, which are no characters, are read as \ufffd: 1."


def test_the_heads_of_the_n_best_lists_and_the_chance_of_the_annotation_are_kept(
    tmp_path, write_predictions, row
):
    spans = [{"text": "Nile", "start": 4, "end": 8, "score": score} for score in (0.5, 0.25, 0.125, 0.0625)]
    rows = [
        row(1, "What?", [("Nile", 4)], "Nile", 4, n_best=spans, gold_rank=3),
        row(2, "Which?", [("Nile", 4)], "Nile", 4, n_best=spans, gold_rank=None),
        row(3, "Who?", [("Nile", 4)], "Nile", 4, n_best=None, gold_rank=None),
    ]
    cases = report(predictions=write_predictions(tmp_path / "p.parquet", rows)).cases
    assert [case.prediction.annotated_score for case in cases] == [0.0625, 0.0, None]
    assert [len(case.prediction.candidates) for case in cases] == [3, 3, 0]
    assert cases[0].prediction.candidates[1] == ("Nile", 4, 8, 0.25)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": "12"}, "start is str, not a number"),
        ({"start": 12.5}, "start is 12.5, not a whole number"),
        ({"score": "high"}, "score is str"),
        ({"context": None}, "context is null"),
        ({"context": 7}, "context is int, not text"),
        ({"question": ["?"]}, "question is list"),
        ({"title": 3}, "title is int"),
        ({"line": "x"}, "line is str"),
        ({"extra": "{"}, "extra is no JSON"),
        ({"answers": {"text": "6650 km"}}, "answers.text is no list"),
        ({"answers": {"text": [None]}}, "answers.text is no list of texts"),
        ({"answers": {"text": ["x"], "answer_start": ["1"]}}, "answer_start is str"),
        ({"n_best": ["x"]}, "n_best is no list of objects"),
        ({"n_best": [{"text": 3, "start": 0, "end": 1, "score": 0.5}]}, "text is int"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_row(write_lines, rows, change, message):
    path = write_lines(json.dumps(rows[0]), json.dumps({**rows[1], **change}))
    with pytest.raises(NotACorpusError, match=rf"row 2: not a prediction: .*{message}"):
        report(predictions=path)


def test_what_a_table_with_gaps_makes_of_numbers_is_read(write_lines, rows):
    odd = {**rows[1], "start": 12.0, "score": 7.5, "null_score": None,
           "answers": {"text": ["6650 km"], "answer_start": [None]},
           "n_best": [{"text": "6650", "start": 12, "end": 16, "score": float("nan")}]}  # fmt: skip
    [case] = report(predictions=write_lines(json.dumps(odd))).cases
    assert (case.prediction.start, case.prediction.score) == (12, None)
    assert case.example.answer_starts == (-1,)
    assert case.prediction.candidates[0].score == 0.0


def test_rows_that_could_not_be_asked_are_left_out_alike_and_told(
    tmp_path, write_predictions, write_run, rows, row
):
    blank = {**row(9, "", [], ""), "context": "", "answer": None}
    run = report(write_run(validation=[*rows, blank]))
    file = report(predictions=write_predictions(tmp_path / "p.parquet", [*rows, blank]))
    assert run.metrics == file.metrics
    assert len(run.cases) == 6
    for found in (run, file):
        assert "Rows without a question or a context are left out: 1." in found.notes


def test_a_context_that_repeats_is_held_once(tmp_path, write_predictions, rows):
    cases = report(predictions=write_predictions(tmp_path / "p.parquet", rows)).cases
    assert len({id(case.example.context) for case in cases}) == 1


def test_ids_that_questions_share_are_told(write_json, write_squad, rows):
    twice = [rows[0], {**rows[1], "id": "q1"}, rows[2]]
    found = report(predictions=write_json("p.json", {"q1": "6650 km"}), dataset=write_squad(twice))
    assert found.notes == [
        "2 questions share their ids with others, and each prediction counts for all of an id."
    ]
