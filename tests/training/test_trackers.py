"""Experiment trackers, for real: TensorBoard's files are read back, Weights & Biases runs offline."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from qatoolkit.errors import UsageError
from qatoolkit.training.finetune import finetune
from qatoolkit.training.trackers import tracking

Maker = Callable[..., datasets.DatasetDict]

QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 4, "max_seq_length": 64, "doc_stride": 16}


def test_tensorboard_gets_every_evaluation(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    result = finetune(make_dataset(repeat=4), run, model=tiny_distilbert, report_to=("tensorboard",), **QUICK)
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    told = [(event.step, event.value) for event in events.Scalars("eval/f1")]
    assert told == [(row["step"], pytest.approx(row["f1"])) for row in result.epochs]
    assert "TENSORBOARD_LOGGING_DIR" not in os.environ


def test_weights_and_biases_stays_offline_and_asks_for_nothing(
    qatk: Any, tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    make_dataset(repeat=2).save_to_disk(str(tmp_path / "dataset"))
    ran = qatk(
        "finetune", "dataset", "--model", tiny_distilbert, "--epochs", 1, "--batch-size", 4,
        "--max-seq-length", 64, "--doc-stride", 16, "--report-to", "wandb", "-o", "run",
        env={"WANDB_API_KEY": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    [offline] = (tmp_path / "run" / "wandb").glob("offline-run-*")
    [written] = offline.glob("run-*.wandb")
    assert written.stat().st_size > 1000
    assert "--report-to: report_to wandb" in ran.out


def test_a_tracker_that_is_not_here_is_told_before_any_work(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    def fail(name: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            finetune(make_dataset(repeat=1), tmp_path / "run", model=tiny_distilbert, report_to=(name,))
        assert not (tmp_path / "run").exists()

    fail("mlflow", "--report-to mlflow: its package is missing; pip install mlflow")
    fail("tensorbord", "tensorbord is not supported")


def test_what_a_person_has_set_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with tracking(["wandb"], tmp_path):
        assert os.environ["WANDB_MODE"] == "disabled"
        assert os.environ["WANDB_DIR"] == str(tmp_path)
    assert os.environ["WANDB_MODE"] == "disabled"
    assert "WANDB_DIR" not in os.environ
