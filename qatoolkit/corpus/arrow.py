"""Opens what holds typed tables: folders that `save_to_disk` wrote, Arrow files and streams, Parquet.

Yields their tables a piece at a time; `frames` makes records of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from qatoolkit.errors import UnreadableError

BATCH_RECORDS = 20_000

_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"\xff\xff\xff\xff": "arrow"}


def sniff_table(head: bytes) -> str:
    """The layout of a file by its first bytes: "parquet", "arrow", or "" for neither."""
    return next((layout for magic, layout in _MAGIC.items() if head.startswith(magic)), "")


def is_saved_dataset(folder: Path) -> bool:
    """Whether a folder is one that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def saved_splits(folder: Path) -> dict[str, Path]:
    """Split -> its folder; a dataset without splits counts as one that is named train."""
    if not (folder / "dataset_dict.json").is_file():
        return {"train": folder}
    return {split: folder / split for split in _described(folder, "dataset_dict.json", "splits", str(folder))}


def saved_tables(folder: Path, source: str) -> Iterator[pl.DataFrame]:
    """The tables of one split of a saved dataset.

    Raises:
        UnreadableError: its folder or a file in it is missing or damaged.
    """
    if not folder.is_dir():
        raise UnreadableError(
            f"{source}: no such folder, and dataset_dict.json beside it names the split {folder.name}; "
            "put the folder back or save the dataset again"
        )
    for entry in _described(folder, "state.json", "_data_files", source):
        path = folder / entry["filename"]
        try:
            with pa.memory_map(str(path)) as stream:
                yield from _frames(_arrow_batches(stream))
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise UnreadableError(
                f"{source}: {path.name} cannot be read as an Arrow stream: {error}"
            ) from error


def file_tables(place: Path | bytes, layout: str, source: str) -> Iterator[pl.DataFrame]:
    """The tables of one file.

    Args:
        place: the file, or its content.
        layout: "arrow" or "parquet".
        source: the file's name for messages.

    Raises:
        UnreadableError: it is damaged, or no such file.
    """
    try:
        with pa.memory_map(str(place)) if isinstance(place, Path) else pa.BufferReader(place) as stream:
            batches = _arrow_batches(stream) if layout == "arrow" else _parquet_batches(stream)
            yield from _frames(batches)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"{source}: cannot be read as {layout.capitalize()}: {error}\nWrite or fetch the file again."
        ) from error


def _described(folder: Path, file: str, key: str, source: str) -> list[Any]:
    """What one of the JSON files that `save_to_disk` writes lists under a key."""
    try:
        listed: list[Any] = json.loads((folder / file).read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{source}: {file} is missing or broken ({error}); save the dataset again with save_to_disk"
        ) from error
    return listed


def _arrow_batches(stream: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    """Of an Arrow file, whose batches are listed at its end, or of a stream of them."""
    head = stream.read(6)
    stream.seek(0)
    if head == b"ARROW1":
        with pa.ipc.open_file(stream) as reader:
            yield reader.schema.empty_table()
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
    else:
        with pa.ipc.open_stream(stream) as reader:
            yield reader.schema.empty_table()
            yield from reader


def _parquet_batches(stream: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(stream) as reader:
        yield reader.schema_arrow.empty_table()
        yield from reader.iter_batches(BATCH_RECORDS)


def _frames(batches: Iterator[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    """The same as Polars frames. The first is empty: it tells the columns of a table without rows."""
    return map(to_frame, batches)


def to_frame(batch: pa.RecordBatch) -> pl.DataFrame:
    """A batch as a frame, proved first: one wrong byte in a file would end the process inside Polars.

    Raises:
        pyarrow.ArrowInvalid: it is damaged.
    """
    batch.validate(full=True)
    try:
        _read_names(batch.schema)
    except UnicodeDecodeError as error:
        raise pa.ArrowInvalid(f"the name of a column is no text: {error}") from error
    frame = pl.from_arrow(batch.replace_schema_metadata(None))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _read_names(fields: Iterable[pa.Field]) -> None:
    """Reads all names, for which pyarrow raises an error where one is no text; Polars would panic."""
    for field in fields:
        assert field.name is not None
        _read_names(field.type.field(i) for i in range(field.type.num_fields))
