"""Times `qatk validate` against the alternatives, in turn, in processes of their own.

    python tests/benchmarks/validation.py [--rows 500000] [--rounds 3] [--only qatk,polars]

Prints a table in Markdown and fails if a count is not what was planted. Timing is for people to read on a
quiet machine; nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from corpus import write_corpus
from timing import report, timed

HERE = Path(__file__).parent
POLARS = (
    "import sys, polars as pl; "
    "print(pl.read_csv(sys.argv[1], infer_schema=False, truncate_ragged_lines=True).height)"
)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=500_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", default="polars,qatk,reader,datasets")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="qatk-bench-") as scratch:
        path = Path(scratch) / "corpus.csv"
        planted = write_corpus(path, options.rows)
        size = path.stat().st_size / 1e6
        print(f"{options.rows:,} rows, {size:,.0f} MB; planted: {planted}", flush=True)
        commands = {
            "polars": [sys.executable, "-c", POLARS, str(path)],
            "qatk": [sys.executable, "-m", "qatoolkit", "validate", str(path), "--output-format", "json"],
            "reader": [sys.executable, str(HERE / "by_hand.py"), str(path)],
            "datasets": [sys.executable, str(HERE / "by_datasets.py"), str(path), f"{scratch}/cache"],
        }
        figures: dict[str, list[tuple[float, float]]] = {}
        for _ in range(options.rounds):
            for name in options.only.split(","):
                seconds, megabytes, printed = timed(commands[name])
                shutil.rmtree(f"{scratch}/cache", ignore_errors=True)
                figures.setdefault(name, []).append((seconds, megabytes))
                prove(name, printed, planted)
    report(figures, base="polars")


def prove(name: str, printed: str, planted: dict[str, int]) -> None:
    """What was found is what was planted."""
    if name == "qatk":
        found = json.loads(printed)
        assert found["summary"]["by_code"] == planted, found["summary"]["by_code"]
        assert len(found["findings"]) == sum(planted.values())
    elif name == "reader":
        assert json.loads(printed) == planted, printed
    elif name == "datasets":
        # An answer with a blank behind it stands where it says, blank included.
        assert int(printed) == sum(planted[code] for code in ("QA201", "QA203", "QA204", "QA206", "QA207"))


if __name__ == "__main__":
    main()
