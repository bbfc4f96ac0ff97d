"""The best spans of all examples at once, from the logits of their features.

In each feature the best start and end tokens are paired, and spans of all features of an example
compete. Everything is a column; texts are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.features import Features

Floats = NDArray[np.float32]

# Features paired at a time: 20 x 20 pairs of each are held in memory.
_CHUNK = 2000

_LOWEST = np.float32(-np.inf)


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans as columns of shape (n,): example, start and end character, score."""

    example: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    score: Floats

    def __getitem__(self, rows: Any) -> Spans:
        return Spans(self.example[rows], self.start[rows], self.end[rows], self.score[rows])

    @staticmethod
    def join(parts: Sequence[Spans]) -> Spans:
        """All of them, one behind the other."""
        return Spans(
            np.concatenate([part.example for part in parts]),
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.end for part in parts]),
            np.concatenate([part.score for part in parts]),
        )

    def of_examples(self, first: int, behind: int) -> Spans:
        """Those of some examples, numbered from 0; the spans are in the order of the examples."""
        own = self[slice(*np.searchsorted(self.example, [first, behind]))]
        return replace(own, example=own.example - np.int32(first))


def best_spans(
    start_logits: Floats, end_logits: Floats, features: Features, n_best_size: int, max_answer_length: int
) -> Spans:
    """The n best distinct spans of each example, by example and then best first.

    Args: as for `decode`.
    """
    # Features of like length together, because a chunk is as wide as its longest one.
    order = np.argsort(features.lengths, kind="stable")
    spans = Spans.join(
        [
            _pair(
                start_logits,
                end_logits,
                features,
                order[first : first + _CHUNK],
                n_best_size,
                max_answer_length,
            )
            for first in range(0, max(1, len(features)), _CHUNK)
        ]
    )
    spans = spans[_in_order(spans)]
    spans = spans[distinct(spans)]  # overlapping windows hold the same span twice
    bounds = np.searchsorted(spans.example, np.arange(features.n_examples))
    rank = np.arange(len(spans.example)) - bounds[spans.example]
    return spans[rank < n_best_size]


def distinct(spans: Spans) -> NDArray[np.intp]:
    """The rows at which some span of characters of an example stands for the first time, in order."""
    characters = int(spans.end.max(initial=0)) + 1
    return np.sort(np.unique(places_of(spans, characters), return_index=True)[1])


def places_of(spans: Spans, characters: int) -> NDArray[np.int64]:
    """Shape (n,): one number for each span of characters, rising by example, start and end.

    Args:
        spans: n of them.
        characters: more than any of them ends at.
    """
    place: NDArray[np.int64] = spans.example * np.int64(characters) + spans.start
    return place * characters + spans.end


def _in_order(spans: Spans) -> NDArray[np.intp]:
    """Rows by example, then best first, then by place."""
    # Bits of floats, read as whole numbers and mirrored below zero, rise as the floats do; adding zero
    # takes the sign from -0.0.
    bits = (spans.score + np.float32(0)).view(np.int32)
    falling = ~(bits ^ ((bits >> 31) & 0x7FFFFFFF))
    key = (spans.example.astype(np.int64) << 32) + falling
    order = np.argsort(key)
    key = key[order]
    same = np.append(key[1:] == key[:-1], False)
    tied = np.flatnonzero(same | np.roll(same, 1))
    rows = order[tied]
    order[tied] = rows[np.lexsort((spans.end[rows], spans.start[rows], key[tied]))]
    return order


def _pair(
    start_logits: Floats,
    end_logits: Floats,
    features: Features,
    rows: NDArray[np.intp],
    n_best: int,
    longest: int,
) -> Spans:
    """The n best spans of each of these features, and all that are as good as the last of them."""
    begin = features.context_start[rows]
    bounds = features.context_bounds[rows]
    behind = begin + (features.context_bounds[rows + 1] - bounds)
    position = np.arange(behind.max(initial=0), dtype=np.int32)
    if not (behind > begin).any():  # contexts without tokens
        nothing = np.zeros(0, np.int32)
        return Spans(nothing, nothing, nothing, np.zeros(0, np.float32))
    inside = (position >= begin[:, None]) & (position < behind[:, None])
    starts, first = _top(start_logits[rows, : len(position)], inside, n_best)
    ends, last = _top(end_logits[rows, : len(position)], inside, n_best)
    score = starts[:, :, None] + ends[:, None, :]
    distance = last[:, None, :] - first[:, :, None]
    # Read as unsigned, a negative distance is a very long one.
    np.putmask(score, distance.view(np.uint32) >= longest, _LOWEST)
    score = score.reshape(len(rows), first.shape[1] * last.shape[1])

    nth = score.shape[1] - min(n_best, score.shape[1])
    least = np.maximum(np.partition(score, nth, axis=1)[:, nth, None], np.finfo(np.float32).min)
    flat = np.flatnonzero(score >= least)
    row, pair = np.divmod(flat, score.shape[1])
    shift = (bounds - begin)[row]
    first_token = first[row, pair // last.shape[1]] + shift
    last_token = last[row, pair % last.shape[1]] + shift
    start, end = features.offset_mapping[first_token, 0], features.offset_mapping[last_token, 1]
    return Spans(features.example[rows[row]], start, end, score.ravel()[flat])[start < end]


def _top(logits: Floats, inside: NDArray[np.bool_], n: int) -> tuple[Floats, NDArray[np.int32]]:
    """The n highest logits of each row and their columns, in no order; what is no number is lowest.

    Args:
        logits: a copy, which is written on.
        inside: what of it counts.
        n: how many.
    """
    np.putmask(logits, ~inside, _LOWEST)
    n = min(n, logits.shape[1])
    nth = logits.shape[1] - n
    flat = np.flatnonzero(logits >= np.partition(logits, nth, axis=1)[:, nth, None])
    if len(flat) == n * len(logits):
        columns = flat.reshape(-1, n) % logits.shape[1]
    else:  # some are equal, as in a context of few tokens, or no numbers: slower
        np.fmax(logits, _LOWEST, out=logits)
        columns = np.argpartition(logits, nth, axis=1)[:, nth:]
    return np.take_along_axis(logits, columns, axis=1), columns.astype(np.int32)
