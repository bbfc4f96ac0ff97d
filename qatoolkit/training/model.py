"""Loads a question-answering model and says what it can be called with.

Weights are read from safetensors only, and code that a model brings along is never run.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qatoolkit.errors import MissingExtraError, ModelError
from qatoolkit.windows.locate import resolve_model
from qatoolkit.windows.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_PACKAGES = ("torch", "transformers", "accelerate", "safetensors")


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model, its tokenizer, and where they came from.

    Attributes:
        name: as the person typed it.
        folder: where the files are.
        model: an AutoModelForQuestionAnswering, in evaluation mode.
        tokenizer: see `load_tokenizer`.
        new_head: the question-answering head was not in the weights and is random: the model
            must be fine-tuned before it can answer.
    """

    name: str
    folder: Path
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    new_head: bool


def require_training(what: str) -> None:
    """Raises MissingExtraError unless torch, transformers and their companions are installed."""
    if any(find_spec(package) is None for package in _PACKAGES):
        raise MissingExtraError(what, "train")


def load_model(
    model: str | Path, *, without_dropout: Literal["attention", "any"] | None = None
) -> LoadedModel:
    """Loads a model for question answering.

    Args:
        model: a folder, "pkg:NAME" or a hub id.
        without_dropout: builds the model without dropout, of attention weights or of anything. On a
            CPU the fused attention kernels cannot do it, and a step can take twice as long.
            The configuration that is saved again is left as it was.

    Raises:
        ModelError: there is no such model, its weights are not safetensors, or it cannot answer
            questions by pointing at a span.
    """
    require_training("loading a model")
    folder = Path(resolve_model(model))
    _require_safetensors(folder, str(model))
    from transformers import AutoConfig, AutoModelForQuestionAnswering

    with quiet():
        tokenizer = load_tokenizer(folder)
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            off = _dropouts(config, without_dropout) if without_dropout else {}
            for name in off:
                setattr(config, name, 0.0)
            loaded, info = AutoModelForQuestionAnswering.from_pretrained(
                folder, config=config, use_safetensors=True, trust_remote_code=False, output_loading_info=True
            )
        except Exception as error:  # any library may fail in its own way on a folder of unknown content
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{model}: cannot be loaded for question answering: {reason}") from error
    for name, probability in off.items():
        setattr(loaded.config, name, probability)
    missing = sorted(info["missing_keys"])
    foreign = [key for key in missing if key.startswith(f"{loaded.base_model_prefix}.")]
    if foreign:
        raise ModelError(
            f"{model}: the weights lack {len(foreign)} parts of the model, such as {foreign[0]}; "
            "they belong to another kind of model"
        )
    return LoadedModel(str(model), folder, loaded.eval(), tokenizer, new_head=bool(missing))


def _dropouts(config: Any, kind: Literal["attention", "any"]) -> dict[str, float]:
    """The settings of that kind of dropout, under the names that the model families give them."""
    attention = ["attention_probs_dropout_prob", "attention_dropout"]
    names = attention if kind == "attention" else [name for name in vars(config) if "dropout" in name]
    values = {name: getattr(config, name, None) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, float)}


def takes_token_types(model: PreTrainedModel) -> bool:
    """Whether the model tells question and context apart by token types (BERT does, DistilBERT not)."""
    accepted = "token_type_ids" in inspect.signature(model.forward).parameters
    return accepted and getattr(model.config, "type_vocab_size", 2) > 1


def seed_everything(seed: int) -> None:
    """Seeds Python, numpy and torch, so that a new head starts the same way each time."""
    from transformers import set_seed

    set_seed(seed)


@contextmanager
def quiet() -> Iterator[None]:
    """Mutes the notices and progress bars of transformers and datasets, and puts them back."""
    from transformers.utils import logging

    datasets = sys.modules.get("datasets")  # when it is not in use, it need not be muted
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    dataset_bars = datasets is not None and not datasets.are_progress_bars_disabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if datasets is not None:
        datasets.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
        if datasets is not None and dataset_bars:
            datasets.enable_progress_bars()


def _require_safetensors(folder: Path, name: str) -> None:
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(folder.glob("pytorch_model*.bin"))
    if pickled:
        raise ModelError(
            f"{name}: the weights are pickled ({pickled[0].name}), which can run code when loaded. "
            'Convert them once, where you trust their source: python -c "from transformers import '
            "AutoModel; AutoModel.from_pretrained('FOLDER').save_pretrained('FOLDER')\""
        )
    raise ModelError(f"{name}: no weights there (no *.safetensors)")
