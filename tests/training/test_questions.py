"""Questions of any file: nothing is lost, nothing stops on a wrong answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import qatoolkit
from qatoolkit.errors import NotACorpusError, UsageError
from qatoolkit.training.questions import Questions, read_questions

NILE = "The Nile is 6650 km long."


def read(path: Path, text: str) -> Questions:
    path.write_text(text, encoding="utf-8")
    return read_questions(qatoolkit.read(path))


def test_every_row_stays_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    found = read(
        path,
        "id,question,context,answer,answer_start,note\n"
        f"1,How long?,{NILE},6650 km,9000,x\n"
        "2,,some text,,,\n"
        "3,What?, ,,,\n"
        "4,How?\n"
        f'5,"Two\nlines?",{NILE},nowhere,,\n',
    )
    assert found.reasons == [
        None,
        "has no question",
        "has no context",
        "cannot be read: 2 fields, the header has 6",
        None,
    ]
    assert found.askable == [0, 4]
    assert [found.origin(row) for row in range(5)] == [f"{path}:{line}" for line in (2, 3, 4, 5, 6)]
    assert found.columns["id"] == ["1", "2", "3", "", "5"]
    assert found.columns["question"][4] == "Two\nlines?"
    assert found.columns["answers"][0] == {"text": ["6650 km"], "answer_start": [9000]}
    assert found.columns["answers"][4] == {"text": ["nowhere"], "answer_start": [-1]}
    assert json.loads(found.places[0]["extra"]) == {"note": "x"}
    assert found.places[4]["line_end"] == 7
    assert (found.labelled, found.split) == (True, None)


def test_rows_of_one_question_share_their_answers(tmp_path: Path) -> None:
    row = {"context": NILE, "question": "How long?"}
    rows = [row | {"answer": "6650 km"}, row | {"answer": "6650"}, row | {"answer": "6650 km"}]
    found = read(tmp_path / "q.jsonl", "".join(json.dumps(each) + "\n" for each in rows))
    assert [answers["text"] for answers in found.columns["answers"]] == [["6650 km", "6650"]] * 3
    assert found.askable == [0, 1, 2]


def test_a_start_that_no_context_has(tmp_path: Path) -> None:
    answers = {"text": ["a", "b"], "answer_start": [10**15, -3]}
    found = read(tmp_path / "q.jsonl", json.dumps({"context": "a", "question": "b", "answers": answers}))
    assert found.columns["answers"] == [{"text": ["a", "b"], "answer_start": [-1, -1]}]


@pytest.mark.parametrize(
    ("field", "labelled"),
    [({}, False), ({"answers": []}, False), ({"is_impossible": True}, True), ({"answers": ["Nile"]}, True)],
)
def test_when_questions_are_labelled(tmp_path: Path, field: dict[str, object], labelled: bool) -> None:
    row = {"context": NILE, "question": "How long?"} | field
    assert read(tmp_path / "q.jsonl", json.dumps(row)).labelled is labelled


def test_only_one_split_of_a_folder(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text(f"context,question\n{NILE},In {name}?\n")
    corpus = qatoolkit.read(tmp_path)
    assert len(read_questions(corpus)) == 2
    assert read_questions(corpus, "test").columns["question"] == ["In test?"]
    with pytest.raises(UsageError, match=r"no split dev there \(it has test, train\)"):
        read_questions(corpus, "dev")


def test_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(NotACorpusError, match="holds no questions"):
        read(tmp_path / "q.csv", "context,question\n")
