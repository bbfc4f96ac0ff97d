"""Fits the few weights of the parity test's model that are not the package's.

    python tests/training/parity/fit.py $QATK_CORPORA/squadshifts/new_wiki_v1.0.json

Fitted are the head, the biases and the norms, 31,000 numbers, on every fifth question of the file (a head
alone answers most questions about a text with the same span). Writes `weights.safetensors` beside this file,
in float16; `spans.json` has to be made again after it, see `old_pipeline.py`. Takes some minutes.

The model answers poorly, and that does no harm: both sides answer with the same weights, and what is compared
is the way from a text to a span. Close candidates make the comparison harder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from model import ENCODER, WEIGHTS
from safetensors.torch import save_file
from torch.optim.lr_scheduler import OneCycleLR

import qatoolkit
from qatoolkit.training.batches import Collator
from qatoolkit.training.model import load_model
from qatoolkit.windows import Features, featurize, load_tokenizer

EVERY = 5
EPOCHS = 3
BATCH = 16
LEARNING_RATE = 4e-3


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("corpus", type=Path)
    features = read(asked.parse_args().corpus)
    torch.manual_seed(0)
    model = load_model(ENCODER).model  # stays without dropout: so few weights learn nothing by heart
    fitted = {name: each for name, each in model.named_parameters() if is_fitted(name)}
    for name, each in model.named_parameters():
        each.requires_grad = name in fitted
    fit(model, list(fitted.values()), features)
    save_file({name: each.detach().half().contiguous() for name, each in fitted.items()}, WEIGHTS)
    print(f"{sum(each.numel() for each in fitted.values()):,} weights")


def is_fitted(name: str) -> bool:
    return name.endswith("bias") or "LayerNorm" in name or name.startswith("qa_outputs")


def read(corpus: Path) -> Features:
    rows = qatoolkit.read(corpus).to_polars().gather_every(EVERY)
    columns = {name: rows[name].to_list() for name in ("id", "question", "context")}
    answers = rows.select("text", "answer_start").rows()
    columns["answers"] = [{"text": text, "answer_start": start} for text, start in answers]
    return featurize(columns, load_tokenizer(ENCODER))


def fit(model: torch.nn.Module, weights: list[torch.nn.Parameter], features: Features) -> None:
    collate = Collator(model, pad_token_id=0)
    rng = np.random.default_rng(0)
    steps = EPOCHS * (len(features) // BATCH)
    optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.0)
    rate = OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(features))
        losses = []
        for first in range(0, len(order) - BATCH + 1, BATCH):
            batch = collate([features[int(i)] for i in order[first : first + BATCH]])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            rate.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}", flush=True)


if __name__ == "__main__":
    main()
