"""A training loop for SQuAD datasets as anybody might have it: datasets, transformers, torch, no qatoolkit.

    python tests/benchmarks/plain_loop.py DATASET TOKENIZER [--steps 20] [--features 32]

DATASET is a folder that `load_from_disk` or `load_dataset` opens; windows of its split train are trained
on, over and over if they are few. The model is a small BERT with random weights, so what is shown is that
the data can be learnt from, not how well. Prints JSON: `examples`, `features`, `labelled`, windows that
hold their answer, `losses`, one a step, and `imported`, whether qatoolkit is. Stops if a label is not on
its answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from datasets import DatasetDict, load_dataset, load_from_disk
from torch.utils.data import DataLoader
from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering, default_data_collator


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("dataset", type=Path)
    asked.add_argument("tokenizer")
    asked.add_argument("--steps", type=int, default=20)
    asked.add_argument("--features", type=int, default=32)
    asked.add_argument("--batch-size", type=int, default=8)
    asked.add_argument("--max-seq-length", type=int, default=256)
    asked.add_argument("--doc-stride", type=int, default=64)
    options = asked.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    train = opened(options.dataset)["train"]
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    features = train.map(
        lambda examples: prepared(examples, tokenizer, options.max_seq_length, options.doc_stride),
        batched=True,
        remove_columns=train.column_names,
        load_from_cache_file=False,
    )
    few = features.shuffle(seed=0).select(range(min(options.features, len(features))))
    found = {
        "examples": len(train),
        "features": len(features),
        "labelled": sum(position > 0 for position in features["end_positions"]),
        "losses": learnt(few, tokenizer.vocab_size, options.steps, options.batch_size),
        "imported": "qatoolkit" in sys.modules,
    }
    print(json.dumps(found))


def opened(folder: Path) -> DatasetDict:
    """What `save_to_disk` wrote, or files that the Hub's loader knows."""
    if (folder / "dataset_dict.json").exists():
        return load_from_disk(str(folder))
    return load_dataset(str(folder), cache_dir=str(folder / ".cache"))


def prepared(examples: dict[str, list], tokenizer, max_seq_length: int, doc_stride: int) -> dict[str, list]:
    """The windows of some examples, each labelled with its answer's tokens, or with [CLS] without one."""
    windows = tokenizer(
        examples["question"],
        examples["context"],
        truncation="only_second",
        max_length=max_seq_length,
        stride=doc_stride,
        padding="max_length",
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    windows["start_positions"], windows["end_positions"] = [], []
    offsets = windows.pop("offset_mapping")
    for window, example in enumerate(windows.pop("overflow_to_sample_mapping")):
        answers, context = examples["answers"][example], examples["context"][example]
        first, last = labels(answers, offsets[window], windows.sequence_ids(window))
        if last:
            covered = context[offsets[window][first][0] : offsets[window][last][1]]
            assert answers["text"][0] in covered, (answers, covered)
        windows["start_positions"].append(first)
        windows["end_positions"].append(last)
    return windows


def labels(answers: dict[str, list], offsets: list, sequence: list[int | None]) -> tuple[int, int]:
    """First and last token of the first answer, if this window has all of it."""
    if not answers["text"]:
        return 0, 0
    start = answers["answer_start"][0]
    end = start + len(answers["text"][0])
    context = [token for token, part in enumerate(sequence) if part == 1]
    if offsets[context[0]][0] > start or offsets[context[-1]][1] < end:
        return 0, 0
    inside = [token for token in context if offsets[token][0] < end and offsets[token][1] > start]
    return inside[0], inside[-1]


def learnt(features, vocabulary: int, steps: int, batch_size: int) -> list[float]:
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForQuestionAnswering(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loader = DataLoader(features, batch_size, shuffle=True, collate_fn=default_data_collator)
    losses: list[float] = []
    while len(losses) < steps:
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            if len(losses) == steps:
                break
    return losses


if __name__ == "__main__":
    main()
