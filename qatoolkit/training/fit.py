"""Trains: a plain `transformers.Trainer`, no subclass.

Exact match and F1 come from a closure over the validation examples. The model is evaluated before
the first step, so that the first row says what was known already, and after each epoch; the
checkpoint with the highest F1 is the one that is kept. Nothing but checkpoints and the log is
written here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from numpy.typing import NDArray
from transformers import EarlyStoppingCallback, EvalPrediction, PrinterCallback, Trainer, TrainerCallback
from transformers import TrainingArguments as Arguments

from qatoolkit.errors import UsageError
from qatoolkit.training.batches import Collator, FeatureStream, by_length, forward, restore
from qatoolkit.training.evaluate import Evaluation
from qatoolkit.training.history import Row, finite, rows_of
from qatoolkit.training.task import Task

Logits = NDArray[Any]


@dataclass(frozen=True)
class Watch:
    """What is called while a model is trained; all of it may be left out.

    Attributes:
        on_begin: with the number of steps in all, before the first evaluation.
        on_epoch: with the row of an evaluation.
        on_step: with (steps done, steps in all).
        on_evaluation: with the start and end logits of an evaluation, in the order of the features, and
            what they were decoded to.
    """

    on_begin: Callable[[int], None] | None = None
    on_epoch: Callable[[Row], None] | None = None
    on_step: Callable[[int, int], None] | None = None
    on_evaluation: Callable[[Logits, Logits, Evaluation], None] | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came out of training.

    Attributes:
        rows: of the evaluations.
        best_epoch: the epoch whose model is kept; 0 when there was no evaluation.
        evaluation: of the model that is kept, in full precision.
        steps: optimiser steps that were taken.
        stopped_early: whether `patience` ran out.
        seconds: from the first evaluation to the last.
    """

    rows: list[Row]
    best_epoch: float
    evaluation: Evaluation
    steps: int
    stopped_early: bool
    seconds: float


def fit(
    task: Task,
    arguments: Arguments,
    log: Path,
    watch: Watch | None = None,
    *,
    patience: int | None = None,
    checkpoint: Path | None = None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Fitted:
    """Trains the task's model in place and leaves the best checkpoint's weights in it.

    Args:
        task: the model and the examples.
        arguments: of the Trainer.
        log: JSON lines, one per logged step and evaluation, written as training goes.
        watch: what is called on the way.
        patience: evaluations without a better F1 after which training stops.
        checkpoint: one that an interrupted training left; training goes on from there.
        callbacks: further ones of the Trainer.
    """
    watch = watch or Watch()
    model, pad = task.loaded.model, task.loaded.tokenizer.pad_token_id
    order = by_length(task.validation_features)

    def compute_metrics(outcome: EvalPrediction) -> dict[str, float]:
        start, end = (restore(logits, order) for logits in outcome.predictions[:2])
        evaluation = task.evaluate(start, end)
        if watch.on_evaluation:
            watch.on_evaluation(start, end, evaluation)
        summary = evaluation.scores.summary()
        return {"exact": float(summary["exact"]), "f1": float(summary["f1"])}

    started = time.monotonic()
    with log.open("a" if checkpoint else "w", encoding="utf-8") as stream:
        stoppers = [EarlyStoppingCallback(patience)] if patience else []
        trainer = Trainer(
            model=model,
            args=arguments,
            data_collator=Collator(model, pad),
            train_dataset=task.train_features,
            eval_dataset=FeatureStream(task.validation_features, order),
            processing_class=task.loaded.tokenizer,
            compute_metrics=compute_metrics,
            callbacks=[_Journal(watch, stream), *stoppers, *callbacks],
        )
        trainer.remove_callback(PrinterCallback)
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except KeyError as error:  # metric_for_best_model that no evaluation reports
            raise UsageError(f"training stopped: {error.args[0]}") from error
    # Out of the wrapper that computes in bfloat16, so that `predict` will answer the same.
    trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    logits = forward(model, task.validation_features, arguments.eval_batch_size, pad_token_id=pad)
    rows, state = rows_of(trainer.state.log_history), trainer.state
    best = state.best_global_step or state.global_step
    return Fitted(
        rows,
        next((float(row["epoch"]) for row in rows if row["step"] == best), 0.0),
        task.evaluate(*logits),
        state.global_step,
        bool(patience) and state.global_step < state.max_steps,
        round(time.monotonic() - started, 3),
    )


class _Journal(TrainerCallback):  # type: ignore[misc]  # transformers is not type-checked
    """Writes the log, and passes on what happens as it happens."""

    def __init__(self, watch: Watch, stream: TextIO) -> None:
        self._watch, self._stream = watch, stream

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._watch.on_begin:
            self._watch.on_begin(state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._watch.on_step:
            self._watch.on_step(state.global_step, state.max_steps)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_log = True  # so that an epoch's loss is that of all its steps

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        entry = {"step": state.global_step, **logs}
        self._stream.write(json.dumps({name: finite(value) for name, value in entry.items()}) + "\n")
        self._stream.flush()

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._watch.on_epoch:
            self._watch.on_epoch(rows_of(state.log_history)[-1])
