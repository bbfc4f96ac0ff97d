"""The dataset card: README.md of a converted dataset, with the header that the Hub reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from qatoolkit.conversion.options import Options
from qatoolkit.conversion.plan import Split

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(folder: Path, splits: Mapping[str, Split], options: Options) -> str:
    """Markdown with a YAML header.

    Args:
        folder: where the examples are written already.
        splits: split -> what it holds.
        options: of the conversion, for formats, language and licence.
    """
    total = sum(split.rows for split in splits.values())
    size = next((name for limit, name in _SIZES if total < limit), "n>1M")
    table = "\n".join(
        f"| {name} | {split.rows:,} | {f'{split.unanswerable:,}' if split.labelled else 'not annotated'} |"
        for name, split in splits.items()
    )
    known = _named("license", options.license) + _named("language", options.language)
    return f"""---
{known}{_configs(folder, splits, options.to)}task_categories:
- question-answering
task_ids:
- extractive-qa
size_categories:
- {size}
---

# Extractive question answering in SQuAD format

| split | examples | without an answer |
|---|---|---|
{table}

Each example has `id`, `title`, `context`, `question` and `answers` (`text`, `answer_start`).
`answer_start` counts Unicode code points; every answer was checked to stand where it says.
An empty list of answers means that the context does not answer the question.

{_loading(options.to, next(iter(splits)))}
`lineage.parquet` says for each `id` which file, line and bytes it came from, what was repaired, and how the
place of each answer is known; `split.json` how the splits were made; `manifest.json` what was read and
with which versions. `qatk validate` proves all of it again.
"""


def _named(key: str, value: str | None) -> str:
    return "" if value is None else f"{key}: {json.dumps(value)}\n"


def _configs(folder: Path, splits: Mapping[str, Split], formats: tuple[str, ...]) -> str:
    """Which file is which split, so that `load_dataset` reads these and nothing that lies beside them."""
    found = next((name for name in ("parquet", "jsonl") if name in formats), None)
    if found is None:
        return ""
    inner = "" if len(formats) == 1 else f"{found}/"
    files = ""
    for name in splits:
        path = f"{inner}{name}.{found}"
        if not (folder / path).exists():  # it is in several
            path = f"{inner}{name}-?????-of-?????.{found}"
        files += f"  - split: {name}\n    path: {path}\n"
    return f"configs:\n- config_name: default\n  data_files:\n{files}"


def _loading(formats: tuple[str, ...], split: str) -> str:
    """How to read it from Python; the nested and the tabular form a split at a time."""
    form = next((form for form in ("arrow", "parquet", "jsonl", "csv") if form in formats), formats[0])
    inner = "" if len(formats) == 1 else f"{form}/"
    if form in ("arrow", "parquet", "jsonl"):
        load = "load_from_disk" if form == "arrow" else "load_dataset"
        code = f"""from datasets import {load}

dataset = {load}("PATH")"""
    elif form == "csv":  # "NA" is an answer and 007 an id
        code = f"""import json
import pandas

dataset = pandas.read_csv("PATH/{inner}{split}.csv", dtype=str, keep_default_na=False)
dataset["answers"] = dataset["answers"].map(json.loads)"""
    else:
        code = f"""import json

with open("PATH/{inner}{split}.json", encoding="utf-8") as file:
    dataset = json.load(file)"""
    return f"```python\n{code}\n```\n"
