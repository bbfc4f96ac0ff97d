"""Judges predictions: scores, classes, slices, and a floor and an interval beside the score.

Works on values in memory; where they come from is the business of `report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from qatoolkit.analysis.baseline import lexical_baseline
from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.classify import CLASSES, classify
from qatoolkit.analysis.result import Report, Summary
from qatoolkit.analysis.slices import slice_cases
from qatoolkit.metrics import Reference, Scores, interval, score

# Below this many documents their resampling is too coarse, and contexts or questions are drawn.
_MIN_CLUSTERS = 10


def analyse(
    subject: str,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    *,
    split: str | None = None,
    reference: Reference | None = None,
    settings: Mapping[str, Any] | None = None,
    epochs: Sequence[dict[str, Any]] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Judges predictions that stand in the order of their examples.

    Args:
        subject: what the report is about, for its headline.
        examples: n examples.
        predictions: n predictions.
        split: name of the split.
        reference: official script to follow; by default the one that fits the data.
        settings: decoding settings, as far as they are known; they go into the signature.
        epochs: figures of the training.
        notes: sentences a reader must know.
    """
    known = dict(settings or {})
    language = known.get("language") or "en"
    answers = [example.answers for example in examples]
    scores = score([prediction.text for prediction in predictions], answers, language, reference)
    cases = _judge(examples, predictions, scores)
    clusters, labels = _clusters(examples)
    counts = Counter(case.error_class for case in cases)
    return Report(
        subject=subject,
        split=split,
        metrics=scores.summary(),
        signature=scores.signature(
            null_score_diff_threshold=known.get("null_score_diff_threshold"),
            n_best_size=known.get("n_best_size"),
            max_answer_length=known.get("max_answer_length"),
        ),
        intervals=_intervals(scores, labels),
        clusters=clusters,
        baselines=_baselines(examples, scores),
        classes={name: counts[name] for name in CLASSES if name != "missing" or counts[name]},
        slices=slice_cases(cases),
        cases=cases,
        epochs=list(epochs),
        missing=[case.example.id for case in cases if case.prediction.text is None],
        unknown=[],
        notes=[*notes, *_notes(scores)],
    )


def _judge(examples: Sequence[Example], predictions: Sequence[Prediction], scores: Scores) -> list[Case]:
    cases = []
    for example, prediction, exact, overlap in zip(
        examples, predictions, scores.exact.tolist(), scores.f1.tolist(), strict=True
    ):
        found = classify(
            example.context,
            example.answers,
            example.answer_starts,
            prediction.text or "",
            prediction.start,
            right=exact == 1.0,
        )
        name = "missing" if prediction.text is None else found.error_class
        cases.append(Case(example, prediction, exact, overlap, name, found.annotated, found.predicted))
    return cases


def _clusters(examples: Sequence[Example]) -> tuple[str, list[Hashable]]:
    """What to resample: documents, else contexts, else single questions."""
    choices: dict[str, list[Hashable]] = {
        "title": [example.title for example in examples],
        "context": [example.context for example in examples],
    }
    for name, labels in choices.items():
        if len(set(labels)) >= _MIN_CLUSTERS:
            return name, labels
    return "question", list(range(len(examples)))


def _intervals(scores: Scores, labels: Sequence[Hashable]) -> dict[str, tuple[float, float]]:
    found = {"exact": interval(scores.exact, labels), "f1": interval(scores.f1, labels)}
    return {name: (100 * ends[0], 100 * ends[1]) for name, ends in found.items() if ends is not None}


def _baselines(examples: Sequence[Example], scores: Scores) -> dict[str, Summary]:
    """Floors: word overlap, and never answering where some questions have no answer."""
    answers = [example.answers for example in examples]
    lexical = lexical_baseline(
        [example.question for example in examples], [example.context for example in examples]
    )
    floors = {"lexical": score(lexical, answers, scores.language, scores.reference).summary()}
    if not scores.answerable.all():
        silent = score([""] * len(examples), answers, scores.language, scores.reference)
        floors["no-answer"] = silent.summary()
    return floors


def _notes(scores: Scores) -> list[str]:
    if len(scores) and not scores.answerable.any():
        return [
            "No question has an annotated answer. If these questions are unlabelled rather than "
            "unanswerable, the scores mean nothing."
        ]
    return []
