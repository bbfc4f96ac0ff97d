"""The procedure of transformers' question answering example, as plain loops: what others are measured by.

Features are made window by window, and logits are read span by span, as the published script does. The
lines are our own; numpy is used where the script uses it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def read_squad(*paths: Path) -> dict[str, list]:
    """Files in SQuAD's layout as columns."""
    rows = [
        (
            qa["id"],
            qa["question"],
            paragraph["context"],
            {
                "text": [answer["text"] for answer in qa["answers"]],
                "answer_start": [answer["answer_start"] for answer in qa["answers"]],
            },
        )
        for path in paths
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    ]
    return {name: [row[i] for row in rows] for i, name in enumerate(("id", "question", "context", "answers"))}


def tokenize(examples: dict[str, list], tokenizer, length: int, overlap: int, *, padded: bool):
    """The bare call of the tokenizer."""
    question_first = tokenizer.padding_side == "right"
    texts = (examples["question"], examples["context"])
    return tokenizer(
        *(texts if question_first else texts[::-1]),
        truncation="only_second" if question_first else "only_first",
        max_length=length,
        stride=overlap,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding="max_length" if padded else False,
    )


def train_features(examples: dict[str, list], tokenizer, length: int, overlap: int, *, padded: bool):
    """Windows with the positions of the first answer, or those of CLS."""
    windows = tokenize(examples, tokenizer, length, overlap, padded=padded)
    wanted = 1 if tokenizer.padding_side == "right" else 0
    example_of = windows.pop("overflow_to_sample_mapping")
    offset_mapping = windows.pop("offset_mapping")
    windows["start_positions"], windows["end_positions"] = [], []
    for i, offsets in enumerate(offset_mapping):
        input_ids = windows["input_ids"][i]
        if tokenizer.cls_token_id in input_ids:
            cls = input_ids.index(tokenizer.cls_token_id)
        elif tokenizer.bos_token_id in input_ids:
            cls = input_ids.index(tokenizer.bos_token_id)
        else:
            cls = 0
        sequence = windows.sequence_ids(i)
        answers = examples["answers"][example_of[i]]
        first = last = cls
        if answers["answer_start"]:
            start = answers["answer_start"][0]
            end = start + len(answers["text"][0])
            low = 0
            while sequence[low] != wanted:
                low += 1
            high = len(input_ids) - 1
            while sequence[high] != wanted:
                high -= 1
            if offsets[low][0] <= start and offsets[high][1] >= end:
                while low < len(offsets) and offsets[low][0] <= start:
                    low += 1
                while offsets[high][1] >= end:
                    high -= 1
                first, last = low - 1, high + 1
        windows["start_positions"].append(first)
        windows["end_positions"].append(last)
    windows["example"] = example_of
    return windows


def validation_features(examples: dict[str, list], tokenizer, length: int, overlap: int, *, padded: bool):
    """Windows with the id of their example, and offsets of the context's tokens only."""
    windows = tokenize(examples, tokenizer, length, overlap, padded=padded)
    wanted = 1 if tokenizer.padding_side == "right" else 0
    example_of = windows.pop("overflow_to_sample_mapping")
    windows["example_id"] = []
    for i, example in enumerate(example_of):
        sequence = windows.sequence_ids(i)
        windows["example_id"].append(examples["id"][example])
        windows["offset_mapping"][i] = [
            pair if sequence[k] == wanted else None for k, pair in enumerate(windows["offset_mapping"][i])
        ]
    return windows


def postprocess(
    examples: dict[str, list],
    windows: list[list[int]],
    offset_mapping: list[list[tuple[int, int] | None]],
    start_logits: np.ndarray,
    end_logits: np.ndarray,
    *,
    n_best: int = 20,
    longest: int = 30,
) -> list[tuple[str, float, list[dict]]]:
    """For each example its best answer, the no-answer score minus its own, and the n best.

    Args:
        windows: for each example, which rows of the logits are its own.
        offset_mapping: for each row, characters of the context's tokens, None for others.
    """
    found = []
    for i, context in enumerate(examples["context"]):
        null_score = None
        candidates = []
        for row in windows[i]:
            starts, ends, offsets = start_logits[row], end_logits[row], offset_mapping[row]
            null = starts[0] + ends[0]
            if null_score is None or null_score > null:
                null_score = null
            best_starts = np.argsort(starts)[-1 : -n_best - 1 : -1].tolist()
            best_ends = np.argsort(ends)[-1 : -n_best - 1 : -1].tolist()
            for first in best_starts:
                for last in best_ends:
                    if first >= len(offsets) or last >= len(offsets):
                        continue
                    if not offsets[first] or not offsets[last]:
                        continue
                    if last < first or last - first + 1 > longest:
                        continue
                    candidates.append(
                        {
                            "offsets": (offsets[first][0], offsets[last][1]),
                            "score": starts[first] + ends[last],
                            "start_logit": starts[first],
                            "end_logit": ends[last],
                        }
                    )
        best = sorted(candidates, key=lambda candidate: candidate["score"], reverse=True)[:n_best]
        for candidate in best:
            start, end = candidate.pop("offsets")
            candidate["text"] = context[start:end]
        if not best:
            best.append({"text": "", "start_logit": 0.0, "end_logit": 0.0, "score": 0.0})
        scores = np.array([candidate.pop("score") for candidate in best])
        odds = np.exp(scores - np.max(scores))
        for candidate, chance in zip(best, odds / odds.sum(), strict=True):
            candidate["probability"] = chance
        top = best[0]
        found.append((top["text"], float(null_score - top["start_logit"] - top["end_logit"]), best))
    return found
