"""Holds the examples of a converted dataset against `lineage.parquet` while they are read.

Of each row of that file four numbers are kept, 26 bytes together with what was met; every batch is looked
up in them. What a mismatch means is for the rules to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from qatoolkit.corpus.arrow import to_frame
from qatoolkit.corpus.record import LINEAGE, Batch, Place, content_hashes
from qatoolkit.errors import UnreadableError

_COLUMNS = ("id", "split", "content_hash", "proof")
_PLACE = list(LINEAGE)[:-1]
_KINDS = ("", "unknown", "content", "repeated", "answers")


@dataclass(frozen=True)
class Mismatch:
    """An example that has no row of its own, or a row that has no example.

    Attributes:
        kind: a key of the messages of QA602.
        source: the file it is in, None for lineage.parquet.
        place: where in it.
        id: the example's, or the row's.
        measures: what the message says.
        content: hash of context and question.
    """

    kind: str
    source: str | None
    place: Place
    id: str | None
    measures: dict[str, Any]
    content: int = 0


@dataclass
class Examples:
    """The rows of one split and what has been met of its examples.

    Attributes:
        split: its name.
        rows: of lineage.parquet, by hash of the id: `row`, `id`, `content`, `proofs`.
        met: examples so far.
        answers: their answers.
        unanswerable: how many have none.
        read: whether anything was read that holds them.
        whole: whether nothing of it was missing or unreadable.
    """

    split: str
    rows: pl.DataFrame = field(repr=False)
    met: int = 0
    answers: int = 0
    unanswerable: int = 0
    read: bool = False
    whole: bool = True

    def __post_init__(self) -> None:
        self._ids, self._contents, self._proofs = (
            self.rows[name].to_numpy() for name in ("id", "content", "proofs")
        )
        self._claimed = np.zeros(self.rows.height, bool)  # by an example with the row's id
        self._used = np.zeros(self.rows.height, bool)  # by one with its content too
        self._mismatches: list[Mismatch] = []

    @property
    def complete(self) -> bool:
        """Whether every example there is has been met."""
        return self.read and self.whole

    def meet(self, batch: Batch) -> None:
        """Looks the records of a batch up."""
        records = batch.records
        ids = records["id"].hash().to_numpy()
        contents = content_hashes(records["context"], records["question"]).hash().to_numpy()
        answers = records["text"].list.len().fill_null(0).to_numpy()
        self.met += records.height
        self.answers += int(answers.sum())
        self.unanswerable += int((answers == 0).sum())
        self.whole = self.whole and not batch.unreadable

        row = np.searchsorted(self._ids, ids)
        known = _where(row < self._ids.size, lambda at: self._ids[row[at]] == ids[at])
        same = _where(known, lambda at: self._contents[row[at]] == contents[at])
        again = _where(same, lambda at: self._used[row[at]] | _repeats(row[at]))
        differs = _where(same & ~again, lambda at: self._proofs[row[at]] != answers[at])
        self._claimed[row[known]] = True
        self._used[row[same]] = True

        kinds = np.select([~known, ~same, again, differs], [1, 2, 3, 4], 0)
        flagged = np.flatnonzero(kinds)
        columns = records.select("id", *_PLACE)[flagged]
        for at, (id, *place) in zip(flagged, columns.iter_rows(), strict=True):
            measures: dict[str, Any] = {"split": self.split}
            if differs[at]:
                measures |= {"answers": int(answers[at]), "proofs": int(self._proofs[row[at]])}
            kind, content = _KINDS[kinds[at]], int(contents[at])
            self._mismatches.append(Mismatch(kind, batch.source, Place(*place), id, measures, content))

    def mismatches(self, path: Path) -> Iterator[Mismatch]:
        """All mismatches, once the split has been read.

        Args:
            path: of lineage.parquet, to look up the ids of rows that have no example.
        """
        lost = np.flatnonzero(~self._claimed) if self.complete else np.array([], int)
        names = pl.read_parquet(path, columns=["id"])["id"] if lost.size else pl.Series(dtype=pl.String)
        rows = {int(at): int(self.rows["row"][int(at)]) for at in lost}
        lost_with = {int(self._contents[at]): at for at in rows}
        for mismatch in self._mismatches:
            if mismatch.kind != "answers" and mismatch.content in lost_with:  # one fault, not two
                name = names[rows.pop(lost_with.pop(mismatch.content)) - 1]
                measures = {"split": self.split, "known_as": name}
                mismatch = replace(mismatch, kind="renamed", measures=measures)
            yield mismatch
        for row in sorted(rows.values()):
            yield Mismatch("lost", None, Place(row=row), names[row - 1], {"split": self.split})


def read_lineage(path: Path, splits: Sequence[str]) -> dict[str, Examples]:
    """The rows of lineage.parquet, split by split.

    Raises:
        UnreadableError: the file is missing or damaged, or something else.
    """
    kind = pl.Enum(splits)
    parts = [pl.DataFrame(schema={"split": kind, "id": pl.UInt64, "content": pl.UInt64, "proofs": pl.UInt32})]
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=list(_COLUMNS)):
                parts.append(_hashed(to_frame(batch), kind))
    except (OSError, pa.ArrowException, PolarsError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
    rows = pl.concat(parts).with_row_index("row", offset=1).sort("id", maintain_order=True)
    return {split: Examples(split, rows.filter(pl.col("split") == split).drop("split")) for split in splits}


def _hashed(rows: pl.DataFrame, kind: pl.Enum) -> pl.DataFrame:
    return rows.select(
        pl.col("split").cast(pl.String).cast(kind, strict=False),
        id=pl.col("id").hash(),
        content=pl.col("content_hash").hash(),
        proofs=pl.col("proof").list.len(),
    )


def _where(chosen: NDArray[np.bool_], holds: Any) -> NDArray[np.bool_]:
    """Where something is chosen and holds; asked only of what is chosen."""
    found = chosen.copy()
    found[chosen] = holds(chosen)
    return found


def _repeats(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the values are not the first of their kind."""
    return ~pl.Series(values).is_first_distinct().to_numpy()
