"""The structural contract: the pandera schema in `schemas/record.yaml`, run over a batch.

The file is the contract. Whoever edits it, say to demand a title or a pattern for ids, changes
what `qatk validate` finds, without a line of code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.errors import UsageError
from qatoolkit.resources import resource


@dataclass(frozen=True)
class Failure:
    """One check that one value fails.

    Attributes:
        index: 0-based row of the batch, None where the whole column fails.
        column: the column's name.
        check: pandera's name for the check, with its arguments.
    """

    index: int | None
    column: str
    check: str


def failures(records: pl.DataFrame, schema: Path | None = None) -> Iterator[Failure]:
    """Runs the contract over a batch.

    Args:
        records: frame of record columns.
        schema: another contract than the packaged one.

    Raises:
        UsageError: the schema cannot be read or is none.
    """
    from pandera.errors import SchemaErrors

    path = schema or resource("schemas/record.yaml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a schema: {error}") from error
    try:
        _load(text, path).validate(records, lazy=True)
    except SchemaErrors as error:
        for case in error.failure_cases.iter_rows(named=True):
            whole = case["schema_context"] == "DataFrameSchema"
            yield Failure(case["index"], case["failure_case"] if whole else case["column"], case["check"])


@cache
def _load(text: str, path: Path) -> Any:
    """The schema, loaded once for as long as its text is the same."""
    import pandera.polars as pa

    try:
        schema = pa.DataFrameSchema.from_yaml(text)
    except Exception as error:  # pandera lets YAML, type and definition errors through alike
        raise UsageError(f"{path}: not a pandera schema for Polars: {error}") from error
    if not schema.columns:
        raise UsageError(f"{path}: not a pandera schema for Polars: it names no columns")
    return schema
