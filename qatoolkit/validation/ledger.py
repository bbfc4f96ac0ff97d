"""Keeps of every record what the rules about the whole corpus need: its id, its place, and hashes.

A row takes about seventy-five bytes, so five million records fit where a small part of their texts would not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from qatoolkit.corpus.record import Batch, Place
from qatoolkit.corpus.similar import NearDuplicates
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.rule import Rule

#: What rules compare. `split` is null where a file says nothing of one, `answers` is the same for the
#: same texts in the same order.
_COMPARED = ("split", "id_hash", "pair", "title", "answers", "answered")


@dataclass
class Ledger:
    """The records seen so far.

    Attributes:
        rules: the rules that will ask.
        limits: their thresholds.
        sources: the files by the numbers that rows have.
    """

    rules: Sequence[Rule]
    limits: Limits
    sources: list[str] = field(default_factory=list)
    _parts: list[pl.DataFrame] = field(default_factory=list)
    _similar: NearDuplicates | None = None

    def __post_init__(self) -> None:
        if any(rule.key == "cluster" for rule in self.rules):
            self._similar = NearDuplicates(self.limits.similarity)

    def add(self, batch: Batch, split: str | None) -> None:
        """Enters a batch, whose file is of a split if that is known."""
        if not self.sources or self.sources[-1] != batch.source:
            self.sources.append(batch.source)
        if not self.rules:
            return
        part = batch.records.select(
            "id",
            "byte_start",
            # A table has no pointers, and a column of type Null takes no room.
            pl.col("pointer").cast(pl.Null) if batch.records["pointer"].count() == 0 else pl.col("pointer"),
            *(pl.col(name).cast(pl.UInt32) for name in ("row", "line", "line_end")),
            length=(pl.col("byte_end") - pl.col("byte_start")).cast(pl.UInt32),
            context=_known_hash("context"),
            pair=pl.when(pl.col("context").is_not_null() & pl.col("question").is_not_null()).then(
                pl.struct(pl.col("context").hash(), pl.col("question").hash()).hash()
            ),
            title=pl.when(pl.col("title") != "").then(pl.col("title").hash()),
            answers=_short(pl.col("text").list.join("\0", ignore_nulls=True)),
            answered=pl.col("text").list.len() > 0,
            source=pl.lit(len(self.sources) - 1, pl.UInt32),
            split=pl.lit(split, pl.Categorical),
        )
        self._parts.append(part)
        if self._similar is not None:
            contexts = batch.records["context"].drop_nulls()
            self._similar.add_all(contexts.hash(), contexts)

    def records(self) -> pl.DataFrame:
        """One row for each record, in the order in which they were entered."""
        return pl.concat(self._parts, how="vertical_relaxed")

    def shared(self) -> Iterator[tuple[Rule, dict[str, Any]]]:
        """The rules and the rows that they flag, with `first_...` of the record it was held against."""
        if not self._parts:
            return
        records = self.records()
        if self._similar is not None:
            groups = self._similar.groups()
            records = records.with_columns(
                cluster=pl.col("context").replace_strict(
                    groups["key"], groups["cluster"], default=None, return_dtype=pl.UInt64
                )
            )
        for key in dict.fromkeys(rule.key for rule in self.rules):
            alike = _alike(records, key)
            for rule in (rule for rule in self.rules if rule.key == key) if alike.height else ():
                assert rule.flag is not None
                for row in alike.filter(rule.flag).iter_rows(named=True):
                    yield rule, row


def place_of(row: dict[str, Any]) -> Place:
    """The place of a row that `shared` gave."""
    start, length = row["byte_start"], row["length"]
    end = None if start is None else start + length
    return Place(row["row"], row["line"], row["line_end"], start, end, row["pointer"])


def _alike(records: pl.DataFrame, key: str) -> pl.DataFrame:
    """The records that share a key with another, each beside the first that has it."""
    if key in ("context", "cluster"):  # which five questions share as a rule, so one of them speaks for all
        same = ("context", "split", "title")
        records = records.filter(
            pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in same)
        )
        alike = records.filter(are_repeated(records[key])).unique(same, keep="first", maintain_order=True)
    elif key == "id_hash":
        alike = records.filter(are_repeated(records.select(_known_hash("id")).to_series()))
    else:
        alike = records.filter(are_repeated(records[key]))
    alike = alike.with_columns(id_hash=_known_hash("id"))
    firsts = [
        pl.col(name).first().over(key).alias(f"first_{name}")
        for name in (*_COMPARED, "context", "row", "source")
    ]
    return alike.with_columns(firsts)


def are_repeated(keys: pl.Series) -> pl.Series:
    """Which of the keys occur more than once; sorting takes a fraction of a hash table's memory."""
    ordered = keys.drop_nulls().sort()
    twice = ordered.filter(ordered == ordered.shift()).unique()
    return keys.is_in(twice.implode()).fill_null(False)


def _known_hash(column: str) -> pl.Expr:
    """The hash of a text, null where there is none: what two records lack they do not share."""
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())


def _short(texts: pl.Expr) -> pl.Expr:
    """Half a hash will do for what is compared only among records that agree in a whole one."""
    return texts.hash().cast(pl.UInt32, wrap_numerical=True)
