"""Features for a tokenizer, their labelled positions, and the way back from logits to spans.

Numpy and the tokenizer half of transformers; torch never. No user files are read here.
"""

from qatoolkit.windows.ceiling import Ceiling, RunningCeiling, Unreachable, find_ceiling
from qatoolkit.windows.confidence import gold_confidence
from qatoolkit.windows.cut import advances
from qatoolkit.windows.decode import Prediction, decode
from qatoolkit.windows.features import Features
from qatoolkit.windows.featurize import featurize
from qatoolkit.windows.locate import resolve_model
from qatoolkit.windows.thin import thin
from qatoolkit.windows.tokenizer import load_tokenizer

__all__ = [
    "Ceiling",
    "Features",
    "Prediction",
    "RunningCeiling",
    "Unreachable",
    "advances",
    "decode",
    "featurize",
    "find_ceiling",
    "gold_confidence",
    "load_tokenizer",
    "resolve_model",
    "thin",
]
