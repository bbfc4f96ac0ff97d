"""The sample data: every planted fault is found, nothing else is, and the clean files are one corpus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from qatoolkit.corpus import read
from qatoolkit.validation.validate import validate


class Fault(NamedTuple):
    record: int | None
    line: int | None
    id: str | None
    code: str


def planted(folder: Path, file: str) -> list[Fault]:
    """The rows of the README's table of a file."""
    section = (folder / "README.md").read_text(encoding="utf-8").split(f"## Faults in {file}")[1]
    faults = []
    for row in re.findall(
        r"^\| (\d+|None) \| (\d+) \| (\S*) ?\| (QA\d+) \|", section.split("\n## ")[0], re.M
    ):
        record, line, id, code = row
        faults.append(Fault(None if record == "None" else int(record), int(line), id or None, code))
    return faults


@pytest.mark.parametrize("file", ["messy.csv", "messy.json"])
def test_exactly_the_planted_faults_are_found(sample_data, file):
    report = validate(sample_data / file)
    found = [Fault(f.place.row, f.place.line, f.id, f.code) for f in report.findings]
    assert found == planted(sample_data, file)
    assert len(found) >= 30


@pytest.mark.parametrize("file", ["clean.csv", "clean.json", "clean.jsonl", "ten.json"])
def test_the_clean_files_are_clean(sample_data, file):
    assert [f.code for f in validate(sample_data / file).findings if f.severity != "info"] == []


def merged(records: pl.DataFrame) -> dict[str, tuple[object, ...]]:
    """Examples by id; the CSV has a row for each answer of one."""
    examples: dict[str, tuple[object, ...]] = {}
    for row in records.iter_rows(named=True):
        answers = list(zip(row["text"], row["answer_start"], strict=True))
        *_, before = examples.get(row["id"], ((),))
        examples[row["id"]] = (row["title"], row["context"], row["question"], (*before, *answers))
    return examples


def test_the_three_clean_files_hold_the_same_examples(sample_data):
    table, nested, lines = (
        merged(read(sample_data / f"clean.{suffix}").to_polars()) for suffix in ("csv", "json", "jsonl")
    )
    assert list(table.items()) == list(nested.items()) == list(lines.items())


def test_the_sample_is_as_large_and_as_varied_as_promised(sample_data):
    records = read(sample_data / "clean.json").to_polars()
    contexts = records["context"].unique()
    assert contexts.len() >= 60
    assert records.height >= 400
    assert records["title"].n_unique() >= 20
    assert sum(len(context.split()) > 340 for context in contexts) >= 5
    assert records.filter(pl.col("text").list.len() == 0).height >= 50
    assert records.filter(pl.col("text").list.len() > 1).height >= 20
    assert not all(context.isascii() for context in contexts)


def test_the_readme_counts_right(sample_data):
    records = read(sample_data / "clean.json").to_polars()
    said = (sample_data / "README.md").read_text(encoding="utf-8")
    unanswerable = records.filter(pl.col("text").list.len() == 0).height
    assert f"{records.height} questions on {records['context'].n_unique()} contexts" in said
    assert f"of {records['title'].n_unique()} subjects, {unanswerable} of them without an answer" in said


def test_the_notebooks_ten_pairs_are_a_dictionary_of_columns(sample_data):
    corpus = read(sample_data / "ten.json")
    assert corpus.sources[0].layout == "columns"
    assert corpus.to_polars().height == 10
