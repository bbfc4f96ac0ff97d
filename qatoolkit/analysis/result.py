"""The report as a value: what `report` returns and every renderer reads.

Holds and summarises; computing it is `judge`, showing it is `render_text`, `render_markdown` and
`render_html`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.slices import SliceTable

Summary = dict[str, float | int]


@dataclass(frozen=True)
class Report:
    """Everything a report knows; scores are in percent unless an attribute says otherwise.

    Attributes:
        subject: the run or predictions file, as the user typed it.
        split: which split; None for predictions of a plain file.
        metrics: scores under the official scripts' names, with `best_*` when null odds were given.
        signature: what must be known to compare the scores.
        intervals: 95% bootstrap interval of "exact" and "f1"; empty where it cannot be had.
        clusters: what was resampled: "title", "context" or "question".
        baselines: official summaries of answers that need no model, by name.
        classes: error class -> number of examples, in the order of `CLASSES`, zeros included
            except for "missing".
        slices: scores by part of the data.
        cases: every example with its prediction and judgement, in the order of the file.
        epochs: figures of each evaluation during training; epoch 0 is before the first step.
        missing: ids without a prediction, counted as wrong.
        unknown: predicted ids that the data set does not have, ignored.
        notes: sentences a reader must know.
        html: the page that was written, None when there is none.
    """

    subject: str
    split: str | None
    metrics: Summary
    signature: str
    intervals: dict[str, tuple[float, float]]
    clusters: str
    baselines: dict[str, Summary]
    classes: dict[str, int]
    slices: list[SliceTable]
    cases: list[Case]
    epochs: list[dict[str, Any]]
    missing: list[str]
    unknown: list[str]
    notes: list[str]
    html: Path | None = None

    @property
    def wrong(self) -> list[Case]:
        """The cases worth looking at: every class but `exact`."""
        return [case for case in self.cases if case.error_class != "exact"]

    @property
    def finding(self) -> str:
        """One sentence: how many questions need a look, and the most frequent trouble."""
        total = len(self.cases)
        of = f"{total:,} {self.split + ' ' if self.split else ''}question{'' if total == 1 else 's'}"
        if not self.wrong:
            return f"All of {of} are exact."
        name, count = Counter(case.error_class for case in self.wrong).most_common(1)[0]
        are = "is" if len(self.wrong) == 1 else "are"
        return f"{len(self.wrong):,} of {of} {are} not exact, most often {name} ({count:,})."

    @property
    def verdict(self) -> str:
        """The score and the finding."""
        return f"F1 {self.metrics['f1']:.1f}, exact match {self.metrics['exact']:.1f}. {self.finding}"

    def to_dict(self) -> dict[str, Any]:
        """Everything but the contexts and the right examples, ready for JSON."""
        return {
            "version": 1,
            "subject": self.subject,
            "split": self.split,
            "signature": self.signature,
            "metrics": self.metrics,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "clusters": self.clusters,
            "baselines": self.baselines,
            "classes": self.classes,
            "slices": {
                table.name: [
                    {"value": row.value, "total": row.total, "exact": row.exact, "f1": row.f1}
                    for row in table.rows
                ]
                for table in self.slices
            },
            "epochs": self.epochs,
            "missing": self.missing,
            "unknown": self.unknown,
            "notes": self.notes,
            "examples": [_case_dict(case) for case in self.wrong],
        }

    def _repr_html_(self) -> str:
        from qatoolkit.analysis.render_html import render_summary

        return render_summary(self)


def _case_dict(case: Case) -> dict[str, Any]:
    example, prediction = case.example, case.prediction
    return {
        "id": example.id,
        "source": example.origin or None,
        "class": case.error_class,
        "exact": case.exact,
        "f1": case.f1,
        "question": example.question,
        "answers": list(example.answers),
        "prediction": prediction.text,
        "start": case.predicted.start if case.predicted else None,
        "end": case.predicted.end if case.predicted else None,
        "score": prediction.score,
        "gold_rank": prediction.gold_rank,
    }
