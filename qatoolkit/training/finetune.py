"""Fine-tunes a model on a converted dataset and writes a run.

This module checks, loads and hands on: `task` cuts windows, `fit` trains, `run` writes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.training.data import Columns, fingerprint, load_lineage
from qatoolkit.training.destination import CHECKPOINTS, LOG, begin, check_destination, last_checkpoint
from qatoolkit.training.history import Row, rows_of
from qatoolkit.training.model import require_training
from qatoolkit.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from qatoolkit.training.plan import Plan
    from qatoolkit.training.run import RunResult
    from qatoolkit.training.task import Task

Dataset = str | Path | Mapping[str, Any]


def finetune(
    dataset: Dataset,
    output: str | Path = "run",
    *,
    overwrite: bool = False,
    resume: bool = False,
    on_start: Callable[[Plan], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    **recipe: Any,
) -> RunResult:
    """Fine-tunes a model and writes a run.

    On a CPU attention dropout is off, because it can double the time of a step; the other dropout
    stays. bfloat16 is used where the hardware has it; weights and predictions are float32.

    Args:
        dataset: a folder written by `qatk convert`, or a mapping of splits to `datasets.Dataset`,
            with the splits train and validation.
        output: folder of the run.
        overwrite: replace a run that is there.
        resume: go on from the last checkpoint of a training that was interrupted; dataset and recipe
            have to be the same.
        on_start: called once with the plan, when everything is loaded.
        on_epoch: called after each evaluation with its row: step, epoch, train_loss, validation_loss,
            exact, f1 (percent); when resumed, with the earlier rows first.
        on_step: called with (steps done, steps in all) after each step.
        **recipe: model, epochs, learning_rate, batch_size, max_seq_length, doc_stride and the other
            fields of `Recipe`.

    Raises:
        MissingExtraError: torch or transformers are not installed.
        UsageError: a split, setting or length is not usable, or there is nothing to resume.
        DestinationError: the output exists.
        ModelError: the model cannot be loaded.
    """
    require_training("fine-tuning")
    chosen, folder = Recipe(**recipe), Path(output)
    if not resume:
        check_destination(folder, overwrite=overwrite)
    # Only now what takes seconds to import.
    from qatoolkit.training.model import quiet

    with quiet():
        prepared = prepare(dataset, chosen, folder)
        checkpoint = _checkpoint(prepared, folder, resume)
        return _train(dataset, prepared, folder, checkpoint, on_start, on_epoch, on_step)


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that is known before the first step.

    Attributes:
        task: model and examples.
        arguments: of the Trainer.
        plan: of this training; its number of steps is only an estimate.
        lineage: split -> id -> row of lineage.
    """

    task: Task
    arguments: TrainingArguments
    plan: Plan
    lineage: dict[str, dict[str, dict[str, Any]]]


def prepare(dataset: Dataset, recipe: Recipe, folder: Path) -> Prepared:
    """Loads and checks everything, and writes nothing.

    Raises:
        UsageError, ModelError, NotACorpusError: see `finetune`.
    """
    from qatoolkit.training.arguments import build_arguments, training_values
    from qatoolkit.training.model import load_model, seed_everything
    from qatoolkit.training.plan import Plan, origins_of
    from qatoolkit.training.task import load_examples, make_task
    from qatoolkit.training.trackers import require_trackers

    train, validation = load_examples(dataset, "train", "validation")
    recipe = recipe.in_language_of(train)
    recipe.decoding()  # a length that is not usable is told before a model is loaded
    values = training_values(recipe)
    arguments = build_arguments(folder / CHECKPOINTS, values)
    require_trackers(arguments.report_to)
    seed_everything(arguments.seed)
    loaded = load_model(recipe.model, without_dropout="attention" if arguments.device.type == "cpu" else None)
    task = make_task(recipe, loaded, train, validation)
    lineage = {name: load_lineage(dataset, name) for name in ("train", "validation")}
    plan = Plan(
        recipe,
        loaded.new_head,
        task.mode,
        task.counts(),
        {name: _ceiling(columns, task) for name, columns in (("train", train), ("validation", validation))},
        {name: origins_of(rows) for name, rows in lineage.items()},
        values,
        arguments.device.type,
        _steps(task, arguments),
    )
    return Prepared(task, arguments, plan, lineage)


def _ceiling(columns: Columns, task: Task) -> Any:
    from qatoolkit.windows import find_ceiling

    settings = task.settings
    return find_ceiling(
        columns,
        task.loaded.tokenizer,
        settings.max_seq_length,
        settings.doc_stride,
        settings.max_answer_length,
        settings.language,
        task.validation_features if columns is task.validation else None,
    )


def _steps(task: Task, arguments: TrainingArguments) -> int:
    """Optimiser steps in all, as the Trainer counts them on one device."""
    if arguments.max_steps > 0:
        return int(arguments.max_steps)
    batches = math.ceil(len(task.train_features) / arguments.train_batch_size)
    each = math.ceil(batches / arguments.gradient_accumulation_steps)
    steps: int = math.ceil(each * arguments.num_train_epochs)
    return steps


def _checkpoint(prepared: Prepared, folder: Path, resumed: bool) -> Path | None:
    asked = {
        "recipe": prepared.plan.recipe.as_dict(),
        "data": [fingerprint(prepared.task.train), fingerprint(prepared.task.validation)],
    }
    checkpoint = last_checkpoint(folder, asked) if resumed else None
    if checkpoint is None:
        begin(folder, asked)
    return checkpoint


def _train(
    dataset: Dataset,
    prepared: Prepared,
    folder: Path,
    checkpoint: Path | None,
    on_start: Callable[[Plan], None] | None,
    on_epoch: Callable[[Row], None] | None,
    on_step: Callable[[int, int], None] | None,
) -> RunResult:
    from qatoolkit.training.fit import Watch, fit
    from qatoolkit.training.run import write_run
    from qatoolkit.training.trackers import tracking

    task, arguments, plan = prepared.task, prepared.arguments, prepared.plan
    earlier: list[Row] = []
    if checkpoint:
        arguments.eval_on_start = False  # that was done when training began
        plan = replace(plan, resumed=int(checkpoint.name.rpartition("-")[2]))
        earlier = rows_of(json.loads((checkpoint / "trainer_state.json").read_text())["log_history"])

    def started(steps: int) -> None:
        if on_start:
            on_start(replace(plan, steps=steps))
        if on_epoch:
            for row in earlier:
                on_epoch(row)

    with tracking(arguments.report_to, folder):
        fitted = fit(
            task,
            arguments,
            folder / LOG,
            Watch(started, on_epoch, on_step),
            patience=plan.recipe.patience,
            checkpoint=checkpoint,
        )
    name = None if isinstance(dataset, Mapping) else str(dataset)
    return write_run(folder, task, plan, fitted, name, prepared.lineage["validation"])
