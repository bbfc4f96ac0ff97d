"""Loads a run: the predictions in its folder, and what its other files say about them.

Everything is on disk as `qatk finetune` and `qatk predict` left it; no model is loaded. A cross-fit is
a run as well: its predictions are for the training split, each by a model that did not learn from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.load.predictions import asked, each, parquet_rows, read_parquet
from qatoolkit.analysis.load.rows import example_from_row, finite, prediction_from_row
from qatoolkit.analysis.load.source import choose_split, read_json
from qatoolkit.errors import UnreadableError, UsageError

#: What the predictions of a cross-fit are called where a split is named.
CROSSFIT = "crossfit"

_PREFIX = "predictions-"
_CROSSFIT_COLUMNS = ("id", "confidence", "variability", "correctness")


@dataclass(frozen=True)
class Run:
    """What a run folder says.

    Attributes:
        folder: as the user typed it.
        split: the split that was predicted.
        splits: all that have predictions.
        examples: the examples as they were predicted.
        predictions: one for each example.
        facts: run.json; empty without one.
        metrics: metrics.json; empty without one.
        crossfit: id, confidence, variability and correctness of each example, in their order; None
            for predictions of a model.
        notes: sentences a reader must know.
    """

    folder: str
    split: str
    splits: list[str]
    examples: list[Example]
    predictions: list[Prediction]
    facts: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    crossfit: pl.DataFrame | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Decoding settings (null_score_diff_threshold, n_best_size, language, ...)."""
        return self.facts.get("settings") or {}

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """One row of figures for each evaluation, epoch 0 before the first step."""
        rows = self.metrics.get("epochs") or []
        return [{name: finite(value) for name, value in row.items()} for row in rows]


def load_run(folder: str | Path, split: str | None = None) -> Run:
    """Reads a run folder.

    Args:
        folder: what `qatk finetune` wrote.
        split: whose predictions; by default test before validation before a cross-fit, and none
            without labels.

    Raises:
        UnreadableError: there is no such folder.
        NotACorpusError: a predictions file lacks columns.
        UsageError: the run holds no predictions (of that split).
    """
    place = Path(folder)
    if not place.is_dir():
        raise UnreadableError(
            f"{folder}: no such run; write one with: qatk finetune, or give --predictions and --dataset"
        )
    files = {path.stem.removeprefix(_PREFIX): path for path in sorted(place.glob(f"{_PREFIX}*.parquet"))}
    if (place / f"{CROSSFIT}.parquet").is_file():
        files[CROSSFIT] = place / f"{CROSSFIT}.parquet"
    if not files and not (place / "run.json").is_file():
        raise UsageError(
            f"{folder}: no predictions there; an unfinished training is gone on with: "
            f"qatk finetune -o {folder} --resume, with the data and options that it was begun with"
        )
    chosen = split or (choose_split(list(files), lambda name: _has_answer(files[name])) if files else "test")
    if chosen not in files:
        held = f"it has {', '.join(files)}" if files else "it has none"
        raise UsageError(
            f"{folder}: no predictions for {chosen} ({held}); "
            f"write them with: qatk predict {folder} DATASET --split {chosen}"
        )
    path = files[chosen]
    notes: list[str] = []
    rows = asked(parquet_rows(path, needed=("id", "context", "question", "answers", "answer")), notes)
    return Run(
        folder=str(folder),
        split=chosen,
        splits=list(files),
        examples=each(example_from_row, rows, path),
        predictions=each(prediction_from_row, rows, path),
        facts=_json_if_there(place / "run.json"),
        metrics=_json_if_there(place / "metrics.json"),
        crossfit=read_parquet(path, _CROSSFIT_COLUMNS, _CROSSFIT_COLUMNS) if chosen == CROSSFIT else None,
        notes=notes,
    )


def is_run(folder: str | Path) -> bool:
    """Whether a folder looks like a run rather than like data."""
    place = Path(folder)
    return place.is_dir() and (
        (place / "run.json").is_file()
        or (place / f"{CROSSFIT}.parquet").is_file()
        or (place / "checkpoints").is_dir()
        or any(place.glob(f"{_PREFIX}*.parquet"))
    )


def _has_answer(path: Path) -> bool:
    """Whether a single question has an annotated answer; a blind test file has none."""
    answers = read_parquet(path, ("answers",), ("answers",))["answers"]
    return bool((answers.struct.field("text").list.len() > 0).any())


def _json_if_there(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}
