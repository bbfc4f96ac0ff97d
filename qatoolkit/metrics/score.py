"""Exact match and F1, per pair and per data set, equal to the official SQuAD scripts.

Two scripts are the reference, and they differ where normalisation leaves nothing (the answer
"The" or "%"). `squad` is evaluate-v1.1.py: every annotated answer counts, and two empty token
lists share no token, so F1 is 0. `squad_v2` is evaluate-v2.0.py: annotated answers that normalise
to nothing are dropped, a question without any left is unanswerable, and "" is then right.

One deliberate difference, named in the signature (`missing:wrong`): a question without a
prediction counts as wrong under both, while evaluate-v2.0.py leaves it out of the total.

Knows nothing about ids, files or models. Thresholds are in `threshold`, intervals in `bootstrap`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qatoolkit import __version__
from qatoolkit.metrics.normalize import normalize_answer

Reference = Literal["squad", "squad_v2"]


def exact_match(
    prediction: str, answers: Sequence[str], language: str = "en", reference: Reference = "squad_v2"
) -> float:
    """1.0 when the prediction equals any of the answers after normalisation, else 0.0.

    Args:
        prediction: the predicted text; "" says that there is no answer.
        answers: the accepted texts; none of them means unanswerable, and "" is then right.
        language: normalisation profile.
        reference: the official script that decides about answers which normalise to nothing.
    """
    normalized = normalize_answer(prediction, language)
    return float(any(normalized == answer for answer in _accepted(answers, language, reference)))


def f1(
    prediction: str, answers: Sequence[str], language: str = "en", reference: Reference = "squad_v2"
) -> float:
    """The best F1 (0..1) of the bags of normalised words against any of the answers.

    Args: as for `exact_match`.
    """
    words = normalize_answer(prediction, language).split()
    accepted = _accepted(answers, language, reference)
    return max(_word_f1(words, answer.split(), reference) for answer in accepted)


def score(
    predictions: Sequence[str | None],
    answers: Sequence[Sequence[str]],
    language: str = "en",
    reference: Reference | None = None,
) -> Scores:
    """Scores every prediction against the accepted texts of the same position.

    Args:
        predictions: n texts; "" says that there is no answer, None is missing and counts as wrong.
        answers: n lists of accepted texts; an empty list means unanswerable.
        language: normalisation profile.
        reference: the official script to follow; by default the one that fits the data:
            "squad_v2" when a question is unanswerable, else "squad".

    Raises:
        ValueError: the lengths differ.
    """
    if len(predictions) != len(answers):
        raise ValueError(f"{len(predictions)} predictions for {len(answers)} questions")
    answerable = np.array([len(texts) > 0 for texts in answers], dtype=bool)
    followed: Reference = reference or ("squad" if answerable.all() else "squad_v2")
    exact = np.zeros(len(answers))
    overlap = np.zeros(len(answers))
    for i, (prediction, texts) in enumerate(zip(predictions, answers, strict=True)):
        if prediction is not None:
            exact[i] = exact_match(prediction, texts, language, followed)
            overlap[i] = f1(prediction, texts, language, followed)
    return Scores(exact, overlap, answerable, language, followed)


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of n examples.

    Attributes:
        exact: shape (n,), 0.0 or 1.0.
        f1: shape (n,), 0..1.
        answerable: shape (n,), whether the question has an annotated answer.
        language: the normalisation profile used.
        reference: the official script followed.
    """

    exact: NDArray[np.float64]
    f1: NDArray[np.float64]
    answerable: NDArray[np.bool_]
    language: str = "en"
    reference: Reference = "squad"

    def __len__(self) -> int:
        return len(self.exact)

    def summary(self) -> dict[str, float | int]:
        """The aggregates under the official scripts' names, in percent.

        `exact`, `f1`, `total`; with unanswerable questions also `HasAns_*` and `NoAns_*`, each
        only when it has examples. Without any example the scores are 0.0.
        """
        summary = self._aggregate(np.ones(len(self), dtype=bool))
        if self.answerable.all():
            return summary
        for prefix, members in (("HasAns", self.answerable), ("NoAns", ~self.answerable)):
            if members.any():
                summary |= {f"{prefix}_{name}": value for name, value in self._aggregate(members).items()}
        return summary

    def signature(
        self,
        *,
        null_score_diff_threshold: float | None = None,
        n_best_size: int | None = None,
        max_answer_length: int | None = None,
    ) -> str:
        """What a reader must know to compare the scores; settings that are unknown are left out.

        For example `squad|n:301|refs:max|norm:en|missing:wrong|null:0.0|nbest:20|maxans:30|ver:0.1.0`.
        """
        parts = [self.reference, f"n:{len(self)}", "refs:max", f"norm:{self.language}", "missing:wrong"]
        decoding = (
            ("null", null_score_diff_threshold),
            ("nbest", n_best_size),
            ("maxans", max_answer_length),
        )
        parts += [f"{name}:{value}" for name, value in decoding if value is not None]
        return "|".join([*parts, f"ver:{__version__}"])

    def _aggregate(self, members: NDArray[np.bool_]) -> dict[str, float | int]:
        return {
            "exact": percent(self.exact[members]),
            "f1": percent(self.f1[members]),
            "total": int(members.sum()),
        }


def percent(values: Iterable[float]) -> float:
    """Mean in percent, added up one by one as the official scripts do.

    numpy adds pairwise and Python 3.12's `sum` compensates; both move the last digits.
    """
    total = 0.0
    count = 0
    for value in values:
        total += float(value)
        count += 1
    return 100.0 * total / count if count else 0.0


def _accepted(answers: Sequence[str], language: str, reference: Reference) -> list[str]:
    """The normalised answers that a prediction may equal; never empty."""
    normalized = [normalize_answer(text, language) for text in answers]
    if reference == "squad_v2":
        normalized = [text for text in normalized if text]
    return normalized or [""]


def _word_f1(predicted: list[str], annotated: list[str], reference: Reference) -> float:
    if reference == "squad_v2" and not (predicted and annotated):
        return float(predicted == annotated)
    shared = sum((Counter(predicted) & Counter(annotated)).values())
    if not shared:
        return 0.0
    precision = shared / len(predicted)
    recall = shared / len(annotated)
    return 2 * precision * recall / (precision + recall)
