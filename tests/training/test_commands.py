"""`qatk finetune` and `qatk predict` as a person runs them: another process, piped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from qatoolkit.training.arguments import training_values
from qatoolkit.training.model import quiet
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.run import RunResult

Maker = Callable[..., datasets.DatasetDict]

HOW_LONG = ("--question", "How long is the Nile?")
NILE = "The Nile is 6650 km long and flows north."


@pytest.fixture
def saved(make_dataset: Maker, tmp_path: Path) -> Path:
    with quiet():
        make_dataset(repeat=2).save_to_disk(str(tmp_path / "dataset"))
    return tmp_path / "dataset"


def masked(text: str) -> str:
    """Losses and scores of a random model differ between machines."""
    return re.sub(r" +\d+\.\d\d", " #", text)


def test_finetune(qatk: Any, tiny_distilbert: Path, saved: Path) -> None:
    options = ("--model", tiny_distilbert, "--epochs", "2", "--batch-size", "4", "--set", "warmup_steps=1")
    ran = qatk("finetune", *options, "--max-seq-length", "64", "--doc-stride", "16")
    assert (ran.code, ran.err) == (0, "")
    *table, verdict, signature, following = ran.out.splitlines()
    precision = "bfloat16, float32 weights" if "bf16" in training_values(Recipe()) else "float32"
    assert [masked(line) for line in table] == [
        f"model     {tiny_distilbert}",
        "data      dataset: 8 questions in 8 windows to train, 4 questions in 4 windows to validate",
        "mode      squad: every question has an answer",
        "ceiling   train: EM #, F1 # at best with these windows",
        "          validation: EM #, F1 # at best with these windows",
        f"machine   cpu, {precision}, no attention dropout; 4 steps",
        "settings  --batch-size: batch_size 4",
        "          --doc-stride: doc_stride 16",
        "          --epochs: epochs 2",
        "          --max-seq-length: max_seq_length 64",
        "          --set: warmup_steps 1",
        "          training split: language en",
        "          default: n_best_size 20, max_answer_length 30, negative_windows 1, learning_rate 5e-05,",
        "            weight_decay #, seed 42",
        "",
        "epoch  train loss  validation loss      EM      F1",
        "    0           - # # #  before training",
        "    1 # # # #",
        "    2 # # # #",
        "",
    ]
    rows = table[-4:-1]
    assert {len(line) for line in rows} == {len(table[-5]), len(table[-5] + "  before training")}
    gained = r"( Before training F1 was \d+\.\d\d: nothing was gained\.)?"
    assert re.fullmatch(r"Kept epoch [12]: F1 \d+\.\d\d, exact match \d+\.\d\d\." + gained, verdict)
    assert signature.startswith("squad|n:4|")
    assert following == "Next: qatk report run"
    assert (saved.parent / "run" / "run.json").exists()

    again = qatk("finetune", *options)
    assert (again.code, again.out) == (2, "")
    assert again.err == "qatk: run: exists already; add --overwrite, or choose another folder with -o\n"


def test_finetune_without_a_dataset(qatk: Any) -> None:
    ran = qatk("finetune")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "qatk: dataset: no such folder; qatk convert FILE -o dataset writes one\n"


def test_a_question_about_a_text(qatk: Any, overfitted: RunResult) -> None:
    ran = qatk("predict", overfitted.path, *HOW_LONG, "--context", NILE)
    assert (ran.code, ran.err) == (0, "")
    assert re.sub(r"0\.\d{4}", "#", ran.out).splitlines() == [
        "answer  6650 km",
        "score   #",
        "start   12",
        "end     19",
        "        | The Nile is 6650 km long and flows north.",
        "        |             ^^^^^^^",
    ]


def test_positions_are_those_of_the_file(qatk: Any, overfitted: RunResult, tmp_path: Path) -> None:
    text = "Wide 北京\r\n\r\n[/b] :100: " + NILE
    (tmp_path / "text.txt").write_bytes(text.encode())
    options = ("--context-file", "text.txt", "--output-format", "json")
    ran = qatk("predict", overfitted.path, *HOW_LONG, *options)
    answer = json.loads(ran.out)
    assert answer["version"] == 1
    assert text[answer["start"] : answer["end"]] == answer["answer"] == "6650 km"

    shown = qatk("predict", overfitted.path, *HOW_LONG, "--context-file", "text.txt").out.splitlines()
    assert "[/b] :100:" in shown[-2]


def test_no_answer(qatk: Any, abstaining: RunResult) -> None:
    ran = qatk("predict", abstaining.path, "--question", "Who wrote the first program?", "--context", NILE)
    assert ran.out.splitlines()[0] == "no answer in this text"


def test_a_split(qatk: Any, overfitted: RunResult, tmp_path: Path) -> None:
    ran = qatk("predict", overfitted.path, "-o", "p.parquet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "4 questions of validation answered",
        "  exact  100.00",
        "  f1     100.00",
        "  total       4",
        f"  {overfitted.signature}",
        "The model was chosen by these questions; the honest figure is that of held-out ones: "
        f"qatk predict {overfitted.path} --split test",
        "Written to p.parquet",
        "Next: qatk report --predictions p.parquet",
    ]
    assert (tmp_path / "p.parquet").exists()
    as_json = json.loads(
        qatk("predict", overfitted.path, "-o", "p.parquet", "--overwrite", "--output-format", "json").out
    )
    assert as_json == {
        "version": 1,
        "split": "validation",
        "questions": 4,
        "scores": overfitted.validation,
        "signature": overfitted.signature,
        "seen_as": "validation",
        "unasked": [],
        "path": "p.parquet",
    }


def test_what_comes_next_is_a_report(qatk: Any, overfitted: RunResult) -> None:
    ran = qatk("predict", overfitted.path, "--split", "train")
    following = f"qatk report {overfitted.path} --split train"
    assert ran.out.splitlines()[-1] == f"Next: {following}"
    assert qatk(*following.split()[1:]).code == 0


def test_no_question_and_no_batch_are_said_in_a_line(
    qatk: Any, overfitted: RunResult, tmp_path: Path
) -> None:
    (tmp_path / "t.txt").write_text(NILE)
    (tmp_path / "q.csv").write_text(f"question,context\nHow long?,{NILE}\n")
    for arguments, message in (
        (("--context-file", "t.txt"), "no question on stdin: add --question, or give one question a line"),
        (("q.csv", "--batch-size", "0"), "batch_size must be 1 or more, not 0"),
    ):
        ran = qatk("predict", overfitted.path, *arguments)
        assert (ran.code, ran.out, ran.err) == (2, "", f"qatk: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (HOW_LONG, "--question needs a text: give either --context or --context-file"),
        ((*HOW_LONG, "--context", "a", "--context-file", "b"), "--question needs a text"),
        (("--context", "a"), "--context is a text without a question: add --question"),
        (("--show", "-1"), "--show must be 0 or more, not -1; 0 shows all differences"),
        ((*HOW_LONG, "--context-file", "missing.txt"), "missing.txt: cannot be read: No such file"),
        ((*HOW_LONG, "--context", "a", "-o", "p"), "leave out the dataset and -o"),
        ((), "run: no such folder"),
    ],
)
def test_what_cannot_be_meant(qatk: Any, arguments: tuple[str, ...], message: str) -> None:
    ran = qatk("predict", *(["run"] if not arguments else ["run", *arguments]))
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
