"""The questions that a model is asked: those of a converted dataset, or of any file as it is.

A file may hold anything: rows without a context, rows that cannot be read, answers that are not where they
are said to be. Every row stays, in the order of the file; one that asks nothing carries the reason.
Annotated answers are for scoring, by their text. Nothing is judged or repaired, and no layout is known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qatoolkit.corpus.reader import Corpus
from qatoolkit.corpus.record import LINEAGE, Note, origin
from qatoolkit.errors import NotACorpusError, UsageError
from qatoolkit.training.data import Columns, is_labelled, load_columns, load_lineage, load_splits

#: Where a row came from, the columns of a predictions file.
PLACE = ("source", *LINEAGE)

_LARGEST = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Questions:
    """Rows of a split or a file, n of them.

    Attributes:
        columns: id, title, context, question and answers; "" where a row has none.
        places: of each row, where it came from: the columns of `PLACE`, as far as they are known.
        reasons: of each row, why it cannot be asked, None if it can.
        labelled: whether a question without an answer is unanswerable, not merely without annotation.
        split: of the dataset; None for a file.
    """

    columns: Columns
    places: list[Mapping[str, Any]]
    reasons: list[str | None]
    labelled: bool
    split: str | None = None

    def __len__(self) -> int:
        return len(self.reasons)

    @property
    def askable(self) -> list[int]:
        """The rows that can be asked."""
        return [row for row, reason in enumerate(self.reasons) if reason is None]

    def origin(self, row: int) -> str:
        """Where a person finds a row, "" when unknown."""
        place = self.places[row]
        return origin(*(place.get(name) for name in ("source", "line", "pointer", "row")))


def load_questions(dataset: str | Path | Mapping[str, Any], split: str) -> Questions:
    """The questions of a split of a converted dataset.

    Args:
        dataset: a folder written by `qatk convert` or `save_to_disk`, or a mapping of splits.
        split: which one.

    Raises:
        UsageError: no such folder or split, or an annotated answer is not where it says it is.
        NotACorpusError: the folder holds something else.
    """
    splits = load_splits(dataset)
    if split not in splits:
        raise UsageError(f"no split {split} in the dataset (splits: {', '.join(splits)})")
    columns = load_columns(splits[split], split)
    lineage = load_lineage(dataset, split)
    return Questions(
        columns,
        [lineage.get(example_id, {}) for example_id in columns["id"]],
        [None] * len(columns["id"]),
        is_labelled(dataset, split, columns),
        split,
    )


def read_questions(corpus: Corpus, split: str | None = None) -> Questions:
    """Reads all rows.

    Rows that repeat a question, each for a further answer, all get all of its answers.

    Args:
        corpus: what `read` opened.
        split: only the sources of that split.

    Raises:
        NotACorpusError: there is no row at all.
        UsageError: there is no such split.
    """
    sources = [source for source in corpus.sources if split is None or source.split == split]
    if not sources:
        held = ", ".join(dict.fromkeys(source.split or source.name for source in corpus.sources))
        raise UsageError(f"no split {split} there (it has {held}); leave --split out to answer all questions")
    rows: list[dict[str, Any]] = []
    for source in sources:
        for batch in source.batches(corpus.mapping):
            found = [_row(record, batch.source) for record in batch.records.iter_rows(named=True)]
            found += [_unreadable(note, batch.source) for note in batch.unreadable]
            rows += sorted(found, key=lambda row: row["place"]["row"] or 0)
    if not rows:
        raise NotACorpusError(f"{', '.join(source.name for source in sources)}: holds no questions")
    _share_answers(rows)
    names = ("id", "title", "context", "question", "answers")
    return Questions(
        {name: [row[name] for row in rows] for name in names},
        [row["place"] for row in rows],
        [row["reason"] for row in rows],
        labelled=any(row["answers"]["text"] or row["unanswerable"] for row in rows),
    )


def _row(record: Mapping[str, Any], source: str) -> dict[str, Any]:
    missing = [name for name in ("question", "context") if not (record[name] or "").strip()]
    return {
        **{name: record[name] or "" for name in ("id", "title", "context", "question")},
        "answers": list(_answers(record)),
        "unanswerable": bool(record["is_impossible"]),
        "place": {"source": source, **{name: record[name] for name in LINEAGE}},
        "reason": f"has no {' and no '.join(missing)}" if missing else None,
    }


def _unreadable(note: Note, source: str) -> dict[str, Any]:
    place = {name: getattr(note.place, name, None) for name in LINEAGE}
    return {
        **dict.fromkeys(("id", "title", "context", "question"), ""),
        "answers": [],
        "unanswerable": False,
        "place": {"source": source, **place},
        "reason": f"cannot be read: {note.detail}",
    }


def _answers(record: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Texts and starts; -1 where there is no start, or none that a context could have."""
    for text, start in zip(record["text"] or (), record["answer_start"] or (), strict=True):
        if text:
            yield text, start if start is not None and 0 <= start <= _LARGEST else -1


def _share_answers(rows: list[dict[str, Any]]) -> None:
    """Gives the rows of one question the same answers, each of them once, in SQuAD's form."""
    together: dict[tuple[str, str, str], dict[tuple[str, int], None]] = {}
    keys = [(row["id"], row["context"], row["question"]) for row in rows]
    for key, row in zip(keys, rows, strict=True):
        together.setdefault(key, {}).update(dict.fromkeys(row["answers"]))
    for key, row in zip(keys, rows, strict=True):
        pairs = together[key] if row["reason"] is None else dict.fromkeys(row["answers"])
        row["answers"] = {
            "text": [text for text, _ in pairs],
            "answer_start": [start for _, start in pairs],
        }
