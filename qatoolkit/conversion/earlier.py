"""What an earlier dataset has assigned to splits, and what of it could not stay there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.conversion.options import Options
from qatoolkit.corpus.reader import read
from qatoolkit.errors import UsageError


def earlier_examples(folder: str) -> Iterator[tuple[pl.DataFrame, str | None]]:
    """The examples of an earlier dataset, frame by frame, and the split of each frame.

    Args:
        folder: any dataset with splits; where `qatk convert` wrote it, other columns of its source are at
            hand in `extra`.
    """
    path = Path(folder) / "lineage.parquet"
    known = pl.read_parquet(path, columns=["id", "split", "extra"]) if path.is_file() else None
    for source in read(folder).sources:
        for batch in source.batches():
            records = batch.records
            if known is not None:
                extra = known.filter(pl.col("split") == source.split).select("id", "extra")
                records = records.drop("extra").join(extra, on="id", how="left", maintain_order="left")
            yield records, source.split


def grouped_as_before(options: Options) -> Options:
    """The same options, by the groups of the earlier dataset unless others are asked for."""
    if options.split_from is None or options.group_by is not None:
        return options
    try:
        manifest = json.loads((Path(options.split_from) / "manifest.json").read_text(encoding="utf-8"))
        return replace(options, group_by=manifest["options"]["group_by"])
    except (OSError, ValueError, LookupError, TypeError):  # somebody else's dataset
        return options


def held_groups(groups: NDArray[np.int64], splits: pl.Series) -> pl.DataFrame:
    """The `split` of each `group` that has earlier examples.

    If they are in several, new data links what was apart: then it is train if one of them is there, for
    what was learnt from is not tested on, else the split that most of them are in.

    Args:
        groups: of each earlier example.
        splits: of each earlier example.

    Raises:
        UsageError: an example has no split.
    """
    if splits.null_count():
        raise UsageError(
            "--split-from: the earlier dataset has no splits; name a folder that qatk convert wrote"
        )
    counted = pl.DataFrame({"group": groups, "split": splits}).group_by("group", "split").len("examples")
    first = counted.sort(pl.col("split") != "train", -pl.col("examples").cast(pl.Int64), "split")
    return first.unique("group", keep="first", maintain_order=True)


def moved_examples(earlier: pl.DataFrame, pairs: pl.Series, splits: pl.Series) -> list[tuple[str, str, str]]:
    """Id, former and present split of the earlier examples whose question is now in another split.

    Args:
        earlier: with the columns `id`, `pair` and `split`; an example is known by its pair of context and
            question, because its id may be another one now.
        pairs: of the examples as they are now.
        splits: of the examples as they are now.
    """
    now = pl.DataFrame({"pair": pairs, "now": splits.cast(pl.String)}).unique("pair")
    both = earlier.join(now, on="pair", maintain_order="left")
    return list(both.filter(pl.col("split") != pl.col("now")).select("id", "split", "now").iter_rows())
