"""Loads the annotated side of a report, in any layout that `corpus` reads.

Every example comes with its origin: what its reader says of a file, and what `lineage.parquet`
says of a folder that `qatk convert` wrote. A dataset that somebody else saved works too, without
origins. Nothing is validated or repaired here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qatoolkit.analysis.cases import Example
from qatoolkit.corpus.folder import declared_splits
from qatoolkit.corpus.reader import Corpus, Source, read
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

# A report is about data the model has not seen, so the order is from least to most seen.
SPLIT_ORDER = ("test", "validation", "train")

_ORIGIN = ("source", "row", "line", "pointer")


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
        return None, _merged(_examples(parts[None], corpus.mapping, {}))
    declared = declared_splits(Path(path))

    @cache
    def examples(name: str) -> list[Example]:
        origins = _lineage(Path(path) / "lineage.parquet", name)
        return _merged(_examples(parts[name], corpus.mapping, origins))

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


def example_from_row(row: Mapping[str, Any]) -> Example:
    """An example from a row of a predictions file.

    Raises:
        KeyError, AttributeError, TypeError: the row is not shaped like one.
    """
    answers = row.get("answers") or {}
    texts, starts = tuple(answers.get("text") or ()), tuple(answers.get("answer_start") or ())
    return Example(
        id=str(row["id"]),
        title=row.get("title") or "",
        context=row["context"],
        question=row["question"],
        answers=texts,
        answer_starts=starts if len(starts) == len(texts) else (-1,) * len(texts),
        extra=_extra(row.get("extra")),
        **{name: row.get(name) for name in _ORIGIN},
    )


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
    for source in sources:
        for batch in source.batches(mapping):
            if batch.unreadable:
                raise NotACorpusError(
                    f"{source.name}: holds records that cannot be read, so its scores would mean nothing; "
                    f"they are listed by: qatk validate {source.name}"
                )
            for row in batch.records.iter_rows(named=True):
                yield _example(row, origins.get(row["id"]) or _origin(row, source))


def _origin(row: Mapping[str, Any], source: Source) -> dict[str, Any]:
    # The rows of somebody's Arrow file lead to nothing a person could open; the id says more.
    if source.layout in ("arrow", "hub"):
        return {}
    return {"source": source.name, **{name: row[name] for name in ("row", "line", "pointer")}}


def _example(row: Mapping[str, Any], origin: Mapping[str, Any]) -> Example:
    starts = row["answer_start"] or ()
    return Example(
        id=row["id"] or "",
        title=row["title"] or "",
        context=row["context"] or "",
        question=row["question"] or "",
        answers=tuple(text or "" for text in row["text"] or ()),
        answer_starts=tuple(-1 if start is None else start for start in starts),
        **{name: origin.get(name) for name in _ORIGIN},
        extra=_extra(origin.get("extra") or row["extra"]),
    )


def _extra(held: str | None) -> dict[str, str]:
    """The source's other columns, as text; what is itself nested stays JSON."""
    content = json.loads(held) if held else {}
    if not isinstance(content, dict):
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in content.items()
        if value is not None
    }


def _merged(examples: Iterable[Example]) -> list[Example]:
    """One example for the rows that are equal in id, context and question, with all their answers."""
    merged: dict[tuple[str, str, str], Example] = {}
    for example in examples:
        key = (example.id, example.context, example.question)
        first = merged.get(key)
        merged[key] = example if first is None else _joined(first, example)
    return list(merged.values())


def _joined(first: Example, further: Example) -> Example:
    answers = dict.fromkeys(zip(first.answers, first.answer_starts, strict=True))
    answers |= dict.fromkeys(zip(further.answers, further.answer_starts, strict=True))
    return replace(
        first,
        answers=tuple(text for text, _ in answers),
        answer_starts=tuple(start for _, start in answers),
    )


def _lineage(path: Path, split: str) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    held = pq.read_schema(path).names
    columns = [name for name in ("id", *_ORIGIN, "extra") if name in held]
    table = pq.read_table(path, columns=columns, filters=[("split", "=", split)])
    return {row.pop("id"): row for row in table.to_pylist()}
