"""`qatk finetune`: trains a model on a converted dataset and writes a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qatoolkit.cli.console import hint
from qatoolkit.cli.options import Overwrite
from qatoolkit.cli.progress import Progress
from qatoolkit.cli.provenance import origins, settings_of
from qatoolkit.errors import EXIT_FINDINGS, UsageError
from qatoolkit.training.recipe import Recipe

if TYPE_CHECKING:
    from qatoolkit.training.history import Row


def finetune(
    context: typer.Context,
    dataset: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder that qatk convert wrote, with train and validation.")
    ] = "dataset",
    model: Annotated[
        str,
        typer.Option("--model", help="A folder, pkg:NAME for a model in an installed package, or a hub id."),
    ] = str(Recipe.model),
    output: Annotated[str, typer.Option("-o", "--output", help="Folder of the run to write.")] = "run",
    max_seq_length: Annotated[
        int, typer.Option(help="Tokens of a window, with the question.")
    ] = Recipe.max_seq_length,
    doc_stride: Annotated[
        int, typer.Option(help="Tokens that neighbouring windows share.")
    ] = Recipe.doc_stride,
    max_answer_length: Annotated[
        int, typer.Option(help="Longest answer, in tokens.")
    ] = Recipe.max_answer_length,
    n_best_size: Annotated[
        int, typer.Option(help="Candidate answers kept per question.")
    ] = Recipe.n_best_size,
    null_threshold: Annotated[
        float | None,
        typer.Option(help="Null score above which there is no answer. Left out: chosen on validation."),
    ] = None,
    negative_windows: Annotated[
        float, typer.Option(help="Share of the windows without their question's answer to train on.")
    ] = Recipe.negative_windows,
    epochs: Annotated[float, typer.Option(help="Passes over the training split.")] = Recipe.epochs,
    learning_rate: Annotated[
        float, typer.Option(help="The highest one; it falls linearly.")
    ] = Recipe.learning_rate,
    batch_size: Annotated[int, typer.Option(help="Windows per step.")] = Recipe.batch_size,
    weight_decay: Annotated[float, typer.Option(help="Of AdamW.")] = Recipe.weight_decay,
    patience: Annotated[
        int | None, typer.Option(help="Evaluations without a better F1 after which training stops.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = Recipe.seed,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="How answers are compared: en, de, es, ar, hi, vi, zh, ja, th or other. Left out: what "
            "the training split is in.",
        ),
    ] = None,
    report_to: Annotated[
        list[str] | None,
        typer.Option(metavar="TRACKER", help="tensorboard, wandb or another tracker; repeatable."),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any field of TrainingArguments; repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted training left off.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell windows, ceiling, steps and time; train nothing.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Learn sixteen examples by heart; exit 1 if that fails.")
    ] = False,
    cross_fit: Annotated[
        int | None,
        typer.Option(metavar="K", help="Train K models, each to answer what the others learn from."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Fine-tune a model on a converted dataset.

    Prints a row before training and after each epoch; the epoch with the highest F1 is kept.
    """
    from qatoolkit.training.model import require_training

    require_training("fine-tuning")
    _one_at_a_time({"--dry-run": dry_run, "--smoke": smoke, "--cross-fit": cross_fit, "--resume": resume})
    settings, from_settings = settings_of(context, set or ())
    recipe: dict[str, Any] = {
        "model": model,
        "max_seq_length": max_seq_length,
        "doc_stride": doc_stride,
        "n_best_size": n_best_size,
        "max_answer_length": max_answer_length,
        "null_score_diff_threshold": null_threshold,
        "negative_windows": negative_windows,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "weight_decay": weight_decay,
        "patience": patience,
        "seed": seed,
        "language": lang,
        "report_to": tuple(report_to or ()),
        "settings": settings,
    }
    told = (
        origins(context, {"null_score_diff_threshold": "null_threshold", "language": "lang"}) | from_settings
    )
    if lang is None:
        told["language"] = "training split"
    if smoke:
        _smoke(dataset, recipe)
    elif dry_run:
        _dry_run(dataset, output, recipe, told)
    elif cross_fit is not None:
        with _hint_on_interrupt():
            _cross_fit(dataset, cross_fit, output, recipe, told, overwrite=overwrite, resume=resume)
    else:
        with _hint_on_interrupt():
            _train(dataset, output, recipe, told, overwrite=overwrite, resume=resume)


def _one_at_a_time(asked: dict[str, Any]) -> None:
    modes = [flag for flag, on in asked.items() if on not in (None, False)]
    if len(modes) > 1 and set(modes) != {"--cross-fit", "--resume"}:
        raise UsageError(f"{' and '.join(modes)} do not go together; choose one")


@contextmanager
def _hint_on_interrupt() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        hint("qatk: the same command with --resume goes on from what was saved last")
        raise


def _train(
    dataset: str, output: str, recipe: dict[str, Any], told: dict[str, str], *, overwrite: bool, resume: bool
) -> None:
    from qatoolkit.cli.training import print_columns, print_plan, print_result, print_row
    from qatoolkit.training.finetune import finetune as run
    from qatoolkit.training.plan import Plan

    def on_start(plan: Plan) -> None:
        print_plan(plan, dataset, told)
        print_columns()

    with Progress("step") as progress:

        def on_epoch(row: Row) -> None:
            progress.clear()
            print_row(row)

        result = run(
            dataset,
            output,
            overwrite=overwrite,
            resume=resume,
            on_start=on_start,
            on_epoch=on_epoch,
            on_step=progress.advance,
            **recipe,
        )
    print_result(result, dataset, output)


def _dry_run(dataset: str, output: str, recipe: dict[str, Any], told: dict[str, str]) -> None:
    from qatoolkit.cli.training import print_estimate, print_plan
    from qatoolkit.training.estimate import dry_run

    estimate = dry_run(dataset, output, **recipe)
    print_plan(estimate.plan, dataset, told)
    print_estimate(estimate)


def _smoke(dataset: str, recipe: dict[str, Any]) -> None:
    from qatoolkit.cli.training import print_smoke
    from qatoolkit.training.smoke import smoke

    found = smoke(dataset, **recipe)
    print_smoke(found)
    if not found.passed:
        raise typer.Exit(EXIT_FINDINGS)


def _cross_fit(
    dataset: str,
    folds: int,
    output: str,
    recipe: dict[str, Any],
    told: dict[str, str],
    *,
    overwrite: bool,
    resume: bool,
) -> None:
    from qatoolkit.cli.training import print_cross_fit, print_fold, print_folds
    from qatoolkit.training.crossfit import Fold
    from qatoolkit.training.crossfit import cross_fit as run

    with Progress("step") as progress:

        def on_fold(fold: Fold) -> None:
            progress.clear()
            print_fold(fold)

        result = run(
            dataset,
            folds,
            output,
            overwrite=overwrite,
            resume=resume,
            on_start=lambda sizes: print_folds(sizes, dataset, Recipe(**recipe), told),
            on_fold=on_fold,
            on_step=progress.advance,
            **recipe,
        )
    print_cross_fit(result)
