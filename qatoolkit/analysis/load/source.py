"""Loads the annotated side of a report, in any layout that `corpus` reads.

Every example comes with its origin: what its reader says of a file, and what `lineage.parquet`
says of a folder that `qatk convert` wrote. A dataset that somebody else saved works too, without
origins. Nothing is validated or repaired here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.records import ORIGIN, example_of, merged
from qatoolkit.corpus.folder import declared_splits
from qatoolkit.corpus.reader import Corpus, Source, read
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

# A report is about data the model has not seen, so the order is from least to most seen.
SPLIT_ORDER = ("test", "validation", "train")


def load_examples(
    path: str | Path, split: str | None = None, *, fields: Mapping[str, str] | None = None
) -> tuple[str | None, list[Example]]:
    """Reads the examples that predictions are scored against.

    Args:
        path: a file, a glob, a folder of files, or a folder of `DatasetDict.save_to_disk`.
        split: which split of a folder; by default test before validation before train, and
            only a labelled one.
        fields: column -> field, where the usual names do not fit.

    Returns:
        The split (None where there are none) and its examples in the order of the file. Rows
        that repeat a question, each for a further answer, are one example.

    Raises:
        UnreadableError: nothing is there, or it is not text.
        NotACorpusError: it holds something else, or records that cannot be read.
        UsageError: there is no such split, or none with labels.
    """
    corpus = read(path, fields=fields)
    parts = _parts(corpus, Path(path))
    if split is not None and split not in parts:
        held = ", ".join(name for name in parts if name) or "none; leave --split out"
        raise UsageError(f"{path}: no split {split!r}; it has {held}")
    if None in parts:
        return None, merged(_examples(parts[None], corpus.mapping, {}))
    declared = declared_splits(Path(path))

    @cache
    def examples(name: str) -> list[Example]:
        origins = _lineage(Path(path) / "lineage.parquet", name)
        return merged(_examples(parts[name], corpus.mapping, origins))

    def is_labelled(name: str) -> bool:
        if name in declared:
            return declared[name]
        return any(example.answers for example in examples(name))

    chosen = split or choose_split([name for name in parts if name is not None], is_labelled)
    return chosen, examples(chosen)


def load_training(path: str | Path) -> list[Example] | None:
    """Questions and answers of a data set's training split; None where it has none.

    Contexts are left out: they are the bulk of it, and nothing that is asked of it needs them.
    """
    if not Path(path).is_dir():
        return None
    corpus = read(path)
    sources = _parts(corpus, Path(path)).get("train")
    if sources is None:
        return None
    wanted = ("id", "question", "text")
    return [
        Example(
            row["id"] or "", "", "", row["question"] or "", tuple(text or "" for text in row["text"] or ())
        )
        for source in sources
        for batch in source.batches(corpus.mapping)
        for row in batch.records.select(wanted).iter_rows(named=True)
    ]


def choose_split(names: Sequence[str], is_labelled: Callable[[str], bool]) -> str:
    """The split a report is about when none was asked for.

    Args:
        names: the splits there are.
        is_labelled: whether a split has anything to score against; asked only as far as needed.

    Raises:
        UsageError: no split has labels.
    """
    for name in dict.fromkeys((*SPLIT_ORDER, *names)):
        if name in names and is_labelled(name):
            return name
    raise UsageError(f"no labelled split among {', '.join(names)}: there is nothing to score against")


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
    except RecursionError as error:
        raise UnreadableError(f"{path}: JSON that is nested too deeply to be predictions") from error


def _parts(corpus: Corpus, place: Path) -> dict[str | None, list[Source]]:
    """The sources by split; all under None where they are files of which one names no split."""
    named = dict.fromkeys(source.split for source in corpus.sources)
    if not place.is_dir() or None in named:
        return {None: corpus.sources}
    return {name: [source for source in corpus.sources if source.split == name] for name in named}


def _examples(
    sources: Sequence[Source], mapping: Mapping[str, str], origins: Mapping[str, Mapping[str, Any]]
) -> Iterator[Example]:
    texts: dict[str, str] = {}
    for source in sources:
        for batch in source.batches(mapping):
            if batch.unreadable:
                raise NotACorpusError(
                    f"{source.name}: holds records that cannot be read, so its scores would mean nothing; "
                    f"they are listed by: qatk validate {source.name}"
                )
            for row in batch.records.iter_rows(named=True):
                yield example_of(row, origins.get(row["id"]) or _origin(row, source), texts)


def _origin(row: Mapping[str, Any], source: Source) -> dict[str, Any]:
    # The rows of somebody's Arrow file lead to nothing a person could open; the id says more.
    if source.layout in ("arrow", "hub"):
        return {}
    return {"source": source.name, **{name: row[name] for name in ("row", "line", "pointer")}}


def _lineage(path: Path, split: str) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    held = pq.read_schema(path).names
    columns = [name for name in ("id", *ORIGIN, "extra") if name in held]
    table = pq.read_table(path, columns=columns, filters=[("split", "=", split)])
    return {row.pop("id"): row for row in table.to_pylist()}
