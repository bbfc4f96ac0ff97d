from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.training.threshold import tune_threshold


def mean_score(threshold: float, null: np.ndarray, answered: np.ndarray, abstained: np.ndarray) -> float:
    return float(np.where(null > threshold, abstained, answered).mean())


def test_a_clean_separation_is_cut_in_the_middle() -> None:
    null = np.array([-4.0, -2.0, 3.0, 5.0])
    answered, abstained = np.array([1.0, 1, 0, 0]), np.array([0.0, 0, 1, 1])
    assert tune_threshold(null, answered, abstained) == 0.5


def test_abstaining_from_everything_can_be_best() -> None:
    null = np.array([-4.0, -2.0])
    threshold = tune_threshold(null, np.zeros(2), np.ones(2))
    assert threshold < -4


def test_nothing_to_learn_from() -> None:
    assert tune_threshold(np.zeros(0), np.zeros(0), np.zeros(0)) == 0.0
    assert tune_threshold(np.array([np.inf]), np.zeros(1), np.ones(1)) == 0.0


def test_of_equally_good_thresholds_the_nearest_to_zero_is_taken() -> None:
    null = np.array([-40.0, -20.0, 20.0, 40.0])
    assert tune_threshold(null, np.ones(4), np.ones(4)) == 0.0


@given(st.lists(st.tuples(st.integers(-5, 5), st.floats(0, 1), st.booleans()), min_size=1, max_size=12))
def test_no_other_threshold_scores_higher(rows: list[tuple[int, float, bool]]) -> None:
    null = np.array([row[0] for row in rows], dtype=float)
    answered = np.array([row[1] for row in rows])
    abstained = np.array([row[2] for row in rows], dtype=float)
    chosen = mean_score(tune_threshold(null, answered, abstained), null, answered, abstained)
    others = [mean_score(cut / 2, null, answered, abstained) for cut in range(-13, 14)]
    assert chosen >= max(others) - 1e-9
