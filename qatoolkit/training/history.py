"""Reads the Trainer's history of logged values as one row for each evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]


def rows_of(history: Iterable[Mapping[str, Any]]) -> list[Row]:
    """A row for each evaluation.

    Args:
        history: `TrainerState.log_history`; a loss in it is the mean of the steps since the last one.

    Returns:
        Rows of step, epoch, train_loss (mean of all steps since the row before, None where there were
        none), validation_loss, exact and f1 (percent). A step that was evaluated twice, because training
        was resumed there, has one row.
    """
    rows: list[Row] = []
    loss, logged = 0.0, 0
    for entry in history:
        step = int(entry["step"])
        if "loss" in entry:
            loss += entry["loss"] * (step - logged)
            logged = step
        if "eval_loss" not in entry or (rows and rows[-1]["step"] == step):
            continue
        since = step - (rows[-1]["step"] if rows else 0)
        epoch = round(float(entry.get("epoch") or 0.0), 4)
        rows.append(
            {
                "step": step,
                "epoch": int(epoch) if epoch == int(epoch) else epoch,
                "train_loss": finite(loss / since) if since else None,
                "validation_loss": finite(entry["eval_loss"]),
                "exact": entry.get("eval_exact"),
                "f1": entry.get("eval_f1"),
            }
        )
        loss = 0.0
    return rows


def finite(value: Any) -> Any:
    """The value, or None: JSON has no word for the loss of a training that diverged."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
