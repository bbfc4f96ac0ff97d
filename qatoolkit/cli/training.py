"""What `qatk finetune` prints: the header, a row for each evaluation, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from qatoolkit.cli.console import plural
from qatoolkit.cli.provenance import DEFAULT

if TYPE_CHECKING:
    from qatoolkit.training.crossfit import CrossFit, Fold
    from qatoolkit.training.estimate import Estimate
    from qatoolkit.training.history import Row
    from qatoolkit.training.plan import Plan
    from qatoolkit.training.recipe import Recipe
    from qatoolkit.training.run import RunResult
    from qatoolkit.training.smoke import Smoke
    from qatoolkit.windows import Ceiling

_COLUMNS = f"{'epoch':>5}  {'train loss':>10}  {'validation loss':>15}  {'EM':>6}  {'F1':>6}"
_FOLDS = f"{'fold':>4}  {'learnt':>7}  {'answered':>8}  {'EM':>6}  {'F1':>6}  {'confidence':>10}"

#: Rows out of reach that are shown of each split.
_SHOWN = 3

#: Parts of a recipe that the header tells in another form.
_TOLD = ("model", "settings", "report_to")

#: TrainingArguments that fields of a recipe go by other names, or the same; set by --set, they win.
_SAME = {
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "batch_size",
    "learning_rate": "learning_rate",
    "weight_decay": "weight_decay",
    "seed": "seed",
}

_WIDTH = 90


def print_plan(plan: Plan, dataset: str, origins: Mapping[str, str]) -> None:
    """The header.

    Args:
        plan: what is about to be trained.
        dataset: its folder as typed.
        origins: setting -> where it came from.
    """
    train, validation = plan.counts["train"], plan.counts["validation"]
    unanswerable = train["unanswerable"] + validation["unanswerable"]
    mode = (
        f"squad_v2: {plural(unanswerable, 'question')} without an answer, so the model may abstain"
        if plan.mode == "squad_v2"
        else "squad: every question has an answer"
    )
    head = " (its question-answering head is new)" if plan.new_head else ""
    print(f"model     {plan.recipe.model}{head}")
    print(f"data      {dataset}: {_amount(train)} to train, {_amount(validation)} to validate")
    print(f"mode      {mode}")
    _print_ceilings(plan)
    precision = "bfloat16, float32 weights" if plan.training_arguments.get("bf16") else "float32"
    dropout = ", no attention dropout" if plan.device == "cpu" else ""
    print(f"machine   {plan.device}, {precision}{dropout}; {plural(plan.steps, 'step')}")
    _print_settings(plan.recipe, origins)
    if plan.advice:
        print(f"advice    {plan.advice}")
    if plan.resumed:
        print(f"resumed   at step {plan.resumed:,} of {plan.steps:,}")
    print(flush=True)


def print_columns() -> None:
    """The names above the rows of a training."""
    print(_COLUMNS, flush=True)


def _amount(counts: dict[str, int]) -> str:
    return f"{plural(counts['examples'], 'question')} in {plural(counts['features'], 'window')}"


def _labels(first: str) -> list[str]:
    return [f"{first:<10}", *[" " * 10] * 20]


def _print_settings(recipe: Recipe, origins: Mapping[str, str]) -> None:
    """What was chosen, grouped by the place that it came from, the defaults last."""
    told = {*_TOLD, *(ours for theirs, ours in _SAME.items() if theirs in recipe.settings)}
    values = {name: value for name, value in vars(recipe).items() if name not in told and value is not None}
    if recipe.report_to:
        values["report_to"] = "+".join(recipe.report_to)
    values |= recipe.settings
    places = {name: origins.get(name, DEFAULT) for name in values}
    in_order = sorted(values, key=lambda name: (places[name] == DEFAULT, places[name]))
    labels = iter(_labels("settings"))
    for origin, names in groupby(in_order, key=lambda name: places[name]):
        listed = ", ".join(f"{name} {_value(values[name])}" for name in names)
        for line in wrap(f"{origin}: {listed}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False):
            print(f"{next(labels)}{line}")


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_ceilings(plan: Plan) -> None:
    for label, (split, ceiling) in zip(_labels("ceiling"), plan.ceilings.items(), strict=False):
        print(f"{label}{split}: {_ceiling(ceiling)}")
        for example in ceiling.unreachable[:_SHOWN]:
            place = plan.origins.get(split, {}).get(example.id) or example.id
            print(f"            {place}: {example.detail}")
        for suggestion in ceiling.suggestions:
            print(f"            {suggestion}")


def _ceiling(ceiling: Ceiling) -> str:
    best = f"EM {ceiling.exact:.2f}, F1 {ceiling.f1:.2f} at best with these windows"
    if not ceiling.unreachable:
        return best
    shown = f", of which {_SHOWN}:" if len(ceiling.unreachable) > _SHOWN else ":"
    return f"{best}; {plural(len(ceiling.unreachable), 'question')} out of reach{shown}"


def print_row(row: Row) -> None:
    """One evaluation."""
    note = "  before training" if row["train_loss"] is None else ""
    losses = f"{_number(row['train_loss']):>10}  {_number(row['validation_loss']):>15}"
    scores = f"{_number(row['exact']):>6}  {_number(row['f1']):>6}"
    print(f"{_epoch(row['epoch']):>5}  {losses}  {scores}{note}", flush=True)


def _epoch(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def print_result(result: RunResult, dataset: str, output: str) -> None:
    """How a training ended."""
    print()
    if result.stopped_early:
        print(f"Stopped early: F1 had not risen for {plural(result.recipe.patience or 0, 'evaluation')}.")
    if result.mode == "squad_v2":
        print(f"No answer above a null score of {result.settings.null_score_diff_threshold:.2f}.")
    best, first = result.validation["f1"], result.epochs[0]["f1"] if result.epochs else None
    gained = ""
    if first is not None and best <= first:
        gained = f" Before training F1 was {first:.2f}: nothing was gained."
    exact = result.validation["exact"]
    print(f"Kept epoch {_epoch(result.best_epoch)}: F1 {best:.2f}, exact match {exact:.2f}.{gained}")
    print(result.signature)
    if (Path(dataset) / "test").is_dir():
        print(f"On questions that had no part in this: qatk predict {quote(output)} --split test")
    print(f"Next: qatk report {quote(output)}")


def print_estimate(estimate: Estimate) -> None:
    """What a training would cost."""
    plan = estimate.plan
    training, evaluating = _duration(estimate.training_seconds), _duration(estimate.evaluation_seconds)
    each = f"{plural(plan.steps, 'step')} of {estimate.seconds_per_step:.2g} s"
    print(f"{each}: about {training}, and {evaluating} for evaluations.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return plural(max(1, round(seconds)), "second")
    return plural(round(seconds / 60), "minute") if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def print_smoke(found: Smoke) -> None:
    """What became of the sixteen."""
    n = found.examples
    print(
        f"{plural(n, 'example')} looked at {found.epochs} times: training loss "
        f"{_number(found.last['train_loss'])}, {found.learnt} of {n} answered exactly."
    )
    print(f"qatk predict in a new process: {found.answered} of {n} answered exactly.")
    if found.passed:
        print(f"Model, data and machine go together ({found.seconds:.0f} s). Next: the same without --smoke")
    elif found.learnt < n:
        print("It has not learnt them by heart: try another --learning-rate, then another model.")
    else:
        print("What was learnt was lost on the way through the disk; this model does not save what it needs.")


def print_folds(sizes: list[int], dataset: str, recipe: Recipe, origins: Mapping[str, str]) -> None:
    """The header of a cross-fit."""
    print(f"model     {recipe.model}")
    print(f"data      {dataset}: {plural(sum(sizes), 'question')} of train in {len(sizes)} folds")
    _print_settings(recipe, origins)
    print(f"\n{_FOLDS}", flush=True)


def print_fold(fold: Fold) -> None:
    """One fold."""
    note = "" if fold.seconds is not None else "  done before"
    scores = f"{fold.exact:>6.2f}  {fold.f1:>6.2f}  {fold.confidence:>10.3f}"
    print(f"{fold.number:>4}  {fold.learnt:>7,}  {fold.answered:>8,}  {scores}{note}", flush=True)


def print_cross_fit(result: CrossFit) -> None:
    """How a cross-fit ended."""
    print(f"\nOut of fold: F1 {result.f1:.2f}, exact match {result.exact:.2f}.")
    print(f"Written to {result.path}")
    folder = Path(result.path).parent
    split = " --split crossfit" if (folder / "run.json").is_file() else ""
    print(f"Next: qatk report {quote(str(folder))}{split} --suspects suspects.csv")
