"""Writes what lies beside the examples and says how they came about.

split.json        how the splits were made
README.md         the dataset card
manifest.json     what was read, with which rules, and what became of it; written last
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import qatoolkit
from qatoolkit.conversion.card import dataset_card
from qatoolkit.conversion.collect import Collected
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.plan import Plan
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.conversion.shards import fingerprint
from qatoolkit.conversion.sources import describe
from qatoolkit.corpus.folder import stem_of
from qatoolkit.corpus.reader import Corpus
from qatoolkit.validation.manifest import file_digest
from qatoolkit.validation.select import select_rules

#: What could change the written bytes.
_LIBRARIES = ("polars", "pyarrow", "rensa")

#: Rules for which a conversion has nothing to look at, a tokenizer or itself.
_OTHERS = ("tokenizer", "certificate")


def write_split(folder: Path, plan: Plan, options: Options) -> None:
    """How the splits were made, and whether they leak."""
    made = plan.assignment
    _dump(folder / "split.json", {
        "version": 1,
        "rule": made.rule,
        "seed": options.seed if made.dealt else None,
        "split_from": options.split_from,
        "components": made.components,
        "crossing": made.crossing,
        "moved": [{"id": id, "from": old, "to": new} for id, old, new in made.moved],
        "splits": {name: split.rows for name, split in plan.splits.items()},
    })  # fmt: skip


def write_card(folder: Path, plan: Plan, options: Options) -> None:
    """The dataset card."""
    card = dataset_card(folder, plan.splits, options)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="")


def write_manifest(
    folder: Path,
    output: Path,
    corpus: Corpus,
    collected: Collected,
    plan: Plan,
    report: ConversionReport,
    options: Options,
    hashes: Sequence[str | None],
) -> None:
    """The certificate, which is written last.

    Args:
        folder: where the files are now.
        output: where they will lie.
        corpus: what was read.
        collected: what was found in it.
        plan: what was decided.
        report: what was done.
        options: what was asked.
        hashes: SHA-256 of each source, None for what is no file.
    """
    described = [
        describe(outcome.source, outcome.records, output, sha256)
        for outcome, sha256 in zip(collected.outcomes, hashes, strict=True)
    ]
    documents = corpus.sources[0].documents
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    counted = ("read", "written", "merged", "rejected", "left_out")
    unanswerable = any(split.unanswerable for split in plan.splits.values())
    _dump(folder / "manifest.json", {
        "version": 1,
        "qatk": qatoolkit.__version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "sources": described,
        "reading": {
            "fields": dict(documents.fields if documents else corpus.mapping),
            "documents": documents and documents.name,
            "on": documents and (documents.on or documents.column),
        },
        "options": asdict(options),
        "features": "squad_v2" if unanswerable else "squad",
        "rules": [r.code for r in select_rules() if r.severity == "error" and r.scope not in _OTHERS],
        "counts": {name: getattr(report, name) for name in counted} | {"fixed": len(report.fixed)},
        "splits": {
            name: asdict(split) | {"fingerprint": _fingerprint(folder, name, options.to)}
            for name, split in plan.splits.items()
        },
        "files": {
            path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "xxh3_128": file_digest(path)}
            for path in files
        },
    })  # fmt: skip


def _fingerprint(folder: Path, split: str, formats: Sequence[str]) -> str:
    """Of a split's files in Arrow, as in their state.json, else of those in the first format."""
    if "arrow" in formats:
        return fingerprint(sorted((folder / split).glob("*.arrow")))
    place = folder if len(formats) == 1 else folder / formats[0]
    return fingerprint(sorted(path for path in place.iterdir() if stem_of(path) == split))


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="")
