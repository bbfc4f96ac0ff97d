"""Which examples belong together, and what a split has torn apart.

Works on columns of hashes, one row for each example, so that millions of examples are a matter of
seconds. Examples that share a value in any of the `LINKS` belong together; where a value is null there
is nothing to share. The splits themselves are made in `split`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.corpus.linked import find, link

#: The columns that link examples, and what people call what they share.
LINKS = {"title": "title", "context": "context", "cluster": "near-duplicate"}


def components(keys: Sequence[pl.Series]) -> NDArray[np.int64]:
    """The connected component of each of n rows, named by the smallest index of its rows.

    Args:
        keys: columns of length n, at least one; rows that are equal in any of them are linked, and null
            links nothing.
    """
    rows = np.arange(len(keys[0]))
    forest = rows.copy()
    for key in keys:
        shared = pl.DataFrame({"row": rows, "key": key}).drop_nulls("key")
        shared = shared.select("row", first=pl.col("row").min().over("key"))
        link(forest, shared["row"].to_numpy(), shared["first"].to_numpy())
    return find(forest, rows)


def crossings(examples: pl.DataFrame, splits: pl.Series) -> dict[str, int]:
    """How many titles, contexts and clusters of near-duplicates are in more than one split.

    Args:
        examples: with the columns of `LINKS`.
        splits: of each example.

    Returns:
        name of a link -> number of its values that cross.
    """
    homes = splits.cast(pl.Categorical).to_physical()
    counts = {}
    for column, name in LINKS.items():
        placed = pl.DataFrame({"key": examples[column], "home": homes}).drop_nulls("key")
        spread = placed.group_by("key").agg(lowest=pl.col("home").min(), highest=pl.col("home").max())
        counts[name] = int((spread["lowest"] != spread["highest"]).sum())
    return counts


def leakage(examples: pl.DataFrame, splits: pl.Series, train: str = "train") -> int:
    """How many examples outside of train have a context, or nearly one, that is in train too.

    Args:
        examples: with the columns context and cluster.
        splits: of each example.
        train: the split that a model learns from.
    """
    # A cluster is named by one of its contexts, so the two kinds of name do not meet by mistake.
    contexts = examples.select(pl.coalesce("cluster", "context")).to_series()
    learnt = splits.cast(pl.String) == train
    return int(contexts.filter(~learnt).is_in(contexts.filter(learnt).unique().implode()).sum())


def in_order(
    examples: pl.DataFrame, groups: NDArray[np.int64], digests: pl.DataFrame, seed: int, room: float
) -> pl.DataFrame:
    """Each `group` with the number of its `answered` and `unanswered` examples, in the order of dealing.

    The order is that of a hash of the seed and the smallest digest of the group's contexts. Groups that have
    no room in the smallest split come first, the largest before the others, while larger ones are free.

    Args:
        examples: with the columns context and answered.
        groups: of each example.
        digests: of each distinct `context` its `digest`.
        seed: another one gives another order.
        room: how many examples the smallest split is to have.
    """
    rows = examples.select("context", "answered", group=groups)
    names = rows.select("group", "context").unique().join(digests, on="context", how="left")
    names = names.group_by("group").agg(name=pl.col("digest").min().fill_null(0))
    sizes = rows.group_by("group").agg(
        answered=pl.col("answered").sum(), unanswered=(~pl.col("answered")).sum()
    )
    ordered = sizes.join(names, on="group")
    hashes = [digest(f"{seed} {name:016x}") for name in ordered["name"].to_list()]
    size = pl.col("answered") + pl.col("unanswered")
    return ordered.with_columns(
        order=pl.Series(hashes, dtype=pl.UInt64), large=pl.when(size > room).then(size).otherwise(0)
    ).sort("large", "order", "name", descending=[True, False, False])


def row_order(examples: pl.DataFrame, digests: pl.DataFrame, seed: int) -> pl.Series:
    """A number for each example that only its context, its own digest and the seed decide.

    Args:
        examples: with the columns context and digest.
        digests: of each distinct `context` its `digest`.
        seed: another one gives other numbers.
    """
    contexts = examples.select("context").join(digests, on="context", how="left", maintain_order="left")
    mixed = np.full(examples.height, digest(str(seed)), np.uint64)
    for part in (contexts["digest"].fill_null(0), examples["digest"]):
        mixed = (mixed ^ part.to_numpy()) * np.uint64(0x9E37_79B9_7F4A_7C15)
        mixed ^= mixed >> np.uint64(32)
    return pl.Series(mixed)


def digest(text: str) -> int:
    """A number for a text that is the same everywhere: the first 64 bits of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")
