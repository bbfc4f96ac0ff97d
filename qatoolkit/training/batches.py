"""Pads features to batches and runs a model over them; training and prediction share both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from qatoolkit.training.model import takes_token_types

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from qatoolkit.windows import Features

# What a CPU is given at a time: what passes between the layers then stays in its cache, which is faster than
# batches of 32 long windows, by a sixth in float32 and by a third in int8.
_CPU_TOKENS = 1024


class Collator:
    """Pads the rows of a batch on the right, to its longest one."""

    def __init__(self, model: PreTrainedModel, pad_token_id: int | None) -> None:
        self._pad = {"input_ids": pad_token_id or 0}
        if takes_token_types(model):
            self._pad["token_type_ids"] = 0

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = np.array([len(row["input_ids"]) for row in rows])
        width = int(lengths.max())
        batch = {"attention_mask": torch.from_numpy((np.arange(width) < lengths[:, None]).astype(np.int64))}
        for name, pad in self._pad.items():
            if name in rows[0]:
                padded = np.full((len(rows), width), pad, dtype=np.int64)
                for i, row in enumerate(rows):
                    padded[i, : lengths[i]] = row[name]
                batch[name] = torch.from_numpy(padded)
        for name in ("start_positions", "end_positions"):
            batch[name] = torch.tensor([row[name] for row in rows])
        return batch


class FeatureStream(IterableDataset):  # type: ignore[misc]  # torch is not type-checked
    """Features in an order of ours, which a training loop cannot change.

    The Trainer's sampler shuffles evaluation data when it groups by length, and what it hands to
    `compute_metrics` does not tell which row is which feature. A stream has no sampler.
    """

    def __init__(self, features: Features, order: NDArray[np.intp]) -> None:
        self._features = features
        self._order = order

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self._features[int(i)] for i in self._order)


def best_device() -> torch.device:
    """The accelerator of this machine, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def by_length(features: Features) -> NDArray[np.intp]:
    """Longest first: hardly any padding, and a lack of memory shows in the first batch."""
    return np.argsort(-features.lengths, kind="stable")


def restore(logits: NDArray[np.float32], order: NDArray[np.intp]) -> NDArray[np.float32]:
    """Puts rows computed in `order` back to the features' own order."""
    restored = np.empty_like(logits)
    restored[order] = logits
    return restored


def _portions(
    order: NDArray[np.intp], lengths: NDArray[np.int64], batch_size: int, device: torch.device
) -> Iterator[NDArray[np.intp]]:
    """Cuts an order, longest first, into batches."""
    first = 0
    while first < len(order):
        fitting = max(1, _CPU_TOKENS // int(lengths[order[first]])) if device.type == "cpu" else batch_size
        yield order[first : first + min(fitting, batch_size)]
        first += min(fitting, batch_size)


def forward(
    model: PreTrainedModel,
    features: Features,
    batch_size: int = 32,
    *,
    pad_token_id: int | None = 0,
    on_batch: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Start and end logits of all features.

    Args:
        model: on the device where it shall run.
        features: F of them.
        batch_size: features per batch at most; a CPU gets fewer of the long ones, which is faster there.
        pad_token_id: of the tokenizer.
        on_batch: called with the number of features done after each batch.

    Returns:
        Two arrays of shape (F, longest feature); beyond a feature's own tokens they mean nothing.
    """
    collate = Collator(model, pad_token_id)
    width = int(features.lengths.max(initial=0))
    start, end = np.zeros((2, len(features), width), dtype=np.float32)
    order = by_length(features)
    training = model.training
    model.eval()
    with torch.inference_mode():
        for rows in _portions(order, features.lengths, batch_size, model.device):
            batch = collate([features[int(i)] for i in rows])
            del batch["start_positions"], batch["end_positions"]
            output = model(**{name: column.to(model.device) for name, column in batch.items()})
            here = (rows, slice(0, batch["input_ids"].shape[1]))
            start[here] = output.start_logits.float().cpu().numpy()
            end[here] = output.end_logits.float().cpu().numpy()
            if on_batch:
                on_batch(len(rows))
    model.train(training)
    return start, end
