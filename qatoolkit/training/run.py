"""The folder of a run: when it may be written, what is in it.

`run.json` is written last; a folder without it is not a finished run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from qatoolkit import __version__
from qatoolkit.errors import DestinationError
from qatoolkit.training.data import Mode, load_lineage
from qatoolkit.training.settings import RUN_FILE, Settings

if TYPE_CHECKING:
    from qatoolkit.training.fit import Fitted, Task

Row = dict[str, Any]

_LIBRARIES = ("torch", "transformers", "tokenizers", "accelerate", "datasets", "numpy")


@dataclass(frozen=True, eq=False)
class Plan:
    """What is about to be trained.

    Attributes:
        model: as typed.
        new_head: whether the question-answering head starts from nothing.
        mode: "squad", or "squad_v2" when questions may be unanswerable.
        counts: split -> {"examples", "unanswerable", "features", "answered_features"}.
        settings: how contexts are cut and answers are decoded.
        training_arguments: what was set.
        steps: optimiser steps in all.
    """

    model: str
    new_head: bool
    mode: Mode
    counts: dict[str, dict[str, int]]
    settings: Settings
    training_arguments: dict[str, Any]
    steps: int


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Attributes:
        path: its folder.
        mode: "squad" or "squad_v2".
        epochs: a row per evaluation: epoch, train_loss, validation_loss, exact, f1 (percent).
        best_epoch: the epoch whose model was kept.
        validation: the official summary of the saved model.
        signature: what the scores mean.
        settings: with the no-answer threshold that was chosen.
        counts: as in the plan.
        seconds: from the first evaluation to the last.
    """

    path: Path
    mode: Mode
    epochs: list[Row]
    best_epoch: float
    validation: dict[str, float | int]
    signature: str
    settings: Settings
    counts: dict[str, dict[str, int]]
    seconds: float


def check_destination(folder: Path, *, overwrite: bool) -> None:
    """Refuses a destination that exists, and in any case one that is not a run.

    Raises:
        DestinationError: see above.
    """
    if folder.is_file():
        raise DestinationError(f"{folder}: is a file; -o names the folder of a run")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / RUN_FILE).exists() and not (folder / "log.jsonl").exists():
        raise DestinationError(f"{folder}: exists and is not a run; choose another folder with -o")
    if not overwrite:
        raise DestinationError(f"{folder}: exists already; add --overwrite, or choose another folder with -o")


def clear_destination(folder: Path) -> None:
    """Removes what an earlier run left, and makes the folder.

    Raises:
        DestinationError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        for pattern in ("predictions-*.parquet", "*.safetensors", "report.html", "metrics.json"):
            for path in folder.glob(pattern):
                path.unlink()
    except OSError as error:
        raise DestinationError(f"{folder}: cannot be written: {error.strerror}") from error


def write_run(
    folder: Path,
    task: Task,
    fitted: Fitted,
    dataset: str | Path | Mapping[str, Any],
    training_arguments: Mapping[str, Any],
) -> RunResult:
    """Writes the model, its predictions and its records; `run.json` comes last."""
    from qatoolkit.training.evaluate import predictions_table

    evaluation = fitted.evaluation
    task.loaded.model.save_pretrained(folder)
    task.loaded.tokenizer.save_pretrained(folder)
    for weights in folder.glob("*.safetensors"):  # written for the owner only
        weights.chmod((folder / "config.json").stat().st_mode)
    lineage = load_lineage(dataset, "validation")
    pq.write_table(
        predictions_table(task.validation, evaluation.predictions, lineage),
        folder / "predictions-validation.parquet",
    )
    result = RunResult(
        folder,
        task.mode,
        fitted.rows,
        fitted.best_epoch,
        evaluation.scores.summary(),
        evaluation.signature(),
        evaluation.settings,
        task.counts(),
        fitted.seconds,
    )
    _write_json(
        folder / "metrics.json",
        {
            "version": 1,
            "signature": result.signature,
            "mode": result.mode,
            "epochs": result.epochs,
            "best_epoch": result.best_epoch,
            "validation": result.validation,
        },
    )
    (folder / "README.md").write_text(_model_card(task.loaded.name, result), encoding="utf-8")
    _write_json(
        folder / RUN_FILE,
        {
            "version": 1,
            "qatk": __version__,
            "model": task.loaded.name,
            "dataset": None if isinstance(dataset, Mapping) else str(dataset),
            "mode": result.mode,
            "settings": result.settings.as_dict(),
            "training_arguments": dict(training_arguments),
            "seed": training_arguments["seed"],
            "libraries": {name: version(name) for name in _LIBRARIES},
            "seconds": result.seconds,
            "counts": result.counts,
        },
    )
    return result


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def _model_card(model: str, result: RunResult) -> str:
    scores = "\n".join(f"| {name} | {value:.4g} |" for name, value in result.validation.items())
    train = result.counts["train"]["examples"]
    return f"""---
library_name: transformers
pipeline_tag: question-answering
tags:
- extractive-question-answering
---

# Extractive question answering

`{model}`, fine-tuned on {train} question{"" if train == 1 else "s"} with qatoolkit {__version__}.
{"Questions may be unanswerable." if result.mode == "squad_v2" else "Every question gets an answer."}

| validation | |
| --- | --- |
{scores}

Signature: `{result.signature}`. The checkpoint was chosen on these validation questions.

```python
from qatoolkit import Answerer

answer = Answerer("{result.path.name}")
answer(question="...", context="...")
```
"""
