"""Times `qatk convert` against the alternatives, in turn, in processes of their own.

    python tests/benchmarks/conversion.py [--rows 500000] [--rounds 3] [--only qatk,polars]

Every one of them reads a corpus without faults; `faults` and `stops` read one with 1% of them, which
`qatk` repairs or rejects, and at which the map stops. Prints a table in Markdown and fails if what was
written is not what the others wrote, or what was rejected is not what was planted. Timing is for people
to read on a quiet machine; nothing here is a test. There should be 5 GB of disk for each million rows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from corpus import write_corpus
from timing import report, timed

HERE = Path(__file__).parent
QATK = [sys.executable, "-m", "qatoolkit", "convert"]
#: What safe repairs mend, and what is left alone; a question that was asked twice stays as it is.
REPAIRED = ("QA201", "QA206", "QA208")
REJECTED = ("QA104", "QA107", "QA203", "QA204", "QA207", "QA301")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=500_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", default="polars,qatk,qatk-split,datasets,faults,stops")
    options = asked.parse_args()
    names = options.only.split(",")
    with tempfile.TemporaryDirectory(prefix="qatk-bench-") as scratch:
        clean, faulty, out = (str(Path(scratch) / name) for name in ("clean.csv", "faulty.csv", "out"))
        cache = f"{scratch}/cache"
        planted: dict[str, int] = {}
        if {"faults", "stops"} & set(names):
            planted = write_corpus(Path(faulty), options.rows)
        write_corpus(Path(clean), options.rows, faults=False)
        size = Path(clean).stat().st_size / 1e6
        print(f"{options.rows:,} rows, {size:,.0f} MB; planted for `faults`: {planted}", flush=True)
        commands = {
            "polars": [sys.executable, str(HERE / "by_polars.py"), clean, out],
            "qatk": [*QATK, clean, "--split", "train=1", "-o", out],
            "qatk-split": [*QATK, clean, "-o", out],
            "datasets": [sys.executable, str(HERE / "by_map.py"), clean, cache, out],
            "faults": [*QATK, faulty, "--split", "train=1", "--fix", "--drop-invalid", "-o", out],
            "stops": [sys.executable, str(HERE / "by_map.py"), faulty, cache, out],
        }
        figures: dict[str, list[tuple[float, float]]] = {}
        digests: dict[str, dict] = {}
        for _ in range(options.rounds):
            for name in names:
                os.sync()  # or one pays for what another has written
                seconds, megabytes, printed = timed(commands[name])
                figures.setdefault(name, []).append((seconds, megabytes))
                prove(name, printed, Path(out), options.rows, planted, digests)
                for left in (out, cache):
                    remove(Path(left))
    agree(digests)
    report(figures, base="polars")


def prove(
    name: str, printed: str, out: Path, rows: int, planted: dict[str, int], digests: dict[str, dict]
) -> None:
    """No row is missing, and every answer stands where it says."""
    if name == "stops":
        assert not printed, printed
        return
    if name == "polars":
        assert int(printed) == rows, printed
        return
    # In a process of its own: what this one holds would count as the peak of those it starts.
    digests[name] = digest = json.loads(timed([sys.executable, str(HERE / "digest.py"), str(out)])[2])
    rejected = sum(planted[code] for code in REJECTED) if name == "faults" else 0
    assert digest["rows"] == digest["answers"] == rows - rejected, digest
    assert digest["misplaced"] == 0, digest
    if name == "datasets":
        return
    assert digest["lineage"] == digest["rows"], digest
    counts = [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", printed.splitlines()[0])]
    assert counts == [rows, rows - rejected, 0, rejected], printed
    if name == "faults":
        repaired = sum(planted[code] for code in REPAIRED)
        assert f"{repaired:,} repairs made" in printed.replace("repair made", "repairs made"), printed
        with (out / "rejected.jsonl").open(encoding="utf-8") as lines:
            codes = Counter(code for line in lines for code in json.loads(line)["codes"])
        assert codes == {code: planted[code] for code in REJECTED}, codes


def agree(digests: dict[str, dict]) -> None:
    """All of them wrote the same rows; those that do not split, in the same order."""
    clean = {name: digest for name, digest in digests.items() if name != "faults"}
    assert len({digest["as_a_set"] for digest in clean.values()}) <= 1, clean
    assert len({clean[name]["in_order"] for name in ("qatk", "datasets") if name in clean}) <= 1, clean
    if len(clean) > 1:
        print(f"The same rows were written by {', '.join(clean)}.\n")


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
