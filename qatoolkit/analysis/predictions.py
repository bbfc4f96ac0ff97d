"""Loads the predicted side of a report: a run, or a predictions file.

A run (and a predictions parquet or JSON Lines file of ours) carries its examples with it, so it
needs no data set. The official kind is one JSON object {id: text} without positions, scores or
examples; null odds are one JSON object {id: number}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.source import choose_split, example_from_row, read_json
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

_PREFIX = "predictions-"
# Everything the analysis uses. The n_best lists are the bulk of the file and are left alone.
_COLUMNS = (
    "id", "title", "context", "question", "answers", "answer", "start", "end", "score", "null_score",
    "gold_rank", "n_windows", "source", "row", "line", "pointer",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What a run folder says.

    Attributes:
        split: the split that was predicted.
        examples: the examples as they were predicted.
        predictions: one for each example.
        mode: "squad" or "squad_v2"; None when run.json is absent.
        settings: decoding settings (null_score_diff_threshold, n_best_size, language, ...).
        epochs: one row of figures per evaluation, epoch 0 before the first step.
    """

    split: str
    examples: list[Example]
    predictions: list[Prediction]
    mode: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs: list[dict[str, Any]] = field(default_factory=list)


def load_run(folder: str | Path, split: str | None = None) -> Run:
    """Reads a run folder.

    Args:
        folder: what `qatk finetune` wrote.
        split: whose predictions; by default test before validation, and none without labels.

    Raises:
        UnreadableError: there is no such folder.
        NotACorpusError: a predictions file lacks columns.
        UsageError: the run holds no predictions (of that split).
    """
    place = Path(folder)
    if not place.is_dir():
        raise UnreadableError(
            f"{folder}: no such run; write one with: qatk finetune, or give --predictions and --dataset"
        )
    files = {path.stem.removeprefix(_PREFIX): path for path in sorted(place.glob(f"{_PREFIX}*.parquet"))}
    chosen = split or (choose_split(list(files), _unlabelled(files)) if files else "test")
    if chosen not in files:
        held = f"it has {', '.join(files)}" if files else "it has none"
        raise UsageError(
            f"{folder}: no predictions for {chosen} ({held}); "
            f"write them with: qatk predict {folder} DATASET --split {chosen}"
        )
    rows = _parquet_rows(files[chosen])
    facts = _json_if_there(place / "run.json")
    return Run(
        split=chosen,
        examples=[example_from_row(row) for row in rows],
        predictions=[_prediction(row) for row in rows],
        mode=facts.get("mode"),
        settings=facts.get("settings", {}),
        epochs=_json_if_there(place / "metrics.json").get("epochs", []),
    )


def load_predictions(path: str | Path) -> tuple[dict[str, Prediction], list[Example] | None]:
    """Reads a predictions file: official JSON {id: text}, or parquet or JSON Lines of ours.

    Returns:
        The predictions by id, and the examples when the file carries them, else None.

    Raises:
        UnreadableError: missing, not permitted or malformed.
        NotACorpusError: it holds something else.
    """
    place = Path(path)
    if place.suffix == ".parquet":
        rows = _parquet_rows(place)
    elif place.suffix == ".jsonl":
        rows = _json_lines(place)
    else:
        return {key: Prediction(text) for key, text in _official(place).items()}, None
    try:
        by_id = {str(row["id"]): _prediction(row) for row in rows}
    except KeyError as error:
        raise NotACorpusError(
            f"{path}: a prediction has no {error.args[0]!r}; needed are id and answer"
        ) from error
    carried = all("context" in row and "question" in row and "answers" in row for row in rows)
    return by_id, [example_from_row(row) for row in rows] if carried and rows else None


def load_null_odds(path: str | Path) -> dict[str, float]:
    """Reads official null odds, {id: number}, in the order of the file.

    Raises:
        UnreadableError: missing, not permitted or malformed.
        NotACorpusError: it holds something else.
    """
    content = read_json(Path(path))
    if not isinstance(content, dict) or not all(isinstance(odds, int | float) for odds in content.values()):
        raise NotACorpusError(f"{path}: not null odds: expected one JSON object of id and number")
    return content


def _official(path: Path) -> dict[str, str]:
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise NotACorpusError(
            f"{path}: not predictions: expected one JSON object of id and answer text "
            '("" for no answer), or a .parquet or .jsonl file that qatk predict wrote'
        )
    return content


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    try:
        held = pq.read_schema(path).names
        table = pq.read_table(path, columns=[name for name in _COLUMNS if name in held])
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableError(f"{path}: not a readable parquet file: {error}") from error
    missing = [name for name in ("id", "answer") if name not in table.column_names]
    if missing:
        raise NotACorpusError(f"{path}: not predictions: no column {' or '.join(missing)}")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _json_lines(path: Path) -> list[dict[str, Any]]:
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    rows.append(json.loads(line))
                    if not isinstance(rows[-1], dict):
                        raise NotACorpusError(f"{path}:{number}: expected one JSON object per line")
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableError(f"{path}:{len(rows) + 1}: not JSON Lines: {error}") from error
    return rows


def _prediction(row: dict[str, Any]) -> Prediction:
    return Prediction(
        text=row["answer"],
        start=row.get("start"),
        end=row.get("end"),
        score=row.get("score"),
        null_score=row.get("null_score"),
        gold_rank=row.get("gold_rank"),
        n_windows=row.get("n_windows"),
    )


def _unlabelled(files: Mapping[str, Path]) -> frozenset[str]:
    """Splits without a single annotated answer, such as a blind test file."""
    return frozenset(name for name, path in files.items() if not _has_answer(path))


def _has_answer(path: Path) -> bool:
    answers = pq.read_table(path, columns=["answers"])["answers"]
    return bool(pc.any(pc.greater(pc.list_value_length(pc.struct_field(answers, "text")), 0)).as_py())


def _json_if_there(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}
