"""Loads predictions: what `qatk predict` and `qatk finetune` write, or the official kind.

A parquet or JSON Lines file of ours carries its examples with it, so it needs no data set. The
official kind is one JSON object {id: text} without positions, scores or examples; null odds are one
JSON object {id: number}.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.load.rows import MOST_CANDIDATES, example_from_row, prediction_from_row, was_asked
from qatoolkit.analysis.load.source import read_json
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

T = TypeVar("T")

# JSON can say half of a surrogate pair.
_HALF = re.compile("[\ud800-\udfff]")

# Everything the analysis uses.
_COLUMNS = (
    "id", "title", "context", "question", "answers", "answer", "start", "end", "score", "null_score",
    "n_best", "gold_rank", "n_windows", "source", "row", "line", "pointer", "extra",
)  # fmt: skip


@dataclass(frozen=True)
class PredictionsFile:
    """What a predictions file says, n rows in its order.

    Attributes:
        path: the file, as typed.
        ids: of the questions; two questions of a careless file may share one.
        predictions: one for each id.
        examples: what was asked, one for each id; None when the file does not carry it.
        notes: sentences a reader must know.
    """

    path: str
    ids: list[str]
    predictions: list[Prediction]
    examples: list[Example] | None = None
    notes: list[str] = field(default_factory=list)

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


def load_predictions(path: str | Path) -> PredictionsFile:
    """Reads a predictions file: official JSON {id: text}, or parquet or JSON Lines of ours.

    Raises:
        UnreadableError: missing, not permitted or malformed.
        NotACorpusError: it holds something else.
    """
    place = Path(path)
    notes: list[str] = []
    if place.suffix == ".parquet":
        rows = parquet_rows(place)
    elif place.suffix == ".jsonl":
        rows = _whole(_json_lines(place), notes)
    else:
        official = _whole(_official(place), notes)
        predicted = [Prediction(text) for text in official.values()]
        return PredictionsFile(str(path), list(official), predicted, notes=notes)
    rows = asked(rows, notes)
    ids = each(lambda row: str(row["id"]), rows, place)
    predictions = each(prediction_from_row, rows, place)
    carried = rows and all("context" in row and "question" in row and "answers" in row for row in rows)
    examples = each(example_from_row, rows, place) if carried else None
    return PredictionsFile(str(path), ids, predictions, examples, notes)


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


def _whole(content: Any, notes: list[str]) -> Any:
    """The content of a JSON file with half characters replaced, which no table and no page can hold."""
    found = 0

    def mend(value: Any) -> Any:
        nonlocal found
        if isinstance(value, str):
            mended, count = _HALF.subn("\ufffd", value)
            found += count
            return mended
        if isinstance(value, dict):
            return {mend(key): mend(held) for key, held in value.items()}
        return [mend(held) for held in value] if isinstance(value, list) else value

    mended = mend(content)
    if found:
        notes.append(f"Halves of surrogate pairs, which are no characters, are read as \ufffd: {found:,}.")
    return mended


def _official(path: Path) -> dict[str, str]:
    content = read_json(path)
    expected = (
        'expected one JSON object of id and answer text ("" for no answer), or a .parquet or .jsonl file '
        "that qatk predict wrote"
    )
    if not isinstance(content, dict):
        raise NotACorpusError(f"{path}: not predictions: {expected}")
    for key, text in content.items():
        if not isinstance(text, str):
            raise NotACorpusError(
                f"{path}: not predictions: the answer of {key!r} is {type(text).__name__}; {expected}"
            )
    if not content:
        raise UsageError(f"{path}: holds no predictions")
    return content


def parquet_rows(path: Path, needed: Sequence[str] = ("id", "answer")) -> list[dict[str, Any]]:
    """The rows of a predictions parquet, of their n-best lists only the heads.

    Raises:
        UnreadableError: there is none.
        NotACorpusError: it lacks a column that is needed.
    """
    frame = read_parquet(path, _COLUMNS, needed)
    if {"n_best", "gold_rank"} <= set(frame.columns):
        spans = pl.col("n_best").list
        found = spans.get(pl.col("gold_rank"), null_on_oob=True).struct.field("score")
        has_list = pl.col("n_best").is_not_null()
        frame = frame.with_columns(
            pl.when(has_list).then(found.fill_null(0.0)).alias("annotated_score"),
            spans.head(MOST_CANDIDATES),
        )
    return _rows(frame)


def asked(rows: list[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """The rows that are questions, and a note on the others."""
    kept = [row for row in rows if was_asked(row)]
    if len(kept) < len(rows):
        notes.append(f"Rows without a question or a context are left out: {len(rows) - len(kept):,}.")
    return kept


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows; a context that repeats is one text, because a thousand copies of a book do not fit."""
    if "context" not in frame.columns:
        return frame.to_dicts()
    distinct = frame.select("context").unique(maintain_order=True).with_row_index("number")
    numbers = frame.select("context").join(
        distinct, on="context", how="left", nulls_equal=True, maintain_order="left"
    )["number"]
    texts = distinct["context"].to_list()
    rows = frame.drop("context").to_dicts()
    for row, number in zip(rows, numbers, strict=True):
        row["context"] = texts[number]
    return rows


def read_parquet(path: Path, columns: Sequence[str], needed: Sequence[str]) -> pl.DataFrame:
    """Some columns of a parquet file, as far as it has them.

    Raises:
        UnreadableError: there is none.
        NotACorpusError: it lacks a column that is needed.
    """
    try:
        held = pl.read_parquet_schema(path)
        frame = pl.read_parquet(path, columns=[name for name in columns if name in held])
    except FileNotFoundError as error:
        raise UnreadableError(f"{path}: no such file") from error
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UnreadableError(f"{path}: not a readable parquet file: {error}") from error
    missing = [name for name in needed if name not in held]
    if missing:
        raise NotACorpusError(f"{path}: not predictions: it has no column {', '.join(missing)}")
    return frame


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


def each(build: Callable[[dict[str, Any]], T], rows: Sequence[dict[str, Any]], path: Path) -> list[T]:
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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
