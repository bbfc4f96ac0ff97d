"""From rows as the source has them to SQuAD examples: starts filled in, repeated rows merged."""

from __future__ import annotations

from typing import Any

import polars as pl

from qatoolkit.validation.diagnosis import diagnose


def fill_starts(records: pl.DataFrame) -> pl.DataFrame:
    """Gives every answer without a start the place where its text occurs.

    The records must be valid: a missing start then has exactly one place it can mean.
    """
    lacking = pl.col("answer_start").list.eval(pl.element().is_null()).list.any().fill_null(False)
    if not records.select(lacking.any()).item():
        return records
    filled = [_starts(record) for record in records.iter_rows(named=True)]
    return records.with_columns(pl.Series("answer_start", filled, pl.List(pl.Int64)))


def _starts(record: dict[str, Any]) -> list[int | None]:
    pairs = zip(record["text"], record["answer_start"], strict=True)
    return [
        start if start is not None else diagnose(record["context"], text, None).start for text, start in pairs
    ]


def merge_rows(records: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Joins rows that are equal in id, context and question into one example with all their answers.

    Args:
        records: valid records with a column `source_index` that orders their sources.

    Returns:
        The examples in the order of their first rows, with a column `merged` that lists the
        numbers of the source rows that were added to each; and how many rows that were. An
        answer that a further row repeats to the character is kept once.
    """
    repeated = records.select(pl.struct("id", "context", "question").is_duplicated()).to_series()
    single = records.filter(~repeated).with_columns(merged=pl.lit([], pl.List(pl.Int64)))
    examples: dict[tuple[str, str, str], dict[str, Any]] = {}
    for record in records.filter(repeated).iter_rows(named=True):
        key = (record["id"], record["context"], record["question"])
        if key in examples:
            _absorb(examples[key], record)
        else:
            examples[key] = record | {"merged": []}
    if not examples:
        return single, 0
    whole = pl.concat([single, pl.DataFrame(list(examples.values()), schema=single.schema)])
    return whole.sort("source_index", "row"), records.height - whole.height


def _absorb(example: dict[str, Any], record: dict[str, Any]) -> None:
    example["merged"].append(record["row"])
    known = set(zip(example["text"], example["answer_start"], strict=True))
    for index, answer in enumerate(zip(record["text"], record["answer_start"], strict=True)):
        if answer not in known:
            known.add(answer)
            for column in ("text", "answer_start", "answer_end"):
                example[column].append(record[column][index])
