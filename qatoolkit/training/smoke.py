"""Checks within a minute that model, data and machine go together: sixteen examples, learnt by heart.

A model that cannot learn sixteen examples by heart will not learn thousands. What was learnt is asked of
`qatk predict` in a new process, so saving, loading and decoding are checked as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from qatoolkit.errors import QatkError
from qatoolkit.training.arguments import build_arguments, training_values
from qatoolkit.training.data import Columns, load_columns, load_splits, pick
from qatoolkit.training.finetune import Dataset
from qatoolkit.training.fit import fit
from qatoolkit.training.history import Row
from qatoolkit.training.model import load_model, quiet, require_training, seed_everything
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.settings import RUN_FILE
from qatoolkit.training.task import make_task
from qatoolkit.windows import find_ceiling

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

#: Examples to learn.
_EXAMPLES = 16
#: Epochs at most, and seconds after which no further one begins.
_EPOCHS, _SECONDS = 60, 50.0


@dataclass(frozen=True, eq=False)
class Smoke:
    """What became of the sixteen.

    Attributes:
        examples: how many there were; fewer in a small dataset.
        epochs: how often they were looked at.
        learnt: how many were answered exactly at the end of training.
        answered: how many `qatk predict` answered exactly in a new process.
        last: the last evaluation's row.
        seconds: altogether.
    """

    examples: int
    epochs: int
    learnt: int
    answered: int
    last: Row
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all of them were."""
        return self.answered == self.examples


def smoke(dataset: Dataset, **recipe: Any) -> Smoke:
    """Learns sixteen examples by heart and asks for them in a new process; leaves nothing behind.

    Args:
        dataset: see `finetune`; only its split train is used.
        **recipe: see `finetune`; epochs, evaluation and dropout are the smoke test's own.

    Raises:
        As `finetune`, and QatkError when the new process fails.
    """
    require_training("fine-tuning")
    began = time.monotonic()
    chosen = replace(Recipe(**recipe), negative_windows=1.0, report_to=())
    with quiet(), tempfile.TemporaryDirectory(prefix="qatk-smoke-") as place:
        folder = Path(place)
        seed_everything(chosen.seed)
        loaded = load_model(chosen.model, without_dropout="any")
        train = load_columns(load_splits(dataset)["train"], "train")
        chosen = chosen.in_language_of(train)
        examples = _choose(train, chosen, loaded.tokenizer)
        task = make_task(chosen, loaded, examples, examples)
        values = training_values(chosen) | _by_heart(chosen)
        arguments = build_arguments(folder / "checkpoints", values)
        fitted = fit(task, arguments, folder / "log.jsonl", callbacks=[_UntilLearnt(began + _SECONDS)])
        run = folder / "run"
        loaded.model.save_pretrained(run)
        loaded.tokenizer.save_pretrained(run)
        settings = {"settings": fitted.evaluation.settings.as_dict(), "mode": task.mode, "dataset": None}
        (run / RUN_FILE).write_text(json.dumps(settings), encoding="utf-8")
        learnt = int(fitted.evaluation.scores.exact.sum())
        answered = _ask(run, examples, folder)
    return Smoke(
        len(examples["id"]),
        round(fitted.rows[-1]["epoch"]),
        learnt,
        answered,
        fitted.rows[-1],
        time.monotonic() - began,
    )


def _choose(columns: Columns, recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> Columns:
    """The shortest examples, of different contexts as far as possible, that can be answered at all."""
    contexts: dict[str, int] = {}
    for row, context in enumerate(columns["context"]):
        contexts.setdefault(context, row)
    by_length = sorted(contexts.values(), key=lambda row: len(columns["context"][row]))
    firsts = set(by_length)
    others = [row for row in range(len(columns["id"])) if row not in firsts]
    candidates = pick(columns, [*by_length, *others][: 4 * _EXAMPLES])
    found = find_ceiling(
        candidates,
        tokenizer,
        recipe.max_seq_length,
        recipe.doc_stride,
        recipe.max_answer_length,
        recipe.decoding().language,
    )
    unreachable = {example.index for example in found.unreachable}
    reachable = [row for row in range(len(candidates["id"])) if row not in unreachable]
    if not reachable:
        raise QatkError("none of the training examples can be answered with these windows")
    return pick(candidates, reachable[:_EXAMPLES])


def _by_heart(recipe: Recipe) -> dict[str, Any]:
    """TrainingArguments for learning a few examples quickly: small steps, no decay, no checkpoints."""
    return {
        "num_train_epochs": _EPOCHS,
        "per_device_train_batch_size": 8,
        "learning_rate": max(recipe.learning_rate, 1e-4),
        "lr_scheduler_type": "constant_with_warmup",
        "warmup_steps": 4,
        "weight_decay": 0.0,
        "bf16": False,
        "eval_strategy": "epoch",
        "save_strategy": "no",
        "load_best_model_at_end": False,
        "report_to": "none",
    }


class _UntilLearnt(TrainerCallback):  # type: ignore[misc]  # transformers is not type-checked
    """Stops when every example is answered exactly, or time is up."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        if metrics["eval_exact"] == 100 or time.monotonic() > self._deadline:
            control.should_training_stop = True


def _ask(run: Path, examples: Columns, folder: Path) -> int:
    """How many of the examples `qatk predict` answers exactly, in a process of its own."""
    import datasets

    data = folder / "dataset"
    datasets.DatasetDict(train=datasets.Dataset.from_dict(_same_shape(examples))).save_to_disk(str(data))
    command = ["predict", run, data, "--split", "train", "--output-format", "json"]
    asked = subprocess.run(
        [sys.executable, "-m", "qatoolkit", *map(str, command)],
        cwd=folder,  # away from any configuration
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise QatkError(f"qatk predict failed in a new process: {asked.stderr.strip()}")
    scores: dict[str, float] = json.loads(asked.stdout)["scores"]
    return round(scores["exact"] / 100 * scores["total"])


def _same_shape(examples: Columns) -> Mapping[str, Any]:
    return {name: examples[name] for name in ("id", "title", "context", "question", "answers")}
