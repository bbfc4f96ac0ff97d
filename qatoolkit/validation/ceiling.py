"""What a perfect model could reach on the corpus that is read, and where in it the rest is.

Batch by batch, like everything here; of the texts nothing is kept. Only records that a model could be
trained on count: those whose answers stand where they say, and whose question leaves room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.corpus.record import Batch, Place
from qatoolkit.validation.limits import Limits
from qatoolkit.windows import Ceiling, RunningCeiling

if TYPE_CHECKING:
    from qatoolkit.windows.tokenizer import PreTrainedTokenizerFast


@dataclass(frozen=True)
class CorpusCeiling:
    """A ceiling, with the places of what is out of reach.

    Attributes:
        ceiling: over all records that count.
        places: source and place of each of `ceiling.unreachable`.
        left_out: records that do not count, because they cannot be trained on as they are.
        limits: size and overlap of the windows, and the longest answer.
    """

    ceiling: Ceiling
    places: list[tuple[str, Place]]
    left_out: int
    limits: Limits

    def to_dict(self) -> dict[str, Any]:
        """As `schemas/validation.schema.json` has it."""
        found = self.ceiling
        return {
            "max_seq_length": self.limits.max_seq_length,
            "doc_stride": self.limits.doc_stride,
            "max_answer_length": self.limits.max_answer_length,
            "records": found.n_examples,
            "left_out": self.left_out,
            "windows": found.n_features,
            "most_windows": found.most_windows,
            "exact": found.exact,
            "f1": found.f1,
            "answered_share": found.answered_share,
            "unknown_share": found.unknown_share,
            "suggestions": found.suggestions,
            "unreachable": [
                {
                    "id": missed.id,
                    "file": source,
                    "row": place.row,
                    "line": place.line,
                    "pointer": place.pointer,
                    "cause": missed.cause,
                    "f1": missed.f1,
                    "detail": missed.detail,
                }
                for missed, (source, place) in zip(found.unreachable, self.places, strict=True)
            ],
        }


@dataclass
class CeilingWatch:
    """Adds batches up to a `CorpusCeiling`."""

    tokenizer: PreTrainedTokenizerFast
    limits: Limits
    _running: RunningCeiling = field(init=False)
    _places: dict[int, tuple[str, Place]] = field(default_factory=dict)
    _seen: int = 0
    _left_out: int = 0

    def __post_init__(self) -> None:
        lengths = (self.limits.max_seq_length, self.limits.doc_stride, self.limits.max_answer_length)
        self._running = RunningCeiling(self.tokenizer, *lengths)

    def add(self, batch: Batch, measures: pl.DataFrame) -> None:
        """Adds the records of a batch that can be trained on.

        Args:
            batch: records of a source.
            measures: of `tokens.measure`, of the same records.
        """
        fitting = measures.filter(pl.col("answer").is_null() & pl.col("fits"))["index"]
        misplaced = measures.filter(pl.col("answer").is_not_null() & pl.col("n_answer_tokens").is_null())
        rows = fitting.filter(~fitting.is_in(misplaced["index"].implode()))
        records = batch.records[rows]
        self._left_out += batch.records.height - records.height + len(batch.unreadable)
        columns: dict[str, list[Any]] = {name: records[name].to_list() for name in ("question", "context")}
        columns["id"] = records["id"].fill_null("").to_list()
        pairs = records.select("text", "answer_start").iter_rows()
        columns["answers"] = [{"text": texts or [], "answer_start": starts or []} for texts, starts in pairs]
        for i in self._running.add(columns):
            place = records.row(i, named=True)
            self._places[self._seen + i] = (
                batch.source,
                Place(**{name: place[name] for name in vars(Place())}),
            )
        self._seen += records.height

    def conclude(self) -> CorpusCeiling:
        """The ceiling of everything that was added."""
        found = self._running.ceiling()
        places = [self._places[missed.index] for missed in found.unreachable]
        return CorpusCeiling(found, places, self._left_out, self.limits)
