"""Ranks answers with the score of transformers' former pipeline.

`decode` found the spans, `chances` their scores; here they are put in order, and one answer is made of the
spans that come down to the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qatoolkit.corpus.offsets import whole_words
from qatoolkit.training.answerer import Answer
from qatoolkit.training.chances import Chances

if TYPE_CHECKING:
    from qatoolkit.windows import Prediction


def n_spans(top_k: int) -> int:
    """How many spans were looked at for so many answers, because several may come down to the same words."""
    return 2 * top_k + 10


def as_decided(context: str, prediction: Prediction, odds: Chances, align: bool) -> list[Answer]:
    """As the run decides, with the former score."""
    spans = _spans(prediction, odds)
    if align:
        spans = _merged(context, spans, align=True)
    none = [] if prediction.answer else [_no_answer(odds)]
    return [*none, *spans]


def as_formerly(
    context: str, prediction: Prediction, odds: Chances, impossible: bool, align: bool, top_k: int
) -> list[Answer]:
    """By the former score alone; spans with the same words count together."""
    spans = sorted(_spans(prediction, odds), key=lambda span: -span["score"])
    answers = _merged(context, spans[: n_spans(top_k) if align else top_k], align=align)
    if impossible or not answers:
        answers.append(_no_answer(odds))
    return sorted(answers, key=lambda answer: -answer["score"])


def _spans(prediction: Prediction, odds: Chances) -> list[Answer]:
    return [
        {"score": score, "start": span["start"], "end": span["end"], "answer": span["text"]}
        for span, score in zip(prediction.n_best, odds.spans, strict=True)
    ]


def _no_answer(odds: Chances) -> Answer:
    return {"score": odds.null, "start": 0, "end": 0, "answer": ""}


def _merged(context: str, spans: Iterable[Answer], *, align: bool) -> list[Answer]:
    """One answer for spans of the same text, letter case aside, with their scores added up; best first.

    The probabilities of one window add up to 1 and those of several to more, so what comes out is cut at 1.
    """
    merged: dict[str, Answer] = {}
    for span in sorted(spans, key=lambda span: -span["score"]):
        start, end = span["start"], span["end"]
        if align:
            start, end = whole_words(context, start, end)
        text = context[start:end]
        first = merged.setdefault(text.lower(), {"score": 0.0, "start": start, "end": end, "answer": text})
        first["score"] += span["score"]
    ranked = sorted(merged.values(), key=lambda answer: -answer["score"])
    return [answer | {"score": min(1.0, answer["score"])} for answer in ranked]
