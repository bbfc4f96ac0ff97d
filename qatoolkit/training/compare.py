"""Lets two models answer the same questions, and says where they differ and which is better."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qatoolkit.metrics import Scores, score
from qatoolkit.metrics.bootstrap import interval
from qatoolkit.metrics.normalize import normalize_answer
from qatoolkit.training.model import require_training
from qatoolkit.training.predict import Data, OnBatch, PredictionRun, answer_questions, open_questions
from qatoolkit.training.questions import Questions

_GIVEN = ["answer", "start", "end", "score"]
_OUTCOMES = {(1.0, 1.0): "both", (1.0, 0.0): "only_first", (0.0, 1.0): "only_second", (0.0, 0.0): "neither"}


@dataclass(frozen=True)
class Difference:
    """A question that two models answer differently once the answers are normalised.

    Attributes:
        id: of the question.
        question: its text.
        answers: the annotated texts.
        origin: where a person finds it, "" when unknown.
        given: of each model {answer, start, end, score}, and with annotations {exact, f1} (0..1); an
            answer of "" says that there is none, None that the question was too long to be asked.
    """

    id: str
    question: str
    answers: list[str]
    origin: str
    given: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same questions.

    Attributes:
        models: their names, as typed.
        split: of the dataset; None for a file.
        questions: how many could be asked.
        differences: the questions that they answer differently, in order.
        unasked: place and reason of the rows that could not be asked.
        scores: the official aggregates of each, or empty when there are no annotated answers; so are
            the next ones.
        signature: what the scores mean, without settings of the models.
        right: how many questions both answer exactly right, only_first, only_second, neither.
        f1_difference: mean F1 of the second less that of the first, in percentage points.
        f1_interval: 95 % bootstrap interval of that, by context; None for a single context.
    """

    models: tuple[str, str]
    split: str | None
    questions: int
    differences: list[Difference]
    unasked: list[tuple[str, str]]
    scores: list[dict[str, float | int]] = field(default_factory=list)
    signature: str | None = None
    right: dict[str, int] = field(default_factory=dict)
    f1_difference: float | None = None
    f1_interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"version": 1, **asdict(self)}


def compare(
    model: str | Path,
    other: str | Path,
    dataset: Data | None = None,
    *,
    split: str | None = None,
    batch_size: int = 32,
    int8: bool = False,
    on_batch: OnBatch | None = None,
) -> Comparison:
    """Answers the questions of a split or a file with two models, each by its own settings.

    Args:
        model: the first, as for `predict`.
        other: the second.
        dataset: as for `predict`; None is the dataset of the first.
        split: as for `predict`.
        batch_size: windows at a time.
        int8: run the first with weights of eight bits; against itself that shows what they cost.
        on_batch: called with (questions done, questions in all), counting both models.

    Raises:
        The errors of `predict`.
    """
    require_training("comparing models")
    questions = open_questions(model, dataset, split)
    first = answer_questions(
        model, questions, batch_size=batch_size, int8=int8, on_batch=_half(on_batch, second=False)
    )
    second = answer_questions(other, questions, batch_size=batch_size, on_batch=_half(on_batch, second=True))
    name = f"{model} (int8)" if int8 else str(model)
    return _compared((name, str(other)), questions, first, second)


def _half(on_batch: OnBatch | None, *, second: bool) -> OnBatch | None:
    if on_batch is None:
        return None
    return lambda done, total: on_batch(done + total * second, 2 * total)


def _compared(
    models: tuple[str, str], questions: Questions, first: PredictionRun, second: PredictionRun
) -> Comparison:
    language = first.settings.language
    asked = questions.askable
    given = [run.table.select(_GIVEN).take(asked).to_pylist() for run in (first, second)]
    texts = [questions.columns["answers"][row]["text"] for row in asked]
    scores: list[Scores] = []
    if questions.labelled:
        scores = [score([row["answer"] for row in rows], texts, language) for rows in given]
        for rows, found in zip(given, scores, strict=True):
            for row, exact, f1 in zip(rows, found.exact.tolist(), found.f1.tolist(), strict=True):
                row.update(exact=exact, f1=f1)
    differences = [
        Difference(
            questions.columns["id"][row],
            questions.columns["question"][row],
            texts[i],
            questions.origin(row),
            [given[0][i], given[1][i]],
        )
        for i, row in enumerate(asked)
        if _normalized(given[0][i], language) != _normalized(given[1][i], language)
    ]
    facts = (models, questions.split, len(asked), differences, first.unasked)
    if not scores:
        return Comparison(*facts)
    gains = 100 * (scores[1].f1 - scores[0].f1)
    outcomes = [
        _OUTCOMES[pair] for pair in zip(scores[0].exact.tolist(), scores[1].exact.tolist(), strict=True)
    ]
    return Comparison(
        *facts,
        scores=[found.summary() for found in scores],
        signature=scores[0].signature(),
        right={name: outcomes.count(name) for name in _OUTCOMES.values()},
        f1_difference=float(np.mean(gains)) if len(gains) else 0.0,
        f1_interval=interval(gains, [questions.columns["context"][row] for row in asked]),
    )


def _normalized(given: dict[str, Any], language: str) -> str | None:
    return None if given["answer"] is None else normalize_answer(given["answer"], language)
