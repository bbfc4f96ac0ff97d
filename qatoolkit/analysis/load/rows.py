"""Rows of a predictions file, held to their shape: a value of another kind is told, never guessed at.

Whoever reads the rows says which row it was; see `predictions.each`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from qatoolkit.analysis.cases import Candidate, Example, Prediction

Row = Mapping[str, Any]

# The n-best lists are the bulk of a file; a reader looks at their heads.
MOST_CANDIDATES = 3


def was_asked(row: Row) -> bool:
    """Whether a row is a question; `qatk predict` keeps those that have no question or no context."""
    return row.get("answer") is not None or all(
        str(row.get(name, "?") or "").strip() for name in ("question", "context")
    )


def example_from_row(row: Row) -> Example:
    """An example from a row of a predictions file.

    Raises:
        KeyError: a value that is needed is missing.
        TypeError: a value is of another kind.
    """
    texts, starts = _answers(row)
    return Example(
        id=str(row["id"]),
        title=_text(row, "title") or "",
        context=_needed(row, "context"),
        question=_needed(row, "question"),
        answers=texts,
        answer_starts=starts if len(starts) == len(texts) else (-1,) * len(texts),
        source=_text(row, "source"),
        pointer=_text(row, "pointer"),
        line=_whole(row, "line"),
        row=_whole(row, "row"),
        extra=extra_columns(_text(row, "extra")),
    )


def prediction_from_row(row: Row) -> Prediction:
    """A prediction from a row of a predictions file.

    Raises:
        KeyError: it has no answer, not even null.
        TypeError: a value is of another kind.
    """
    row["answer"]  # null is an answer that is missing; no such column is another file
    return Prediction(
        text=_text(row, "answer"),
        start=_whole(row, "start"),
        end=_whole(row, "end"),
        score=_share(row, "score"),
        null_score=_number(row, "null_score"),
        gold_rank=_whole(row, "gold_rank"),
        n_windows=_whole(row, "n_windows"),
        candidates=tuple(_candidate(span) for span in (row.get("n_best") or ())[:MOST_CANDIDATES]),
        annotated_score=_share(row, "annotated_score"),
    )


def extra_columns(held: str | None) -> dict[str, str]:
    """The source's other columns, as text; what is itself nested stays JSON.

    Raises:
        TypeError: it is no JSON.
    """
    try:
        content = json.loads(held) if held else {}
    except ValueError as error:
        raise TypeError(f"extra is no JSON: {error}") from error
    if not isinstance(content, dict):
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in content.items()
        if value is not None
    }


def finite(value: Any) -> Any:
    """A training that diverged leaves numbers that are none, and JSON has no word for them."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _answers(row: Row) -> tuple[tuple[str, ...], tuple[int, ...]]:
    held = row.get("answers") or {}
    if not isinstance(held, Mapping):
        raise TypeError(f"answers is {type(held).__name__}, not an object of text and answer_start")
    texts, starts = held.get("text") or (), held.get("answer_start") or ()
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise TypeError("answers.text is no list of texts")
    if not isinstance(starts, list | tuple):
        raise TypeError("answers.answer_start is no list of numbers")
    known = (_whole({"answer_start": start}, "answer_start") for start in starts)
    return tuple(texts), tuple(-1 if start is None else start for start in known)


def _candidate(span: object) -> Candidate:
    if not isinstance(span, Mapping):
        raise TypeError("n_best is no list of objects of text, start, end and score")
    start, end, score = _whole(span, "start"), _whole(span, "end"), _share(span, "score")
    return Candidate(_text(span, "text") or "", start or 0, end or 0, score or 0.0)


def _needed(row: Row, name: str) -> str:
    value = _text({name: row[name]}, name)
    if value is None:
        raise TypeError(f"{name} is null")
    return value


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is {type(value).__name__}, not text")
    return value


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise TypeError(f"{name} is {type(value).__name__}, not a number")
    return None if value is None else finite(float(value))


def _whole(row: Row, name: str) -> int | None:
    """An integer; a table with gaps may hold it as 12.0."""
    value = _number(row, name)
    if value is not None and not value.is_integer():
        raise TypeError(f"{name} is {value}, not a whole number")
    return None if value is None else int(value)


def _share(row: Row, name: str) -> float | None:
    """A probability; another scale says nothing here."""
    value = _number(row, name)
    return value if value is not None and 0 <= value <= 1 else None
