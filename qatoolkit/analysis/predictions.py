"""Loads the predicted side of a report: a run, or a predictions file.

A run (and a predictions parquet or JSON Lines file of ours) carries its examples with it, so it
needs no data set. The official kind is one JSON object {id: text} without positions, scores or
examples; null odds are one JSON object {id: number}.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.source import choose_split, example_from_row, read_json
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

T = TypeVar("T")

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


@dataclass(frozen=True)
class PredictionsFile:
    """What a predictions file says, n rows in its order.

    Attributes:
        path: the file, as typed.
        ids: of the questions; two questions of a careless file may share one.
        predictions: one for each id.
        examples: what was asked, one for each id; None when the file does not carry it.
    """

    path: str
    ids: list[str]
    predictions: list[Prediction]
    examples: list[Example] | None = None

    def by_id(self) -> dict[str, Prediction]:
        """The predictions, to be joined to a data set.

        Raises:
            UsageError: an id has two different answers, so that nobody can tell which one is meant.
        """
        found: dict[str, Prediction] = {}
        for key, prediction in zip(self.ids, self.predictions, strict=True):
            if found.setdefault(key, prediction).text != prediction.text:
                further = "leave --dataset out: the file carries its own questions"
                raise UsageError(
                    f"{self.path}: id {key!r} has several answers, so they cannot be joined to a data set by "
                    f"id; {further if self.examples else 'give every question an id of its own'}"
                )
        return found


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
    chosen = split or (choose_split(list(files), lambda name: _has_answer(files[name])) if files else "test")
    if chosen not in files:
        held = f"it has {', '.join(files)}" if files else "it has none"
        raise UsageError(
            f"{folder}: no predictions for {chosen} ({held}); "
            f"write them with: qatk predict {folder} DATASET --split {chosen}"
        )
    rows = _parquet_rows(files[chosen], needed=("id", "context", "question", "answers", "answer"))
    facts = _json_if_there(place / "run.json")
    epochs = _json_if_there(place / "metrics.json").get("epochs") or []
    return Run(
        split=chosen,
        examples=_each(example_from_row, rows, files[chosen]),
        predictions=_each(_prediction, rows, files[chosen]),
        mode=facts.get("mode"),
        settings=facts.get("settings") or {},
        epochs=[{name: _finite(value) for name, value in epoch.items()} for epoch in epochs],
    )


def load_predictions(path: str | Path) -> PredictionsFile:
    """Reads a predictions file: official JSON {id: text}, or parquet or JSON Lines of ours.

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
        official = _official(place)
        return PredictionsFile(str(path), list(official), [Prediction(text) for text in official.values()])
    rows = [row for row in rows if _was_asked(row)]
    ids = _each(lambda row: str(row["id"]), rows, place)
    predictions = _each(_prediction, rows, place)
    carried = rows and all("context" in row and "question" in row and "answers" in row for row in rows)
    examples = _each(example_from_row, rows, place) if carried else None
    return PredictionsFile(str(path), ids, predictions, examples)


def load_null_odds(path: str | Path) -> dict[str, float]:
    """Reads official null odds, {id: number}, in the order of the file.

    Raises:
        UnreadableError: missing, not permitted or malformed.
        NotACorpusError: it holds something else.
    """
    content = read_json(Path(path))
    if not isinstance(content, dict) or not all(map(_is_number, content.values())):
        raise NotACorpusError(f"{path}: not null odds: expected one JSON object of id and finite number")
    return content


def _was_asked(row: dict[str, Any]) -> bool:
    """Whether a row is a question; `qatk predict` keeps those that have no question or no context."""
    return row.get("answer") is not None or all(
        str(row.get(name, "?") or "").strip() for name in ("question", "context")
    )


def _official(path: Path) -> dict[str, str]:
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise NotACorpusError(
            f"{path}: not predictions: expected one JSON object of id and answer text "
            '("" for no answer), or a .parquet or .jsonl file that qatk predict wrote'
        )
    return content


def _parquet_rows(path: Path, needed: Sequence[str] = ("id", "answer")) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _table(path, _COLUMNS, needed).to_pylist()
    return rows


def _table(path: Path, columns: Sequence[str], needed: Sequence[str]) -> pa.Table:
    try:
        held = pq.read_schema(path).names
        table = pq.read_table(path, columns=[name for name in columns if name in held])
    except FileNotFoundError as error:
        raise UnreadableError(f"{path}: no such file") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableError(f"{path}: not a readable parquet file: {error}") from error
    missing = [name for name in needed if name not in held]
    if missing:
        raise NotACorpusError(f"{path}: not predictions: it has no column {', '.join(missing)}")
    return table


def _json_lines(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    rows.append(json.loads(line))
                    if not isinstance(rows[-1], dict):
                        raise NotACorpusError(f"{path}:{number}: expected one JSON object per line")
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path}:{number}: not JSON Lines: {error}") from error
    return rows


def _each(build: Callable[[dict[str, Any]], T], rows: Sequence[dict[str, Any]], path: Path) -> list[T]:
    """Builds a value of every row, or says which row is not shaped like a prediction."""
    built = []
    for number, row in enumerate(rows, 1):
        try:
            built.append(build(row))
        except KeyError as error:
            raise NotACorpusError(
                f"{path}: row {number}: not a prediction: no {error.args[0]!r}; "
                "needed are id and answer, and without a data set context, question and answers too"
            ) from error
        except (AttributeError, TypeError) as error:
            raise NotACorpusError(f"{path}: row {number}: not a prediction: {error}") from error
    return built


def _prediction(row: dict[str, Any]) -> Prediction:
    text = row["answer"]
    if not isinstance(text, str | None):
        raise TypeError(f"the answer is {type(text).__name__}, not text")
    return Prediction(
        text=text,
        start=row.get("start"),
        end=row.get("end"),
        score=_finite(row.get("score")),
        null_score=_finite(row.get("null_score")),
        gold_rank=row.get("gold_rank"),
        n_windows=row.get("n_windows"),
    )


def _finite(value: Any) -> Any:
    """A training that diverged leaves numbers that are none, and JSON has no word for them."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _has_answer(path: Path) -> bool:
    """Whether a single question has an annotated answer; a blind test file has none."""
    answers = _table(path, ("answers",), ("answers",))["answers"]
    return bool(pc.any(pc.greater(pc.list_value_length(pc.struct_field(answers, "text")), 0)).as_py())


def _json_if_there(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}
