"""Writes examples to a folder in one or several formats, deterministically.

arrow    what `DatasetDict.save_to_disk` lays; `load_from_disk` reads it
parquet  SPLIT.parquet; `load_dataset("DIR")` reads it by the dataset card
squad    SPLIT.json, nested; version 1.1 or v2.0 by whether a question has no answer
jsonl    SPLIT.jsonl, a flat row a line
csv      SPLIT.csv, the answers as JSON in one cell; text with NUL is better kept in another format,
         because most readers of tables refuse it
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import datasets

#: The columns of the Hub's squad and squad_v2, in their order.
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("context", pa.string()),
        ("question", pa.string()),
        ("answers", pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])),
    ]
)

Splits = Mapping[str, pa.Table]


def to_dataset_dict(splits: Splits) -> datasets.DatasetDict:
    """Arrow tables of `SCHEMA` as a DatasetDict with the features of squad, fingerprinted by content."""
    import datasets

    features = datasets.Features(
        {
            **{name: datasets.Value("string") for name in ("id", "title", "context", "question")},
            "answers": {
                "text": datasets.List(datasets.Value("string")),
                "answer_start": datasets.List(datasets.Value("int32")),
            },
        }
    )
    made = {}
    for name, table in splits.items():
        info = datasets.DatasetInfo(features=features)
        plain = table.replace_schema_metadata(None)
        made[name] = datasets.Dataset(
            datasets.table.InMemoryTable(plain), info=info, fingerprint=fingerprint(table)
        )
    return datasets.DatasetDict(made)


def fingerprint(table: pa.Table) -> str:
    """16 hex digits over the content of a table, the same wherever it is computed."""
    from datasets.fingerprint import Hasher

    hasher = Hasher()
    for row in table.to_batches(max_chunksize=10_000):
        hasher.update(json.dumps(row.to_pylist(), ensure_ascii=False))
    return str(hasher.hexdigest())


def write_arrow(splits: Splits, folder: Path) -> None:
    """As `save_to_disk` does, without its progress bar."""
    from datasets.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        to_dataset_dict(splits).save_to_disk(str(folder))
    finally:
        if shown:
            logging.enable_progress_bar()


def write_parquet(splits: Splits, folder: Path) -> None:
    """One file a split."""
    for name, table in splits.items():
        pq.write_table(table, folder / f"{name}.parquet")


def write_squad(splits: Splits, folder: Path) -> None:
    """Nested, with the flag is_impossible only where a split needs it."""
    for name, table in splits.items():
        answerable = all(len(row["text"]) for row in table.column("answers").to_pylist())
        nested = {"version": "1.1" if answerable else "v2.0", "data": list(_articles(table, answerable))}
        text = json.dumps(nested, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="")


def _articles(table: pa.Table, answerable: bool) -> Iterator[dict[str, Any]]:
    """Consecutive examples of one title and one context, nested."""
    article: dict[str, Any] = {}
    for row in table.to_pylist():
        if not article or article["title"] != row["title"]:
            if article:
                yield article
            article = {"title": row["title"], "paragraphs": []}
        paragraphs = article["paragraphs"]
        if not paragraphs or paragraphs[-1]["context"] != row["context"]:
            paragraphs.append({"context": row["context"], "qas": []})
        pairs = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
        qa = {"id": row["id"], "question": row["question"],
              "answers": [{"text": text, "answer_start": start} for text, start in pairs]}  # fmt: skip
        paragraphs[-1]["qas"].append(qa if answerable else qa | {"is_impossible": not qa["answers"]})
    if article:
        yield article


def write_jsonl(splits: Splits, folder: Path) -> None:
    """The flat rows of the Hub's squad."""
    for name, table in splits.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="") as stream:
            for row in table.to_pylist():
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(splits: Splits, folder: Path) -> None:
    """The same rows as a table."""
    for name, table in splits.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            # Everything in quotes: a lone carriage return would be left bare and read as a line break.
            writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow(SCHEMA.names)
            for row in table.to_pylist():
                row["answers"] = json.dumps(row["answers"], ensure_ascii=False)
                writer.writerow(row.values())


#: What `--to` takes.
FORMATS: dict[str, Callable[[Splits, Path], None]] = {
    "arrow": write_arrow,
    "parquet": write_parquet,
    "squad": write_squad,
    "jsonl": write_jsonl,
    "csv": write_csv,
}


def write_splits(splits: Splits, folder: Path, formats: list[str]) -> None:
    """Writes every format: Arrow, or the only one, at the root; the others in a folder of their name."""
    for name in formats:
        place = folder if name == "arrow" or len(formats) == 1 else folder / name
        place.mkdir(exist_ok=True)
        FORMATS[name](splits, place)
