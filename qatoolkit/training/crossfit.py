"""Cross-fitting: every training example is answered by a model that has not seen it.

The training split is dealt into K folds that share no title, context or near-duplicate context. K models
are trained, each on the other folds, and watched on its own one: after every epoch, how probable is the
annotated span to a model that has never seen its text? An annotation that stays improbable while others
become certain is one to look at.

Confidence and variability are named after dataset cartography (Swayamdipta et al., 2020,
https://aclanthology.org/2020.emnlp-main.746), where they are taken on the examples that are trained on;
here they are out of fold, so that learning an example by heart does not make it look right.
"""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.training.data import Columns, fingerprint, load_lineage
from qatoolkit.training.model import quiet, require_training
from qatoolkit.training.recipe import Recipe

if TYPE_CHECKING:
    from qatoolkit.training.finetune import Dataset

FILE = "crossfit.parquet"

#: Finished folds, until all are.
_PARTS = "crossfit"


@dataclass(frozen=True)
class Fold:
    """One of the K models.

    Attributes:
        number: from 1.
        learnt: examples it was trained on.
        answered: examples it has not seen.
        exact: of its answers to them, percent.
        f1: of its answers to them, percent.
        confidence: mean probability of the annotated spans, 0..1.
        seconds: of its training; None when an interrupted cross-fit had done it.
    """

    number: int
    learnt: int
    answered: int
    exact: float
    f1: float
    confidence: float
    seconds: float | None


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Out-of-fold predictions of the training split.

    Attributes:
        path: the file that was written.
        table: a row per training example, in the order of the split: the columns of a predictions file;
            `fold`; `exact` and `f1` of the answer, 0..1; `confidence` and `variability`, the mean and
            standard deviation over the epochs of the probability that the annotated span had;
            `correctness`, the share of epochs whose answer was exactly right; `confidences`, the
            probability after each epoch.
        folds: the K models.
        exact: of all out-of-fold answers, percent.
        f1: of all out-of-fold answers, percent.
    """

    path: Path
    table: pa.Table
    folds: list[Fold]
    exact: float
    f1: float


def cross_fit(
    dataset: Dataset,
    folds: int,
    output: str | Path = "run",
    *,
    overwrite: bool = False,
    resume: bool = False,
    on_start: Callable[[list[int]], None] | None = None,
    on_fold: Callable[[Fold], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    **recipe: Any,
) -> CrossFit:
    """Trains K models and writes `crossfit.parquet` with the out-of-fold predictions.

    Args:
        dataset: see `finetune`; only its split train is used.
        folds: K, 2 or more.
        output: folder of a run, finished or not there yet; nothing else in it is touched.
        overwrite: replace a `crossfit.parquet` that is there.
        resume: keep the folds that an interrupted cross-fit has finished; dataset and recipe have to be
            the same.
        on_start: called once with the sizes of the folds.
        on_fold: called after each fold.
        on_step: called with (steps done, steps in all), estimated over all folds.
        **recipe: see `finetune`. No epoch is chosen, so patience has no meaning here.

    Raises:
        As `finetune`, and UsageError when there are too few groups for K folds.
    """
    require_training("cross-fitting")
    chosen, folder = Recipe(**recipe), Path(output)
    path = folder / FILE
    if path.exists() and not overwrite:
        raise DestinationError(f"{path}: exists already; add --overwrite, or choose another folder with -o")
    with quiet():
        from qatoolkit.training.task import load_examples

        [examples] = load_examples(dataset, "train")
        chosen = chosen.in_language_of(examples)
        homes = deal_folds(examples, folds, chosen.seed)
        asked = {"recipe": chosen.digest(), "data": fingerprint(examples), "folds": folds}
        parts = _begin(folder / _PARTS, asked, resume=resume)
        if on_start:
            on_start([int((homes == number).sum()) for number in range(folds)])
        lineage = load_lineage(dataset, "train")
        done, tables = [], []
        for number in range(folds):
            steps = _counting(on_step, number, folds)
            fold, table = _fold(number, homes, parts, chosen, examples, lineage, steps)
            done.append(fold)
            tables.append(table)
            if on_fold:
                on_fold(fold)
    rows = np.concatenate([np.flatnonzero(homes == number) for number in range(folds)])
    table = pa.concat_tables(tables).take(np.argsort(rows))
    pq.write_table(table, path)
    shutil.rmtree(parts)
    return CrossFit(path, table, done, _percent(table, "exact"), _percent(table, "f1"))


def deal_folds(examples: Columns, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each example, from 0, such that what belongs together is in one fold.

    Args:
        examples: with title, context, question and answers.
        folds: how many.
        seed: another one deals otherwise.

    Raises:
        UsageError: fewer than two folds, or fewer groups than folds.
    """
    import datasets

    from qatoolkit.conversion.in_memory import train_test_split

    if folds < 2:
        raise UsageError(f"--cross-fit {folds}: two folds at least; five are usual")
    rows = datasets.Dataset.from_dict({**examples, "row": range(len(examples["id"]))})
    shares = ",".join(f"fold_{number}={1 / folds:.9f}" for number in range(folds))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes are told, and an empty fold is an error
        dealt = train_test_split(rows, shares, seed=seed)
    if len(dealt) < folds:
        groups = "1 group" if len(dealt) == 1 else f"{len(dealt)} groups"
        raise UsageError(
            f"--cross-fit {folds}: the training split has {groups} that share no title or context, "
            "and each fold needs one"
        )
    homes = np.full(len(rows), -1, np.int64)
    for number in range(folds):
        homes[dealt[f"fold_{number}"]["row"]] = number
    return homes


def _begin(parts: Path, asked: dict[str, Any], *, resume: bool) -> Path:
    """The folder of finished folds, emptied unless they are to be kept."""
    note = parts / "begun.json"
    if resume and not note.is_file():
        raise UsageError(f"{parts.parent}: no unfinished cross-fit there; start one without --resume")
    if resume and json.loads(note.read_text(encoding="utf-8")) != asked:
        raise UsageError(f"{parts.parent}: was begun with other data or settings; resume with the same")
    if not resume:
        shutil.rmtree(parts, ignore_errors=True)
        try:
            parts.mkdir(parents=True)
            note.write_text(json.dumps(asked), encoding="utf-8")
        except OSError as error:
            raise DestinationError(f"{parts.parent}: cannot be written: {error.strerror}") from error
    return parts


def _counting(
    on_step: Callable[[int, int], None] | None, number: int, folds: int
) -> Callable[[int, int], None]:
    """Steps of one fold, told as steps of all; folds are about equal."""

    def count(done: int, steps: int) -> None:
        if on_step:
            on_step(number * steps + done, folds * steps)

    return count


def _fold(
    number: int,
    homes: NDArray[np.int64],
    parts: Path,
    recipe: Recipe,
    examples: Columns,
    lineage: dict[str, dict[str, Any]],
    on_step: Callable[[int, int], None],
) -> tuple[Fold, pa.Table]:
    """Trains a fold, or reads it where that has been done."""
    from qatoolkit.training.fold import train_fold

    part = parts / f"fold-{number + 1}.parquet"
    began, trained = time.monotonic(), not part.exists()
    if trained:
        held_out = np.flatnonzero(homes == number)
        table = train_fold(recipe, examples, held_out, lineage, parts, on_step)
        table = table.append_column("fold", pa.array([number + 1] * table.num_rows, pa.int32()))
        whole = part.with_suffix(".writing")
        pq.write_table(table, whole)
        whole.rename(part)  # so that a fold is there completely or not at all
    table = pq.read_table(part)
    fold = Fold(
        number + 1,
        len(homes) - table.num_rows,
        table.num_rows,
        _percent(table, "exact"),
        _percent(table, "f1"),
        _percent(table, "confidence") / 100,
        round(time.monotonic() - began, 1) if trained else None,
    )
    return fold, table


def _percent(table: pa.Table, column: str) -> float:
    return float(np.mean(table[column].to_numpy()) * 100)
