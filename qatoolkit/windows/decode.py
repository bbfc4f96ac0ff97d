"""Turns logits back into answers: the inverse of the labels that `featurize` gives.

Follows transformers' run_qa example and the SQuAD 2.0 baseline: in each feature the best start and
end tokens are paired, spans of all features of an example compete, and the example's no-answer
score is the lowest CLS score of its features. Works on arrays; knows no model and no metric.

Answers are cut out of the context by character offsets and never put together from tokens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.featurize import Features

Floats = NDArray[np.float32]

# Features paired at a time: 20 x 20 pairs of each are held in memory.
_CHUNK = 2000


@dataclass(frozen=True)
class Prediction:
    """What a model answers to one example.

    Attributes:
        answer: `context[start:end]`, or "" for no answer.
        start: first character, None for no answer.
        end: character after the last, None for no answer.
        score: probability (0..1) of what is answered, among the n-best spans and, with
            `version_2`, "no answer".
        null_score: the no-answer score minus that of the best span; higher means rather no answer.
            Infinite when there is no span at all.
        n_best: best spans first, each {text, start, end, score}; no span twice.
        gold_rank: place in `n_best` (from 0) of the first span that is an annotated one, else None.
        n_windows: features of the example.
    """

    answer: str
    start: int | None
    end: int | None
    score: float
    null_score: float
    n_best: list[dict[str, Any]]
    gold_rank: int | None
    n_windows: int


def decode(
    start_logits: Floats,
    end_logits: Floats,
    features: Features,
    examples: Mapping[str, Sequence[Any]],
    n_best_size: int = 20,
    max_answer_length: int = 30,
    null_score_diff_threshold: float = 0.0,
    *,
    version_2: bool = False,
) -> list[Prediction]:
    """One prediction per example, in the order of the examples.

    Args:
        start_logits: shape (F, L) with L at least the longest feature; what stands beyond a
            feature's own tokens is ignored.
        end_logits: as `start_logits`.
        features: of `featurize`, F of them.
        examples: the columns that were featurized; "context" and "answers" are read.
        n_best_size: how many starts and ends of a feature are paired, and how many spans of an
            example are kept.
        max_answer_length: longest answer in tokens.
        null_score_diff_threshold: with `version_2`, a null score above it means "no answer".
        version_2: whether "no answer" is possible (SQuAD 2.0).
    """
    spans, bounds = _best_spans(start_logits, end_logits, features, n_best_size, max_answer_length)
    null = _null_scores(start_logits, end_logits, features)
    windows = np.bincount(features.example, minlength=features.n_examples)
    contexts, answers = list(examples["context"]), list(examples["answers"])
    predictions = []
    for i in range(features.n_examples):
        here = slice(bounds[i], bounds[i + 1])
        candidates = _texts(contexts[i], spans.start[here], spans.end[here], spans.score[here])
        predictions.append(
            _predict(
                candidates,
                float(null[i]),
                _annotated(answers[i]),
                int(windows[i]),
                null_score_diff_threshold if version_2 else None,
            )
        )
    return predictions


@dataclass(frozen=True, eq=False)
class _Spans:
    """Spans of all features, as columns: example, start and end character, score."""

    example: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    score: Floats

    def __getitem__(self, rows: Any) -> _Spans:
        return _Spans(self.example[rows], self.start[rows], self.end[rows], self.score[rows])

    @staticmethod
    def join(parts: Sequence[_Spans]) -> _Spans:
        return _Spans(
            np.concatenate([part.example for part in parts]),
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.end for part in parts]),
            np.concatenate([part.score for part in parts]),
        )


def _best_spans(
    start_logits: Floats, end_logits: Floats, features: Features, n_best: int, longest: int
) -> tuple[_Spans, NDArray[np.intp]]:
    """The n best distinct spans of each example, best first, and E + 1 bounds into them."""
    chunks = range(0, max(1, len(features)), _CHUNK)
    spans = _Spans.join(
        [
            _pair(start_logits, end_logits, features, slice(first, first + _CHUNK), n_best, longest)
            for first in chunks
        ]
    )
    # Overlapping windows hold the same span twice: the better score stays.
    spans = spans[np.lexsort((-spans.score, spans.end, spans.start, spans.example))]
    key = np.stack([spans.example, spans.start, spans.end])
    spans = spans[np.any(np.diff(key, axis=1, prepend=-1) != 0, axis=0)]

    spans = spans[np.lexsort((spans.end, spans.start, -spans.score, spans.example))]
    bounds = np.searchsorted(spans.example, np.arange(features.n_examples + 1))
    rank = np.arange(len(spans.example)) - bounds[spans.example]
    spans = spans[rank < n_best]
    return spans, np.searchsorted(spans.example, np.arange(features.n_examples + 1))


def _pair(
    start_logits: Floats, end_logits: Floats, features: Features, rows: slice, n_best: int, longest: int
) -> _Spans:
    """The n best spans of each of these features."""
    begin = features.context_start[rows, None]
    bounds = features.context_bounds[:-1][rows, None]
    width = np.diff(features.context_bounds)[rows, None]
    position = np.arange(start_logits.shape[1])
    inside = (position >= begin) & (position < begin + width)
    first = _top(np.where(inside, start_logits[rows], -np.inf), n_best)[:, :, None]
    last = _top(np.where(inside, end_logits[rows], -np.inf), n_best)[:, None, :]
    row = np.arange(len(inside))[:, None, None]
    score = (start_logits[rows][row, first] + end_logits[rows][row, last]).astype(np.float32)
    valid = inside[row, first] & inside[row, last] & (first <= last) & (last - first < longest)
    score = np.where(valid, score, -np.inf).reshape(len(inside), first.shape[1] * last.shape[2])

    best = _top(score, n_best)
    row, column = np.nonzero(np.isfinite(np.take_along_axis(score, best, axis=1)))
    pair = best[row, column]
    n_last = last.shape[2]
    first_token = first[row, pair // n_last, 0] - begin[row, 0] + bounds[row, 0]
    last_token = last[row, 0, pair % n_last] - begin[row, 0] + bounds[row, 0]
    start, end = features.offset_mapping[first_token, 0], features.offset_mapping[last_token, 1]
    return _Spans(features.example[rows][row], start, end, score[row, pair])[start < end]


def _top(values: Floats, n: int) -> NDArray[np.intp]:
    """Columns of the n highest values of each row, in no particular order."""
    n = min(n, values.shape[1])
    return np.argpartition(-values, n - 1, axis=1)[:, :n] if n else np.zeros((len(values), 0), np.intp)


def _null_scores(start_logits: Floats, end_logits: Floats, features: Features) -> Floats:
    """Shape (E,): the lowest CLS score of each example's features."""
    row = np.arange(len(features))
    cls = start_logits[row, features.cls_position] + end_logits[row, features.cls_position]
    null = np.full(features.n_examples, np.inf, dtype=np.float32)
    with np.errstate(invalid="ignore"):  # a model that diverged
        np.minimum.at(null, features.example, cls.astype(np.float32))
    return null


def _texts(
    context: str, starts: NDArray[np.int32], ends: NDArray[np.int32], scores: Floats
) -> list[tuple[str, int, int, float]]:
    """Spans with their text, moved to where the text visibly begins and ends.

    Some tokenizers count the blank before a word as part of it, and uncased ones leave the vowel
    signs and accents behind a letter out of its token.
    """
    found: dict[tuple[int, int], tuple[str, int, int, float]] = {}
    for start, end, score in zip(starts.tolist(), ends.tolist(), scores.tolist(), strict=True):
        while end < len(context) and unicodedata.category(context[end]).startswith("M"):
            end += 1
        text = context[start:end]
        stripped = text.strip()
        if stripped:
            begin = start + len(text) - len(text.lstrip())
            found.setdefault((begin, len(stripped)), (stripped, begin, begin + len(stripped), score))
    return list(found.values())


def _annotated(answers: Mapping[str, Any]) -> set[tuple[int, int]]:
    """The annotated spans, without blanks at their edges, like the predicted ones."""
    spans = set()
    for text, start in zip(answers["text"], answers["answer_start"], strict=True):
        begin = start + len(text) - len(text.lstrip())
        spans.add((begin, begin + len(text.strip())))
    return spans


def _softmax(logits: list[float]) -> list[float]:
    if not logits:
        return []
    odds = np.exp(np.array(logits) - max(logits))
    chances: list[float] = (odds / odds.sum()).tolist()
    return chances


def _predict(
    candidates: list[tuple[str, int, int, float]],
    null: float,
    annotated: set[tuple[int, int]],
    n_windows: int,
    threshold: float | None,
) -> Prediction:
    """Chooses between the best span and, when there is a threshold, no answer."""
    logits = [candidate[3] for candidate in candidates]
    null_score = null - logits[0] if candidates else float("inf")
    chances = _softmax([*logits, null] if threshold is not None else logits)
    n_best: list[dict[str, Any]] = [
        {"text": text, "start": start, "end": end, "score": chance}
        for (text, start, end, _), chance in zip(candidates, chances, strict=False)
    ]
    ranks = (rank for rank, span in enumerate(n_best) if (span["start"], span["end"]) in annotated)
    gold_rank = next(ranks, None)
    if not n_best or (threshold is not None and null_score > threshold):
        score = chances[-1] if threshold is not None else 0.0
        return Prediction("", None, None, score, null_score, n_best, gold_rank, n_windows)
    best = n_best[0]
    return Prediction(
        best["text"], best["start"], best["end"], best["score"], null_score, n_best, gold_rank, n_windows
    )
