"""From material to a report: scores, classes, slices, calibration, floors, suspects.

Calls what each of them needs in the order in which they need each other; works on values in memory.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import polars as pl

from qatoolkit.analysis.calibration import calibrate, threshold_curve
from qatoolkit.analysis.cases import Case, Example
from qatoolkit.analysis.comparison import Comparison, compare
from qatoolkit.analysis.floors.floors import floors
from qatoolkit.analysis.judge import explained, judge
from qatoolkit.analysis.material import Material
from qatoolkit.analysis.parts.facets import describe
from qatoolkit.analysis.parts.slices import slice_table, worst_slices
from qatoolkit.analysis.reach import unreachable
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.suspects.findings import find_findings
from qatoolkit.analysis.suspects.suspects import find_suspects
from qatoolkit.metrics import Reference, Scores, dropped, interval, score

# Below this many documents their resampling is too coarse, and contexts or questions are drawn.
_MIN_CLUSTERS = 10


def analyse(material: Material, language: str, other: Material | None = None) -> Report:
    """Judges predictions that stand in the order of their examples.

    Args:
        material: n examples and n predictions.
        language: normalisation profile.
        other: predictions to compare with.
    """
    scores = _score(material, language)
    examples = material.examples
    cases, suspects = _judged(material, scores)
    clusters, labels = _clusters(examples)
    facets = describe(
        examples,
        language=language,
        n_windows=[prediction.n_windows for prediction in material.predictions],
        training=material.training,
    )
    return Report(
        subject=material.subject,
        split=material.split,
        language=language,
        metrics=scores.summary(),
        signature=_signature(material, scores),
        intervals=_intervals(scores, labels),
        clusters=clusters,
        floors=floors(examples, scores),
        cases=cases,
        facets=facets,
        slices=slice_table(facets, scores.exact, scores.f1),
        worst=worst_slices(facets, scores.f1, labels),
        calibration=calibrate(cases),
        thresholds=threshold_curve(
            examples, material.predictions, language=language, reference=scores.reference
        ),
        suspects=suspects,
        comparison=_compared(cases, other, language, scores.reference, facets, labels),
        data_map=_data_map(material),
        epochs=material.run.epochs if material.run else [],
        best_epoch=material.run.metrics.get("best_epoch") if material.run else None,
        missing=[case.example.id for case in cases if case.prediction.text is None],
        unknown=material.unknown,
        dropped=_dropped(cases, language),
        notes=[*material.notes, *_notes(scores)],
    )


def _score(material: Material, language: str) -> Scores:
    texts = [prediction.text for prediction in material.predictions]
    answers = [example.answers for example in material.examples]
    return score(texts, answers, language, material.reference)


def _judged(material: Material, scores: Scores) -> tuple[list[Case], pl.DataFrame]:
    """The cases with their classes, and the suspects among them."""
    cases = judge(material.examples, material.predictions, scores)
    wrong = [index for index, case in enumerate(cases) if not case.exact and case.example.answers]
    beyond = unreachable(material.run, wrong, scores.language) if material.run else {}
    suspects = find_suspects(
        cases,
        findings=find_findings(material.examples),
        crossfit=material.crossfit,
        language=scores.language,
    )
    strong = suspects.filter("strong")
    suspected = dict(zip(strong["index"], strong["reason"], strict=True))
    return explained(cases, beyond, suspected), suspects


def _compared(
    cases: Sequence[Case],
    other: Material | None,
    language: str,
    reference: Reference,
    facets: pl.DataFrame,
    labels: Sequence[Hashable],
) -> Comparison | None:
    if other is None:
        return None
    others, _ = _judged(other, _score(replace(other, reference=reference), language))
    return compare(cases, others, other.subject, facets, labels)


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


def _signature(material: Material, scores: Scores) -> str:
    settings = material.settings
    threshold = settings.get("null_score_diff_threshold")
    return scores.signature(
        null_score_diff_threshold=None if threshold is None else round(threshold, 4),
        n_best_size=settings.get("n_best_size"),
        max_answer_length=settings.get("max_answer_length"),
    )


def _intervals(scores: Scores, labels: Sequence[Hashable]) -> dict[str, tuple[float, float]]:
    found = {"exact": interval(scores.exact, labels), "f1": interval(scores.f1, labels)}
    return {name: (100 * ends[0], 100 * ends[1]) for name, ends in found.items() if ends is not None}


def _data_map(material: Material) -> pl.DataFrame | None:
    held = material.crossfit
    if held is None:
        return None
    known = pl.all_horizontal(pl.col("confidence", "variability", "correctness").is_finite())
    return held.select("confidence", "variability", "correctness").with_row_index("index").filter(known)


def _dropped(cases: Sequence[Case], language: str) -> list[tuple[int, str]]:
    """The right answers that are right only because normalising took something away."""
    found = (
        (index, dropped(case.prediction.text, case.example.answers, language))
        for index, case in enumerate(cases)
        if case.exact and case.prediction.text and case.example.answers
    )
    return [(index, what) for index, what in found if what is not None]


def _notes(scores: Scores) -> list[str]:
    if len(scores) and not scores.answerable.any():
        return [
            "No question has an annotated answer. If these questions are unlabelled rather than "
            "unanswerable, the scores mean nothing."
        ]
    return []
