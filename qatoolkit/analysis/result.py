"""The report as a value: what `report` returns and every renderer reads.

Holds and summarises; computing it is `analyse`, showing it is `render_text`, `render_markdown` and
`page`. Everything that is a table is a Polars frame.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.analysis.calibration import Calibration
from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.comparison import Comparison

Summary = dict[str, float | int]

#: Below this many questions a score without its interval misleads.
FEW = 200


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """Everything a report knows; scores are in percent unless an attribute says otherwise.

    Attributes:
        subject: the run or predictions file, as the user typed it.
        split: which split; None for predictions of a plain file.
        language: normalisation profile that the scores were made with.
        metrics: scores under the official scripts' names, with `best_*` when null odds were given.
        signature: what must be known to compare the scores.
        intervals: 95% bootstrap interval of "exact" and "f1"; empty where it cannot be had.
        clusters: what was resampled: "title", "context" or "question".
        floors: answers that need no model: name, label, exact, f1.
        cases: every example with its prediction and judgement, in the order of the file.
        facets: what there is to know of each example, a row for each of `cases`, see `facets.describe`.
        slices: scores by part of the data, see `slices.slice_table`.
        worst: the parts that are clearly worse than the rest, see `slices.worst_slices`.
        calibration: how far the scores of the predictions can be trusted; None without such scores.
        thresholds: scores by the threshold for giving no answer, see `calibration.threshold_curve`.
        suspects: rows whose annotation is probably wrong, see `suspects.find_suspects`.
        comparison: with the predictions that were named to compare with, None when there were none.
        data_map: confidence, variability and correctness of each of `cases`, of a cross-fit only.
        epochs: figures of each evaluation during training; epoch 0 is before the first step.
        best_epoch: the one that was kept.
        missing: ids without a prediction, counted as wrong.
        unknown: predicted ids that the data set does not have, ignored.
        dropped: index of a case that is exact only because normalising took away a digit, sign or
            currency, and what.
        notes: sentences a reader must know.
        html: the page that was written, None when there is none.
    """

    subject: str
    split: str | None
    language: str
    metrics: Summary
    signature: str
    intervals: dict[str, tuple[float, float]]
    clusters: str
    floors: pl.DataFrame
    cases: list[Case]
    facets: pl.DataFrame
    slices: pl.DataFrame
    worst: pl.DataFrame
    calibration: Calibration | None
    thresholds: pl.DataFrame | None
    suspects: pl.DataFrame
    comparison: Comparison | None
    data_map: pl.DataFrame | None
    epochs: list[dict[str, Any]]
    best_epoch: float | None
    missing: list[str]
    unknown: list[str]
    dropped: list[tuple[int, str]]
    notes: list[str]
    html: Path | None = None

    @property
    def classes(self) -> dict[str, int]:
        """Error class -> number of examples, in the order of `CLASSES`, zeros except for "missing"."""
        counts = Counter(case.error_class for case in self.cases)
        return {name: counts[name] for name in CLASSES if name != "missing" or counts[name]}

    @property
    def wrong(self) -> list[Case]:
        """The cases worth looking at: every class but `exact`."""
        return [case for case in self.cases if case.error_class != "exact"]

    @property
    def examples(self) -> pl.DataFrame:
        """A row for each example: the question, both answers, the judgement, and its facets."""
        judged = pl.DataFrame([_row(case) for case in self.cases], _EXAMPLE, orient="row")
        taken = [name for name in self.facets.columns if name not in judged.columns]
        return pl.concat([judged, self.facets.select(taken)], how="horizontal")

    @property
    def finding(self) -> str:
        """One sentence: how many questions need a look, and the most frequent trouble."""
        total = len(self.cases)
        of = f"{total:,} {self.split + ' ' if self.split else ''}question{'' if total == 1 else 's'}"
        if not self.wrong:
            return f"All of {of} {'is' if total == 1 else 'are'} exact."
        name, count = Counter(case.error_class for case in self.wrong).most_common(1)[0]
        are = "is" if len(self.wrong) == 1 else "are"
        return f"{len(self.wrong):,} of {of} {are} not exact, most often {name} ({count:,})."

    @property
    def headline(self) -> str:
        """The score; of few questions its interval comes first, because the score alone says little."""
        exact, overlap = self.metrics["exact"], self.metrics["f1"]
        if len(self.cases) < FEW and "f1" in self.intervals:
            low, high = self.intervals["f1"]
            return f"F1 between {low:.1f} and {high:.1f} (95%); here {overlap:.1f}, exact match {exact:.1f}."
        return f"F1 {overlap:.1f}, exact match {exact:.1f}."

    @property
    def verdict(self) -> str:
        """The score and the finding."""
        return f"{self.headline} {self.finding}"

    def to_dict(self) -> dict[str, Any]:
        """Everything but the contexts and the right examples, as `schemas/report.schema.json` has it."""
        return {
            "version": 1,
            "subject": self.subject,
            "split": self.split,
            "language": self.language,
            "signature": self.signature,
            "metrics": self.metrics,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "clusters": self.clusters,
            "floors": self.floors.to_dicts(),
            "classes": self.classes,
            "slices": self.slices.to_dicts(),
            "worst": self.worst.to_dicts(),
            "calibration": _plain(self.calibration),
            "thresholds": None if self.thresholds is None else self.thresholds.to_dicts(),
            "suspects": self.suspects.drop("decision", "content_hash").to_dicts(),
            "comparison": _plain(self.comparison),
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "missing": self.missing,
            "unknown": self.unknown,
            "dropped": [{"id": self.cases[index].example.id, "what": what} for index, what in self.dropped],
            "notes": self.notes,
            "examples": [_case_dict(case) for case in self.wrong],
        }

    def __repr__(self) -> str:
        return f"<Report on {self.subject}: {self.verdict}>"

    def _repr_html_(self) -> str:
        from qatoolkit.analysis.page.render import render_summary

        return render_summary(self)


def _plain(part: Calibration | Comparison | None) -> dict[str, Any] | None:
    """A part of the report as JSON has it, its tables as lists of rows."""
    if part is None:
        return None
    values = ((each.name, getattr(part, each.name)) for each in fields(part) if each.repr)
    return {name: value.to_dicts() if isinstance(value, pl.DataFrame) else value for name, value in values}


_EXAMPLE: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String, "title": pl.String, "source": pl.String, "question": pl.String,
    "answers": pl.List(pl.String), "prediction": pl.String, "start": pl.Int64, "end": pl.Int64,
    "score": pl.Float64, "exact": pl.Float64, "f1": pl.Float64, "class": pl.Enum(list(CLASSES)),
    "reason": pl.String,
}  # fmt: skip


def _row(case: Case) -> tuple[Any, ...]:
    example, prediction = case.example, case.prediction
    start, end = case.predicted or (None, None)
    return (
        example.id, example.title, example.origin or None, example.question, list(example.answers),
        prediction.text, start, end, prediction.score, case.exact, case.f1, case.error_class, case.reason,
    )  # fmt: skip


def _case_dict(case: Case) -> dict[str, Any]:
    row = dict(zip(_EXAMPLE, _row(case), strict=True))
    return {**row, "gold_rank": case.prediction.gold_rank}
