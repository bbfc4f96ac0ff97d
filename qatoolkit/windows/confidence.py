"""How much a model believes in the annotated answer: one probability an example."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.features import Features

Floats = NDArray[np.float32]

# Features weighed at a time: bounds the memory beside the logits.
_CHUNK = 2000


def gold_confidence(start_logits: Floats, end_logits: Floats, features: Features) -> NDArray[np.float64]:
    """Shape (E,): the probability (0..1) that a model gives to the labelled span of each example.

    All windows of an example share one softmax over the places where an answer may start: their
    context tokens and the CLS token of each. The same goes for ends. The probability of a span is
    that of its start times that of its end, summed over the windows that hold it; where an example
    has no answer, or no window holds it, the span is the CLS token of each window. So is confident
    learning done over the labels of a classifier.

    Args:
        start_logits: shape (F, L) with L at least the longest feature; what stands beyond a
            feature's own tokens is ignored.
        end_logits: as `start_logits`.
        features: of `featurize`, F of them; an example without features has no probability (nan).
    """
    answered = np.zeros(features.n_examples, bool)
    answered[features.example[features.answered]] = True
    labelled = features.answered == answered[features.example]
    rows = np.flatnonzero(labelled)
    start = _log_chances(start_logits, features.start_positions, features)[rows]
    end = _log_chances(end_logits, features.end_positions, features)[rows]
    chances = np.exp(start + end)
    confidence = np.bincount(features.example[rows], chances, features.n_examples).astype(np.float64)
    confidence[np.bincount(features.example, minlength=features.n_examples) == 0] = np.nan
    return confidence


def _log_chances(logits: Floats, labels: NDArray[np.int32], features: Features) -> NDArray[np.float64]:
    """Shape (F,): the log probability of a position of each feature, among those of its whole example."""
    mass = np.concatenate(
        [np.zeros(0)]
        + [
            _log_mass(logits[first : first + _CHUNK], features, slice(first, first + _CHUNK))
            for first in range(0, len(features), _CHUNK)
        ]
    )
    best = np.full(features.n_examples, -np.inf)
    np.maximum.at(best, features.example, mass)
    odds = np.exp(mass - best[features.example])
    total = np.bincount(features.example, odds, features.n_examples)[features.example]
    own = logits[np.arange(len(features)), labels]
    chances: NDArray[np.float64] = own - best[features.example] - np.log(total)
    return chances


def _log_mass(logits: Floats, features: Features, rows: slice) -> NDArray[np.float64]:
    """Shape (len(rows),): log of the sum of the odds of all places where an answer may be, CLS among them."""
    position = np.arange(logits.shape[1])
    begin = features.context_start[rows, None]
    width = np.diff(features.context_bounds)[rows, None]
    possible = (position >= begin) & (position < begin + width)
    possible |= position == features.cls_position[rows, None]
    own = np.where(possible, logits, -np.inf).astype(np.float64)
    best = own.max(axis=1, keepdims=True)
    mass: NDArray[np.float64] = best[:, 0] + np.log(np.exp(own - best).sum(axis=1))
    return mass
