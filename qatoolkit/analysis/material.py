"""What a report is made of, gathered from wherever it lies: a run, or predictions and their data set.

Everything from here on is values in memory; which file they came from no longer matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.load.predictions import PredictionsFile, load_predictions
from qatoolkit.analysis.load.run import CROSSFIT, Run, load_run
from qatoolkit.analysis.load.source import load_examples, load_training
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError
from qatoolkit.metrics import Reference

FilePath = str | Path

_REFERENCES: dict[str | None, Reference] = {"squad": "squad", "squad_v2": "squad_v2"}


@dataclass(frozen=True)
class Material:
    """Examples and what was predicted for them, n of each.

    Attributes:
        subject: the run or predictions file, as typed.
        split: None for a plain file.
        examples: as annotated.
        predictions: in the order of the examples.
        run: the run, where it is one.
        reference: the official script that the run follows; None: the one that fits the data.
        training: what the model learnt from, as far as it is at hand.
        unknown: predicted ids that the data set does not have.
        notes: sentences a reader must know.
    """

    subject: str
    split: str | None
    examples: list[Example]
    predictions: list[Prediction]
    run: Run | None = None
    reference: Reference | None = None
    training: list[Example] | None = None
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the answers were decoded, as far as it is known."""
        return self.run.settings if self.run else {}

    @property
    def crossfit(self) -> pl.DataFrame | None:
        """Confidences out of fold, in the order of the examples, where it is a cross-fit."""
        return self.run.crossfit if self.run else None


def of_run(folder: FilePath, split: str | None) -> Material:
    """The material of a run.

    Raises: as `load_run`.
    """
    run = load_run(folder, split)
    if not run.examples:
        raise UsageError(f"{folder}: the predictions for {run.split} hold no questions")
    training, notes = _training_of(run)
    return Material(
        str(folder),
        "train" if run.split == CROSSFIT else run.split,
        run.examples,
        run.predictions,
        run,
        _REFERENCES.get(run.facts.get("mode")),
        training,
        notes=[*run.notes, *_which(run, asked=split is not None), *notes],
    )


def of_predictions(
    path: FilePath, dataset: FilePath | None, split: str | None, fields: Mapping[str, str] | None
) -> Material:
    """The material of a predictions file, with its data set where it does not carry its questions.

    Raises:
        UsageError: the file and the data set do not go together, or one of them is needed.
        UnreadableError, NotACorpusError: a file cannot be read, or holds something else.
    """
    given = load_predictions(path)
    if dataset is not None:
        chosen, examples = load_examples(dataset, split, fields=fields)
        training = load_training(dataset) if chosen not in (None, "train") else None
        return _joined(given, examples, chosen, f"{dataset}", training)
    if split is not None:
        raise UsageError(f"{path} has no splits: --split goes with a run or a data set")
    if not given.examples:
        raise UsageError(f"{path} carries no questions: name the data set that was predicted with --dataset")
    return Material(str(path), None, given.examples, given.predictions, notes=given.notes)


def against(path: FilePath, material: Material) -> Material:
    """The material to compare with: the same split of another run, or predictions on the same questions.

    Raises: as `of_run` and `of_predictions`.
    """
    if Path(path).is_dir():
        return of_run(path, material.run.split if material.run else material.split)
    given = load_predictions(path)
    if given.examples:
        return Material(str(path), None, given.examples, given.predictions)
    return _joined(given, material.examples, material.split, material.subject, None)


def _joined(
    given: PredictionsFile,
    examples: list[Example],
    split: str | None,
    dataset: str,
    training: list[Example] | None,
) -> Material:
    """Predictions joined to examples by id."""
    if not examples:
        raise UsageError(f"{dataset} holds no questions")
    ids = {example.id for example in examples}
    predicted = given.by_id()
    if not ids & predicted.keys():
        raise UsageError(
            f"{given.path} and {dataset} belong to different data sets or splits: they have no id in common "
            f"(for example {next(iter(predicted), '')!r} and {examples[0].id!r})"
        )
    return Material(
        given.path,
        split,
        examples,
        [predicted.get(example.id, Prediction(None)) for example in examples],
        training=training,
        unknown=[key for key in predicted if key not in ids],
        notes=[*given.notes, *_repeated(examples)],
    )


def _repeated(examples: list[Example]) -> list[str]:
    """A note on ids that several questions share: each of them gets the one prediction."""
    shared = sum(count for count in Counter(example.id for example in examples).values() if count > 1)
    if not shared:
        return []
    return [f"{shared:,} questions share their ids with others, and each prediction counts for all of an id."]


def _training_at(place: Path) -> list[Example] | None:
    try:
        return load_training(place) if place.is_dir() else None
    except (UnreadableError, NotACorpusError):  # it has changed since, and the report is about something else
        return None


def _which(run: Run, *, asked: bool) -> list[str]:
    """A note on which predictions these are, where somebody could take them for others."""
    others = [name for name in run.splits if name != run.split]
    if run.split == CROSSFIT:
        return [
            "These are the answers of a cross-fit: to each question of the training split by a model that "
            "did not learn from it."
        ]
    notes = []
    if run.split == "validation":
        notes.append(
            "These are the validation predictions; the epoch was chosen on these questions, so the "
            "scores are a little too good. Questions that nothing was chosen on: "
            f"qatk predict {run.folder} DATASET --split test"
        )
    if others and not asked:
        notes.append(f"The run also holds predictions for {', '.join(others)} (--split).")
    return notes


def _training_of(run: Run) -> tuple[list[Example] | None, list[str]]:
    """The questions that the run learnt from, if its data set is where it was and what it was."""
    dataset = run.facts.get("dataset")
    if run.split in (CROSSFIT, "train") or not isinstance(dataset, str):
        return None, []
    counted = ((run.facts.get("counts") or {}).get("train") or {}).get("examples")
    for place in (Path(dataset), Path(run.folder).parent / dataset):
        found = _training_at(place)
        if found is not None and len(found) == counted:
            return found, []
    return None, [
        f"The training split is not at {dataset} as it was, so what it shares with these questions "
        "is not told."
    ]
