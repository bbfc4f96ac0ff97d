"""The floor of any conversion: `polars.read_csv`, and the same columns written as one Arrow stream.

Nothing is checked and nothing made of the columns. Run with the path of a CSV file and of the file to
write; prints the number of rows.
"""

from __future__ import annotations

import sys

import polars as pl
import pyarrow as pa

if __name__ == "__main__":
    table = pl.read_csv(sys.argv[1], infer_schema=False).to_arrow()
    with pa.OSFile(sys.argv[2], "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    print(table.num_rows)
