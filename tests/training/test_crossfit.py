"""Cross-fitting with a real small model: no example is answered by a model that has seen its text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest

from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.training.crossfit import Fold, cross_fit, deal_folds
from qatoolkit.training.data import load_columns

Maker = Callable[..., datasets.DatasetDict]

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 4, "max_seq_length": 64, "doc_stride": 16}


@pytest.fixture
def facts(make_dataset: Maker, tmp_path: Path) -> Path:
    """Converted from a file, so that there is lineage."""
    from qatoolkit.conversion.convert import convert

    rows = [json.dumps({**row, "note": f"row {row['id']}"}) for row in make_dataset(repeat=3)["train"]]
    source = tmp_path / "facts.jsonl"
    source.write_text("\n".join(rows), encoding="utf-8")
    convert(source, output=tmp_path / "dataset", split="train=1")
    return tmp_path / "dataset"


def test_every_training_example_is_answered_out_of_fold(
    facts: Path, tiny_distilbert: Path, tmp_path: Path
) -> None:
    folds: list[Fold] = []
    result = cross_fit(facts, 2, tmp_path / "run", model=tiny_distilbert, on_fold=folds.append, **QUICK)
    assert result.folds == folds
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["crossfit.parquet"]
    rows = pq.read_table(result.path).to_pylist()
    train = datasets.load_from_disk(str(facts))["train"]
    assert [row["id"] for row in rows] == list(train["id"])
    for row in rows:
        assert row["source"].endswith("facts.jsonl")
        assert json.loads(row["extra"]) == {"note": f"row {row['id']}"}
        assert row["context"][row["start"] : row["end"]] == row["answer"]
        assert len(row["confidences"]) == 2
        assert row["confidence"] == pytest.approx(np.mean(row["confidences"]), abs=1e-6)
        assert row["variability"] == pytest.approx(np.std(row["confidences"]), abs=1e-6)
        assert 0 < row["confidence"] < 1
        assert row["exact"] == float(row["answer"] == row["answers"]["text"][0])
    homes: dict[str, set[int]] = {}
    for row in rows:
        homes.setdefault(row["context"], set()).add(row["fold"])
    assert all(len(found) == 1 for found in homes.values())
    assert set.union(*homes.values()) == {1, 2}
    for fold in folds:
        assert fold.answered == sum(row["fold"] == fold.number for row in rows)
        assert fold.learnt + fold.answered == len(rows)


def test_an_interrupted_cross_fit_keeps_its_folds(facts: Path, tiny_distilbert: Path, tmp_path: Path) -> None:
    recipe = {**QUICK, "model": tiny_distilbert}
    whole = cross_fit(facts, 2, tmp_path / "whole", **recipe)

    def stop(fold: Fold) -> None:
        raise KeyboardInterrupt

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        cross_fit(facts, 2, run, on_fold=stop, **recipe)
    with pytest.raises(UsageError, match="begun with other data or settings"):
        cross_fit(facts, 3, run, resume=True, **recipe)
    resumed = cross_fit(facts, 2, run, resume=True, **recipe)
    assert resumed.folds[0].seconds is None
    assert resumed.table.equals(whole.table)
    with pytest.raises(UsageError, match="no unfinished cross-fit there"):
        cross_fit(facts, 2, run, resume=True, overwrite=True, **recipe)
    with pytest.raises(DestinationError, match="add --overwrite"):
        cross_fit(facts, 2, run, **recipe)


def test_folds_share_no_title_and_are_about_equal() -> None:
    columns: dict[str, list[Any]] = {
        "id": [str(i) for i in range(120)],
        "title": [f"title {i // 4}" for i in range(120)],
        "context": [f"Text number {i} is about something else, such as {i * i}." for i in range(120)],
        "question": [f"What is {i}?" for i in range(120)],
        "answers": [{"text": [], "answer_start": []} for _ in range(120)],
    }
    homes = deal_folds(columns, 5, seed=1)
    assert all(len(set(homes[i : i + 4])) == 1 for i in range(0, 120, 4))
    assert np.bincount(homes).tolist() == [24] * 5
    assert not np.array_equal(homes, deal_folds(columns, 5, seed=2))


def test_too_few_groups(make_dataset: Maker) -> None:
    columns = load_columns(make_dataset(repeat=2)["train"], "train")  # four contexts
    with pytest.raises(UsageError, match="has 4 groups that share no title"):
        deal_folds(columns, 5, seed=1)
    with pytest.raises(UsageError, match="two folds at least"):
        deal_folds(columns, 1, seed=1)
