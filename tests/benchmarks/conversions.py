"""Prints what becomes of every published corpus when it is converted, as a table in Markdown.

    QATK_CORPORA=FOLDER python tests/benchmarks/conversions.py

Fails if a record is not accounted for, or if the dataset, opened by `datasets`, does not hold as many
examples as were said to be written, each answer where it says.
"""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

from corpora import DOCUMENTS
from datasets import disable_progress_bars, load_from_disk

from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.corpus import read
from qatoolkit.errors import InvalidRecordsError, QatkError


def main() -> None:
    disable_progress_bars()
    root = Path(os.environ["QATK_CORPORA"])
    print("| file | as it is | read | written | merged | rejected | repaired | splits |")
    print("|---|---|---:|---:|---:|---:|---:|---|")
    with (root / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            print(f"| {row['file']} | " + " | ".join(cells(root, row["file"])) + " |", flush=True)


def cells(root: Path, name: str) -> list[str]:
    """What the plain command says, and what `--fix --drop-invalid` does."""
    try:
        converted(root, name, Options())
        plain = "converted"
    except QatkError as error:
        plain = said(error)
    try:
        report = converted(root, name, Options(fix=True, drop_invalid=True))
    except QatkError as error:
        refused = said(error)
        return [plain, "", "", "", "", "", "" if refused == plain else refused]
    counts = (report.read, report.written, report.merged, report.rejected, len(report.fixed))
    return [plain, *(f"{n:,}" for n in counts), ", ".join(f"{s} {n:,}" for s, n in report.splits.items())]


def converted(root: Path, name: str, options: Options) -> ConversionReport:
    path = root / name
    documents, on, fields = DOCUMENTS.get(name, (None, None, {}))
    corpus = read(path, documents=documents and path.with_name(documents), on=on, fields=fields)
    with tempfile.TemporaryDirectory(prefix="qatk-") as scratch:
        report = write_dataset(corpus, Path(scratch) / "dataset", options)
        prove(report, Path(scratch) / "dataset")
    return report


def prove(report: ConversionReport, dataset: Path) -> None:
    """Every record is accounted for, and the dataset holds what was said to be written."""
    assert report.read == report.written + report.merged + report.rejected, report
    splits = load_from_disk(str(dataset))
    assert {name: len(split) for name, split in splits.items()} == report.splits, splits
    rejected = dataset / "rejected.jsonl"
    lines = rejected.read_text(encoding="utf-8").split("\n")[:-1] if rejected.exists() else []
    assert len(lines) == report.rejected, len(lines)
    for split in splits.values():
        for example in split:
            answers = example["answers"]
            for text, start in zip(answers["text"], answers["answer_start"], strict=True):
                assert start >= 0, example
                assert text, example
                assert example["context"][start : start + len(text)] == text, example


def said(error: QatkError) -> str:
    """The first line of a refusal, without the path and what always follows."""
    first = str(error).splitlines()[0]
    if isinstance(error, InvalidRecordsError):
        return first.removesuffix("; nothing was written.")
    return "refused: " + first.split(": ", 1)[-1]


if __name__ == "__main__":
    main()
