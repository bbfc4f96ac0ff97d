"""From logits to predictions, scores and rows of a predictions file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qatoolkit.metrics import Scores, score
from qatoolkit.training.data import Columns
from qatoolkit.training.settings import Mode, Settings
from qatoolkit.training.threshold import tune_threshold
from qatoolkit.windows import Features, Prediction, decode

_ANSWERS = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
_SPAN = pa.struct(
    [("text", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("score", pa.float32())]
)
_LINEAGE: tuple[tuple[str, pa.DataType], ...] = (
    ("source", pa.string()),
    ("row", pa.int64()),
    ("line", pa.int64()),
    ("line_end", pa.int64()),
    ("byte_start", pa.int64()),
    ("byte_end", pa.int64()),
    ("pointer", pa.string()),
    ("extra", pa.string()),
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("context", pa.string()),
        ("question", pa.string()),
        ("answers", _ANSWERS),
        ("answer", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("score", pa.float32()),
        ("null_score", pa.float32()),
        ("n_best", pa.list_(_SPAN)),
        ("gold_rank", pa.int32()),
        ("n_windows", pa.int32()),
        *_LINEAGE,
    ]
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions of a split with their scores.

    Attributes:
        predictions: one per example.
        scores: of the predictions.
        settings: those asked for, with the threshold that was used.
    """

    predictions: list[Prediction]
    scores: Scores
    settings: Settings

    def signature(self) -> str:
        """The line that travels with the scores."""
        return signature(self.scores, self.settings)


def signature(scores: Scores, settings: Settings) -> str:
    """The line that travels with scores: what they mean, and how the answers were decoded."""
    return scores.signature(
        null_score_diff_threshold=round(settings.null_score_diff_threshold, 4),
        n_best_size=settings.n_best_size,
        max_answer_length=settings.max_answer_length,
    )


def evaluate(
    start_logits: NDArray[np.float32],
    end_logits: NDArray[np.float32],
    features: Features,
    columns: Columns,
    settings: Settings,
    mode: Mode,
    *,
    tune: bool = False,
) -> Evaluation:
    """Decodes and scores the logits of a split.

    Args:
        start_logits: shape (F, L), see `decode`.
        end_logits: as `start_logits`.
        features: of `columns`.
        columns: the examples.
        settings: how to decode.
        mode: in "squad" every question is answered.
        tune: choose the no-answer threshold on these examples (mode "squad_v2").
    """
    texts = [answers["text"] for answers in columns["answers"]]
    if tune and mode == "squad_v2":
        spans = _decode(start_logits, end_logits, features, columns, settings, "squad")
        threshold = tune_threshold(
            np.array([prediction.null_score for prediction in spans]),
            score([prediction.answer for prediction in spans], texts, settings.language, "squad_v2").f1,
            score([""] * len(spans), texts, settings.language, "squad_v2").f1,
        )
        settings = replace(settings, null_score_diff_threshold=threshold)
    predictions = _decode(start_logits, end_logits, features, columns, settings, mode)
    scores = score([prediction.answer for prediction in predictions], texts, settings.language)
    return Evaluation(predictions, scores, settings)


def _decode(
    start_logits: NDArray[np.float32],
    end_logits: NDArray[np.float32],
    features: Features,
    columns: Columns,
    settings: Settings,
    mode: Mode,
) -> list[Prediction]:
    return decode(
        start_logits,
        end_logits,
        features,
        columns,
        settings.n_best_size,
        settings.max_answer_length,
        settings.null_score_diff_threshold,
        version_2=mode == "squad_v2",
    )


def predictions_table(
    columns: Columns, predictions: Sequence[Prediction], lineage: Mapping[str, Mapping[str, Any]]
) -> pa.Table:
    """The rows of a predictions file: the example, what was answered, and where it came from."""
    values: dict[str, list[Any]] = {
        name: columns[name] for name in ("id", "title", "context", "question", "answers")
    }
    for name in ("answer", "start", "end", "score", "null_score", "n_best", "gold_rank", "n_windows"):
        values[name] = [getattr(prediction, name) for prediction in predictions]
    rows = [lineage.get(example_id, {}) for example_id in columns["id"]]
    for name, _ in _LINEAGE:
        values[name] = [row.get(name) for row in rows]
    return pa.table(values, schema=SCHEMA)
