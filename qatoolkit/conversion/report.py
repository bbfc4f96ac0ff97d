"""What a conversion did: where every record went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qatoolkit.conversion.collect import Collected
from qatoolkit.conversion.plan import Plan
from qatoolkit.conversion.split import Assignment
from qatoolkit.corpus.json_records import NOTHING_READ
from qatoolkit.validation.finding import Finding


@dataclass(frozen=True)
class ConversionReport:
    """Where every record went.

    Attributes:
        read: records in the sources, unreadable ones included.
        written: examples in the dataset.
        merged: rows that added their answers to an example with the same id, context and question.
        rejected: invalid records, moved to rejected.jsonl.
        left_out: examples that `rows` cut off.
        fixed: findings that were repaired on the way.
        splits: split -> number of examples.
        assignment: how the splits were made.
        warnings: what the reader of the summary should know.
    """

    read: int
    written: int
    merged: int
    rejected: int
    left_out: int
    fixed: list[Finding] = field(repr=False)
    splits: dict[str, int]
    assignment: Assignment
    warnings: list[str]


def report_on(collected: Collected, plan: Plan, written: Mapping[str, int]) -> ConversionReport:
    """The report, once the examples are written; no record may be missing from it."""
    report = ConversionReport(
        collected.read,
        sum(written.values()),
        plan.merged,
        collected.rejected,
        plan.left_out,
        collected.fixed,
        {name: written[name] for name in plan.splits},
        plan.assignment,
        [*_on_the_sources(collected, plan), *plan.warnings, *plan.assignment.warnings()],
    )
    accounted = report.written + report.merged + report.rejected + report.left_out
    if report.read != accounted:
        raise AssertionError(f"{report.read} records were read and {accounted} accounted for")
    return report


def _on_the_sources(collected: Collected, plan: Plan) -> list[str]:
    broken = [
        f"{finding.file}: {finding.message}"
        for outcome in collected.outcomes
        for findings in outcome.refused.values()
        for finding in findings
        if finding.message.endswith(NOTHING_READ)
    ]
    if not any(split.labelled for split in plan.splits.values()):
        broken.append(
            "no record has an answer, so all count as unanswerable; "
            "if a column holds the answers, name it with --map YOUR_COLUMN=answers"
        )
    return broken
