"""Turns settings by name into the Trainer's TrainingArguments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from qatoolkit.training.recipe import Recipe

#: Fields that TrainingArguments takes as they come, and that everything is divided by.
_COUNTS = ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps")

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Reads `name=value` texts as TrainingArguments, typed as the fields are.

    Raises:
        UsageError: no such field, or a value that the field cannot hold.
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair}: write it as name=value, e.g. --set warmup_steps=100")
        settings[name.strip().replace("-", "_")] = value.strip()
    return check_settings(settings)


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Makes sure that every name is a TrainingArguments field, and gives texts the field's type.

    Raises:
        UsageError: see `parse_settings`.
    """
    if not settings:
        return {}
    from transformers import TrainingArguments

    types = {field.name: str(field.type) for field in fields(TrainingArguments) if field.init}
    checked = {}
    for name, value in settings.items():
        if name == "output_dir":
            raise UsageError("output_dir is not a setting: -o says where the run is written")
        if name not in types:
            close = get_close_matches(name, types, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise UsageError(f"{name} is not a field of TrainingArguments{hint}")
        checked[name] = _typed(name, value, types[name]) if isinstance(value, str) else value
    return checked


def _typed(name: str, text: str, kind: str) -> Any:
    """`kind` is the field's annotation as text: "<class 'float'>", "int | None", "dict | str | None"."""
    if "None" in kind and text.lower() in ("none", "null"):
        return None
    try:
        if "bool" in kind and text.lower() in (*_TRUE, *_FALSE):
            return text.lower() in _TRUE
        if "dict" in kind and text.startswith("{"):
            return json.loads(text)
        if "list" in kind:
            return json.loads(text) if text.startswith("[") else text.split(",")
        if "int" in kind:
            return int(text)
        if "float" in kind:
            return float(text)
    except ValueError:
        pass
    else:
        if "str" in kind:
            return text
    raise UsageError(f"{name}={text}: not a value of type {_plain(kind)}")


def _plain(kind: str) -> str:
    return kind.removeprefix("<class '").removesuffix("'>")


def training_values(recipe: Recipe) -> dict[str, Any]:
    """The recipe and what this machine can do, as TrainingArguments; the recipe's own settings win.

    Raises:
        UsageError: a setting that does not exist or does not hold such a value.
    """
    return {
        "num_train_epochs": recipe.epochs,
        "learning_rate": recipe.learning_rate,
        "per_device_train_batch_size": recipe.batch_size,
        "weight_decay": recipe.weight_decay,
        "seed": recipe.seed,
        "report_to": list(recipe.report_to) or "none",
        **_precision(),
        **check_settings(recipe.settings),
    }


def _precision() -> dict[str, Any]:
    """bfloat16 where the hardware computes in it, which halves the time; weights stay float32."""
    import torch

    if torch.cuda.is_available():
        return {"bf16": torch.cuda.is_bf16_supported(including_emulation=False)}
    if torch.backends.mps.is_available():
        return {}
    # Where these are missing, in another version of torch, nothing is lost but time.
    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    has_bf16 = any(getattr(torch.cpu, probe, bool)() for probe in probes)
    # Without use_cpu the Trainer looks for an accelerator that knows bfloat16.
    return {"bf16": True, "use_cpu": True} if has_bf16 else {}


def build_arguments(checkpoints: Path, values: Mapping[str, Any]) -> TrainingArguments:
    """TrainingArguments for a run: ours, overridden by `values`.

    Raises:
        UsageError: the values contradict each other.
    """
    import torch
    from transformers import TrainingArguments

    ours: dict[str, Any] = {
        "per_device_eval_batch_size": 32,
        "train_sampling_strategy": "group_by_length",
        "eval_strategy": "epoch",
        "eval_on_start": True,
        "save_strategy": "epoch",
        "save_total_limit": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": "f1",
        "greater_is_better": True,
        "logging_steps": 0.02,  # a share of all steps
        "dataloader_pin_memory": torch.cuda.is_available(),
        "remove_unused_columns": False,  # the collator knows what the model takes
        "disable_tqdm": True,  # its bars print to stdout between the steps
    }
    # The best checkpoint is known only where each has been evaluated: what is said of one goes for the other.
    for one, other in (("save", "eval"), ("eval", "save")):
        if f"{one}_strategy" in values and f"{other}_strategy" not in values:
            for field in ("strategy", "steps"):
                if f"{one}_{field}" in values:
                    ours[f"{other}_{field}"] = values[f"{one}_{field}"]
    for name in _COUNTS:
        if values.get(name, 1) < 1:
            raise UsageError(f"{name} must be 1 or more, not {values[name]}")
    try:
        return TrainingArguments(output_dir=str(checkpoints), **{**ours, **values})
    except (ValueError, ImportError) as error:
        raise UsageError(f"these training settings do not go together: {error}") from error
