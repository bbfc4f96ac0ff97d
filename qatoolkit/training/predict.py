"""Answers a whole split with a run or a model, and writes the predictions file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import DestinationError, ModelError, UsageError
from qatoolkit.training.data import (
    Columns,
    Mode,
    infer_mode,
    is_labelled,
    load_columns,
    load_lineage,
    load_splits,
)
from qatoolkit.training.model import LoadedModel, load_model, require_training
from qatoolkit.training.settings import Settings, read_run, run_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from qatoolkit.metrics import Scores
    from qatoolkit.training.evaluate import Evaluation


@dataclass(frozen=True, eq=False)
class PredictionRun:
    """Predictions of a split.

    Attributes:
        split: its name.
        table: a row per example, the columns of a predictions file.
        scores: per example, or None when the split is not labelled.
        summary: the official aggregates, or None.
        signature: what the scores mean, or None.
        path: the file that was written, or None.
    """

    split: str
    table: pa.Table
    scores: Scores | None
    summary: dict[str, float | int] | None
    signature: str | None
    path: Path | None


def predict(
    model: str | Path,
    dataset: str | Path | Mapping[str, Any] | None = None,
    *,
    split: str = "validation",
    output: str | Path | None = None,
    batch_size: int = 32,
    overwrite: bool = False,
    on_batch: Callable[[int, int], None] | None = None,
) -> PredictionRun:
    """Answers the questions of a split.

    Args:
        model: the folder of a run, whose settings then hold, or any question-answering model: a
            folder, "pkg:NAME" or a hub id.
        dataset: a folder written by `qatk convert`, or a mapping of splits. None: the one that
            the run was trained on.
        split: which split.
        output: the file to write. None: `predictions-SPLIT.parquet` in the run's folder, or
            nothing when the model is not a run.
        batch_size: features at a time.
        overwrite: replace `output`; the file in a run's folder is always replaced.
        on_batch: called with (features done, features in all).

    Raises:
        MissingExtraError: torch or transformers are not installed.
        UsageError: no such split, or no dataset to be found.
        DestinationError: `output` exists.
        ModelError: the model cannot be loaded, or has not learnt to answer questions.
    """
    require_training("predicting")
    import pyarrow.parquet as pq

    from qatoolkit.training.evaluate import predictions_table

    folder = Path(model)
    run = read_run(folder)
    path = _destination(folder, run is not None, split, output, overwrite=overwrite)
    if dataset is None:
        if not folder.exists():
            raise UsageError(f"{model}: no such folder; qatk finetune DIR -o {model} writes a run")
        if run is None or not run["dataset"]:
            raise UsageError("which questions? Name a converted dataset, or --question and --context")
        dataset = run["dataset"]
    splits = load_splits(dataset)
    if split not in splits:
        raise UsageError(f"no split {split} in the dataset (splits: {', '.join(splits)})")
    columns = load_columns(splits[split], split)
    loaded = load_answering_model(model)
    settings, mode = run_settings(run, loaded.tokenizer.model_max_length)
    labelled = is_labelled(dataset, split, columns)
    # A model from elsewhere says nothing about its mode; the data do, unless they are unlabelled.
    mode = mode or (infer_mode(columns) if labelled else "squad")
    evaluation = _evaluate(loaded, columns, settings, mode, batch_size, on_batch)
    table = predictions_table(columns, evaluation.predictions, load_lineage(dataset, split))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    if not labelled:
        return PredictionRun(split, table, None, None, None, path)
    scores = evaluation.scores
    return PredictionRun(split, table, scores, scores.summary(), evaluation.signature(), path)


def load_answering_model(model: str | Path) -> LoadedModel:
    """Loads a model that has learnt to answer, on the fastest device that is here.

    Raises:
        ModelError: its question-answering head is missing, so that answers would be random.
    """
    from qatoolkit.training.batches import best_device

    loaded = load_model(model)
    if loaded.new_head:
        raise ModelError(
            f"{model}: has not learnt to answer questions yet (no question-answering head in its "
            f"weights). Fine-tune it first: qatk finetune DIR --model {model}"
        )
    loaded.model.to(best_device())
    return loaded


def _destination(
    folder: Path, is_run: bool, split: str, output: str | Path | None, *, overwrite: bool
) -> Path | None:
    if output is None:
        return folder / f"predictions-{split}.parquet" if is_run else None
    path = Path(output)
    if path.is_dir():
        raise DestinationError(f"{path}: is a folder; -o names a file, such as predictions.parquet")
    if path.exists() and not overwrite:
        raise DestinationError(f"{path}: exists already; add --overwrite, or choose another file with -o")
    return path


def _evaluate(
    loaded: LoadedModel,
    columns: Columns,
    settings: Settings,
    mode: Mode,
    batch_size: int,
    on_batch: Callable[[int, int], None] | None,
) -> Evaluation:
    from qatoolkit.training.batches import forward
    from qatoolkit.training.evaluate import evaluate
    from qatoolkit.windows import featurize

    features = featurize(columns, loaded.tokenizer, settings.max_seq_length, settings.doc_stride)
    done = 0

    def count(n: int) -> None:
        nonlocal done
        done += n
        if on_batch:
            on_batch(done, len(features))

    pad = loaded.tokenizer.pad_token_id
    logits = forward(loaded.model, features, batch_size, pad_token_id=pad, on_batch=count)
    return evaluate(*logits, features, columns, settings, mode)
