"""What a conversion did: where every record went."""

from __future__ import annotations

from dataclasses import dataclass, field

from qatoolkit.conversion.split import Assignment
from qatoolkit.validation.finding import Finding


@dataclass
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
        assignment: how the splits were made; None where the sources brought their own.
        crossing: titles and contexts that occur in more than one split.
        warnings: what the reader of the summary should know.
    """

    read: int = 0
    written: int = 0
    merged: int = 0
    rejected: int = 0
    left_out: int = 0
    fixed: list[Finding] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)
    assignment: Assignment | None = None
    crossing: int = 0
    warnings: list[str] = field(default_factory=list)

    def check(self) -> None:
        """No record is ever lost."""
        accounted = self.written + self.merged + self.rejected + self.left_out
        if self.read != accounted:
            raise AssertionError(f"{self.read} records were read and {accounted} accounted for")
