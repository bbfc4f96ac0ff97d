"""Prints what a saved dataset holds, so that two can be compared without being in memory at once.

Run with its folder; prints JSON: `rows`, `answers`, `in_order`, a hash of all rows as they follow each
other, `as_a_set`, the same whatever their order and their splits, and `misplaced`, answers that do not
stand where they say; of what `qatk` wrote also `lineage`, the number of rows of that file.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from datasets import DatasetDict, load_from_disk

BATCH = 10_000


def frames(folder: str) -> Iterator[pl.DataFrame]:
    data = load_from_disk(folder)
    for split in data.values() if isinstance(data, DatasetDict) else [data]:
        for table in split.with_format("arrow").iter(BATCH):
            yield pl.from_arrow(table).unnest("answers")


def digest(folder: str) -> dict[str, int | str | None]:
    hashes = [pl.Series(dtype=pl.UInt64)]
    answers = misplaced = 0
    for frame in frames(folder):
        hashes.append(frame.hash_rows())
        each = frame.explode("text", "answer_start", empty_as_null=False)
        answers += each.height
        there = pl.col("context").str.slice("answer_start", pl.col("text").str.len_chars())
        misplaced += each.filter(there != pl.col("text")).height
    rows = pl.concat(hashes)
    lineage = Path(folder) / "lineage.parquet"
    return {
        "rows": len(rows),
        "answers": answers,
        "in_order": _hash(rows),
        "as_a_set": _hash(rows.sort()),
        "misplaced": misplaced,
        "lineage": pq.read_metadata(lineage).num_rows if lineage.exists() else None,
    }


def _hash(values: pl.Series) -> str:
    return hashlib.sha256(values.to_numpy().tobytes()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(digest(sys.argv[1])))
