"""Exact match and F1, per pair and per data set, equal to the official SQuAD scripts.

Two scripts are the reference, and they differ where normalisation leaves nothing (the answer
"The" or "%"). `squad` is evaluate-v1.1.py: every annotated answer counts, and two empty token
lists share no token, so F1 is 0. `squad_v2` is evaluate-v2.0.py: annotated answers that normalise
to nothing are dropped, a question without any left is unanswerable, and "" is then right.

What is deleted and what F1 counts in other languages than English, `normalize` says. Where white space
says nothing, texts that differ by it alone are equal, and have F1 1.

One deliberate difference, named in the signature (`missing:wrong`): a question without a
prediction counts as wrong under both, while evaluate-v2.0.py leaves it out of the total.

Knows nothing about ids, files or models. Thresholds are in `threshold`, intervals in `bootstrap`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qatoolkit import __version__
from qatoolkit.metrics.normalize import Profile, profile

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
    return _score_all([prediction], [answers], profile(language), reference)[0][0]


def f1(
    prediction: str, answers: Sequence[str], language: str = "en", reference: Reference = "squad_v2"
) -> float:
    """The best F1 (0..1) of the bags of units, mostly words, against any of the answers.

    Args: as for `exact_match`.
    """
    return _score_all([prediction], [answers], profile(language), reference)[1][0]


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
    answerable = np.fromiter(map(len, answers), dtype=np.int64, count=len(answers)) > 0
    followed: Reference = reference or ("squad" if answerable.all() else "squad_v2")
    exact, overlap = _score_all(predictions, answers, profile(language), followed)
    return Scores(np.array(exact), np.array(overlap), answerable, language, followed)


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

    `numpy.sum` adds pairwise and Python 3.12's `sum` compensates; both move the last digits.
    """
    sums = np.asarray(values if isinstance(values, np.ndarray) else [*values], dtype=np.float64).cumsum()
    return 100.0 * sums[-1].item() / len(sums) if len(sums) else 0.0


def _score_all(
    predictions: Sequence[str | None],
    answers: Sequence[Sequence[str]],
    normalized: Profile,
    reference: Reference,
) -> tuple[list[float], list[float]]:
    """Exact match and F1 of each prediction; every distinct text is normalised once."""
    distinct = list({*chain.from_iterable(answers), *filter(None, predictions), ""})
    spaced = dict(zip(distinct, normalized.spaced(distinct), strict=True))
    drop_empty = reference == "squad_v2"
    exact = [0.0] * len(predictions)
    overlap = exact.copy()
    for i, (prediction, texts) in enumerate(zip(predictions, answers, strict=True)):
        if prediction is None:
            continue
        text = spaced[prediction]
        if prediction in texts and text:  # as it stands: most right answers do
            exact[i] = overlap[i] = 1.0
            continue
        accepted = {spaced[answer] for answer in texts} or {""}
        if drop_empty and len(accepted) > 1:
            accepted.discard("")
        if text in accepted or (normalized.unit and _closes(text, accepted, normalized)):
            exact[i] = 1.0
            overlap[i] = 1.0 if text or drop_empty else 0.0
        elif text and texts:
            units = text.split()
            overlap[i] = max([_overlap(units, answer.split()) for answer in accepted])
    return exact, overlap


def _closes(text: str, accepted: Iterable[str], normalized: Profile) -> bool:
    """Whether only the blanks of a language without any tell the text from an accepted one."""
    return normalized.closed(text) in map(normalized.closed, accepted)


def _overlap(predicted: list[str], annotated: list[str]) -> float:
    """F1 of two bags; 0.0 when one of them is empty."""
    some, others = set(predicted), set(annotated)
    if len(some) == len(predicted) or len(others) == len(annotated):
        shared = len(some & others)  # a unit that one side has once can be shared once
    else:
        shared = (Counter(predicted) & Counter(annotated)).total()
    if not shared:
        return 0.0
    precision = shared / len(predicted)
    recall = shared / len(annotated)
    return 2 * precision * recall / (precision + recall)
