"""Answer normalisation, exact match and F1, thresholds, intervals and signatures.

Numbers in, numbers out: nothing here knows about files, models or reports.
"""

from qatoolkit.metrics.bootstrap import interval
from qatoolkit.metrics.normalize import normalize_answer
from qatoolkit.metrics.score import Reference, Scores, exact_match, f1, percent, score
from qatoolkit.metrics.threshold import BestThreshold, best_threshold

__all__ = [
    "BestThreshold",
    "Reference",
    "Scores",
    "best_threshold",
    "exact_match",
    "f1",
    "interval",
    "normalize_answer",
    "percent",
    "score",
]
