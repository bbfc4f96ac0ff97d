"""The folder of a run: when it may be written, and what an interrupted training has left in it.

A folder with `run.json` is a finished run, one with `log.jsonl` alone an unfinished one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.training.settings import RUN_FILE

LOG = "log.jsonl"
CHECKPOINTS = "checkpoints"

#: What was asked for, so that a training goes on as it began.
_BEGUN = "begun.json"

#: What a checkpoint consists of; its state is written last.
_COMPLETE = ("trainer_state.json", "model.safetensors", "optimizer.pt", "scheduler.pt")

#: What training leaves that only training reads, all of it pickled.
_PICKLED = ("*.pt", "*.pth", "*.bin")


def check_destination(folder: Path, *, overwrite: bool) -> None:
    """Refuses a destination that exists, and in any case one that is not a run.

    Raises:
        DestinationError: see above.
    """
    if folder.is_file():
        raise DestinationError(f"{folder}: is a file; -o names the folder of a run")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    finished, begun = (folder / RUN_FILE).exists(), (folder / LOG).exists()
    if not finished and not begun and not (folder / CHECKPOINTS).exists():
        raise DestinationError(f"{folder}: exists and is not a run; choose another folder with -o")
    if not overwrite and finished:
        raise DestinationError(f"{folder}: exists already; add --overwrite, or choose another folder with -o")
    if not overwrite:
        raise DestinationError(
            f"{folder}: holds an unfinished run; go on with --resume, or start anew with --overwrite"
        )


def begin(folder: Path, asked: Mapping[str, Any]) -> None:
    """Removes what an earlier run left, makes the folder, and keeps what was asked for.

    Raises:
        DestinationError: the folder cannot be written.
    """
    checkpoints = folder / CHECKPOINTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN_FILE).unlink(missing_ok=True)
        shutil.rmtree(checkpoints, ignore_errors=True)
        for pattern in ("*.parquet", "*.safetensors", "report.html", "metrics.json"):
            for path in folder.glob(pattern):
                path.unlink()
        shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        checkpoints.mkdir()
        (checkpoints / _BEGUN).write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise DestinationError(f"{folder}: cannot be written: {error.strerror}") from error


def last_checkpoint(folder: Path, asked: Mapping[str, Any]) -> Path | None:
    """The checkpoint that an interrupted training goes on from; None where none was written yet.

    Args:
        folder: of the unfinished run.
        asked: as `begin` was given it.

    Raises:
        UsageError: there is nothing to go on with, or it was begun with other data or settings.
    """
    if (folder / RUN_FILE).is_file():
        raise UsageError(f"{folder}: this run is finished; there is nothing to resume")
    path = folder / CHECKPOINTS / _BEGUN
    if not path.is_file():
        raise UsageError(f"{folder}: no unfinished run there; start one without --resume")
    before = json.loads(path.read_text(encoding="utf-8"))
    if before != asked:
        raise UsageError(f"{folder}: was begun with {_differences(before, asked)}; resume with the same")
    checkpoints = sorted((folder / CHECKPOINTS).glob("checkpoint-*"), key=_step, reverse=True)
    for checkpoint in checkpoints:
        if all((checkpoint / name).is_file() for name in _COMPLETE) and _readable(checkpoint):
            return checkpoint
    return None


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def _readable(checkpoint: Path) -> bool:
    """Whether the file that is written last was written to its end."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def _differences(before: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What was set otherwise, e.g. "recipe seed 1, not 2"; data are only said to differ."""
    old, new = before.get("recipe", {}), asked.get("recipe", {})
    told = [f"{name} {old.get(name)}, not {new.get(name)}" for name in new if old.get(name) != new.get(name)]
    if before.get("data") != asked.get("data"):
        told.append("other data")
    return ", ".join(told) or "another kind of training"


def drop_pickles(folder: Path) -> None:
    """Leaves safetensors and JSON alone in the checkpoints: a finished run needs no optimiser's state."""
    for pattern in _PICKLED:
        for path in (folder / CHECKPOINTS).rglob(pattern):
            path.unlink()
