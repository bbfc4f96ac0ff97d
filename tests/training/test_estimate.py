from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from qatoolkit.training.estimate import dry_run
from qatoolkit.training.finetune import finetune

Maker = Callable[..., datasets.DatasetDict]


@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation_steps": 3}, {"max_steps": 5}])
def test_the_steps_are_those_that_are_taken(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path, settings: dict[str, Any]
) -> None:
    recipe: dict[str, Any] = {
        "model": tiny_distilbert,
        "epochs": 1.5,
        "batch_size": 4,
        "max_seq_length": 64,
        "doc_stride": 16,
        "settings": settings,
    }
    estimate = dry_run(make_dataset(repeat=7), tmp_path / "run", **recipe)
    assert not (tmp_path / "run").exists()
    assert estimate.seconds_per_step > 0
    assert estimate.training_seconds == pytest.approx(estimate.seconds_per_step * estimate.plan.steps)
    steps: list[int] = []
    finetune(
        make_dataset(repeat=7),
        tmp_path / "run",
        on_step=lambda done, total: steps.append(total),
        **recipe,
    )
    assert set(steps) == {estimate.plan.steps} == {len(steps)}
