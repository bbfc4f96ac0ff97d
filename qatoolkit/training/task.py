"""A model and its examples, ready to be trained: what `fit` is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from qatoolkit.errors import UsageError
from qatoolkit.training.data import Columns, infer_mode, is_labelled, load_columns, load_splits
from qatoolkit.training.evaluate import Evaluation, evaluate
from qatoolkit.training.model import LoadedModel
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.settings import Mode, Settings
from qatoolkit.windows import Features, featurize, thin


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
        train_features: of `train`, without the windows that the recipe leaves out.
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

    def evaluate(self, start_logits: NDArray[Any], end_logits: NDArray[Any]) -> Evaluation:
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


def load_examples(dataset: str | Path | Mapping[str, Any], *splits: str) -> list[Columns]:
    """The examples of the splits named, all of them annotated.

    Raises:
        UsageError: a split is missing, empty or not annotated.
    """
    found = load_splits(dataset)
    loaded = []
    for name in splits:
        if name not in found or not len(found[name]):
            where = "the dataset" if isinstance(dataset, Mapping) else str(dataset)
            raise UsageError(
                f"{where}: no records in split {name} (splits: {', '.join(found) or 'none'}). "
                "qatk convert FILE -o DIR --split train=0.9,validation=0.1 makes both"
            )
        columns = load_columns(found[name], name)
        if not is_labelled(dataset, name, columns):
            raise UsageError(f"split {name} has no annotated answers, and training needs them")
        loaded.append(columns)
    return loaded


def make_task(recipe: Recipe, loaded: LoadedModel, train: Columns, validation: Columns) -> Task:
    """Cuts both splits into windows as the recipe says.

    Raises:
        UsageError: a question leaves no room in a window, see `check_room`.
    """
    lengths = recipe.max_seq_length, recipe.doc_stride
    train_features = featurize(train, loaded.tokenizer, *lengths)
    if recipe.negative_windows < 1:
        train_features = thin(train_features, recipe.negative_windows, recipe.seed)
    return Task(
        loaded,
        infer_mode(train, validation),
        recipe.decoding(),
        recipe.null_score_diff_threshold is None,
        train,
        validation,
        train_features,
        featurize(validation, loaded.tokenizer, *lengths),
    )
