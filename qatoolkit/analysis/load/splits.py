"""Loads all splits of a dataset as examples, for its profile.

Texts that repeat are held once, and where a record lies is left out, so that half a million questions fit
into memory. Records that cannot be read are counted, not refused: a profile is no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.records import example_of, merged
from qatoolkit.analysis.load.source import SPLIT_ORDER
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
    wanted = names if split is None else [split]
    return [_split(corpus, name, texts, declared.get(name)) for name in wanted]


def _split(corpus: Corpus, name: str, texts: dict[str, str], declared: bool | None) -> Split:
    """One split, and how many of its records could not be read."""
    unreadable = 0

    def examples() -> Iterator[Example]:
        nonlocal unreadable
        for source in corpus.sources:
            if (source.split or WHOLE) == name:
                for batch in source.batches(corpus.mapping):
                    unreadable += len(batch.unreadable)
                    for row in batch.records.select(_COLUMNS).iter_rows(named=True):
                        yield example_of(row, {}, texts)

    found = merged(examples())
    return Split(name, found, declared, unreadable)
