"""The dataset card: README.md of a converted dataset, with the header that the Hub reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(splits: Mapping[str, int], unanswerable: Mapping[str, int], formats: Sequence[str]) -> str:
    """Markdown with a YAML header.

    Args:
        splits: split -> examples.
        unanswerable: split -> examples without an answer.
        formats: what was written.
    """
    total = sum(splits.values())
    size = next((name for limit, name in _SIZES if total < limit), "n>1M")
    rows = "\n".join(f"| {name} | {count:,} | {unanswerable[name]:,} |" for name, count in splits.items())
    return f"""---
{_configs(splits, formats)}task_categories:
- question-answering
task_ids:
- extractive-qa
size_categories:
- {size}
---

# Extractive question answering in SQuAD format

| split | examples | without an answer |
|---|---|---|
{rows}

Each example has `id`, `title`, `context`, `question` and `answers` (`text`, `answer_start`).
`answer_start` counts Unicode code points; every answer was checked to stand where it says.
An empty list of answers means that the context does not answer the question.

{_loading(formats)}
`lineage.parquet` says for each `id` which file, line and bytes it came from and what was repaired;
`split.json` how the splits were made; `manifest.json` what was read and with which versions.
"""


def _configs(splits: Mapping[str, int], formats: Sequence[str]) -> str:
    """Which file is which split, so that `load_dataset` reads these and nothing that lies beside them."""
    found = next((name for name in ("parquet", "jsonl") if name in formats), None)
    if found is None:
        return ""
    folder = "" if len(formats) == 1 else f"{found}/"
    files = "".join(f"  - split: {name}\n    path: {folder}{name}.{found}\n" for name in splits)
    return f"configs:\n- config_name: default\n  data_files:\n{files}"


def _loading(formats: Sequence[str]) -> str:
    """How to read it from Python; the nested and the tabular form need a reader of their own."""
    if "arrow" in formats:
        load = "load_from_disk"
    elif {"parquet", "jsonl"} & set(formats):
        load = "load_dataset"
    else:
        return ""
    return f"""```python
from datasets import {load}

dataset = {load}("PATH")
```
"""
