"""How long a training will take here, from a few steps on batches of every length."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qatoolkit.training.batches import Collator
from qatoolkit.training.finetune import Dataset, prepare
from qatoolkit.training.model import quiet, require_training
from qatoolkit.training.plan import Plan
from qatoolkit.training.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, TrainingArguments

    from qatoolkit.windows import Features

#: Batches that are timed, spread over the lengths of the windows.
_SAMPLES = 4


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a training would be.

    Attributes:
        plan: as it would be told.
        seconds_per_step: of training, the mean over windows of all lengths.
        training_seconds: of all steps.
        evaluation_seconds: of all evaluations.
    """

    plan: Plan
    seconds_per_step: float
    training_seconds: float
    evaluation_seconds: float


def dry_run(dataset: Dataset, output: str | Path = "run", **recipe: Any) -> Estimate:
    """Prepares a training and times some of its steps; writes nothing.

    Args:
        dataset: see `finetune`.
        output: the run that would be written; it is not looked at.
        **recipe: see `finetune`.

    Raises:
        As `finetune`.
    """
    require_training("fine-tuning")
    with quiet():
        prepared = prepare(dataset, Recipe(**recipe), Path(output))
        task, arguments, plan = prepared.task, prepared.arguments, prepared.plan
        model = task.loaded.model.to(arguments.device)
        collate = Collator(model, task.loaded.tokenizer.pad_token_id)
        learning = _batches(task.train_features, arguments.train_batch_size, collate)
        step = _mean_seconds(learning, lambda batch: _learn(model, batch, arguments), arguments.device)
        looking = _batches(task.validation_features, arguments.eval_batch_size, collate)
        look = _mean_seconds(looking, lambda batch: _look(model, batch, arguments), arguments.device)
    batches = math.ceil(len(task.validation_features) / arguments.eval_batch_size)
    evaluations = math.ceil(arguments.num_train_epochs) + 2  # before, after each epoch, and of what is kept
    return Estimate(plan, step, step * plan.steps, look * batches * evaluations)


def _batches(features: Features, size: int, collate: Collator) -> list[dict[str, torch.Tensor]]:
    """Batches of windows of about the same length, at evenly spread ranks of the lengths."""
    order = np.argsort(features.lengths, kind="stable")
    size = min(size, len(order))
    starts = np.linspace(0, len(order) - size, 2 * _SAMPLES + 1)[1::2].round().astype(int)
    return [collate([features[int(i)] for i in order[start : start + size]]) for start in starts]


def _mean_seconds(
    batches: Sequence[dict[str, torch.Tensor]],
    work: Callable[[dict[str, torch.Tensor]], None],
    device: torch.device,
) -> float:
    import torch

    on_device = [{name: column.to(device) for name, column in batch.items()} for batch in batches]
    work(on_device[0])  # the first one pays for what is made once
    began = time.perf_counter()
    for batch in on_device:
        work(batch)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / len(on_device)


def _learn(model: PreTrainedModel, batch: dict[str, torch.Tensor], arguments: TrainingArguments) -> None:
    import torch

    model.train()
    with torch.autocast(arguments.device.type, dtype=torch.bfloat16, enabled=arguments.bf16):
        loss = model(**batch).loss
    loss.backward()
    model.zero_grad()


def _look(model: PreTrainedModel, batch: dict[str, torch.Tensor], arguments: TrainingArguments) -> None:
    import torch

    model.eval()
    with (
        torch.inference_mode(),
        torch.autocast(arguments.device.type, dtype=torch.bfloat16, enabled=arguments.bf16),
    ):
        model(**batch)
