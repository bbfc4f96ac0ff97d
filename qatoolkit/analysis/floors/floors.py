"""What a model has to beat: answers that cost nothing, scored like its own.

Where one of them comes near the model, the data gives its answers away.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.floors.lexical import lexical_baseline
from qatoolkit.analysis.floors.question_blind import question_blind
from qatoolkit.metrics import Scores, score

_SCHEMA = {"name": pl.String, "label": pl.String, "exact": pl.Float64, "f1": pl.Float64}


def floors(examples: Sequence[Example], scores: Scores) -> pl.DataFrame:
    """Scores of answers without a model.

    Args:
        examples: what was asked.
        scores: of the model, for language and reference.

    Returns:
        Columns name, label (for people), exact and f1 in percent.
    """
    answers = {
        ("lexical", "word overlap, no model"): lexical_baseline(
            [example.question for example in examples], [example.context for example in examples]
        ),
        ("question-blind", "never reading the question"): question_blind(examples),
    }
    if not scores.answerable.all():
        answers["no-answer", "never answering"] = [""] * len(examples)
    annotated = [example.answers for example in examples]
    rows = []
    for (name, label), texts in answers.items():
        summary = score(texts, annotated, scores.language, scores.reference).summary()
        rows.append((name, label, float(summary["exact"]), float(summary["f1"])))
    return pl.DataFrame(rows, _SCHEMA, orient="row")
