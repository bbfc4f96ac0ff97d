"""Writes Arrow and Parquet files, in shards, with the descriptions by which `datasets` knows them.

The same files that `DatasetDict.save_to_disk` lays, written a batch at a time; the library itself
would need all of a split in memory or a second copy of it on disk, and a second to be imported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

#: As large as `datasets` makes its own.
SHARD_BYTES = 500 * 10**6

_TEXT = {"dtype": "string", "_type": "Value"}
_INTEGER = {"dtype": "int32", "_type": "Value"}

#: The features of the Hub's squad and squad_v2, as `Features.to_dict` has them.
FEATURES: dict[str, Any] = {
    "id": _TEXT,
    "title": _TEXT,
    "context": _TEXT,
    "question": _TEXT,
    "answers": {
        "text": {"feature": _TEXT, "_type": "List"},
        "answer_start": {"feature": _INTEGER, "_type": "List"},
    },
}

#: The columns of those features, in their order, and what tells `datasets` that they are these.
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "title", "context", "question")),
        ("answers", pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})},
)


class ArrowWriter:
    """One split as `Dataset.save_to_disk` lays it.

    Args:
        folder: the split's folder, which is made.
        shard_bytes: a shard that has reached this size is followed by another.
    """

    def __init__(self, folder: Path, shard_bytes: int = SHARD_BYTES) -> None:
        folder.mkdir()
        self._folder = folder
        self._shard_bytes = shard_bytes
        self._shards: list[Path] = []
        self._open()

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        if self._sink.tell() > self._shard_bytes:
            self._end()
            self._open()
        self._writer.write_table(examples)

    def close(self) -> None:
        """Ends the files and describes them."""
        self._end()
        names = numbered(self._shards, self._folder / "data")
        _dump(self._folder / "dataset_info.json", {
            "citation": "", "description": "", "features": FEATURES, "homepage": "", "license": "",
        })  # fmt: skip
        _dump(self._folder / "state.json", {
            "_data_files": [{"filename": path.name} for path in names],
            "_fingerprint": fingerprint(names),
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": None,
        })  # fmt: skip

    def _open(self) -> None:
        self._shards.append(self._folder / f"{len(self._shards)}.arrow")
        self._sink = pa.OSFile(str(self._shards[-1]), "wb")
        self._writer = pa.ipc.new_stream(self._sink, SCHEMA)

    def _end(self) -> None:
        self._writer.close()
        self._sink.close()


class ParquetWriter:
    """One split as Parquet files.

    Args:
        stem: the path of the file without its suffix; shards have their number behind it.
        shard_bytes: a shard that has reached this size is followed by another.
    """

    def __init__(self, stem: Path, shard_bytes: int = SHARD_BYTES) -> None:
        self._stem = stem
        self._shard_bytes = shard_bytes
        self._shards: list[Path] = []
        self._open()

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        if self._sink.tell() > self._shard_bytes:
            self._end()
            self._open()
        self._writer.write_table(examples)

    def close(self) -> None:
        """Ends the files; a single one has no number."""
        self._end()
        if len(self._shards) == 1:
            self._shards[0].rename(self._stem.with_name(f"{self._stem.name}.parquet"))
        else:
            numbered(self._shards, self._stem)

    def _open(self) -> None:
        self._shards.append(self._stem.with_name(f"{self._stem.name}.{len(self._shards)}.parquet"))
        self._sink = pa.OSFile(str(self._shards[-1]), "wb")
        self._writer = pq.ParquetWriter(self._sink, SCHEMA)

    def _end(self) -> None:
        self._writer.close()
        self._sink.close()


def write_dataset_dict(folder: Path, splits: list[str]) -> None:
    """What `DatasetDict.save_to_disk` writes beside the splits."""
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": splits}), encoding="utf-8")


def numbered(shards: list[Path], stem: Path) -> list[Path]:
    """Renames shards to what they are called once it is known how many they are."""
    names = [
        stem.with_name(f"{stem.name}-{number:05d}-of-{len(shards):05d}{shard.suffix}")
        for number, shard in enumerate(shards)
    ]
    return [shard.rename(name) for shard, name in zip(shards, names, strict=True)]


def fingerprint(paths: list[Path]) -> str:
    """16 hex digits over the content of files, the same for the same content."""
    digest = xxhash.xxh3_64()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
