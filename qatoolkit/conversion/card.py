"""The dataset card: README.md of a converted dataset, with the header that the Hub reads."""

from __future__ import annotations

from collections.abc import Mapping

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(splits: Mapping[str, int], unanswerable: Mapping[str, int], formats: list[str]) -> str:
    """Markdown with a YAML header.

    Args:
        splits: split -> examples.
        unanswerable: split -> examples without an answer.
        formats: what was written.
    """
    total = sum(splits.values())
    size = next((name for limit, name in _SIZES if total < limit), "n>1M")
    rows = "\n".join(f"| {name} | {count:,} | {unanswerable[name]:,} |" for name, count in splits.items())
    load = 'load_from_disk("PATH")' if "arrow" in formats else 'load_dataset("PATH")'
    return f"""---
task_categories:
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

```python
from datasets import {load.split("(")[0]}

dataset = {load}
```

`lineage.parquet` says for each `id` which file, line and bytes it came from and what was repaired;
`split.json` how the splits were made; `manifest.json` what was read and with which versions.
"""
