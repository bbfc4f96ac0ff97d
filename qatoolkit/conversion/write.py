"""Writes examples to a folder in one or several formats, a batch at a time and always the same bytes.

arrow     what `DatasetDict.save_to_disk` lays; `load_from_disk` reads it
parquet   `load_dataset("DIR")` reads it by the dataset card
squad     SPLIT.json, nested; version 1.1 or v2.0 by whether a question of it has no answer
squad1.1  the same in version 1.1, which a question without an answer makes impossible
squad2.0  the same in version 2.0
jsonl     SPLIT.jsonl, a flat row a line
csv       SPLIT.csv, the answers as JSON in one cell; text with NUL is refused, as it makes the file none of
          text to most programs, and to `qatk` as well
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow as pa

from qatoolkit.conversion.shards import ArrowWriter, ParquetWriter, write_dataset_dict
from qatoolkit.conversion.squad import SquadWriter
from qatoolkit.errors import UsageError


class Writer(Protocol):
    """Writes the examples of one split in one format."""

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""

    def close(self) -> None:
        """Ends the files."""


class JsonLinesWriter:
    """The flat rows of the Hub's squad."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def write(self, examples: pa.Table) -> None:
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        frame.write_ndjson(self._stream)

    def close(self) -> None:
        self._stream.close()


class CsvWriter:
    """The same rows as a table."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")
        self._header = True

    def write(self, examples: pa.Table) -> None:
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        _refuse_nul(frame)
        cells = frame.with_columns(pl.col("answers").struct.json_encode())
        # Everything in quotes: a lone carriage return would be left bare and read as a line break.
        cells.write_csv(self._stream, include_header=self._header, quote_style="always")
        self._header = False

    def close(self) -> None:
        self._stream.close()


def _refuse_nul(examples: pl.DataFrame) -> None:
    """Of the answers it stands in the context too, and as an escape in their JSON."""
    names = ("id", "title", "context", "question")
    held = examples.filter(pl.any_horizontal(pl.col(names).str.contains("\0", literal=True)))
    for row in held.head(1).iter_rows(named=True):
        name = next(name for name in names if "\0" in row[name])
        raise UsageError(
            f"--to csv: {name} of {row['id']!r} holds a NUL character, which no table of text can hold; "
            "--to parquet, jsonl or squad can, and so can Arrow"
        )


def _squad_1_1(folder: Path, split: str, unanswerable: int) -> Writer:
    if unanswerable:
        raise UsageError(
            f"--to squad1.1: {unanswerable:,} of the questions in {split} have no answer, which version 1.1 "
            "cannot say; --to squad2.0 can, --to squad takes the version that fits"
        )
    return SquadWriter(folder / f"{split}.json", unanswerable=False)


#: What `--to` takes: opens a writer for one split, given its number of questions without an answer.
FORMATS: dict[str, Callable[[Path, str, int], Writer]] = {
    "arrow": lambda folder, split, _: ArrowWriter(folder / split),
    "parquet": lambda folder, split, _: ParquetWriter(folder / split),
    "squad": lambda folder, split, n: SquadWriter(folder / f"{split}.json", unanswerable=n > 0),
    "squad1.1": _squad_1_1,
    "squad2.0": lambda folder, split, _: SquadWriter(folder / f"{split}.json", unanswerable=True),
    "jsonl": lambda folder, split, _: JsonLinesWriter(folder / f"{split}.jsonl"),
    "csv": lambda folder, split, _: CsvWriter(folder / f"{split}.csv"),
}


class Writers:
    """Writers of all formats for all splits: Arrow, or the only format, at the root, others in a folder each.

    Args:
        folder: the folder of the dataset.
        formats: keys of `FORMATS`.
        unanswerable: split -> how many of its questions have no answer.
    """

    def __init__(self, folder: Path, formats: Sequence[str], unanswerable: Mapping[str, int]) -> None:
        self._splits = list(unanswerable)
        self._folder = folder if "arrow" in formats else None
        self._writers: dict[str, list[Writer]] = {split: [] for split in unanswerable}
        for name in formats:
            place = folder if name == "arrow" or len(formats) == 1 else folder / name
            place.mkdir(exist_ok=True)
            for split, count in unanswerable.items():
                self._writers[split].append(FORMATS[name](place, split, count))

    def write(self, split: str, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA` to a split."""
        for writer in self._writers[split]:
            writer.write(examples)

    def close(self) -> None:
        """Ends all files."""
        for writers in self._writers.values():
            for writer in writers:
                writer.close()
        if self._folder is not None:
            write_dataset_dict(self._folder, self._splits)
