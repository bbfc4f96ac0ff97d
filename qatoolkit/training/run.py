"""Writes what a training has brought: model, predictions, metrics, card, and `run.json` last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from qatoolkit import __version__
from qatoolkit.training.card import model_card
from qatoolkit.training.data import fingerprint
from qatoolkit.training.destination import drop_pickles
from qatoolkit.training.history import Row
from qatoolkit.training.plan import Plan
from qatoolkit.training.recipe import Recipe
from qatoolkit.training.settings import RUN_FILE, Mode, Settings

if TYPE_CHECKING:
    from qatoolkit.training.fit import Fitted
    from qatoolkit.training.task import Task
    from qatoolkit.windows import Ceiling

_LIBRARIES = ("torch", "transformers", "tokenizers", "accelerate", "datasets", "numpy")


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run.

    Attributes:
        path: its folder.
        recipe: what was chosen.
        mode: "squad" or "squad_v2".
        epochs: a row per evaluation: step, epoch, train_loss, validation_loss, exact, f1 (percent).
        best_epoch: the epoch whose model was kept.
        stopped_early: whether patience ran out before the last epoch.
        validation: the official summary of the saved model.
        signature: what the scores mean.
        settings: with the no-answer threshold that was chosen.
        counts: as in the plan.
        ceilings: as in the plan.
        seconds: from the first evaluation to the last.
    """

    path: Path
    recipe: Recipe
    mode: Mode
    epochs: list[Row]
    best_epoch: float
    stopped_early: bool
    validation: dict[str, float | int]
    signature: str
    settings: Settings
    counts: dict[str, dict[str, int]]
    ceilings: dict[str, Ceiling]
    seconds: float


def write_run(
    folder: Path,
    task: Task,
    plan: Plan,
    fitted: Fitted,
    dataset: str | None,
    lineage: Mapping[str, Mapping[str, Any]],
) -> RunResult:
    """Writes the run.

    Args:
        folder: where to; it holds checkpoints and log already.
        task: what was trained.
        plan: as it was told.
        fitted: what came out.
        dataset: the folder of the dataset, None if it was in memory.
        lineage: of the validation examples.
    """
    from qatoolkit.training.evaluate import predictions_table

    evaluation = fitted.evaluation
    task.loaded.model.save_pretrained(folder)
    task.loaded.tokenizer.save_pretrained(folder)
    for weights in folder.glob("*.safetensors"):  # written for the owner only
        weights.chmod((folder / "config.json").stat().st_mode)
    pq.write_table(
        predictions_table(task.validation, evaluation.predictions, lineage),
        folder / "predictions-validation.parquet",
    )
    result = RunResult(
        folder,
        plan.recipe,
        task.mode,
        fitted.rows,
        fitted.best_epoch,
        fitted.stopped_early,
        evaluation.scores.summary(),
        evaluation.signature(),
        evaluation.settings,
        plan.counts,
        plan.ceilings,
        fitted.seconds,
    )
    drop_pickles(folder)
    _write_json(folder / "metrics.json", _metrics(result))
    (folder / "README.md").write_text(model_card(result), encoding="utf-8")
    _write_json(
        folder / RUN_FILE,
        {
            "version": 1,
            "qatk": __version__,
            "model": str(plan.recipe.model),
            "dataset": dataset,
            "mode": result.mode,
            "settings": result.settings.as_dict(),
            "training_arguments": plan.training_arguments,
            "seed": plan.training_arguments["seed"],
            "recipe": plan.recipe.as_dict(),
            "hashes": {
                "recipe": plan.recipe.digest(),
                "data": {"train": fingerprint(task.train), "validation": fingerprint(task.validation)},
            },
            "libraries": {name: version(name) for name in _LIBRARIES},
            "device": plan.device,
            "seconds": result.seconds,
            "counts": result.counts,
        },
    )
    return result


def _metrics(result: RunResult) -> dict[str, Any]:
    return {
        "version": 1,
        "signature": result.signature,
        "mode": result.mode,
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "stopped_early": result.stopped_early,
        "validation": result.validation,
        "ceiling": {name: asdict(ceiling) for name, ceiling in result.ceilings.items()},
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
