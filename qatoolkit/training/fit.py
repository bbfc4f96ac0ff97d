"""Trains: a plain `transformers.Trainer`, no subclass.

Exact match and F1 come from a closure over the validation examples. The model is evaluated before
the first step, so that the first row says what was known already, and after each epoch; the
checkpoint with the highest F1 is the one that is kept. Nothing but checkpoints and the log is
written here.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import EvalPrediction, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from qatoolkit.errors import UsageError
from qatoolkit.training.batches import Collator, FeatureStream, by_length, forward, restore
from qatoolkit.training.data import Columns, Mode
from qatoolkit.training.evaluate import Evaluation, evaluate
from qatoolkit.training.model import LoadedModel
from qatoolkit.training.run import Plan, Row
from qatoolkit.training.settings import Settings
from qatoolkit.windows import Features


@dataclass(frozen=True, eq=False)
class Task:
    """Everything that training needs to know.

    Attributes:
        loaded: the model to start from; trained in place.
        mode: "squad" or "squad_v2".
        settings: how to decode.
        tune: choose the no-answer threshold anew at each evaluation (mode "squad_v2").
        train: examples to learn from.
        validation: examples to evaluate on.
        train_features: of `train`.
        validation_features: of `validation`.
    """

    loaded: LoadedModel
    mode: Mode
    settings: Settings
    tune: bool
    train: Columns
    validation: Columns
    train_features: Features
    validation_features: Features

    def counts(self) -> dict[str, dict[str, int]]:
        """Examples, unanswerable ones, features, and features that hold their answer, per split."""
        return {
            name: {
                "examples": len(columns["id"]),
                "unanswerable": sum(not answers["text"] for answers in columns["answers"]),
                "features": len(features),
                "answered_features": int(features.answered.sum()),
            }
            for name, columns, features in (
                ("train", self.train, self.train_features),
                ("validation", self.validation, self.validation_features),
            )
        }

    def evaluate(self, start_logits: Any, end_logits: Any) -> Evaluation:
        """Predictions and scores of the validation examples, from logits in their features' order."""
        return evaluate(
            start_logits,
            end_logits,
            self.validation_features,
            self.validation,
            self.settings,
            self.mode,
            tune=self.tune,
        )


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came out of training: the evaluation rows, the kept epoch, and its predictions."""

    rows: list[Row]
    best_epoch: float
    evaluation: Evaluation
    seconds: float


def fit(
    task: Task,
    arguments: TrainingArguments,
    log: Path,
    values: Mapping[str, Any],
    on_start: Callable[[Plan], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Fitted:
    """Trains the task's model in place and leaves the best checkpoint's weights in it.

    Args:
        task: the model and the examples.
        arguments: of the Trainer.
        log: JSON lines, one per logged step and evaluation, written as training goes.
        values: what was set, for the plan.
        on_start: called with the plan before the first evaluation.
        on_epoch: called with a row after each evaluation.
        on_step: called with (steps done, steps in all).
    """
    model, pad = task.loaded.model, task.loaded.tokenizer.pad_token_id
    order = by_length(task.validation_features)

    def compute_metrics(outcome: EvalPrediction) -> dict[str, float]:
        start, end = (restore(logits, order) for logits in outcome.predictions[:2])
        summary = task.evaluate(start, end).scores.summary()
        return {"exact": float(summary["exact"]), "f1": float(summary["f1"])}

    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:

        def start(steps: int) -> None:
            if on_start:
                loaded = task.loaded
                on_start(
                    Plan(
                        loaded.name,
                        loaded.new_head,
                        task.mode,
                        task.counts(),
                        task.settings,
                        dict(values),
                        steps,
                    )
                )

        def write(entry: dict[str, Any]) -> None:
            stream.write(json.dumps({name: _finite(value) for name, value in entry.items()}) + "\n")
            stream.flush()

        journal = Journal(write, start, on_epoch, on_step)
        trainer = Trainer(
            model=model,
            args=arguments,
            data_collator=Collator(model, pad),
            train_dataset=task.train_features,
            eval_dataset=FeatureStream(task.validation_features, order),
            processing_class=task.loaded.tokenizer,
            compute_metrics=compute_metrics,
            callbacks=[journal],
        )
        trainer.remove_callback(PrinterCallback)
        started = time.monotonic()
        try:
            trainer.train()
        except KeyError as error:  # metric_for_best_model that no evaluation reports
            raise UsageError(f"training stopped: {error.args[0]}") from error
        logits = forward(model, task.validation_features, arguments.eval_batch_size, pad_token_id=pad)
        evaluation = task.evaluate(*logits)
    best_step = trainer.state.best_global_step or trainer.state.global_step
    return Fitted(
        journal.rows,
        journal.epoch_at(best_step),
        evaluation,
        round(time.monotonic() - started, 3),
    )


class Journal(TrainerCallback):  # type: ignore[misc]  # transformers is not type-checked
    """Keeps a row per evaluation, and passes on what happens as it happens."""

    def __init__(
        self,
        write: Callable[[dict[str, Any]], None],
        on_start: Callable[[int], None],
        on_epoch: Callable[[Row], None] | None,
        on_step: Callable[[int, int], None] | None,
    ) -> None:
        self.rows: list[Row] = []
        self._steps_of_rows: list[int] = []
        self._write, self._on_start, self._on_epoch, self._on_step = write, on_start, on_epoch, on_step
        self._loss = 0.0  # summed over the steps since the last row
        self._logged_step = 0

    def epoch_at(self, step: int) -> float:
        """The epoch of the evaluation after that step; 0 when there was none."""
        for row, at in zip(self.rows, self._steps_of_rows, strict=True):
            if at == step:
                return float(row["epoch"])
        return 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._on_start(state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._on_step:
            self._on_step(state.global_step, state.max_steps)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_log = True  # so that an epoch's loss is that of all its steps

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        self._write({"step": state.global_step, **logs})
        if "loss" in logs:
            self._loss += logs["loss"] * (state.global_step - self._logged_step)
            self._logged_step = state.global_step

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        since = state.global_step - (self._steps_of_rows[-1] if self.rows else 0)
        epoch = round(state.epoch or 0.0, 4)
        row = {
            "epoch": int(epoch) if epoch == int(epoch) else epoch,
            "train_loss": _finite(self._loss / since) if since else None,
            "validation_loss": _finite(metrics.get("eval_loss")),
            "exact": metrics.get("eval_exact"),
            "f1": metrics.get("eval_f1"),
        }
        self._loss = 0.0
        self.rows.append(row)
        self._steps_of_rows.append(state.global_step)
        if self._on_epoch:
            self._on_epoch(row)


def _finite(value: Any) -> Any:
    """JSON has no word for the loss of a training that diverged."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
