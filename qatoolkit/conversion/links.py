"""Remembers of every context, while it passes, what keeps related examples in one split.

A digest that is the same on every machine and in every version orders the groups; a sketch finds nearly
the same contexts. The texts themselves are not kept.
"""

from __future__ import annotations

import json
from functools import cached_property

import polars as pl

from qatoolkit.conversion.groups import digest
from qatoolkit.corpus.similar import NearDuplicates
from qatoolkit.errors import UsageError


class Links:
    """What the splits of a conversion go by.

    Args:
        group_by: a column of the sources that tells groups, instead of the title.
        needed: whether there will be several splits; otherwise nothing is looked at.
        by_row: also keep a digest of every question, for rows that are dealt one by one.
    """

    def __init__(self, group_by: str | None = None, *, needed: bool = True, by_row: bool = False) -> None:
        self._needed = needed
        self._near = NearDuplicates()
        self._group_by = group_by
        self._by_row = by_row
        self._digests = [pl.DataFrame(schema={"context": pl.UInt64, "digest": pl.UInt64})]
        self._groups: list[pl.Series] = []
        self._columns: dict[str, None] = {}
        self._rows: list[pl.Series] = []
        self._earlier: list[pl.DataFrame] = []

    def add(self, records: pl.DataFrame) -> None:
        """Looks at a frame of records, in the order in which the ledger has them."""
        if not self._needed:
            return
        self._notice(records)
        if self._group_by is not None:
            self._groups.append(_values(records, self._group_by))
            for extra in records["extra"].drop_nulls().head(1):
                self._columns |= dict.fromkeys(json.loads(extra))
        if self._by_row:
            digests = [digest(question or "") for question in records["question"]]
            self._rows.append(pl.Series(digests, dtype=pl.UInt64))

    def add_earlier(self, records: pl.DataFrame, split: str | None) -> None:
        """Looks at a frame of examples of an earlier dataset, whose splits are to be kept."""
        self._notice(records)
        title = _hashed(_values(records, self._group_by or "title"))
        context, question = pl.col("context").hash(), pl.col("question").hash()
        pair = pl.struct(context, question).hash()
        self._earlier.append(
            records.select("id", context=context, pair=pair, title=title, split=pl.lit(split, pl.String))
        )

    def keys(self, records: pl.DataFrame) -> pl.DataFrame:
        """What `split.deal` goes by.

        Args:
            records: the ledger's rows, as many as were added.

        Raises:
            UsageError: no source has the column to group by.
        """
        title: pl.Expr | pl.Series = pl.col("title")
        if self._group_by is not None:
            values = pl.concat(self._groups)
            if values.null_count() == len(values):
                others = ", ".join(self._columns) or "none"
                raise UsageError(
                    f"--group-by {self._group_by}: no record has a value in such a column; columns beside "
                    f"those of the question are: {others}"
                )
            title = _hashed(values).gather(records["index"])
        rows = {"digest": pl.concat(self._rows).gather(records["index"])} if self._by_row else {}
        return self._clustered(records.select("context", "pair", "answered", title=title, **rows))

    def earlier(self) -> pl.DataFrame | None:
        """The same of the earlier dataset, with id and split; None where there is none."""
        return self._clustered(pl.concat(self._earlier)) if self._earlier else None

    def digests(self) -> pl.DataFrame:
        """Of each distinct context its hash, `context`, and its `digest`, which is the same everywhere."""
        return pl.concat(self._digests)

    def _notice(self, records: pl.DataFrame) -> None:
        """Digests and sketches of the contexts that were not seen before."""
        contexts = records["context"].drop_nulls()
        fresh = self._near.add_all(contexts.hash(), contexts)
        digests = pl.Series([digest(context) for context in fresh["text"].to_list()], dtype=pl.UInt64)
        self._digests.append(pl.DataFrame({"context": fresh["key"], "digest": digests}))

    def _clustered(self, keys: pl.DataFrame) -> pl.DataFrame:
        return keys.join(self._clusters, on="context", how="left", maintain_order="left")

    @cached_property
    def _clusters(self) -> pl.DataFrame:
        """Contexts that are nearly another; all have been seen now, so the sketches can go."""
        clusters = self._near.groups().rename({"key": "context"})
        self._near = NearDuplicates()
        return clusters


def _values(records: pl.DataFrame, column: str) -> pl.Series:
    """The values of a column of the source as texts, null where there is none."""
    if column in records.columns and column != "extra":
        return records[column].cast(pl.String).replace("", None)
    path = "$[" + json.dumps(column, ensure_ascii=False) + "]"
    return records["extra"].str.json_path_match(path).replace("", None)


def _hashed(values: pl.Series) -> pl.Series:
    """Hashes, null where there is nothing: what two records lack they do not share."""
    hashed = pl.DataFrame({"value": values}).select(
        pl.when(pl.col("value").is_not_null()).then(pl.col("value").hash())
    )
    return hashed.to_series()
