"""Judges predictions one by one: scored, and sorted into classes.

The scores decide what is right; where a wrong answer stands decides what kind of wrong it is, unless
something speaks first: no model could have given the answer, or the annotation itself is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.classify import classify
from qatoolkit.metrics import Scores


def judge(examples: Sequence[Example], predictions: Sequence[Prediction], scores: Scores) -> list[Case]:
    """One case for each example, by its position alone.

    Args:
        examples: n examples.
        predictions: n predictions.
        scores: of the predictions.
    """
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


def explained(
    cases: Sequence[Case], unreachable: Mapping[int, str], suspected: Mapping[int, str]
) -> list[Case]:
    """The cases with what speaks before their position.

    Args:
        cases: as `judge` made them.
        unreachable: index of a case -> why no model could answer it exactly.
        suspected: index of a case -> why its annotation is in doubt.
    """
    return [
        _explained(case, unreachable.get(index), suspected.get(index)) for index, case in enumerate(cases)
    ]


def _explained(case: Case, unreachable: str | None, suspected: str | None) -> Case:
    if case.exact or case.error_class == "missing":
        return case
    if unreachable is not None:
        return replace(case, error_class="unreachable", reason=unreachable)
    if suspected is not None:
        return replace(case, error_class="suspected-annotation", reason=suspected)
    return case
