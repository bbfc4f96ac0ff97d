"""Counts over every file that was read, answers that stand nowhere among them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from qatoolkit.corpus.record import Batch
from qatoolkit.validation.expressions import IS_BLANK, IS_RIGHT, RIGHT, WRONG


@dataclass
class FileCounts:
    """Counts over one source; rules of scope "file" see them as a row.

    Attributes:
        records: records, those included that could not be read.
        answers: answers of readable records.
        impossible: records that say that their question cannot be answered.
        starts: answers that come with a start.
        zero_starts: those whose start is 0.
        minus_starts: those whose start is -1.
        misplaced: answers that are empty, or have a start and do not stand there.
        unplaced: answers that have a text and no start.
        exclusive_ends: right answers whose end is the character behind their last one.
        inclusive_ends: those whose end is their last character.
    """

    records: int = 0
    answers: int = 0
    impossible: int = 0
    starts: int = 0
    zero_starts: int = 0
    minus_starts: int = 0
    misplaced: int = 0
    unplaced: int = 0
    exclusive_ends: int = 0
    inclusive_ends: int = 0

    def add(self, batch: Batch, answers: pl.DataFrame) -> None:
        """Counts a batch and its answers, as `explode_answers` has them."""
        start, empty = pl.col("start"), pl.col("text").fill_null("") == ""
        excess = start + pl.col("text").str.len_chars() - pl.col("end")
        counts = answers.select(
            starts=start.is_not_null().sum(),
            zero_starts=(start == 0).sum(),
            minus_starts=(start == -1).sum(),
            misplaced=(WRONG & (start.is_not_null() | empty)).sum(),
            unplaced=(WRONG & start.is_null() & ~empty).sum(),
            exclusive_ends=(RIGHT & (excess == 0)).sum(),
            inclusive_ends=(RIGHT & (excess == 1)).sum(),
        ).row(0, named=True)
        counts["records"] = batch.records.height + len(batch.unreadable)
        counts["answers"] = answers.height
        counts["impossible"] = batch.records["is_impossible"].sum()
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)

    @property
    def mostly_misplaced(self) -> bool:
        """Whether the starts of the file are no help: most of ten or more are wrong."""
        return self.starts >= 10 and 2 * self.misplaced > self.starts

    @property
    def mismatched_answers(self) -> int:
        """Answers that do not stand where their start says; a missing start counts beside given ones."""
        return self.misplaced + (self.unplaced if self.starts else 0)


@dataclass
class Tally:
    """Counts over everything that was read.

    Attributes:
        records: records, those included that could not be read.
        answers: answers of readable records.
        mismatched_answers: answers that do not stand where their start says. A missing start
            counts only in a source that gives starts at all.
    """

    records: int = 0
    answers: int = 0
    mismatched_answers: int = 0

    def add(self, counts: FileCounts) -> None:
        self.records += counts.records
        self.answers += counts.answers
        self.mismatched_answers += counts.mismatched_answers


def explode_answers(records: pl.DataFrame) -> pl.DataFrame:
    """One row for each answer: index, answer, context, text, start, end, n_answers, blank and right."""
    return (
        records.lazy()
        .with_row_index("index")
        .filter(pl.col("text").list.len() > 0)
        .select(
            "index",
            "context",
            "text",
            start="answer_start",
            end="answer_end",
            n_answers=pl.col("text").list.len(),
            answer=pl.int_ranges(0, pl.col("text").list.len(), dtype=pl.Int64),
        )
        .explode("text", "start", "end", "answer")
        .with_columns(blank=IS_BLANK, right=IS_RIGHT)
        .collect()
    )
