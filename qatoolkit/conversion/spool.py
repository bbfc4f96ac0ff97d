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

SPOOLED = pl.Schema({**RECORD, **PROOF, "repairs": pl.String})

#: Consecutive questions share a context as a rule; it is written once.
_IS_NEW = pl.col("context").ne_missing(pl.col("context").shift())


class Spool:
    """Frames of records, written one after the other and read again in the same order.

    A record without a context comes back with that of the record before it; it is invalid, and never written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sink: pa.OSFile | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def write(self, records: pl.DataFrame) -> None:
        """Adds a frame of `SPOOLED`."""
        table = records.with_columns(context=pl.when(_IS_NEW).then("context")).to_arrow()
        if self._writer is None:
            self._sink = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_stream(self._sink, table.schema)
        if records.height:
            self._writer.write_table(table, max_chunksize=records.height)

    def close(self) -> None:
        """Ends the writing."""
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()

    def frames(self) -> Iterator[pl.DataFrame]:
        """The frames; any number of times, once the writing has ended."""
        if self._writer is None:
            return
        with pa.OSFile(str(self._path), "rb") as source, pa.ipc.open_stream(source) as reader:
            for batch in reader:
                frame = pl.from_arrow(batch)
                assert isinstance(frame, pl.DataFrame)
                yield frame.with_columns(pl.col("context").fill_null(strategy="forward"))

    def remove(self) -> None:
        """Takes the file away."""
        self._path.unlink(missing_ok=True)
