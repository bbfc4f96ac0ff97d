"""Keeps slices of the splits: what `--rows train[:5000],validation[:500]` says."""

from __future__ import annotations

import re

import polars as pl

from qatoolkit.errors import UsageError

_SLICE = re.compile(r"\s*([^\[\]\s]+)\s*(?:\[\s*(\d*)\s*:\s*(\d*)\s*\])?\s*")
#: What Python or the `datasets` library would take besides.
_OTHER_SLICE = re.compile(r"\[[^\]]*[%-]")


def keep_rows(splits: pl.Series, rows: str) -> pl.Series:
    """The named slices of the splits, and of the others nothing.

    Args:
        splits: of each record, null where it is no example.
        rows: splits and their slices, behind commas; a name alone keeps the whole split.

    Returns:
        The same, with null for every example that was cut off.

    Raises:
        UsageError: it cannot be read, names a split that there is not or one twice, or
            leaves nothing.
    """
    known = splits.drop_nulls().unique().sort().to_list()
    frame = pl.DataFrame({"split": splits}).with_columns(number=pl.col("split").cum_count().over("split") - 1)
    kept: dict[str, pl.Expr] = {}
    for item in rows.split(","):
        if _OTHER_SLICE.search(item):
            raise UsageError(
                f"--rows {rows}: percentages and negative numbers are not taken; "
                "write the rows to keep as numbers, e.g. train[:5000]"
            )
        match = _SLICE.fullmatch(item)
        if match is None or match.group(1) not in known:
            raise UsageError(f"--rows {rows}: write it as train[:5000]; splits are {', '.join(known)}")
        name, start, stop = match.group(1), int(match.group(2) or 0), match.group(3)
        if name in kept:
            raise UsageError(f"--rows {rows}: names {name} twice; one slice of a split is kept")
        number = pl.col("number")
        kept[name] = (pl.col("split") == name) & (number >= start) & (number < int(stop) if stop else True)
    chosen = pl.any_horizontal(*kept.values())
    left = frame.select(pl.when(chosen).then("split").alias("split")).to_series()
    if not left.count():
        raise UsageError(f"--rows {rows}: leaves nothing to write")
    return left
