"""Turns logits back into answers: the inverse of the labels that `featurize` gives.

Follows transformers' run_qa example and the SQuAD 2.0 baseline: in each feature the best start and
end tokens are paired, spans of all features of an example compete (`spans`), and the example's
no-answer score is the lowest CLS score of its features. Works on arrays; knows no model and no metric.

Answers are cut out of the context by character offsets and never put together from tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.features import Features
from qatoolkit.windows.spans import Floats, Spans, best_spans, distinct, places_of
from qatoolkit.windows.tokens import trim
from qatoolkit.windows.visible import unlike_visible, visible

# Examples whose spans become Python objects together.
_CHUNK = 2000


@dataclass(frozen=True)
class Prediction:
    """What a model answers to one example.

    Attributes:
        context: of the example.
        start: first character of the answer, None for no answer.
        end: character after the last, None for no answer.
        score: probability (0..1) of what is answered, among the n-best spans and, with
            `version_2`, "no answer".
        null_score: the no-answer score minus that of the best span; higher means rather no answer.
            Infinite when there is no span at all.
        spans: starts, ends and probabilities of the n best, best first; no span twice.
        gold_rank: place in `n_best` (from 0) of the first span that is an annotated one, else None.
        n_windows: features of the example.
    """

    context: str
    start: int | None
    end: int | None
    score: float
    null_score: float
    spans: tuple[list[int], list[int], list[float]]
    gold_rank: int | None
    n_windows: int

    @property
    def answer(self) -> str:
        """`context[start:end]`, or "" for no answer."""
        return "" if self.start is None else self.context[self.start : self.end]

    @property
    def n_best(self) -> list[dict[str, Any]]:
        """The spans as {text, start, end, score}; made when asked for, because most are never looked at."""
        return [
            {"text": self.context[start:end], "start": start, "end": end, "score": score}
            for start, end, score in zip(*self.spans, strict=True)
        ]


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
    spans = best_spans(start_logits, end_logits, features, n_best_size, max_answer_length)
    null = _null_scores(start_logits, end_logits, features)
    contexts, answers = list(examples["context"]), list(examples["answers"])
    return [
        prediction
        for first in range(0, features.n_examples, _CHUNK)
        for prediction in _predict(
            spans.of_examples(first, first + _CHUNK),
            null[first : first + _CHUNK],
            contexts[first : first + _CHUNK],
            answers[first : first + _CHUNK],
            np.bincount(features.example, minlength=features.n_examples)[first : first + _CHUNK],
            null_score_diff_threshold if version_2 else None,
        )
    ]


def _null_scores(start_logits: Floats, end_logits: Floats, features: Features) -> Floats:
    """Shape (E,): the lowest CLS score of each example's features."""
    row = np.arange(len(features))
    cls = start_logits[row, features.cls_position] + end_logits[row, features.cls_position]
    null = np.full(features.n_examples, np.inf, dtype=np.float32)
    with np.errstate(invalid="ignore"):  # a model that diverged
        np.minimum.at(null, features.example, cls.astype(np.float32))
    return null


def _predict(
    spans: Spans,
    null: Floats,
    contexts: Sequence[str],
    answers: Sequence[Mapping[str, Any]],
    windows: NDArray[np.intp],
    threshold: float | None,
) -> list[Prediction]:
    """Chooses between the best span and, when there is a threshold, no answer."""
    spans = _as_seen(spans, contexts)
    bounds = np.searchsorted(spans.example, np.arange(len(contexts) + 1))
    best = np.full(len(contexts), np.nan, np.float64)
    best[spans.example[::-1]] = spans.score[::-1]
    null_scores = np.where(np.isnan(best), np.inf, null - best)
    chances, null_chances = _chances(spans, best, null if threshold is not None else None)
    gold_ranks = _gold_ranks(spans, bounds, answers)
    starts, ends, scores = spans.start.tolist(), spans.end.tolist(), chances.tolist()
    columns = (bounds[:-1], bounds[1:], null_scores, null_chances, gold_ranks, windows)
    predictions = []
    for context, first, behind, null_score, null_chance, gold_rank, n_windows in zip(
        contexts, *(column.tolist() for column in columns), strict=True
    ):
        if first == behind or (threshold is not None and null_score > threshold):
            start, end, score = None, None, null_chance
        else:
            start, end, score = starts[first], ends[first], scores[first]
        own = (starts[first:behind], ends[first:behind], scores[first:behind])
        rank = gold_rank if gold_rank < behind - first else None
        predictions.append(Prediction(context, start, end, score, null_score, own, rank, n_windows))
    return predictions


def _as_seen(spans: Spans, contexts: Sequence[str]) -> Spans:
    """Moves spans to where their text visibly begins and ends; blank ones go, and the worse of equal ones."""
    odd = np.flatnonzero(unlike_visible(contexts, spans.example, spans.start, spans.end))
    if not len(odd):
        return spans
    start, end = spans.start.copy(), spans.end.copy()
    for row in odd.tolist():
        start[row], end[row] = visible(contexts[spans.example[row]], int(start[row]), int(end[row]))
    spans = replace(spans, start=start, end=end)[start < end]
    return spans[distinct(spans)]


def _chances(
    spans: Spans, best: NDArray[np.float64], null: Floats | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of the spans of an example, and of no answer: 0 where that is no choice.

    Args:
        spans: of E examples.
        best: shape (E,), the highest score of each, nan for none.
        null: shape (E,), scores of no answer, where that is one of the choices.
    """
    highest = best if null is None else np.fmax(best, null)
    with np.errstate(invalid="ignore"):  # a model that diverged
        odds = np.exp(spans.score - highest[spans.example])
        null_odds = np.zeros(len(best)) if null is None else np.exp(null - highest)
        total = np.bincount(spans.example, odds, len(best)) + null_odds
        return odds / total[spans.example], null_odds / np.where(total > 0, total, 1)


def _gold_ranks(
    spans: Spans, bounds: NDArray[np.intp], answers: Sequence[Mapping[str, Any]]
) -> NDArray[np.int64]:
    """Shape (E,): place among the spans of an example of the first annotated one, or a number beyond.

    Annotated spans are compared without blanks at their edges, like the predicted ones.
    """
    texts = list(chain.from_iterable(answer["text"] for answer in answers))
    start = np.array(list(chain.from_iterable(answer["answer_start"] for answer in answers)), np.int32)
    length = np.array([len(text) for text in texts], np.int32)
    seen = np.array([len(text.strip()) for text in texts], np.int32)
    owner = np.repeat(np.arange(len(answers), dtype=np.int32), [len(answer["text"]) for answer in answers])
    for row in np.flatnonzero(seen < length).tolist():
        start[row], _ = trim(texts[row], int(start[row]))
    annotated = Spans(owner, start, start + seen, np.zeros(len(texts), np.float32))
    characters = 1 + max(int(spans.end.max(initial=0)), int(annotated.end.max(initial=0)))
    places, wanted = places_of(spans, characters), places_of(annotated, characters)
    order = np.argsort(places)
    at = np.searchsorted(places[order], wanted)
    there = order[at[at < len(order)]]
    hits = there[places[there] == wanted[at < len(order)]]
    ranks = np.diff(bounds)
    np.minimum.at(ranks, spans.example[hits], hits - bounds[spans.example[hits]])
    return ranks
