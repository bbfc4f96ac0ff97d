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

#: A file that has reached this size is followed by another; as large as `datasets` makes its own.
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


class Shards:
    """Files that follow each other, named when it is known how many they are.

    Args:
        stem: their path without number and ending.
        ending: ".arrow" or ".parquet", which says what they are.

    Attributes:
        paths: the files, in their order.
    """

    def __init__(self, stem: Path, ending: str) -> None:
        self._stem = stem
        self._ending = ending
        self.paths: list[Path] = []
        self._open()

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        if self._sink.tell() > SHARD_BYTES:
            self._end()
            self._open()
        self._writer.write_table(examples)

    def close(self) -> None:
        """Ends the last file, and gives all of them their names; a single one of Parquet has no number."""
        self._end()
        count = len(self.paths)
        alone = count == 1 and self._ending == ".parquet"
        self.paths = [
            path.rename(self._named("" if alone else f"-{number:05d}-of-{count:05d}"))
            for number, path in enumerate(self.paths)
        ]

    def _open(self) -> None:
        self.paths.append(self._named(f".{len(self.paths)}"))
        self._sink = pa.OSFile(str(self.paths[-1]), "wb")
        opened = pq.ParquetWriter if self._ending == ".parquet" else pa.ipc.new_stream
        self._writer = opened(self._sink, SCHEMA)

    def _end(self) -> None:
        self._writer.close()
        self._sink.close()

    def _named(self, number: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}{number}{self._ending}")


class ArrowWriter:
    """One split as `Dataset.save_to_disk` lays it, in a folder that is made."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._shards = Shards(folder / "data", ".arrow")

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        self._shards.write(examples)

    def close(self) -> None:
        """Ends the files and describes them."""
        self._shards.close()
        names = self._shards.paths
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


def write_dataset_dict(folder: Path, splits: list[str]) -> None:
    """What `DatasetDict.save_to_disk` writes beside the splits."""
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": splits}), encoding="utf-8")


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
