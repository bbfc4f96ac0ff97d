"""Loads the annotated side of a report: official SQuAD JSON or a converted folder.

Every example comes with its origin: a JSON pointer for SQuAD JSON, and what `lineage.parquet`
says for a folder that `qatk convert` wrote. A `DatasetDict` that somebody else saved works too,
without origins. Nothing is validated or repaired here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qatoolkit.analysis.cases import Example
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

# A report is about data the model has not seen, so the order is from least to most seen.
SPLIT_ORDER = ("test", "validation", "train")


def load_examples(path: str | Path, split: str | None = None) -> tuple[str | None, list[Example]]:
    """Reads the examples that predictions are scored against.

    Args:
        path: a SQuAD JSON file (v1.1 or v2.0) or a folder of `DatasetDict.save_to_disk`.
        split: which split of a folder; by default test before validation before train, and
            only a labelled one.

    Returns:
        The split (None for a file) and its examples in the order of the file.

    Raises:
        UnreadableError: nothing is there, or it is not JSON.
        NotACorpusError: it is JSON or a folder of another kind.
        UsageError: the folder has no such split.
    """
    place = Path(path)
    if place.is_dir():
        return _from_folder(place, str(path), split)
    return None, list(_from_squad(read_json(place), str(path)))


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        UnreadableError: it is missing, not permitted, or not JSON; says where it broke off.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{path}:{error.lineno}: not JSON: {error.msg}, column {error.colno}"
        ) from error


def _from_squad(content: Any, source: str) -> Iterator[Example]:
    try:
        for a, article in enumerate(content["data"]):
            for p, part in enumerate(article["paragraphs"]):
                for q, qa in enumerate(part["qas"]):
                    answers = qa.get("answers", [])
                    yield Example(
                        id=str(qa["id"]),
                        title=article.get("title") or "",
                        context=part["context"],
                        question=qa["question"],
                        answers=tuple(answer["text"] for answer in answers),
                        answer_starts=tuple(answer["answer_start"] for answer in answers),
                        source=source,
                        pointer=f"/data/{a}/paragraphs/{p}/qas/{q}",
                    )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotACorpusError(
            f"{source}: not SQuAD JSON (data > paragraphs > qas with id, question, answers): {error!r}. "
            "Other layouts: qatk convert, then give the folder as the data set."
        ) from error


def _from_folder(folder: Path, source: str, split: str | None) -> tuple[str, list[Example]]:
    if not (folder / "dataset_dict.json").is_file():
        raise NotACorpusError(
            f"{source}: not a converted data set (no dataset_dict.json); write one with: qatk convert"
        )
    # Imported here: the analysis of a run never needs it, and it takes most of a second.
    from datasets import load_from_disk

    splits = load_from_disk(source)
    chosen = split or choose_split(list(splits), _unlabelled(folder))
    if chosen not in splits:
        raise UsageError(f"{source}: no split {chosen!r}; it has {', '.join(splits)}")
    origins = _lineage(folder / "lineage.parquet", chosen)
    rows = splits[chosen].with_format(None).to_list()
    return chosen, [example_from_row({**row, **origins.get(row["id"], {})}) for row in rows]


def choose_split(names: Sequence[str], unlabelled: frozenset[str] = frozenset()) -> str:
    """The split a report is about when none was asked for.

    Raises:
        UsageError: no split has labels.
    """
    for name in (*SPLIT_ORDER, *names):
        if name in names and name not in unlabelled:
            return name
    raise UsageError(f"no labelled split among {', '.join(names)}: there is nothing to score against")


def example_from_row(row: dict[str, Any]) -> Example:
    """An example from a row with the SQuAD columns and, where known, lineage columns."""
    answers = row.get("answers") or {}
    return Example(
        id=str(row["id"]),
        title=row.get("title") or "",
        context=row["context"],
        question=row["question"],
        answers=tuple(answers.get("text") or ()),
        answer_starts=tuple(answers.get("answer_start") or ()),
        source=row.get("source"),
        line=row.get("line"),
        pointer=row.get("pointer"),
        row=row.get("row"),
    )


def _unlabelled(folder: Path) -> frozenset[str]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return frozenset()
    splits = read_json(manifest).get("splits", {})
    return frozenset(name for name, facts in splits.items() if not facts.get("labelled", True))


def _lineage(path: Path, split: str) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    columns = ["id", "source", "row", "line", "pointer"]
    table = pq.read_table(path, columns=columns, filters=[("split", "=", split)])
    return {row["id"]: row for row in table.to_pylist()}
