from __future__ import annotations

import pytest

from qatoolkit.training.history import rows_of

BEFORE = {"step": 0, "eval_loss": 3.0, "eval_exact": 0.0, "eval_f1": 5.0}
FIRST = {"step": 4, "epoch": 1.0, "eval_loss": 2.0, "eval_exact": 10.0, "eval_f1": 20.0}
SECOND = {"step": 8, "epoch": 2.0, "eval_loss": float("nan"), "eval_exact": 11.0, "eval_f1": 21.0}


def test_a_row_has_the_mean_loss_of_its_own_steps() -> None:
    history = [
        BEFORE,
        {"step": 3, "loss": 2.0},
        {"step": 4, "loss": 6.0},
        FIRST,
        {"step": 8, "loss": 1.0},
        SECOND,
        {"step": 8, "train_loss": 2.0},
    ]
    rows = rows_of(history)
    assert [row["train_loss"] for row in rows] == [None, pytest.approx((3 * 2.0 + 6.0) / 4), 1.0]
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert [row["validation_loss"] for row in rows] == [3.0, 2.0, None]
    assert [row["f1"] for row in rows] == [5.0, 20.0, 21.0]


def test_a_step_evaluated_twice_has_one_row() -> None:
    assert [row["step"] for row in rows_of([BEFORE, FIRST, FIRST, SECOND])] == [0, 4, 8]
    assert rows_of([]) == []
