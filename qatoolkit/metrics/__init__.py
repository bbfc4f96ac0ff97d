"""Answer normalisation, exact match and F1, thresholds, intervals, tests and signatures.

Numbers in, numbers out: nothing here knows about files, models or reports.
"""

from qatoolkit.metrics.adjust import holm
from qatoolkit.metrics.bootstrap import interval
from qatoolkit.metrics.dropped import dropped
from qatoolkit.metrics.language import detect_language
from qatoolkit.metrics.normalize import PROFILES, normalize_answer, tokens
from qatoolkit.metrics.paired import Paired, mcnemar, paired
from qatoolkit.metrics.score import Reference, Scores, exact_match, f1, percent, score
from qatoolkit.metrics.threshold import BestThreshold, best_threshold

__all__ = [
    "PROFILES",
    "BestThreshold",
    "Paired",
    "Reference",
    "Scores",
    "best_threshold",
    "detect_language",
    "dropped",
    "exact_match",
    "f1",
    "holm",
    "interval",
    "mcnemar",
    "normalize_answer",
    "paired",
    "percent",
    "score",
    "tokens",
]
