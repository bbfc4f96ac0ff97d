"""The one shape that every layout is read into, and the places that its records came from.

A batch is a Polars frame with one row for each record *as the source has it*, wrong or right:
readers fill these columns and judge nothing. Answers stand in parallel lists, as in SQuAD's
flat form. What could not be put into the frame at all, a ragged row for example, travels
beside it as a `Note`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

#: Columns that carry the question–answer pair. Null means "the source has none".
CONTENT: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "title": pl.String,
    "context": pl.String,
    "question": pl.String,
    "text": pl.List(pl.String),
    "answer_start": pl.List(pl.Int64),  # code points of context; null where the source gives no start
    "answer_end": pl.List(pl.Int64),  # exclusive; null where the source gives no end
    "is_impossible": pl.Boolean,
}

#: Columns that say where a record lies in its source, so that anything can be traced to a line.
LINEAGE: dict[str, pl.DataType | type[pl.DataType]] = {
    "row": pl.Int64,  # 1-based number of the record in its file
    "line": pl.Int64,  # 1-based first physical line; null where the file has no useful lines
    "line_end": pl.Int64,  # last physical line, inclusive
    "byte_start": pl.Int64,  # of the text, unpacked and in UTF-8
    "byte_end": pl.Int64,  # exclusive
    "pointer": pl.String,  # JSON pointer of the record, null for tables
    "extra": pl.String,  # the source's other columns as one JSON object, null if there are none
}

RECORD = pl.Schema({**CONTENT, **LINEAGE})

NoteKind = Literal[
    "ragged-row",
    "malformed-record",
    "malformed-article",  # read all the same
    "undecodable-bytes",
    "wrong-type",
    "lengths-differ",
    "missing-document",  # of a record that names its context and does not hold it
]

#: Notes of these kinds stand for a record that is not in the frame.
UNREADABLE = frozenset({"ragged-row", "malformed-record", "undecodable-bytes", "missing-document"})


@dataclass(frozen=True)
class Place:
    """Where a record lies in its source; a part is None where the layout has no such thing."""

    row: int | None = None
    line: int | None = None
    line_end: int | None = None
    byte_start: int | None = None
    byte_end: int | None = None
    pointer: str | None = None


@dataclass(frozen=True)
class Note:
    """Something a reader met that the record columns cannot say.

    Attributes:
        kind: what happened, one of `NoteKind`.
        place: the record's place.
        detail: what was found, for a message, e.g. "5 fields, the header has 6".
        field: the record field concerned, if it is one.
        answer: 0-based index of the answer concerned, if it is one.
        value: the value as it was found.
        meant: the value that it plainly stands for (12 for "12"), None if there is none.
    """

    kind: NoteKind
    place: Place
    detail: str
    field: str | None = None
    answer: int | None = None
    value: Any = None
    meant: Any = None


@dataclass(frozen=True)
class Batch:
    """Some records of one source, in the source's order.

    Attributes:
        source: the file as the user typed it.
        records: frame with the columns of `RECORD`.
        notes: what did not fit into the frame.
    """

    source: str
    records: pl.DataFrame
    notes: list[Note] = field(default_factory=list)

    @property
    def unreadable(self) -> list[Note]:
        """The notes that stand for a record which is not in the frame."""
        return [note for note in self.notes if note.kind in UNREADABLE]


def content_hash(context: str, question: str) -> str:
    """A stable name for a question on a context: 16 hex digits of BLAKE2b over both.

    Serves as the id where the source has none, so rows that repeat a question for a further
    answer share it, and as the fingerprint that says whether a source record has changed.
    """
    digest = hashlib.blake2b(context.encode("utf-8", "surrogatepass"), digest_size=8)
    digest.update(b"\0")
    digest.update(question.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def content_hashes(contexts: pl.Series, questions: pl.Series) -> pl.Series:
    """`content_hash` of every row of two columns; a context that follows itself is digested once."""
    contexts, questions = contexts.fill_null(""), questions.fill_null("")
    changes = contexts.ne_missing(contexts.shift())
    begun = [
        hashlib.blake2b(context + b"\0", digest_size=8)
        for context in contexts.filter(changes).cast(pl.Binary).to_list()
    ]
    found = []
    runs = (changes.cum_sum() - 1).to_list()
    for run, question in zip(runs, questions.cast(pl.Binary).to_list(), strict=True):
        digest = begun[run].copy()
        digest.update(question)
        found.append(digest.digest())
    return pl.Series("content_hash", found, pl.Binary).bin.encode("hex")


def frame(columns: dict[str, list[Any]]) -> pl.DataFrame:
    """Builds a record frame from Python lists; columns that are left out become null."""
    height = len(next(iter(columns.values()), []))
    nothing = [None] * height
    return pl.DataFrame({name: columns.get(name, nothing) for name in RECORD}, RECORD, strict=True)


def places(records: pl.DataFrame) -> Iterator[Place]:
    """The place of every record of a frame, in order."""
    for values in records.select(list(LINEAGE)[:-1]).iter_rows():
        yield Place(*values)


def origin(source: str | None, line: int | None, pointer: str | None, row: int | None) -> str:
    """Where a person finds a record: `messy.csv:13`, `dev.json#/data/0/...`, or "" when unknown."""
    if source is None:
        return ""
    if line is not None:
        return f"{source}:{line}"
    if pointer is not None:
        return f"{source}#{pointer}"
    return source if row is None else f"{source} row {row}"
