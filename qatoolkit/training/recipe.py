"""How a model is trained: everything a person chooses, with the defaults of the field.

What the Trainer is told besides is in `arguments`; what the machine decides (device, bfloat16) as well.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from qatoolkit.errors import UsageError
from qatoolkit.metrics import detect_language
from qatoolkit.metrics.normalize import profile
from qatoolkit.training.settings import Settings


@dataclass(frozen=True)
class Recipe:
    """The choices behind a run.

    Attributes:
        model: what to start from: a folder, "pkg:NAME" or a hub id.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows share.
        n_best_size: spans that are kept per example.
        max_answer_length: longest answer in tokens.
        null_score_diff_threshold: null scores above it mean "no answer". None: chosen on the
            validation split. Without effect when all questions are answerable.
        negative_windows: share (0..1) of the windows without the answer that are trained on, of
            questions that have one; all windows of unanswerable questions stay.
        epochs: passes over the training split.
        learning_rate: the highest one; it falls linearly to 0.
        batch_size: windows per step and device.
        weight_decay: of AdamW.
        patience: evaluations without a better F1 after which training stops; None trains to the end.
        seed: of everything random.
        language: normalisation profile of the metrics; None: that of the training split.
        report_to: experiment trackers, by transformers' names ("tensorboard", "wandb").
        settings: further TrainingArguments by name; they win over the fields above.
    """

    model: str | Path = "distilbert/distilbert-base-uncased"
    max_seq_length: int = 384
    doc_stride: int = 128
    n_best_size: int = 20
    max_answer_length: int = 30
    null_score_diff_threshold: float | None = None
    negative_windows: float = 1.0
    epochs: float = 3
    learning_rate: float = 5e-5
    batch_size: int = 16
    weight_decay: float = 0.01
    patience: int | None = None
    seed: int = 42
    language: str | None = None
    report_to: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.language is not None:
            profile(self.language)
        for name in ("epochs", "learning_rate", "batch_size", "weight_decay", "seed", "negative_windows"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise UsageError(f"{name} is a number, not {value!r}")
        for name in ("epochs", "learning_rate"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} must be more than 0, not {getattr(self, name)}")
        if self.batch_size < 1:
            raise UsageError(f"batch_size must be 1 or more, not {self.batch_size}")
        if not 0 <= self.negative_windows <= 1:
            raise UsageError(f"negative_windows is a share from 0 to 1, not {self.negative_windows}")
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"patience must be 1 or more, not {self.patience}")

    def decoding(self) -> Settings:
        """The part that a prediction depends on.

        Raises:
            UsageError: a length is not usable.
        """
        return Settings(
            self.max_seq_length,
            self.doc_stride,
            self.n_best_size,
            self.max_answer_length,
            self.null_score_diff_threshold or 0.0,
            self.language or Settings.language,
        )

    def in_language_of(self, examples: Mapping[str, Any]) -> Recipe:
        """The recipe with the language of these contexts and questions, unless it names one."""
        if self.language is not None:
            return self
        return replace(self, language=detect_language([*examples["question"], *examples["context"]]))

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain

    def digest(self) -> str:
        """A hash that differs as soon as one choice does."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
