"""Whether a model knows when it is right: confidence against exact match.

Confidence is the probability that a prediction carries (`Prediction.score`), the outcome is exact match.
Four views: a reliability diagram and its expected calibration error, the curve of what would be left if
only the surest answers were given, and what other no-answer thresholds would have scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.metrics import Reference, score

Floats = NDArray[np.float64]

#: Bins of equal width, because they mean the same for every model; with bins of equal mass a model that is
#: always sure of itself shows nine bins of nearly the same confidence.
BINS = 10
_STEPS = 100


@dataclass(frozen=True, eq=False)
class Calibration:
    """How confidence and being right go together.

    Attributes:
        bins: one row for each bin that is not empty: `low` and `high` (confidence, high inclusive for the
            last bin only), `total`, and the means `confidence` and `exact`, 0..1.
        ece: expected calibration error (Naeini et al., 2015), 0..1: the distance of the two means, averaged
            over the bins by their totals.
        coverage: `coverage`, `exact`, `f1` in percent: the scores of the surest answers alone. Equally sure
            answers are one step. At most 101 rows.
        aurc: area under the risk-coverage curve (Geifman and El-Yaniv, 2017), 0..1: the share of wrong
            answers among the surest, averaged over all coverages; lower is better.
    """

    bins: pl.DataFrame
    ece: float
    coverage: pl.DataFrame
    aurc: float


def calibrate(cases: Sequence[Case]) -> Calibration | None:
    """Compares what a model believed with what was right.

    Args:
        cases: the judged examples; those without a score are left out.

    Returns:
        None where no prediction has a score, or one is not a probability.
    """
    scored = [
        case for case in cases if case.prediction.score is not None and case.prediction.text is not None
    ]
    confidence = np.array([case.prediction.score for case in scored], dtype=np.float64)
    if not scored or not ((confidence >= 0) & (confidence <= 1)).all():
        return None
    exact = np.array([case.exact for case in scored])
    f1 = np.array([case.f1 for case in scored])
    bins = _bins(confidence, exact)
    distance = (bins["confidence"] - bins["exact"]).abs() * bins["total"]
    coverage, aurc = _coverage(confidence, exact, f1)
    return Calibration(bins, float(distance.sum()) / len(scored), coverage, aurc)


def _bins(confidence: Floats, exact: Floats) -> pl.DataFrame:
    number = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    rows = pl.DataFrame({"low": number / BINS, "confidence": confidence, "exact": exact})
    return (
        rows.group_by("low")
        .agg(pl.len().cast(pl.Int64).alias("total"), pl.col("confidence", "exact").mean())
        .sort("low")
        .select("low", (pl.col("low") + 1 / BINS).alias("high"), "total", "confidence", "exact")
    )


def _coverage(confidence: Floats, exact: Floats, f1: Floats) -> tuple[pl.DataFrame, float]:
    order = np.argsort(-confidence, kind="stable")
    # The last of equally sure answers; none of them can be had without the others.
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    count = last + 1
    right, overlap = np.cumsum(exact[order])[last] / count, np.cumsum(f1[order])[last] / count
    aurc = float(((1 - right) * np.diff(count, prepend=0)).sum()) / len(confidence)
    kept = _spread(len(count))
    curve = {"coverage": 100 * count / len(confidence), "exact": 100 * right, "f1": 100 * overlap}
    return pl.DataFrame({name: values[kept] for name, values in curve.items()}), aurc


def threshold_curve(
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    *,
    language: str = "en",
    reference: Reference = "squad_v2",
) -> pl.DataFrame | None:
    """What the scores would be if every null score above a threshold meant "no answer".

    The predictions were decoded with a threshold already. Where one says "no answer", its best candidate
    that is an answer is what a higher threshold would have let through; without such a candidate, as in
    files of the official kind, it stays "no answer". A missing prediction is wrong at every threshold.

    Args:
        examples: n examples.
        predictions: n predictions.
        language: normalisation profile.
        reference: the official script that the scores follow.

    Returns:
        `threshold`, and `exact`, `f1`, `answered` in percent; at most 101 rows, the first of which answers
        nothing. None without null scores or without unanswerable questions.
    """
    swept = np.array([p.text is not None and p.null_score is not None for p in predictions])
    unknown = any(p.text and p.null_score is None for p in predictions)
    if unknown or not swept.any() or all(example.answers for example in examples):
        return None
    null = np.array([p.null_score or 0.0 for p in predictions])
    let_through = [_let_through(prediction) for prediction in predictions]
    answers = [example.answers for example in examples]
    if_answered = score(let_through, answers, language, reference)
    if_silent = score([None if text is None else "" for text in let_through], answers, language, reference)
    has_span = np.array([bool(text) for text in let_through])
    # Nothing is let through in the first row, and one null score after the other in the following.
    order = np.flatnonzero(swept)[np.argsort(null[swept], kind="stable")]
    last = np.flatnonzero(np.append(np.diff(null[order]) != 0, True))

    def curve(answered: Floats, silent: Floats) -> Floats:
        gains = np.cumsum((answered - silent)[order])[last]
        scores: Floats = 100 * (silent.sum() + np.append(0.0, gains)) / len(examples)
        return scores

    columns = {
        "threshold": np.append(np.nextafter(null[order[0]], -np.inf), null[order][last]),
        "exact": curve(if_answered.exact, if_silent.exact),
        "f1": curve(if_answered.f1, if_silent.f1),
        "answered": curve(has_span.astype(np.float64), np.zeros(len(examples))),
    }
    kept = _spread(len(last) + 1)
    return pl.DataFrame({name: values[kept] for name, values in columns.items()})


def _let_through(prediction: Prediction) -> str | None:
    """What a prediction would say at a high enough threshold; None for a missing one."""
    text = prediction.text
    return text or next((one.text for one in prediction.candidates if one.text), text)


def _spread(n: int) -> NDArray[np.int64]:
    """At most 101 of n positions, evenly, with the first and the last."""
    return np.unique(np.linspace(0, n - 1, min(n, _STEPS + 1)).round().astype(np.int64))
