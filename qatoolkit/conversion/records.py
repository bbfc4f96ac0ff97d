"""Writes what lies beside the examples, so that each can be traced and the conversion repeated.

lineage.parquet   for each id: file, lines, bytes, repairs, the source's other columns
rejected.jsonl    the invalid records with their places and codes, if there are any
split.json        how the splits were made
README.md         the dataset card
manifest.json     what was read, with which rules, and what became of it; written last
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

import qatoolkit
from qatoolkit.conversion.card import dataset_card
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.corpus.encoding import is_utf8
from qatoolkit.corpus.reader import Corpus, Source
from qatoolkit.corpus.record import LINEAGE, content_hash
from qatoolkit.validation.select import select_rules


def write_lineage(folder: Path, examples: pl.DataFrame, corpus: Corpus) -> None:
    """One row for each example, in the order of the sources.

    Byte ranges count the bytes that the readers saw, unpacked; those are the file's own only if it is UTF-8.
    """
    recoded = [i for i, source in enumerate(corpus.sources) if not is_utf8(source.encoding)]
    bytes_hold = ~pl.col("source_index").is_in(recoded)
    ranges = [pl.when(bytes_hold).then(name).alias(name) for name in ("byte_start", "byte_end")]
    hashes = [content_hash(*pair) for pair in examples.select("context", "question").iter_rows()]
    examples.with_columns(*ranges, content_hash=pl.Series(hashes, dtype=pl.String)).select(
        "id", "split", "source", *list(LINEAGE)[:-1], "content_hash", "merged", "repairs", "extra"
    ).write_parquet(folder / "lineage.parquet")


def write_rejected(folder: Path, rejected: list[dict[str, Any]]) -> None:
    """One line for each invalid record; no file if there is none."""
    if rejected:
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in rejected]
        (folder / "rejected.jsonl").write_text("".join(lines), encoding="utf-8", newline="")


def write_split(folder: Path, report: ConversionReport, seed: int) -> None:
    """How the splits were made, and whether they leak."""
    found = report.assignment
    _dump(folder / "split.json", {
        "version": 1,
        "rule": "title and context" if found else "the sources' own",
        "seed": seed if found else None,
        "components": found.components if found else None,
        "crossing": report.crossing,
        "splits": report.splits,
    })  # fmt: skip


def write_manifest(
    folder: Path,
    corpus: Corpus,
    tables: Mapping[str, pa.Table],
    report: ConversionReport,
    formats: list[str],
    options: Mapping[str, Any],
) -> None:
    """The card and, as the last file of all, the manifest."""
    unanswerable = {name: _unanswerable(table) for name, table in tables.items()}
    card = dataset_card(report.splits, unanswerable, formats)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="")
    _dump(folder / "manifest.json", {
        "version": 1,
        "qatk": qatoolkit.__version__,
        "sources": [_described(source) for source in corpus.sources],
        "formats": formats,
        "options": dict(options),
        "features": "squad_v2" if any(unanswerable.values()) else "squad",
        "rules": [rule.code for rule in select_rules()],
        "counts": {"read": report.read, "written": report.written, "merged": report.merged,
                   "rejected": report.rejected, "left_out": report.left_out, "fixed": len(report.fixed)},
        "splits": {name: {"rows": count, "unanswerable": unanswerable[name], "labelled": True}
                   for name, count in report.splits.items()},
    })  # fmt: skip


def _described(source: Source) -> dict[str, Any]:
    """A source's name, layout and, where it is one file, the hash of its bytes."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest() if source.is_file else None
    return {
        "name": source.name,
        "layout": source.layout,
        "encoding": source.encoding or None,
        "sha256": digest,
    }


def _unanswerable(table: pa.Table) -> int:
    lengths = pc.list_value_length(pc.struct_field(table["answers"], "text"))
    return int(pc.sum(pc.equal(lengths, 0)).as_py() or 0)


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="")
