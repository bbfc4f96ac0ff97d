"""Writes answers to a file: JSON Lines or CSV for people and programs, Parquet with everything."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qatoolkit.corpus.record import origin
from qatoolkit.errors import DestinationError, UsageError

_COLUMNS = (
    "id", "question", "answer", "start", "end", "score", "null_score", "source", "line", "place", "reason",
)  # fmt: skip
# What `place` is made of, where there is no line to go to.
_PLACE = ("source", "line", "pointer", "row")
_SUFFIXES = (".jsonl", ".csv", ".parquet")


def check_output(path: Path, *, overwrite: bool) -> None:
    """Refuses, before anything is computed, what could not be written at the end.

    Raises:
        UsageError: the suffix names no layout that is written.
        DestinationError: it exists, or is a folder.
    """
    if path.is_dir():
        raise DestinationError(f"{path}: is a folder; -o names a file, such as predictions.parquet")
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{path}: answers are written to files ending in {', '.join(_SUFFIXES)}")
    if path.exists() and not overwrite:
        raise DestinationError(f"{path}: exists already; add --overwrite, or choose another file with -o")


def write_answers(table: pa.Table, path: Path, *, null_scores: bool) -> None:
    """Writes the layout that the file's suffix names.

    Args:
        table: the rows of a predictions file.
        path: where to.
        null_scores: whether JSON Lines and CSV have the null score.

    Raises:
        DestinationError: it cannot be written.
    """
    suffix = path.suffix.lower()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix == ".parquet":
            pq.write_table(table, path)
        elif suffix == ".csv":
            with path.open("w", encoding="utf-8", newline="") as stream:
                header = [name for name in _COLUMNS if null_scores or name != "null_score"]
                writer = csv.DictWriter(stream, header, lineterminator="\n")
                writer.writeheader()
                writer.writerows(answer_rows(table, null_scores=null_scores))
        else:
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(line + "\n" for line in json_lines(table, null_scores=null_scores))
    except OSError as error:
        raise DestinationError(f"{path}: cannot be written: {error.strerror}") from error


def answer_rows(table: pa.Table, *, null_scores: bool) -> Iterator[dict[str, Any]]:
    """What JSON Lines and CSV hold of each row; `place` is for people, `reason` only where there is one."""
    names = [name for name in _COLUMNS if name in (*table.column_names, "place")]
    if not null_scores:
        names.remove("null_score")
    needed = [name for name in table.column_names if name in names or name in _PLACE]
    for batch in table.select(needed).to_batches(max_chunksize=1000):
        for held in batch.to_pylist():
            held["place"] = origin(*(held[name] for name in _PLACE)) or None
            row = {name: held[name] for name in names}
            for name in ("score", "null_score"):
                if name in row:
                    row[name] = _rounded(row[name])
            if row.get("reason") is None:
                row.pop("reason", None)
            yield row


def json_lines(table: pa.Table, *, null_scores: bool) -> Iterator[str]:
    """A line of JSON for each row, without its end."""
    for row in answer_rows(table, null_scores=null_scores):
        yield json.dumps(row, ensure_ascii=False)


def _rounded(value: float | None) -> float | None:
    """To six places; a score that is no number, of a training that diverged, has no word in JSON."""
    return round(value, 6) if value is not None and math.isfinite(value) else None
