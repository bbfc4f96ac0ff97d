"""Writes examples to a folder in one or several formats, a batch at a time and always the same bytes.

Files of text are opened for each batch, so none is left open where a conversion breaks off.

arrow     what `DatasetDict.save_to_disk` lays; `load_from_disk` reads it
parquet   `load_dataset("DIR")` reads it by the dataset card
squad     SPLIT.json, nested; version 1.1 or v2.0 by whether a question of it has no answer
squad1.1  the same in version 1.1, which a question without an answer makes impossible
squad2.0  the same in version 2.0
          A blind split, whose answers nobody has written down, fits either: its lists of answers are empty,
          and no `is_impossible` claims that there are none
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

from qatoolkit.conversion.plan import Split
from qatoolkit.conversion.shards import ArrowWriter, Shards, write_dataset_dict
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
        self._path = path

    def write(self, examples: pa.Table) -> None:
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        with self._path.open("ab") as stream:
            frame.write_ndjson(stream)

    def close(self) -> None:
        pass


class CsvWriter:
    """The same rows as a table."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, examples: pa.Table) -> None:
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        _refuse_nul(frame)
        cells = frame.with_columns(pl.col("answers").struct.json_encode())
        with self._path.open("ab") as stream:
            # Everything in quotes: a lone carriage return would be left bare and read as a line break.
            cells.write_csv(stream, include_header=not stream.tell(), quote_style="always")

    def close(self) -> None:
        pass


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


def _squad_1_1(folder: Path, name: str, split: Split) -> Writer:
    if split.unanswerable and split.labelled:
        raise UsageError(
            f"--to squad1.1: {split.unanswerable:,} of the questions in {name} "
            f"{'has' if split.unanswerable == 1 else 'have'} no answer, which version 1.1 cannot say; "
            "--to squad2.0 can, --to squad takes the version that fits"
        )
    return SquadWriter(folder / f"{name}.json", "1.1")


def _squad_2_0(folder: Path, name: str, split: Split) -> Writer:
    return SquadWriter(folder / f"{name}.json", "v2.0", flagged=split.labelled)


def _squad(folder: Path, name: str, split: Split) -> Writer:
    fits = _squad_2_0 if split.unanswerable and split.labelled else _squad_1_1
    return fits(folder, name, split)


#: What `--to` takes: opens a writer for one split, given its name and what is known of it.
FORMATS: dict[str, Callable[[Path, str, Split], Writer]] = {
    "arrow": lambda folder, name, _: ArrowWriter(folder / name),
    "parquet": lambda folder, name, _: Shards(folder / name, ".parquet"),
    "squad": _squad,
    "squad1.1": _squad_1_1,
    "squad2.0": _squad_2_0,
    "jsonl": lambda folder, name, _: JsonLinesWriter(folder / f"{name}.jsonl"),
    "csv": lambda folder, name, _: CsvWriter(folder / f"{name}.csv"),
}


class Writers:
    """Writers of all formats for all splits: Arrow, or the only format, at the root, others in a folder each.

    Args:
        folder: the folder of the dataset.
        formats: keys of `FORMATS`.
        splits: what is known of each split.
    """

    def __init__(self, folder: Path, formats: Sequence[str], splits: Mapping[str, Split]) -> None:
        self._splits = list(splits)
        self._folder = folder if "arrow" in formats else None
        self._writers: dict[str, list[Writer]] = {name: [] for name in splits}
        for form in formats:
            place = folder if form == "arrow" or len(formats) == 1 else folder / form
            place.mkdir(exist_ok=True)
            for name, split in splits.items():
                self._writers[name].append(FORMATS[form](place, name, split))

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
