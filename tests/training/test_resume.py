"""Trainings that are killed, and go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from safetensors.torch import load_file

from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.training.finetune import finetune

Maker = Callable[..., datasets.DatasetDict]

QUICK: dict[str, Any] = {
    "epochs": 3,
    "batch_size": 4,
    "max_seq_length": 64,
    "doc_stride": 16,
    "learning_rate": 1e-3,
    "settings": {"bf16": False},
}


class Cut(Exception):
    """Stands for the power that went off."""


def _train_until(step: int, dataset: Any, run: Path, **recipe: Any) -> None:
    def cut(done: int, total: int) -> None:
        if done == step:
            raise Cut

    with pytest.raises(Cut):
        finetune(dataset, run, on_step=cut, **recipe)


def test_what_was_cut_off_ends_as_if_it_had_not_been(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    data, recipe = make_dataset(repeat=6), {**QUICK, "model": tiny_distilbert}
    whole = finetune(data, tmp_path / "whole", **recipe)
    run = tmp_path / "cut"
    _train_until(15, data, run, **recipe)  # six steps an epoch
    assert not (run / "run.json").exists()
    with pytest.raises(DestinationError, match="unfinished run; go on with --resume"):
        finetune(data, run, **recipe)
    plans: list[Any] = []
    told: list[Any] = []
    resumed = finetune(data, run, resume=True, on_start=plans.append, on_epoch=told.append, **recipe)

    assert plans[0].resumed == 12
    assert told == resumed.epochs == whole.epochs
    assert resumed.best_epoch == whole.best_epoch
    assert resumed.validation == whole.validation
    before, after = (load_file(path / "model.safetensors") for path in (whole.path, resumed.path))
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(UsageError, match="this run is finished"):
        finetune(data, run, resume=True, **recipe)


def test_a_checkpoint_half_written_is_passed_over(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    data, run = make_dataset(repeat=6), tmp_path / "run"
    recipe = {**QUICK, "model": tiny_distilbert, "settings": {"bf16": False, "save_total_limit": 3}}
    _train_until(15, data, run, **recipe)
    last = run / "checkpoints" / "checkpoint-12"
    plans: list[Any] = []
    for damage in (lambda: (last / "optimizer.pt").unlink(), lambda: shutil.rmtree(last)):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        damage()
        shutil.copytree(run, copy)
        finetune(data, copy, resume=True, on_start=plans.append, **recipe)
    assert [plan.resumed for plan in plans] == [6, 6]


def test_only_the_same_training_is_resumed(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    data, run = make_dataset(repeat=6), tmp_path / "run"
    recipe = {**QUICK, "model": tiny_distilbert}
    with pytest.raises(UsageError, match="no unfinished run there"):
        finetune(data, run, resume=True, **recipe)
    _train_until(3, data, run, **recipe)
    with pytest.raises(UsageError, match="was begun with seed 42, not 7; resume with the same"):
        finetune(data, run, resume=True, **{**recipe, "seed": 7})
    with pytest.raises(UsageError, match="was begun with other data"):
        finetune(make_dataset(repeat=5), run, resume=True, **recipe)
    plans: list[Any] = []  # nothing was saved yet, so it begins at the beginning
    assert len(finetune(data, run, resume=True, on_start=plans.append, **recipe).epochs) == 4
    assert plans[0].resumed is None


def test_a_killed_process_is_gone_on_with(
    qatk: Any, tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    make_dataset(repeat=30).save_to_disk(str(tmp_path / "dataset"))
    command = ["finetune", "dataset", "--model", tiny_distilbert, "--epochs", 4, "--batch-size", 4]
    command += ["--max-seq-length", 64, "--doc-stride", 16, "-o", "run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "qatoolkit", *map(str, command)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    state = tmp_path / "run" / "checkpoints" / "checkpoint-30" / "trainer_state.json"
    until = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "run" / "run.json").exists()
    ran = qatk(*command, "--resume")
    assert (ran.code, ran.err) == (0, "")
    assert "resumed   at step" in ran.out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [row["epoch"] for row in metrics["epochs"]] == [0, 1, 2, 3, 4]
