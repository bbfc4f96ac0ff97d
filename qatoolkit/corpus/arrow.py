"""Reads folders that `save_to_disk` wrote, ours or anyone's, straight from their Arrow files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from qatoolkit.corpus.fields import REQUIRED, match_columns, require
from qatoolkit.corpus.record import RECORD, Batch, Note
from qatoolkit.corpus.table import Noter, made_ids, read_flags
from qatoolkit.errors import NotACorpusError, UnreadableError


def is_saved_dataset(folder: Path) -> bool:
    """Whether a folder is one that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def saved_splits(folder: Path) -> dict[str, Path]:
    """Split -> its folder; a dataset without splits counts as one that is named train."""
    if not (folder / "dataset_dict.json").is_file():
        return {"train": folder}
    return {split: folder / split for split in _described(folder, "dataset_dict.json", "splits", str(folder))}


def read_arrow(folder: Path, source: str, mapping: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Yields the records of one split, a record batch at a time."""
    row = 0
    for table in _tables(folder, source):
        fields = match_columns(table.columns, mapping)
        require(fields, table.columns, source)
        rows = pl.Series("row", range(row + 1, row + 1 + table.height), pl.Int64)
        row += table.height
        yield _to_batch(table, fields, rows, source)
    if not row:
        yield Batch(source, RECORD.to_frame())


def _described(folder: Path, file: str, key: str, source: str) -> list[Any]:
    """What one of the JSON files that `save_to_disk` writes lists under a key."""
    try:
        listed: list[Any] = json.loads((folder / file).read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{source}: {file} is missing or broken ({error}); save the dataset again with save_to_disk"
        ) from error
    return listed


def _tables(folder: Path, source: str) -> Iterator[pl.DataFrame]:
    for entry in _described(folder, "state.json", "_data_files", source):
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


def _check_types(schema: pl.Schema, fields: dict[str, str], source: str) -> None:
    """Arrow declares its types, so a wrong one is wrong for all records and is said once."""
    answers = schema.get(fields.get("answers", ""))
    inner = answers.to_schema() if isinstance(answers, pl.Struct) else {}
    texts, starts = (_of_list(inner.get(name)) for name in ("text", "answer_start"))
    if not (texts in (pl.String, pl.Null) and (starts == pl.Null or starts.is_integer())):
        raise NotACorpusError(
            f"{source}: no column answers with a list text of strings and a list answer_start of integers; "
            f"columns are {', '.join(f'{name}: {dtype}' for name, dtype in schema.items())}"
        )
    for name in REQUIRED:
        if schema[fields[name]] not in (pl.String, pl.Categorical, pl.Null):
            raise NotACorpusError(f"{source}: {fields[name]} holds {schema[fields[name]]}, not strings")


def _of_list(dtype: object) -> pl.DataType:
    """What a list holds; `Unknown` for what is no list."""
    return pl.Series(dtype=dtype.inner).dtype if isinstance(dtype, pl.List) else pl.Unknown()


def _to_batch(table: pl.DataFrame, fields: dict[str, str], rows: pl.Series, source: str) -> Batch:
    _check_types(table.schema, fields, source)
    answers = pl.col(fields["answers"]).struct
    others = [name for name in table.columns if name not in fields.values()]
    texts = ("id", "title", "context", "question")
    columns = {name: pl.col(fields[name]).cast(pl.String) for name in texts if name in fields}
    for name in ("text", "answer_start"):
        columns[name] = answers.field(name).cast(RECORD[name]).fill_null(pl.lit([], RECORD[name]))
    columns["extra"] = pl.struct(others).struct.json_encode() if others else pl.lit(None, pl.String)
    frame = table.select(**columns).with_columns(rows)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in RECORD.items() if name not in frame.columns]
    frame = frame.with_columns(absent)
    notes: list[Note] = []
    noter = Noter(frame, notes)
    sizes = frame.select(pl.col("text").list.len(), starts=pl.col("answer_start").list.len())
    for index in (sizes["text"] != sizes["starts"]).arg_true():
        noter.uneven(index, *sizes.row(index))
    each = pl.int_ranges(0, pl.col("text").list.len())
    frame = frame.with_columns(
        answer_start=pl.col("answer_start").list.gather(each, null_on_oob=True),
        answer_end=pl.col("text").list.eval(pl.lit(None, pl.Int64)),
    )
    if "id" not in fields:
        frame = frame.with_columns(made_ids(frame))
    if "is_impossible" in fields:
        flags = table.select(pl.col(fields["is_impossible"]).cast(pl.String).fill_null(""))
        frame = frame.with_columns(read_flags(flags, fields, noter))
    return Batch(source, frame.select(list(RECORD)).cast(RECORD), notes)
