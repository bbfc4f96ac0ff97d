"""What a model gets wrong, where, and on which source line: classes, slices, floors, rendering.

Works from predictions that were written to disk and never loads a model.
"""

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.classify import CLASSES, classify
from qatoolkit.analysis.floors.lexical import lexical_baseline
from qatoolkit.analysis.report import report
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.text.sentences import sentences

__all__ = [
    "CLASSES",
    "Case",
    "Example",
    "Prediction",
    "Report",
    "classify",
    "lexical_baseline",
    "report",
    "sentences",
]
