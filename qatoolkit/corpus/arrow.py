"""Reads folders that `save_to_disk` wrote, ours or anyone's, straight from their Arrow files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa

from qatoolkit.corpus.fields import match_columns, require
from qatoolkit.corpus.record import CONTENT, RECORD, Batch
from qatoolkit.errors import NotACorpusError, UnreadableError


def is_saved_dataset(folder: Path) -> bool:
    """Whether a folder is one that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def saved_splits(folder: Path) -> dict[str, Path]:
    """Split -> its folder; a dataset without splits counts as one that is named train."""
    names = folder / "dataset_dict.json"
    if not names.is_file():
        return {"train": folder}
    return {split: folder / split for split in json.loads(names.read_text(encoding="utf-8"))["splits"]}


def read_arrow(folder: Path, source: str, mapping: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Yields the records of one split, a record batch at a time."""
    row = 0
    for table in _tables(folder, source):
        fields = match_columns(table.columns, mapping)
        require(fields, table.columns, source)
        rows = pl.Series("row", range(row + 1, row + 1 + table.height), pl.Int64)
        row += table.height
        yield Batch(source, _to_records(table, fields, source).with_columns(rows).select(list(RECORD)))
    if not row:
        yield Batch(source, RECORD.to_frame())


def _tables(folder: Path, source: str) -> Iterator[pl.DataFrame]:
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    for entry in state["_data_files"]:
        path = folder / entry["filename"]
        try:
            with pa.memory_map(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
                for batch in reader:
                    table = pl.from_arrow(batch)
                    assert isinstance(table, pl.DataFrame)
                    yield table
        except (OSError, pa.ArrowInvalid) as error:
            raise UnreadableError(
                f"{source}: {path.name} cannot be read as an Arrow stream: {error}"
            ) from error


def _to_records(table: pl.DataFrame, fields: dict[str, str], source: str) -> pl.DataFrame:
    answers = fields.get("answers")
    if answers is None or not isinstance(table.schema[answers], pl.Struct):
        raise NotACorpusError(
            f"{source}: no column answers with text and answer_start; features: {table.schema}"
        )
    others = [name for name in table.columns if name not in fields.values()]
    columns = {name: pl.col(column).cast(pl.String) for name, column in fields.items() if name != "answers"}
    columns["text"] = pl.col(answers).struct.field("text")
    columns["answer_start"] = pl.col(answers).struct.field("answer_start")
    columns["answer_end"] = columns["text"].list.eval(pl.lit(None, pl.Int64))
    columns["extra"] = pl.struct(others).struct.json_encode() if others else pl.lit(None, pl.String)
    frame = table.select(**columns)
    missing = [pl.lit(None, RECORD[name]).alias(name) for name in RECORD if name not in frame.columns]
    return frame.with_columns(missing).cast(pl.Schema(CONTENT))
