"""Custom extractive question answering: from a person's file to a model and an error report.

Importing the package is cheap; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "read": "qatoolkit.corpus.reader",
    "from_dict": "qatoolkit.conversion.convert",
    "validate": "qatoolkit.validation.validate",
    "fix": "qatoolkit.validation.fix",
    "convert": "qatoolkit.conversion.convert",
    "train_test_split": "qatoolkit.conversion.in_memory",
    "trace": "qatoolkit.conversion.trace",
    "finetune": "qatoolkit.training.finetune",
    "predict": "qatoolkit.training.predict",
    "Answerer": "qatoolkit.training.answerer",
    "pipeline": "qatoolkit.training.pipeline",
    "report": "qatoolkit.analysis.report",
    "profile": "qatoolkit.analysis.profile.profile",
}

__all__ = [
    "Answerer",
    "__version__",
    "convert",
    "finetune",
    "fix",
    "from_dict",
    "pipeline",
    "predict",
    "profile",
    "read",
    "report",
    "trace",
    "train_test_split",
    "validate",
]

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import profile
    from qatoolkit.analysis.report import report
    from qatoolkit.conversion.convert import convert, from_dict
    from qatoolkit.conversion.in_memory import train_test_split
    from qatoolkit.conversion.trace import trace
    from qatoolkit.corpus.reader import read
    from qatoolkit.training.answerer import Answerer
    from qatoolkit.training.finetune import finetune
    from qatoolkit.training.pipeline import pipeline
    from qatoolkit.training.predict import predict
    from qatoolkit.validation.fix import fix
    from qatoolkit.validation.validate import validate


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qatoolkit' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
