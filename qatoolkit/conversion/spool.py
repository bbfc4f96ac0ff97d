"""Keeps the records of a conversion on disk between its two passes, so that memory holds one batch.

What becomes of a record, whether a later one joins it and which split it goes to, is known only when
all have been read. The spool is a stream of Arrow batches in the folder that is being written; it is
read with plain reads, because mapped pages would count as memory of the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from qatoolkit.corpus.record import RECORD

#: What is known of each answer's place, in lists parallel to `text`. All null where nothing had to be
#: found out or repaired: then every answer stood where its source said.
PROOF: dict[str, pl.DataType | type[pl.DataType]] = {
    "proof": pl.List(pl.String),
    "original_start": pl.List(pl.Int64),
    "candidates": pl.List(pl.Int64),
    "distance": pl.List(pl.Int64),
}

#: Contexts repeat, so this takes a fraction of the room, and less time than writing and reading all of it.
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")

SPOOLED = pl.Schema({**RECORD, **PROOF, "repairs": pl.String})

#: Texts and lists with the short offsets of the written dataset, to which they can be handed on as they are.
_KINDS = {
    pl.String: pa.string(),
    pl.Int64: pa.int64(),
    pl.Boolean: pa.bool_(),
    pl.List(pl.String): pa.list_(pa.string()),
    pl.List(pl.Int64): pa.list_(pa.int64()),
}
_AS_WRITTEN = pa.schema((name, _KINDS[kind]) for name, kind in SPOOLED.items())


class Spool:
    """Frames of records, written one after the other and read again in the same order.

    Attributes:
        sizes: number of records of each frame.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink: pa.OSFile | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.sizes: list[int] = []

    def write(self, records: pl.DataFrame) -> None:
        """Adds a frame of `SPOOLED`."""
        table = records.to_arrow().cast(_AS_WRITTEN)
        if self._writer is None:
            self._sink = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_stream(self._sink, table.schema, options=_PACKED)
        if records.height:
            self._writer.write_table(table, max_chunksize=records.height)
            self.sizes.append(records.height)

    def close(self) -> None:
        """Ends the writing."""
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The frames as Arrow batches; any number of times, once the writing has ended."""
        if self.sizes:
            with pa.OSFile(str(self._path), "rb") as source, pa.ipc.open_stream(source) as reader:
                yield from reader

    def frames(self) -> Iterator[pl.DataFrame]:
        """The same as frames."""
        return map(as_frame, self.batches())

    def remove(self) -> None:
        """Takes the file away."""
        self._path.unlink(missing_ok=True)


def as_frame(batch: pa.RecordBatch) -> pl.DataFrame:
    """A batch of the spool as a frame."""
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    return frame
