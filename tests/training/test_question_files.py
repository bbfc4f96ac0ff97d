"""`qatk predict` on files of questions: every row is answered or says why not, in any layout."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import qatoolkit
from qatoolkit.cli.predict import OutputFormat
from qatoolkit.cli.predict import predict as command
from qatoolkit.errors import UnreadableError, UsageError
from qatoolkit.training import answering
from qatoolkit.training.evaluate import SCHEMA
from qatoolkit.training.predict import predict
from qatoolkit.training.run import RunResult

NILE = "The Nile is 6650 km long and flows north."
ADA = "Ada Lovelace wrote the first program in 1843."
HOW_LONG, WHO = "How long is the Nile?", "Who wrote the first program?"

QUESTIONS = f"""id,question,context,answer,answer_start
1,{HOW_LONG},{NILE},6650 km,9000
2,,some text,,
3,{"why " * 600},{ADA},1843,40
4,How?
5,{WHO},{ADA},Ada Lovelace,0
"""


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    (tmp_path / "q.csv").write_text(QUESTIONS, encoding="utf-8")
    return tmp_path / "q.csv"


def test_rows_that_cannot_be_asked_keep_their_place(overfitted: RunResult, questions: Path) -> None:
    result = predict(overfitted.path, questions)
    rows = result.table.to_pylist()
    assert [row["answer"] for row in rows] == ["6650 km", None, None, None, "Ada Lovelace"]
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 6]
    assert [row["id"] for row in rows] == ["1", "2", "3", "", "5"]
    assert [row["reason"] is None for row in rows] == [True, False, False, False, True]
    assert "601 tokens" in rows[2]["reason"] or "600 tokens" in rows[2]["reason"]
    assert [place for place, _ in result.unasked] == [f"{questions}:{line}" for line in (3, 4, 5)]
    # A question that is too long for the model is one all the same, and its answer is missing.
    assert result.summary == {"exact": pytest.approx(200 / 3), "f1": pytest.approx(200 / 3), "total": 3}
    assert (result.split, result.path, result.seen_as) == (None, None, None)


def test_portions_change_nothing(
    overfitted: RunResult, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = predict(overfitted.path, questions)
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(answering, "_PORTION", 2)
    parts = predict(overfitted.path, questions, batch_size=1, on_batch=lambda *done: seen.append(done))
    for name in ("id", "answer", "start", "end", "gold_rank", "n_windows", "reason"):
        assert parts.table[name].equals(whole.table[name])
    assert np.allclose(parts.table["score"].drop_null(), whole.table["score"].drop_null(), atol=1e-5)
    assert seen == sorted(seen)
    assert seen[-1] == (3, 3)


def test_what_the_files_hold(abstaining: RunResult, questions: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        predict(abstaining.path, questions, output=tmp_path / "new" / name)
    rows = [json.loads(line) for line in (tmp_path / "new/a.jsonl").read_text("utf-8").splitlines()]
    names = ["id", "question", "answer", "start", "end", "score", "null_score", "source", "line", "place"]
    assert [list(row) for row in rows] == [names + ["reason"] * (row["answer"] is None) for row in rows]
    first = rows[0]
    assert NILE[first["start"] : first["end"]] == first["answer"] == "6650 km"
    assert (first["source"], first["line"], first["place"]) == (str(questions), 2, f"{questions}:2")
    with (tmp_path / "new/a.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert list(table[0]) == [*names, "reason"]
    assert [row["answer"] for row in table] == [row["answer"] or "" for row in rows]
    stored = pq.read_table(tmp_path / "new/a.parquet")
    assert stored.schema.names == [*SCHEMA.names, "reason"]
    assert stored.schema.field("n_best").type == SCHEMA.field("n_best").type


def test_a_report_reads_what_was_written(overfitted: RunResult, questions: Path, tmp_path: Path) -> None:
    result = predict(overfitted.path, questions, output=tmp_path / "a.parquet")
    report = qatoolkit.report(predictions=tmp_path / "a.parquet", output=tmp_path / "r.html").to_dict()
    assert result.summary is not None
    assert report["metrics"]["total"] == result.summary["total"] == 3
    assert report["metrics"]["f1"] == pytest.approx(result.summary["f1"])


def test_questions_that_share_an_id_are_judged_each_by_its_own_row(
    overfitted: RunResult, tmp_path: Path
) -> None:
    (tmp_path / "q.csv").write_text(
        f"id,question,context,answer,answer_start\n1,{HOW_LONG},{NILE},6650 km,12\n1,{WHO},{ADA},1843,40\n"
    )
    result = predict(overfitted.path, tmp_path / "q.csv", output=tmp_path / "dup.parquet")
    found = qatoolkit.report(predictions=tmp_path / "dup.parquet")
    assert result.summary is not None
    assert (found.metrics["f1"], found.metrics["total"]) == (result.summary["f1"], 2) == (50.0, 2)
    assert [case.prediction.text for case in found.cases] == ["6650 km", "Ada Lovelace"]
    with pytest.raises(UsageError, match=r"id '1' has several answers, .* leave --dataset out"):
        qatoolkit.report(predictions=tmp_path / "dup.parquet", dataset=tmp_path / "q.csv")


def test_a_row_without_a_line_has_a_place(overfitted: RunResult, tmp_path: Path) -> None:
    qas = [{"id": "a", "question": HOW_LONG, "answers": []}, {"id": "b", "question": "", "answers": []}]
    data = {"version": "v2.0", "data": [{"title": "", "paragraphs": [{"context": NILE, "qas": qas}]}]}
    (tmp_path / "q.json").write_text(json.dumps(data))
    predict(overfitted.path, tmp_path / "q.json", output=tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    pointers = [f"{tmp_path}/q.json#/data/0/paragraphs/0/qas/{number}" for number in range(2)]
    assert [row["place"] for row in rows] == pointers


def test_a_model_from_elsewhere_learns_from_the_file_whether_there_may_be_no_answer(
    foreign: Path, tmp_path: Path
) -> None:
    for name, answer in (("some.jsonl", ["6650 km"]), ("none.jsonl", [])):
        asked = {WHO: [], HOW_LONG: answer}
        rows = [{"question": each, "context": NILE, "answers": texts} for each, texts in asked.items()]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    some, none = predict(foreign, tmp_path / "some.jsonl"), predict(foreign, tmp_path / "none.jsonl")
    assert (some.mode, none.mode) == ("squad_v2", "squad")
    assert some.summary is not None
    assert "NoAns_f1" in some.summary
    assert none.summary is None


def test_answers_go_to_stdout(
    overfitted: RunResult, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(str(overfitted.path), str(questions))
    shown = capsys.readouterr()
    assert [json.loads(line)["answer"] for line in shown.out.splitlines()][::4] == ["6650 km", "Ada Lovelace"]
    told = shown.err.splitlines()
    assert told[0] == f"{questions}:3: has no question"
    assert told[3:5] == ["3 rows could not be asked and got no answer", "2 questions answered"]
    command(str(overfitted.path), str(questions), output_format=OutputFormat.json)
    summary = json.loads(capsys.readouterr().out)
    assert (len(summary["answers"]), len(summary["unasked"]), summary["questions"]) == (5, 3, 5)


def test_other_layouts_and_their_options(
    overfitted: RunResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q.tsv").write_bytes(f"frage\tdoc\n{HOW_LONG}\tn\n".encode("utf-16"))
    (tmp_path / "docs.csv").write_text(f"doc,text\nn,{NILE}\n")
    command(
        str(overfitted.path),
        str(tmp_path / "q.tsv"),
        map=["frage=question"],
        documents=str(tmp_path / "docs.csv"),
        on="doc",
        output=str(tmp_path / "a.jsonl"),
    )
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "1 question answered",
        "No scores: there are no annotated answers",
        f"Written to {tmp_path}/a.jsonl",
    ]
    assert json.loads((tmp_path / "a.jsonl").read_text())["answer"] == "6650 km"
    with pytest.raises(UsageError, match="--format csv: says how a file of questions is read"):
        command(str(overfitted.path), format="csv")


def typed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_questions_are_answered_as_they_are_typed(
    overfitted: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.txt").write_text(f"{NILE}\n{ADA}\n")
    options: dict[str, Any] = {"context_file": str(tmp_path / "t.txt")}
    typed(monkeypatch, f"{HOW_LONG}\n{'why ' * 600}\r\n{WHO}\n\nWhen?\n".encode())
    command(str(overfitted.path), **options)
    shown = capsys.readouterr()
    answers = [line for line in shown.out.splitlines() if line.startswith("answer")]
    assert answers[0] == "answer  6650 km"
    assert len(answers) == 2
    assert [line for line in shown.out.splitlines() if line in (HOW_LONG, WHO)] == [HOW_LONG, WHO]
    assert shown.err.startswith("qatk: question number 1 has")

    typed(monkeypatch, f"{HOW_LONG}\n{WHO}".encode())
    command(str(overfitted.path), output_format=OutputFormat.json, **options)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["question"] for row in rows] == [HOW_LONG, WHO]
    assert rows[0]["answer"] == "6650 km"

    typed(monkeypatch, b"Who?\n\xff\xfe\n")
    with pytest.raises(UnreadableError, match="standard input, line 2: not UTF-8 text"):
        command(str(overfitted.path), **options)
    (tmp_path / "t.txt").write_bytes(b"caf\xe9")
    with pytest.raises(UnreadableError, match=r"t\.txt: not UTF-8 text \(byte 3\)"):
        command(str(overfitted.path), **options)
    (tmp_path / "t.txt").write_bytes(b" \n")
    with pytest.raises(UnreadableError, match=r"t\.txt: holds no text"):
        command(str(overfitted.path), **options)
    with pytest.raises(UsageError, match="cannot hold questions as well: add --question"):
        command(str(overfitted.path), context_file="-")
