"""Writes `lineage.parquet`: where each example came from, what was repaired, how its answers are proved."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from qatoolkit.conversion.proofs import fill_proofs
from qatoolkit.conversion.spool import PROOF
from qatoolkit.corpus.record import LINEAGE, content_hashes

#: Places of the rows that an example was joined from, beside its own.
MERGED = pl.List(pl.Struct({"source": pl.String, "row": pl.Int64, "line": pl.Int64}))

_PLACES = list(LINEAGE)[:-1]
COLUMNS = pl.Schema(
    {
        **dict.fromkeys(("id", "split", "source"), pl.String),
        **{name: LINEAGE[name] for name in _PLACES},
        "content_hash": pl.String,
        **PROOF,
        "merged": MERGED,
        "repairs": pl.String,
        "extra": pl.String,
    }
)


#: Whose values repeat; of the others a dictionary would be as long as the column.
_REPEATED = ["split", "source", "proof.list.element", "extra"]


class LineageWriter:
    """Writes the file a frame at a time, in the order of the sources."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def write(self, lineage: pl.DataFrame) -> None:
        """Adds rows with the columns of `COLUMNS`."""
        table = lineage.select(list(COLUMNS)).to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", use_dictionary=_REPEATED
            )
        self._writer.write_table(table)

    def close(self) -> None:
        """Ends the file."""
        if self._writer is not None:
            self._writer.close()


def lineage_rows(examples: pl.DataFrame) -> pl.DataFrame:
    """The same examples with proofs and hashes: all columns of `COLUMNS` are there then.

    Args:
        examples: with the columns of the spool, `split`, `source` and `merged`.
    """
    hashes = content_hashes(examples["context"], examples["question"])
    return fill_proofs(examples).with_columns(content_hash=hashes)
