"""Loads a model that has learnt to answer, and answers questions with it, a portion at a time.

The one way from questions to answers: `predict`, `compare`, the `Answerer` and `pipeline` go it. Scores
nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.errors import ModelError, UsageError
from qatoolkit.training.data import Columns
from qatoolkit.training.model import LoadedModel, load_model
from qatoolkit.training.settings import Mode, Settings

if TYPE_CHECKING:
    from qatoolkit.windows import Features, Prediction

# Questions whose logits are held at a time: about ten megabytes of contexts that fit one window.
_PORTION = 1000


@dataclass(frozen=True, eq=False)
class Answered:
    """Some of the questions, with what came out for them.

    Attributes:
        columns: the examples, E of them.
        features: their windows, F of them.
        start_logits: shape (F, longest window), see `decode`.
        end_logits: as `start_logits`.
        predictions: E of them, in the order of the examples.
    """

    columns: Columns
    features: Features
    start_logits: NDArray[np.float32]
    end_logits: NDArray[np.float32]
    predictions: list[Prediction]


def load_answering_model(
    model: str | Path | LoadedModel, *, int8: bool = False, device: object = None
) -> LoadedModel:
    """A model that has learnt to answer, where it shall run.

    Args:
        model: the folder of a run or model, "pkg:NAME", a hub id, or what is loaded already.
        int8: with weights of eight bits, on the CPU.
        device: as torch names it. None: the fastest one that is here; what is loaded already stays.

    Raises:
        ModelError: its question-answering head is missing, so that answers would be random.
        UsageError: `int8` where the model cannot have it, or there is no such device.
    """
    from qatoolkit.training.batches import best_device

    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    if loaded.new_head:
        raise ModelError(
            f"{loaded.name}: has not learnt to answer questions yet (no question-answering head in its "
            f"weights). Fine-tune it first: qatk finetune DIR --model {loaded.name}"
        )
    if device is not None:
        _require_device(device)
    if int8:
        from qatoolkit.training.quantize import quantize

        return replace(loaded, model=quantize(loaded.model if device is None else loaded.model.to(device)))
    if device is not None or loaded is not model:
        loaded.model.to(best_device() if device is None else device)
    return loaded


def require_count(name: str, value: object) -> None:
    """Refuses what is no number of things.

    Raises:
        UsageError: `value` is not a whole number from 1.
    """
    if not isinstance(value, Integral) or int(value) < 1:
        raise UsageError(f"{name} must be 1 or more, not {value!r}")


def answer(
    loaded: LoadedModel,
    columns: Columns,
    settings: Settings,
    mode: Mode,
    batch_size: int = 32,
    *,
    on_batch: Callable[[float], None] | None = None,
    refused: dict[int, str] | None = None,
) -> Iterator[Answered]:
    """Answers questions in their order, some hundreds at a time.

    Args:
        loaded: from `load_answering_model`.
        columns: id, question, context and answers; the answers are looked at only to rank them.
        settings: how contexts are cut and logits decoded.
        mode: in "squad" every question is answered.
        batch_size: windows at a time.
        on_batch: called with how many questions are done, fractions included.
        refused: is given the questions that leave their context no room in a window, number -> reason;
            they are left out. None: they are an error.

    Raises:
        UsageError: see `refused`.
    """
    from qatoolkit.training.batches import forward
    from qatoolkit.windows import decode, featurize

    pad = loaded.tokenizer.pad_token_id
    total = len(columns["id"])
    # A stack: a portion in which something is refused is halved until the question is found.
    waiting = [(first, min(first + _PORTION, total)) for first in reversed(range(0, total, _PORTION))]
    while waiting:
        first, after = waiting.pop()
        part: Columns = {name: values[first:after] for name, values in columns.items()}
        try:
            features = featurize(part, loaded.tokenizer, settings.max_seq_length, settings.doc_stride)
        except UsageError as error:
            if refused is None:
                raise
            if after - first == 1:
                refused[first] = str(error)
            else:
                middle = (first + after) // 2
                waiting += [(middle, after), (first, middle)]
            continue
        count = _counter(on_batch, first, (after - first) / len(features)) if on_batch else None
        logits = forward(loaded.model, features, batch_size, pad_token_id=pad, on_batch=count)
        predictions = decode(
            *logits,
            features,
            part,
            settings.n_best_size,
            settings.max_answer_length,
            settings.null_score_diff_threshold,
            version_2=mode == "squad_v2",
        )
        yield Answered(part, features, *logits, predictions)


def _require_device(device: Any) -> None:
    import torch

    hint = "leave device out for the fastest one that is here"
    try:
        place = torch.device(device)
    except (RuntimeError, TypeError, ValueError) as error:
        raise UsageError(
            f'device {device!r}: torch knows no such device; "cpu", "cuda:0" and "mps" are some, or {hint}'
        ) from error
    try:
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch without CUDA asserts
        raise UsageError(f"device {place}: cannot be used on this machine; {hint}") from error


def _counter(on_batch: Callable[[float], None], before: int, each: float) -> Callable[[int], None]:
    """Turns windows done of one portion into questions done of all."""
    done = 0

    def count(windows: int) -> None:
        nonlocal done
        done += windows
        on_batch(before + done * each)

    return count
