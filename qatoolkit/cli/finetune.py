"""`qatk finetune`: trains a model on a converted dataset and writes a run."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import plural
from qatoolkit.cli.options import Overwrite
from qatoolkit.cli.progress import Progress

if TYPE_CHECKING:
    from qatoolkit.training.run import Plan, Row, RunResult

# Shown in words of their own.
_SHOWN = ("num_train_epochs", "per_device_train_batch_size", "learning_rate", "seed", "weight_decay")

_COLUMNS = f"{'epoch':>5}  {'train loss':>10}  {'validation loss':>15}  {'EM':>6}  {'F1':>6}"


def finetune(
    dataset: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder that qatk convert wrote, with train and validation.")
    ] = "dataset",
    model: Annotated[
        str,
        typer.Option("--model", help="A folder, pkg:NAME for a model in an installed package, or a hub id."),
    ] = "distilbert/distilbert-base-uncased",
    output: Annotated[str, typer.Option("-o", "--output", help="Folder of the run to write.")] = "run",
    max_seq_length: Annotated[int, typer.Option(help="Tokens of a window, with the question.")] = 384,
    doc_stride: Annotated[int, typer.Option(help="Tokens that neighbouring windows share.")] = 128,
    max_answer_length: Annotated[int, typer.Option(help="Longest answer, in tokens.")] = 30,
    n_best_size: Annotated[int, typer.Option(help="Candidate answers kept per question.")] = 20,
    null_threshold: Annotated[
        float | None,
        typer.Option(help="Null score above which there is no answer. Left out: chosen on validation."),
    ] = None,
    epochs: Annotated[float, typer.Option(help="Passes over the training split.")] = 3,
    learning_rate: Annotated[float, typer.Option(help="The highest one; it falls linearly.")] = 5e-5,
    batch_size: Annotated[int, typer.Option(help="Windows per step.")] = 16,
    weight_decay: Annotated[float, typer.Option(help="Of AdamW.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 42,
    language: Annotated[str, typer.Option(help="Normalisation of answers before they are compared.")] = "en",
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any field of TrainingArguments; repeatable."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Fine-tune a model on a converted dataset.

    Prints a row before training and after each epoch; the epoch with the highest F1 is kept.
    """
    from qatoolkit.training.finetune import finetune as run
    from qatoolkit.training.model import require_training

    require_training("fine-tuning")
    from qatoolkit.training.arguments import parse_settings

    with Progress("step") as progress:

        def print_row(row: Row) -> None:
            progress.clear()
            _print_row(row)

        result = run(
            dataset,
            output,
            model=model,
            max_seq_length=max_seq_length,
            doc_stride=doc_stride,
            n_best_size=n_best_size,
            max_answer_length=max_answer_length,
            null_score_diff_threshold=null_threshold,
            epochs=epochs,
            learning_rate=learning_rate,
            batch_size=batch_size,
            weight_decay=weight_decay,
            seed=seed,
            language=language,
            settings=parse_settings(set or ()),
            overwrite=overwrite,
            on_start=lambda plan: _print_plan(plan, dataset),
            on_epoch=print_row,
            on_step=progress.advance,
        )
    _print_result(result, output)


def _print_row(row: Row) -> None:
    note = "  before training" if row["train_loss"] is None else ""
    losses = f"{_number(row['train_loss']):>10}  {_number(row['validation_loss']):>15}"
    scores = f"{_number(row['exact']):>6}  {_number(row['f1']):>6}"
    print(f"{_epoch(row['epoch']):>5}  {losses}  {scores}{note}", flush=True)


def _epoch(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _print_plan(plan: Plan, dataset: str) -> None:
    train, validation = plan.counts["train"], plan.counts["validation"]
    unanswerable = train["unanswerable"] + validation["unanswerable"]
    mode = (
        f"squad_v2: {plural(unanswerable, 'question')} without an answer, so the model may abstain"
        if plan.mode == "squad_v2"
        else "squad: every question has an answer"
    )
    values = plan.training_arguments
    extra = [f"{name} {value}" for name, value in values.items() if name not in _SHOWN]
    settings = [
        f"max_seq_length {plan.settings.max_seq_length}",
        f"doc_stride {plan.settings.doc_stride}",
        f"epochs {values['num_train_epochs']:g}",
        f"batch size {values['per_device_train_batch_size']}",
        f"learning rate {values['learning_rate']:g}",
        f"seed {values['seed']}",
    ]
    print(f"model     {plan.model}{' (its question-answering head is new)' if plan.new_head else ''}")
    print(f"data      {dataset}: {_amount(train)} to train, {_amount(validation)} to validate")
    print(f"mode      {mode}")
    print(f"settings  {', '.join([*settings, *extra])}; {plural(plan.steps, 'step')}")
    print(f"\n{_COLUMNS}", flush=True)


def _amount(counts: dict[str, int]) -> str:
    return f"{plural(counts['examples'], 'question')} in {plural(counts['features'], 'window')}"


def _print_result(result: RunResult, output: str) -> None:
    if result.mode == "squad_v2":
        threshold = result.settings.null_score_diff_threshold
        print(f"\nNo answer above a null score of {threshold:.2f}.")
    else:
        print()
    best, first = result.validation["f1"], result.epochs[0]["f1"] if result.epochs else None
    gained = ""
    if first is not None and best <= first:
        gained = f" Before training F1 was {first:.2f}: nothing was gained."
    exact = result.validation["exact"]
    print(f"Kept epoch {_epoch(result.best_epoch)}: F1 {best:.2f}, exact match {exact:.2f}.{gained}")
    print(result.signature)
    print(f"Next: qatk report {quote(output)}")
