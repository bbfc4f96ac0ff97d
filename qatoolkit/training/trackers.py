"""Experiment trackers: off unless asked for, writing into the run's folder, never asking for a key."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from qatoolkit.errors import UsageError

#: How transformers' probes call what is named otherwise elsewhere.
_PROBES = {"azure_ml": "azureml", "comet_ml": "comet", "flyte": "flytekit"}


def require_trackers(names: Sequence[str]) -> None:
    """Makes sure, before any work, that the trackers are known and their packages installed.

    Raises:
        UsageError: see above; the message says what to install.
    """
    from transformers import integrations

    for name in names:
        try:
            integrations.get_reporting_integration_callbacks([name])
        except ValueError as error:
            raise UsageError(f"--report-to: {error}") from error
        probe = getattr(integrations, f"is_{_PROBES.get(name, name)}_available", None)
        if probe is not None and not probe():
            raise UsageError(f"--report-to {name}: its package is missing; pip install {name}")


@contextmanager
def tracking(names: Sequence[str], run: Path) -> Iterator[None]:
    """Lets trackers write below the run's folder, and closes them.

    What the person has set in the environment wins. Weights & Biases stays offline unless there is a key;
    `wandb sync` uploads later what it wrote.
    """
    ours = {"TENSORBOARD_LOGGING_DIR": str(run / "tensorboard")}
    if "wandb" in names:
        ours |= {"WANDB_DIR": str(run), "WANDB_SILENT": "true", "WANDB_PROJECT": "qatoolkit"}
        if not os.environ.get("WANDB_API_KEY"):
            ours["WANDB_MODE"] = "offline"
    added = {name: value for name, value in ours.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        wandb = sys.modules.get("wandb")
        if "wandb" in names and wandb is not None:
            wandb.finish()
        for name in added:
            os.environ.pop(name, None)
