"""Writes suspects to a file that people go through: a list of corrections, or tasks for Label Studio.

The list is CSV in UTF-8 with a byte order mark, without which some spreadsheets guess another encoding; the
columns are those of `validation.corrections`, and `validation.spreadsheet` sees to it that no text of the
corpus runs as a formula or comes back as a date. `decision` is empty for the reader to fill in.

The tasks are Label Studio's JSON. In the context of each, two spans are marked beforehand: what is annotated
and what is proposed. Their offsets count code points, as Label Studio itself counts them. A project needs the
labels of `LABEL_STUDIO_CONFIG`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.analysis.cases import Case
from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.validation.corrections import COLUMNS
from qatoolkit.validation.spreadsheet import shielded

#: The labeling interface that the tasks are for, to be pasted into a project's settings.
LABEL_STUDIO_CONFIG = """\
<View>
  <Header value="$question"/>
  <Labels name="answer" toName="text">
    <Label value="annotated"/>
    <Label value="proposed"/>
  </Labels>
  <Text name="text" value="$text"/>
  <Text name="reason" value="$reason"/>
</View>
"""


def check_target(path: str | Path, *, overwrite: bool) -> None:
    """Refuses, before anything is computed, what suspects are not written to.

    Args:
        path: ends in .csv for a list of corrections, in .json for Label Studio.
        overwrite: whether what is there may go, with the decisions that somebody has written into it.

    Raises:
        UsageError: another ending.
        DestinationError: it exists.
    """
    if Path(path).suffix.lower() not in (".csv", ".json"):
        raise UsageError(
            f"{path}: suspects are written to .csv, a list for qatk fix --apply, or .json for Label Studio"
        )
    if Path(path).exists() and not overwrite:
        raise DestinationError(f"{path}: exists already; add --overwrite, or choose another name")


def write_suspects(suspects: pl.DataFrame, cases: Sequence[Case], path: str | Path) -> None:
    """Writes suspects where a person can decide on them.

    Args:
        suspects: of `find_suspects`.
        cases: what their `index` counts.
        path: see `check_target`; what is there is replaced.

    Raises:
        DestinationError: it cannot be written.
    """
    target = Path(path)
    kinds: dict[str, Callable[[], str]] = {
        ".csv": lambda: _corrections(suspects),
        ".json": lambda: json.dumps(list(_tasks(suspects, cases)), ensure_ascii=False, indent=1) + "\n",
    }
    encoding = "utf-8-sig" if target.suffix.lower() == ".csv" else "utf-8"
    try:
        target.write_text(kinds[target.suffix.lower()](), encoding=encoding, newline="")
    except OSError as error:
        raise DestinationError(f"{path}: cannot be written: {error.strerror}") from error


def _corrections(suspects: pl.DataFrame) -> str:
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for row in suspects.select(COLUMNS).iter_rows(named=True):
        rows.writerow(_cell(row[name]) for name in COLUMNS)
    return out.getvalue()


def _cell(value: str | float | None) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str):
        return shielded(value)
    return f"{value:.2f}" if isinstance(value, float) else value


def _tasks(suspects: pl.DataFrame, cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    for row in suspects.iter_rows(named=True):
        example = cases[row["index"]].example
        spans = [
            _span(label, row[text], row[start])
            for label, text, start in (
                ("annotated", "old_text", "old_start"),
                ("proposed", "new_text", "new_start"),
            )
            # A wrong start cannot be marked; the reason says what is wrong with it.
            if row[text] and row[start] is not None and example.context.startswith(row[text], row[start])
        ]
        yield {
            "data": {
                "text": example.context,
                "question": example.question,
                "id": example.id,
                "source": example.origin,
                "content_hash": row["content_hash"],
                "reason": row["reason"],
            },
            "predictions": [{"model_version": "qatk", "score": round(row["confidence"], 4), "result": spans}],
        }


def _span(label: str, text: str, start: int) -> dict[str, Any]:
    return {
        "id": label,
        "from_name": "answer",
        "to_name": "text",
        "type": "labels",
        "value": {"start": start, "end": start + len(text), "text": text, "labels": [label]},
    }
