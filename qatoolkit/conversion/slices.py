"""Keeps slices of the splits: what `--rows train[:5000],validation[:500]` says."""

from __future__ import annotations

import re

import polars as pl

from qatoolkit.errors import UsageError

_SLICE = re.compile(r"\s*([^\[\]\s]+)\s*(?:\[\s*(\d*)\s*:\s*(\d*)\s*\])?\s*")


def keep_rows(examples: pl.DataFrame, rows: str) -> pl.DataFrame:
    """The named slices of the splits, and of the others nothing.

    Args:
        examples: with a column `split`.
        rows: splits and their slices, behind commas; a name alone keeps the whole split.

    Raises:
        UsageError: it cannot be read, names a split that there is not or one twice, or
            leaves nothing.
    """
    known = sorted(set(examples["split"]))
    kept: dict[str, pl.DataFrame] = {}
    for item in rows.split(","):
        match = _SLICE.fullmatch(item)
        if match is None or match.group(1) not in known:
            raise UsageError(f"--rows {rows}: write it as train[:5000]; splits are {', '.join(known)}")
        name, start, stop = match.group(1), int(match.group(2) or 0), match.group(3)
        if name in kept:
            raise UsageError(f"--rows {rows}: names {name} twice; one slice of a split is kept")
        part = examples.filter(pl.col("split") == name)
        kept[name] = part.slice(start, max(0, int(stop) - start) if stop else None)
    left = pl.concat(list(kept.values()))
    if not left.height:
        raise UsageError(f"--rows {rows}: leaves nothing to write")
    return left
