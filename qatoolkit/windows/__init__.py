"""Features for a tokenizer, their labelled positions, and the way back from logits to spans.

Numpy and the tokenizer half of transformers; torch never. No user files are read here.
"""

from qatoolkit.windows.decode import Prediction, decode
from qatoolkit.windows.featurize import Features, featurize
from qatoolkit.windows.locate import resolve_model
from qatoolkit.windows.tokenizer import advances, load_tokenizer

__all__ = ["Features", "Prediction", "advances", "decode", "featurize", "load_tokenizer", "resolve_model"]
