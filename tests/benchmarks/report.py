"""Times `qatk report` with its HTML page on predictions with n-best lists, in a process of its own.

    qatk predict run amazon_reviews_v1.0.json -o amazon.parquet
    qatk predict run xquad.en.json -o xquad.parquet
    python tests/benchmarks/report.py amazon.parquet xquad.parquet [--questions 10000] [--rounds 3]

Puts the files together, keeps as many questions as asked for, and prints the time of the whole process,
its peak of memory and the size of the page, a line for each round. Stops if torch was imported.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from timing import timed

# As the command does it, and then a look at what has been imported.
_PROGRAM = """
import sys
from qatoolkit.analysis import report
report(predictions=sys.argv[1], output=sys.argv[2])
assert "torch" not in sys.modules
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("predictions", type=Path, nargs="+")
    asked.add_argument("--questions", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    tables = [pq.read_table(path) for path in options.predictions]
    table = pa.concat_tables(tables, promote_options="default").slice(0, options.questions)
    longest = pc.max(pc.list_value_length(table["n_best"])).as_py()
    print(f"{table.num_rows:,} questions, n-best lists of up to {longest}\n")
    print("| seconds | peak MB | page MB |\n|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        data, page = Path(folder) / "predictions.parquet", Path(folder) / "report.html"
        pq.write_table(table, data)
        for _ in range(options.rounds):
            seconds, peak, _ = timed([sys.executable, "-c", _PROGRAM, str(data), str(page)])
            print(f"| {seconds:.1f} | {peak:.0f} | {page.stat().st_size / 1e6:.2f} |")


if __name__ == "__main__":
    main()
