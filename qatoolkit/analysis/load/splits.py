"""Loads all splits of a dataset as examples, for its profile.

Texts that repeat are held once, and where a record lies is left out, so that half a million questions fit
into memory. Records that cannot be read are counted, not refused: a profile is no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.source import SPLIT_ORDER, example_from_row
from qatoolkit.corpus.folder import declared_splits
from qatoolkit.corpus.reader import Corpus, read
from qatoolkit.errors import UsageError

#: The split of files that name none.
WHOLE = "all"

_COLUMNS = ("id", "title", "context", "question", "text", "answer_start", "extra")


@dataclass(frozen=True, eq=False)
class Split:
    """The examples of one split.

    Attributes:
        name: its name; `WHOLE` where the source names none.
        examples: rows that repeat a question, each for a further answer, are one.
        labelled: whether questions without an answer are unanswerable, rather than not annotated; None where
            nobody says.
        unreadable: records that could not be read.
    """

    name: str
    examples: list[Example]
    labelled: bool | None = None
    unreadable: int = 0


def load_splits(
    dataset: str | Path, split: str | None = None, fields: Mapping[str, str] | None = None
) -> list[Split]:
    """Reads a dataset of any layout.

    Args:
        dataset: a file, a glob, a folder of files, or a folder of `DatasetDict.save_to_disk`.
        split: only this one.
        fields: column -> field, where the usual names do not fit.

    Returns:
        train, validation, test and then all others, as far as they are there.

    Raises:
        UnreadableError, NotACorpusError: it cannot be read, or holds something else.
        UsageError: there is no such split.
    """
    corpus = read(dataset, fields=fields)
    held = {source.split or WHOLE for source in corpus.sources}
    names = sorted(held, key=lambda name: (-SPLIT_ORDER.index(name) if name in SPLIT_ORDER else 1, name))
    if split is not None and split not in names:
        there = "none; leave --split out" if names == [WHOLE] else ", ".join(names)
        raise UsageError(f"{dataset}: no split {split!r}; it has {there}")
    declared = declared_splits(Path(dataset))
    texts: dict[str, str] = {}
    found = []
    for name in names if split is None else [split]:
        merged, unreadable = _merged(_batches(corpus, name), texts)
        found.append(Split(name, merged, declared.get(name), unreadable))
    return found


def _batches(corpus: Corpus, name: str) -> Iterator[tuple[pl.DataFrame, int]]:
    """The records of a split, and how many beside them could not be read."""
    for source in corpus.sources:
        if (source.split or WHOLE) == name:
            for batch in source.batches(corpus.mapping):
                yield batch.records.select(_COLUMNS), len(batch.unreadable)


def _merged(batches: Iterator[tuple[pl.DataFrame, int]], texts: dict[str, str]) -> tuple[list[Example], int]:
    """One example for the rows that are equal in id, context and question, and the unreadable records."""
    merged: dict[tuple[str, int, str], Example] = {}
    unreadable = 0
    for records, lost in batches:
        unreadable += lost
        for row in records.iter_rows(named=True):
            example = _example(row, texts)
            # The same text is the same object here, and comparing numbers is quicker.
            key = (example.id, id(example.context), example.question)
            first = merged.setdefault(key, example)
            if first is not example:
                merged[key] = _joined(first, example)
    return list(merged.values()), unreadable


def _example(row: dict[str, object], texts: dict[str, str]) -> Example:
    answers, starts = row.pop("text") or [], row.pop("answer_start") or []
    assert isinstance(answers, list)
    assert isinstance(starts, list)
    for name in ("id", "question"):
        row[name] = row[name] or ""
    for name in ("context", "title"):
        text = str(row[name] or "")
        row[name] = texts.setdefault(text, text)
    starts = [-1 if start is None else start for start in starts]
    return example_from_row(row | {"answers": {"text": [a or "" for a in answers], "answer_start": starts}})


def _joined(first: Example, further: Example) -> Example:
    known = set(zip(first.answers, first.answer_starts, strict=True))
    pairs = zip(further.answers, further.answer_starts, strict=True)
    new = [pair for pair in pairs if pair not in known]
    return replace(
        first,
        answers=(*first.answers, *(text for text, _ in new)),
        answer_starts=(*first.answer_starts, *(start for _, start in new)),
    )
