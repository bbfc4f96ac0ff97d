"""The score that transformers' former pipeline gave to an answer.

In each window the start logits become probabilities over the context's tokens and the CLS token, and so do
the end logits. An answer scores the product of the two, "no answer" the product at the CLS token. Where
windows overlap, an answer takes its best window, and "no answer" the window that speaks most against it.

Decides nothing: which answers there are, and in what order, is `decode`'s work.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.training.answering import Answered

if TYPE_CHECKING:
    from qatoolkit.windows import Features

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chances:
    """Of one example.

    Attributes:
        spans: 0..1, one for each of `Prediction.n_best`.
        null: 0..1, of "no answer".
    """

    spans: list[float]
    null: float


def chances(part: Answered) -> list[Chances]:
    """The scores of all spans of all examples of a portion."""
    features = part.features
    inside = _maskable(features, part.start_logits.shape[1])
    start, end = _log_softmax(part.start_logits, inside), _log_softmax(part.end_logits, inside)
    row = np.arange(len(features))
    null = np.exp(start[row, features.cls_position] + end[row, features.cls_position])
    bounds = np.searchsorted(features.example, np.arange(features.n_examples + 1))
    found = []
    for i, prediction in enumerate(part.predictions):
        rows = range(bounds[i], bounds[i + 1])
        context = part.columns["context"][i]
        spans = [
            max((_chance(span, context, features, int(r), start, end) for r in rows), default=0.0)
            for span in prediction.n_best
        ]
        found.append(Chances(spans, float(null[rows].min())))
    return found


def _maskable(features: Features, width: int) -> NDArray[np.bool_]:
    """Shape (F, width): the tokens over which probabilities add up to 1."""
    position = np.arange(width)
    first = features.context_start[:, None]
    after = first + np.diff(features.context_bounds)[:, None]
    inside: NDArray[np.bool_] = (position >= first) & (position < after)
    inside[np.arange(len(features)), features.cls_position] = True
    return inside


def _log_softmax(logits: NDArray[np.float32], inside: NDArray[np.bool_]) -> Floats:
    masked = np.where(inside, logits.astype(np.float64), -np.inf)
    masked -= masked.max(axis=1, keepdims=True, initial=-np.inf)
    shifted: Floats = masked - np.log(np.exp(masked).sum(axis=1, keepdims=True))
    return shifted


def _chance(
    span: dict[str, Any], context: str, features: Features, row: int, start: Floats, end: Floats
) -> float:
    """A span's score in one window, 0 where the window does not hold it."""
    offsets = features.offset_mapping[features.context_bounds[row] : features.context_bounds[row + 1]]
    first = _covering(offsets, span["start"])
    at = span["end"] - 1
    last = _covering(offsets, at)
    # An uncased tokenizer leaves the marks behind a letter out of its token.
    while last.start >= last.stop and at > span["start"] and unicodedata.category(context[at])[0] == "M":
        at -= 1
        last = _covering(offsets, at)
    if first.start >= first.stop or last.start >= last.stop:
        return 0.0
    begin = int(features.context_start[row])
    starts, ends = (values[row, begin : begin + len(offsets)] for values in (start, end))
    return float(np.exp(starts[first].max() + ends[last].max()))


def _covering(offsets: NDArray[np.int32], character: int) -> slice:
    """The tokens that a character is part of; several where it is cut into bytes."""
    first = int(np.searchsorted(offsets[:, 1], character, side="right"))
    return slice(first, int(np.searchsorted(offsets[:, 0], character, side="right")))
