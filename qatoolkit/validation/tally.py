"""Counts over everything that was read, answers that stand nowhere among them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from qatoolkit.corpus.record import Batch
from qatoolkit.validation.expressions import IS_BLANK, IS_RIGHT, WRONG


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
    _unplaced: int = 0
    _has_starts: bool = False

    def add(self, batch: Batch, answers: pl.DataFrame) -> None:
        self.records += batch.records.height + len(batch.unreadable)
        self.answers += answers.height
        counts = answers.select(
            placed=(WRONG & (pl.col("start").is_not_null() | (pl.col("text").fill_null("") == ""))).sum(),
            unplaced=(WRONG & pl.col("start").is_null() & (pl.col("text").fill_null("") != "")).sum(),
            starts=pl.col("start").is_not_null().any(),
        ).row(0, named=True)
        self.mismatched_answers += counts["placed"]
        self._unplaced += counts["unplaced"]
        self._has_starts = self._has_starts or bool(counts["starts"])

    def end_of_source(self) -> None:
        if self._has_starts:
            self.mismatched_answers += self._unplaced
        self._unplaced, self._has_starts = 0, False


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
