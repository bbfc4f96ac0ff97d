"""What a perfect model's logits may peak at, and what decoding makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from qatoolkit.windows.decode import decode
from qatoolkit.windows.features import Features
from qatoolkit.windows.reach import Flags, Integers, Reach, Setting

# Peaks decoded at a time: each has the logits of a whole window.
_CHUNK = 2000

# Pieces of an answer that is too long, evenly spaced, that are tried.
_PIECES = 4

_HEIGHT = 10.0


@dataclass(frozen=True, eq=False)
class Peaks:
    """Spans of whole tokens, n of them.

    Attributes:
        example: shape (n,), whose they are.
        feature: shape (n,), the window that holds them.
        first: shape (n,), first token, counted in the whole context.
        last: shape (n,), last token.
    """

    example: Integers
    feature: Integers
    first: Integers
    last: Integers


def whole_answers(reach: Reach, window: Integers, which: Flags, features: Features) -> Peaks:
    """Peaks at annotated answers.

    Args:
        reach: of the features.
        window: shape (A,), the window of its context that holds each answer.
        which: shape (A,), the answers that are wanted.
        features: of `featurize`.
    """
    example = reach.example[which]
    feature = np.searchsorted(features.example, example) + window[which]
    return Peaks(example, feature, reach.first[which], reach.last[which])


def pieces(reach: Reach, window: Integers, examples: Integers, features: Features, setting: Setting) -> Peaks:
    """Peaks at parts of the answers of these examples, as large as windows and decoding allow."""
    widths = np.diff(features.context_bounds)
    first_of = np.flatnonzero(_begins_word(features))
    found = []
    for row in np.flatnonzero(np.isin(reach.example, examples) & (reach.first <= reach.last)).tolist():
        example, first, last = int(reach.example[row]), int(reach.first[row]), int(reach.last[row])
        own = np.arange(*np.searchsorted(features.example, [example, example + 1]))
        for feature in own[window[row] : window[row] + 1] if window[row] >= 0 else own:
            begin = int(features.window_start[feature])
            low, high = max(first, begin), min(last, begin + int(widths[feature]) - 1)
            base = int(features.context_bounds[feature]) - begin
            parts = _parts(low, high, setting.max_answer_length)
            whole = [_whole_words(first_of, base, *part) for part in parts]
            found += [(example, int(feature), *part) for part in {*parts, *chain.from_iterable(whole)}]
    return Peaks(*np.array(found, np.int64).reshape(-1, 4).T)


def _parts(low: int, high: int, longest: int) -> list[tuple[int, int]]:
    """The whole of it, and without the token at either edge; or as much as decoding gives, here and there."""
    if high - low >= longest:
        starts = np.unique(np.linspace(low, high - longest + 1, _PIECES).round().astype(int)).tolist()
        return [(start, start + longest - 1) for start in starts]
    edges = [(low, high), (low + 1, high), (low, high - 1), (low + 1, high - 1)]
    return [(start, end) for start, end in edges if start <= end]


def _whole_words(first_of: Integers, base: int, low: int, high: int) -> list[tuple[int, int]]:
    """The same, without the parts of words that stand at its edges."""
    starts = (
        first_of[np.searchsorted(first_of, base + low) : np.searchsorted(first_of, base + high + 2)] - base
    )
    if not len(starts):
        return []
    start, end = int(starts[0]), int(starts[-1]) - 1
    return [(first, last) for first in (low, start) for last in (end, high) if low <= first <= last <= high]


def _begins_word(features: Features) -> Flags:
    """Shape (context tokens,), whether there is something between a token and the one before it."""
    offsets = features.offset_mapping
    begins: Flags = np.append(True, offsets[1:, 0] > offsets[:-1, 1])[: len(offsets)]
    return begins


def decode_peaks(
    peaks: Peaks, features: Features, contexts: Sequence[str], max_answer_length: int
) -> list[str]:
    """What is answered to each peak, as if it were an example of one window."""
    texts = []
    for first in range(0, len(peaks.example), _CHUNK):
        here = slice(first, first + _CHUNK)
        alone = features.take(peaks.feature[here])
        row = np.arange(len(alone))
        shift = alone.context_start - alone.window_start
        start, end = np.zeros((2, len(alone), int(alone.lengths.max())), np.float32)
        start[row, peaks.first[here] + shift] = _HEIGHT
        end[row, peaks.last[here] + shift] = _HEIGHT
        examples = {
            "context": [contexts[i] for i in peaks.example[here].tolist()],
            "answers": [{"text": [], "answer_start": []}] * len(alone),
        }
        alone = replace(alone, example=row.astype(np.int32), n_examples=len(alone))
        texts += [
            prediction.answer for prediction in decode(start, end, alone, examples, 1, max_answer_length)
        ]
    return texts
