"""The settings that a prediction depends on, and how a run remembers them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from qatoolkit.errors import UsageError

Mode = Literal["squad", "squad_v2"]

RUN_FILE = "run.json"


@dataclass(frozen=True)
class Settings:
    """How contexts are cut into windows and logits are turned into answers.

    Attributes:
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows share.
        n_best_size: spans that are kept per example.
        max_answer_length: longest answer in tokens.
        null_score_diff_threshold: null scores above it mean "no answer" (mode squad_v2 only).
        language: normalisation profile of the metrics.
    """

    max_seq_length: int = 384
    doc_stride: int = 128
    n_best_size: int = 20
    max_answer_length: int = 30
    null_score_diff_threshold: float = 0.0
    language: str = "en"

    def __post_init__(self) -> None:
        for name in ("max_seq_length", "n_best_size", "max_answer_length"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more, not {getattr(self, name)}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_run(folder: Path) -> dict[str, Any] | None:
    """What `run.json` says, or None when the folder is not a finished run.

    Raises:
        UsageError: the file is damaged.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return None
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        Settings(**run["settings"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: damaged ({error}); fine-tune again with --overwrite") from error
    return run


def run_settings(run: dict[str, Any] | None, most_tokens: int) -> tuple[Settings, Mode | None]:
    """Settings and mode of a run.

    Args:
        run: from `read_run`.
        most_tokens: what the model can take.

    Returns:
        For a model that is not a run of ours: the defaults, cut to what it can take, and None.
    """
    if run is not None:
        return Settings(**run["settings"]), run["mode"]
    length = min(Settings.max_seq_length, most_tokens)
    return Settings(max_seq_length=length, doc_stride=min(Settings.doc_stride, length // 3)), None
