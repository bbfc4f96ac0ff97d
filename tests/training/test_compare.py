from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest

from qatoolkit.cli.predict import OutputFormat
from qatoolkit.cli.predict import predict as command
from qatoolkit.errors import UsageError
from qatoolkit.training.compare import Comparison, compare
from qatoolkit.training.run import RunResult

Maker = Callable[..., datasets.DatasetDict]


@pytest.fixture(scope="module")
def compared(overfitted: RunResult, tiny_distilbert: Path, make_dataset: Maker) -> Comparison:
    return compare(overfitted.path, tiny_distilbert, make_dataset(repeat=1))


def test_a_model_against_itself(overfitted: RunResult, foreign: Path) -> None:
    found = compare(overfitted.path, foreign)
    assert found.differences == []
    assert found.scores == [overfitted.validation] * 2
    assert found.right == {"both": 4, "only_first": 0, "only_second": 0, "neither": 0}
    assert (found.f1_difference, found.f1_interval) == (0.0, (0.0, 0.0))


def test_a_good_model_against_a_random_one(compared: Comparison, overfitted: RunResult) -> None:
    good, random = compared.scores
    assert good == overfitted.validation
    assert random["f1"] < good["f1"]
    assert compared.f1_difference == pytest.approx(random["f1"] - good["f1"])
    assert compared.f1_interval is not None
    assert compared.f1_interval[0] <= compared.f1_difference <= compared.f1_interval[1]
    assert sum(compared.right.values()) == compared.questions == 4
    assert compared.right["only_first"] >= 3
    assert len(compared.differences) >= compared.right["only_first"]
    for difference in compared.differences:
        first, second = difference.given
        assert first["answer"] == difference.answers[0]
        assert (first["exact"], first["f1"]) == (1.0, 1.0)
        assert second["answer"] != first["answer"]
    assert compared.signature == "squad|n:4|refs:max|norm:en|missing:wrong|ver:0.1.0"
    assert json.loads(json.dumps(compared.to_dict()))["right"] == compared.right


def test_comparing_writes_nothing(overfitted: RunResult, foreign: Path) -> None:
    before = sorted(overfitted.path.iterdir())
    compare(overfitted.path, foreign, split="train")
    assert sorted(overfitted.path.iterdir()) == before


def test_a_file_without_annotation(overfitted: RunResult, tiny_distilbert: Path, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("context,question\nThe Nile is 6650 km long.,How long is the Nile?\nx,\n")
    found = compare(overfitted.path, tiny_distilbert, tmp_path / "q.csv")
    assert (found.scores, found.right, found.f1_difference) == ([], {}, None)
    assert found.questions == 1
    assert found.unasked == [(f"{tmp_path}/q.csv:3", "has no question")]
    [difference] = found.differences
    assert difference.origin == f"{tmp_path}/q.csv:2"
    assert difference.given[0].keys() == {"answer", "start", "end", "score"}


def test_what_people_see(
    overfitted: RunResult, tiny_distilbert: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        "context,question,answer",
        "The Nile is 6650 km long and flows north.,How long is the Nile?,6650 km",
        "Ada Lovelace wrote the first program in 1843.,Who wrote the first program?,Ada Lovelace",
    ]
    (tmp_path / "q.csv").write_text("\n".join(rows) + "\n")
    run, other, data = str(overfitted.path), str(tiny_distilbert), str(tmp_path / "q.csv")
    command(run, data, compare=other, show=1)
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "2 questions answered by both models"
    assert lines[1].split() == [run, other]
    assert lines[2].split()[:2] == ["exact", "100.00"]
    assert lines[6].startswith(f"exactly right: both 0, only {run} 2, only {other} 0, neither 0")
    assert lines[7].startswith(f"F1 of {other} less that of {run}: -")
    assert "2 questions answered differently" in lines
    assert f"{data}:2  How long is the Nile?" in lines
    annotated, first, second = lines[12:15]
    assert (annotated.split()[0], annotated.endswith("  6650 km")) == ("annotated", True)
    assert first == f"  {run:<{len(max(run, other, key=len))}}  6650 km"
    assert second.split()[0] == other
    assert lines[-1] == "... 1 more; --show 0 shows all"
    assert shown.err == ""

    command(run, data, compare=other, output_format=OutputFormat.json)
    assert len(json.loads(capsys.readouterr().out)["differences"]) == 2

    nile = rows[1].split(",")[0]
    command(run, compare=other, question="How long is the Nile?", context=nile)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == [run, "6650", "km"]
    assert second.split()[0] == other
    command(run, compare=run, question="How?", context=nile, output_format=OutputFormat.json)
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert answers[0] == answers[1]
    assert answers[0]["model"] == run
    with pytest.raises(UsageError, match="Leave out -o"):
        command(run, data, compare=other, output="p.jsonl")
