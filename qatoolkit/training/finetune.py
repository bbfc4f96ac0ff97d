"""Fine-tunes a model on a converted dataset and writes a run.

This module checks, loads and hands on: `fit` trains, `run` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qatoolkit.errors import UsageError
from qatoolkit.training.data import Columns, infer_mode, is_labelled, load_columns, load_splits
from qatoolkit.training.model import require_training
from qatoolkit.training.run import Plan, Row, RunResult, check_destination, clear_destination, write_run
from qatoolkit.training.settings import Settings

__all__ = ["Plan", "RunResult", "finetune"]

_SPLITS = ("train", "validation")


def finetune(
    dataset: str | Path | Mapping[str, Any],
    output: str | Path = "run",
    *,
    model: str | Path = "distilbert/distilbert-base-uncased",
    max_seq_length: int = 384,
    doc_stride: int = 128,
    n_best_size: int = 20,
    max_answer_length: int = 30,
    null_score_diff_threshold: float | None = None,
    epochs: float = 3,
    learning_rate: float = 5e-5,
    batch_size: int = 16,
    weight_decay: float = 0.01,
    seed: int = 42,
    language: str = "en",
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    on_start: Callable[[Plan], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> RunResult:
    """Fine-tunes a model and writes a run.

    On a CPU attention dropout is off, because it would take most of the time; the other dropout
    stays. `settings={"bf16": True, "use_cpu": True}` is faster still where the CPU has bfloat16.

    Args:
        dataset: a folder written by `qatk convert`, or a mapping of splits to `datasets.Dataset`,
            with the splits train and validation.
        output: folder of the run.
        model: a folder, "pkg:NAME" or a hub id.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows share.
        n_best_size: spans that are kept per example.
        max_answer_length: longest answer in tokens.
        null_score_diff_threshold: null scores above it mean "no answer". None: chosen on the
            validation split. Without effect when all questions are answerable.
        epochs: passes over the training split.
        learning_rate: the highest one; it falls linearly to 0.
        batch_size: features per step and device.
        weight_decay: of AdamW.
        seed: of everything random.
        language: normalisation profile of the metrics.
        settings: further TrainingArguments by name; they win over the arguments above.
        overwrite: replace a run that is there.
        on_start: called once with the plan, when everything is loaded.
        on_epoch: called after each evaluation with its row: epoch, train_loss, validation_loss,
            exact, f1 (percent).
        on_step: called with (steps done, steps in all) after each step.

    Raises:
        MissingExtraError: torch or transformers are not installed.
        UsageError: a split, setting or length is not usable.
        DestinationError: the output exists.
        ModelError: the model cannot be loaded.
    """
    require_training("fine-tuning")
    folder = Path(output)
    check_destination(folder, overwrite=overwrite)
    splits = load_splits(dataset)
    _require_splits(splits, dataset)
    train, validation = (load_columns(splits[name], name) for name in _SPLITS)
    _require_answers({"train": train, "validation": validation}, dataset)
    # Only now what takes seconds to import.
    from qatoolkit.training.arguments import build_arguments, check_settings
    from qatoolkit.training.fit import Task, fit
    from qatoolkit.training.model import load_model, quiet, seed_everything
    from qatoolkit.windows import featurize

    values = {
        "num_train_epochs": epochs,
        "learning_rate": learning_rate,
        "per_device_train_batch_size": batch_size,
        "weight_decay": weight_decay,
        "seed": seed,
        **check_settings(settings or {}),
    }
    threshold = null_score_diff_threshold
    chosen = Settings(max_seq_length, doc_stride, n_best_size, max_answer_length, threshold or 0.0, language)
    with quiet():
        arguments = build_arguments(folder / "checkpoints", values)
        seed_everything(arguments.seed)
        loaded = load_model(model, attention_dropout=arguments.device.type != "cpu")
        task = Task(
            loaded,
            infer_mode(train, validation),
            chosen,
            threshold is None,
            train,
            validation,
            featurize(train, loaded.tokenizer, max_seq_length, doc_stride),
            featurize(validation, loaded.tokenizer, max_seq_length, doc_stride),
        )
        clear_destination(folder)
        fitted = fit(task, arguments, folder / "log.jsonl", values, on_start, on_epoch, on_step)
        return write_run(folder, task, fitted, dataset, values)


def _require_splits(splits: Mapping[str, Any], dataset: str | Path | Mapping[str, Any]) -> None:
    for name in _SPLITS:
        if name not in splits or not len(splits[name]):
            where = "the dataset" if isinstance(dataset, Mapping) else str(dataset)
            raise UsageError(
                f"{where}: no records in split {name} (splits: {', '.join(splits) or 'none'}). "
                "qatk convert FILE -o DIR --split train=0.9,validation=0.1 makes both"
            )


def _require_answers(splits: Mapping[str, Columns], dataset: str | Path | Mapping[str, Any]) -> None:
    for name, columns in splits.items():
        if not is_labelled(dataset, name, columns):
            raise UsageError(f"split {name} has no annotated answers, and both splits need them")
