"""The model card of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qatoolkit import __version__

if TYPE_CHECKING:
    from qatoolkit.training.run import RunResult


def model_card(result: RunResult) -> str:
    """README.md of the run's folder, in the form that the Hugging Face Hub reads."""
    recipe = result.recipe
    scores = "\n".join(f"| {name} | {value:.4g} |" for name, value in result.validation.items())
    train = result.counts["train"]["examples"]
    return f"""---
library_name: transformers
pipeline_tag: question-answering
tags:
- extractive-question-answering
---

# Extractive question answering

`{recipe.model}`, fine-tuned on {train:,} question{"" if train == 1 else "s"} with qatoolkit {__version__}.
{"Questions may be unanswerable." if result.mode == "squad_v2" else "Every question gets an answer."}

| validation | |
| --- | --- |
{scores}

Signature: `{result.signature}`. Epoch {result.best_epoch:g} was chosen on these validation questions, so the
score on a test split that took no part in it will be a little lower.

Trained with windows of {recipe.max_seq_length} tokens that overlap by {recipe.doc_stride}, batches of
{recipe.batch_size}, a learning rate of {recipe.learning_rate:g}, {recipe.epochs:g} epochs and seed
{recipe.seed}; `run.json` holds everything.

```python
from qatoolkit import Answerer

answer = Answerer("{result.path.name}")
answer(question="...", context="...")
```
"""
