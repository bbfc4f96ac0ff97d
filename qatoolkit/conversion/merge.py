"""Rows that are equal in id, context and question are one example with all their answers.

Works on the hashes of all records first, so that only answers of rows that repeat something are ever
held in memory, and no context.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from qatoolkit.conversion.proofs import fill_proofs
from qatoolkit.conversion.spool import PROOF, Spool
from qatoolkit.validation.ledger import are_repeated

_LISTS = ("text", "answer_start", "answer_end", *PROOF)


def find_repeats(records: pl.DataFrame, splits: Sequence[str] | None) -> pl.DataFrame:
    """The valid records that repeat an earlier one.

    Args:
        records: as `collect` has them.
        splits: of the sources, where these keep their own: what is in two of them stays in both.

    Returns:
        `index` of each repeating record and `head`, that of the first one.
    """
    split = pl.lit(0)
    if splits is not None:
        known = sorted(splits)
        numbers = {source: known.index(name) for source, name in enumerate(splits)}
        split = pl.col("source").replace_strict(numbers, return_dtype=pl.Int32)
    same = records.select("index", "id", "pair", "valid", split=split)
    keys = same.select(pl.struct("id", "pair", "split").hash()).to_series()
    repeated = same.filter(are_repeated(keys)).filter("valid")
    heads = repeated.select("index", head=pl.col("index").first().over("id", "pair", "split"))
    return heads.filter(pl.col("index") != pl.col("head"))


def half_answered(records: pl.DataFrame, repeats: pl.DataFrame) -> int:
    """How many questions have an answer in one row and none in another; both as above."""
    heads = repeats.select("head").unique().with_columns(index="head")
    members = pl.concat([heads.select("index", "head"), repeats]).join(records, on="index")
    answered = pl.col("answered")
    return members.group_by("head").agg(torn=answered.any() & ~answered.all()).filter("torn").height


def merge_answers(
    spool: Spool, repeats: pl.DataFrame, records: pl.DataFrame, names: Sequence[str]
) -> pl.DataFrame:
    """One row for each example that others join: its index, all its answers, and where they come from.

    An answer that a further row repeats to the character is kept once; what one record repeats stays.

    Args:
        spool: the records.
        repeats: as `find_repeats` returns them.
        records: as `collect` has them, for the places.
        names: of the sources, by their numbers.

    Returns:
        `index` of the first record, the answer columns, their proofs, `repairs`, and `merged`: the places of
        the others.
    """
    heads = repeats.select("head").unique().with_columns(index="head")
    members = pl.concat([heads.select("index", "head"), repeats])
    parts, first = [], 0
    for frame in spool.frames():
        indexed = frame.select("text", "answer_start", "answer_end", "repairs", *PROOF).with_columns(
            index=pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True)
        )
        parts.append(fill_proofs(indexed.join(members, on="index")))
        first += frame.height
    rows = pl.concat(parts).sort("index")
    answers = rows.filter(pl.col("text").list.len() > 0).explode(*_LISTS)
    known = pl.struct("head", "text", "answer_start").is_first_distinct()
    kept = answers.filter((pl.col("index") == pl.col("head")) | known)
    merged = kept.group_by("head", maintain_order=True).agg(_LISTS)
    empty = [pl.lit([], rows.schema[name]).alias(name) for name in _LISTS]
    without = heads.select("head").join(merged, on="head", how="anti").with_columns(empty)
    inner = pl.col("repairs").drop_nulls().str.strip_prefix("[").str.strip_suffix("]")
    told = rows.group_by("head").agg(
        repairs=pl.when(pl.col("repairs").count() > 0).then("[" + inner.str.join(", ") + "]")
    )
    named = dict(enumerate(names))
    numbers = [pl.col(name).cast(pl.Int64) for name in ("row", "line")]
    places = (
        repeats.join(records.select("index", "source", "row", "line"), on="index")
        .sort("index")
        .group_by("head", maintain_order=True)
        .agg(merged=pl.struct(pl.col("source").replace_strict(named), *numbers))
    )
    columns = ["head", *_LISTS]
    whole = pl.concat([merged.select(columns), without.select(columns)])
    return whole.join(places, on="head").join(told, on="head").rename({"head": "index"})
