"""Reads a converted dataset for training and prediction, and infers what it asks of a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qatoolkit.corpus.folder import declared_splits
from qatoolkit.errors import NotACorpusError, UsageError
from qatoolkit.training.settings import Mode

Columns = dict[str, list[Any]]

COLUMNS = ("id", "title", "context", "question", "answers")


def load_splits(dataset: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """The splits of a folder written by `qatk convert` or `DatasetDict.save_to_disk`.

    Raises:
        UsageError: no such folder.
        NotACorpusError: the folder holds something else.
    """
    if isinstance(dataset, Mapping):
        return dataset
    if not Path(dataset).is_dir():
        raise UsageError(f"{dataset}: no such folder; qatk convert FILE -o {dataset} writes one")
    import datasets

    try:
        loaded = datasets.load_from_disk(str(dataset))
    except (FileNotFoundError, ValueError) as error:
        raise NotACorpusError(
            f"{dataset}: holds no converted dataset; qatk convert FILE -o DIR writes one"
        ) from error
    return loaded if isinstance(loaded, datasets.DatasetDict) else {"train": loaded}


def load_columns(split: Any, name: str) -> Columns:
    """The columns of a split as Python lists; a missing title is "".

    Raises:
        NotACorpusError: a column is missing.
        UsageError: an annotated answer is not where it says it is.
    """
    missing = [column for column in COLUMNS if column != "title" and column not in split.column_names]
    if missing:
        raise NotACorpusError(f"split {name}: no column {', '.join(missing)}; qatk convert writes them")
    columns: Columns = split.with_format(None).select_columns(
        [column for column in COLUMNS if column in split.column_names]
    )[:]
    columns.setdefault("title", [""] * len(columns["id"]))
    for example_id, context, answers in zip(
        columns["id"], columns["context"], columns["answers"], strict=True
    ):
        for text, start in zip(answers["text"], answers["answer_start"], strict=True):
            if start < 0 or not context.startswith(text, start):
                raise UsageError(
                    f"split {name}, id {example_id}: answer_start {start} does not point at the answer; "
                    "qatk validate lists all such records, qatk fix repairs them"
                )
    return columns


def infer_mode(*splits: Columns) -> Mode:
    """Which of the two SQuAD tasks it is: squad_v2 as soon as a question is unanswerable."""
    unanswerable = any(not answers["text"] for columns in splits for answers in columns["answers"])
    return "squad_v2" if unanswerable else "squad"


def is_labelled(dataset: str | Path | Mapping[str, Any], split: str, columns: Columns) -> bool:
    """Whether the split's questions without answers are unanswerable, not merely without annotation.

    The manifest says so; without one, a split in which no question has an answer is unlabelled.
    """
    declared = {} if isinstance(dataset, Mapping) else declared_splits(Path(dataset))
    if split in declared:
        return declared[split]
    return any(answers["text"] for answers in columns["answers"])


def load_lineage(dataset: str | Path | Mapping[str, Any], split: str) -> dict[str, dict[str, Any]]:
    """Where each record came from: id -> lineage row; empty when the folder has no lineage."""
    path = None if isinstance(dataset, Mapping) else Path(dataset) / "lineage.parquet"
    if path is None or not path.is_file():
        return {}
    table: pa.Table = pq.read_table(path, filters=[("split", "==", split)])
    return {row["id"]: row for row in table.to_pylist()}


def fingerprint(columns: Columns) -> str:
    """A hash of all that a model can see of a split, in its order."""
    digest = hashlib.sha256()
    for row in zip(*(columns[name] for name in COLUMNS), strict=True):
        digest.update(json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n")
    return f"sha256:{digest.hexdigest()}"


def pick(columns: Columns, rows: Sequence[int]) -> Columns:
    """Some of the examples, in the order asked for."""
    return {name: [values[row] for row in rows] for name, values in columns.items()}
