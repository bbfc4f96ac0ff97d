"""One fold of a cross-fit: a model learns all examples but these, and is asked these after every epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qatoolkit.training.arguments import build_arguments, training_values
from qatoolkit.training.data import Columns, pick
from qatoolkit.training.evaluate import Evaluation, predictions_table
from qatoolkit.training.fit import Watch, fit
from qatoolkit.training.model import load_model, seed_everything
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.task import make_task
from qatoolkit.windows import gold_confidence

Floats = NDArray[np.float64]


def train_fold(
    recipe: Recipe,
    examples: Columns,
    held_out: NDArray[np.intp],
    lineage: Mapping[str, Mapping[str, Any]],
    folder: Path,
    on_step: Callable[[int, int], None],
) -> pa.Table:
    """Trains on the other examples and answers those held out.

    Args:
        recipe: how; the last epoch's model is kept, for to choose one would be to look at the fold.
        examples: all of them.
        held_out: indices of the fold's examples.
        lineage: of the examples.
        folder: for the log.
        on_step: called with (steps done, steps in all).

    Returns:
        A row per example held out: the columns of a predictions file, exact and f1 (0..1) of the answer,
        confidence, variability, correctness and confidences as in `CrossFit`.
    """
    others = np.setdiff1d(np.arange(len(examples["id"])), held_out)
    values = training_values(recipe) | {
        "eval_strategy": "epoch",
        "eval_on_start": False,
        "save_strategy": "no",
        "load_best_model_at_end": False,
    }
    arguments = build_arguments(folder, values)
    seed_everything(arguments.seed)
    loaded = load_model(recipe.model, without_dropout="attention" if arguments.device.type == "cpu" else None)
    task = make_task(recipe, loaded, pick(examples, others.tolist()), pick(examples, held_out.tolist()))
    confidences: list[Floats] = []
    exacts: list[Floats] = []

    def watch(start: NDArray[Any], end: NDArray[Any], evaluation: Evaluation) -> None:
        confidences.append(gold_confidence(start, end, task.validation_features))
        exacts.append(evaluation.scores.exact)

    fitted = fit(task, arguments, folder / "log.jsonl", Watch(on_step=on_step, on_evaluation=watch))
    scores = fitted.evaluation.scores
    table = predictions_table(task.validation, fitted.evaluation.predictions, lineage)
    by_epoch = np.stack(confidences, axis=1)
    columns = {
        "exact": pa.array(scores.exact, pa.float32()),
        "f1": pa.array(scores.f1, pa.float32()),
        "confidence": pa.array(by_epoch.mean(axis=1), pa.float32()),
        "variability": pa.array(by_epoch.std(axis=1), pa.float32()),
        "correctness": pa.array(np.stack(exacts, axis=1).mean(axis=1), pa.float32()),
        "confidences": pa.array(list(by_epoch), pa.list_(pa.float32())),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table
