"""Contexts that stand apart from the questions on them: a table of documents, or a folder of texts.

The questions are read with the key of their document where the context belongs; here the key gives
way to the text. A document is taken as it stands, its line breaks too, and never edited.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.corpus.fields import ALIASES, listed, match_columns, plain
from qatoolkit.corpus.json_records import find_records
from qatoolkit.corpus.record import RECORD, Batch, Note, places
from qatoolkit.corpus.scan import rows_of
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

if TYPE_CHECKING:
    from qatoolkit.corpus.source import Source

#: What a column of texts goes by in a table of documents, best first.
_TEXTS = (*ALIASES["context"], "doc", "text", "content", "body")
_SUFFIXES = (".txt", ".md")


@dataclass(frozen=True)
class Documents:
    """Texts by their keys.

    Attributes:
        name: the file or folder as the user typed it.
        column: the column of the questions that holds a key.
        texts: columns key and text, each key once.
        remark: what a person should know about how they are read, "" if nothing.
        on: what the user typed to say which column that is, None if it was found out.
        fields: column -> field, as the user typed it for questions and documents alike.
    """

    name: str
    column: str
    texts: pl.DataFrame = field(repr=False)
    remark: str = ""
    on: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def mapping(self, mapping: Mapping[str, str] | None) -> dict[str, str]:
        """The user's mapping, with the key where the context belongs."""
        return {**(mapping or {}), self.column: "context"}

    def fill(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches with texts for keys; a record whose document is not there becomes a note.

        The key is kept as one of the other columns, and as the title where the source gives none.
        """
        for batch in batches:
            yield self._filled(batch)

    def _filled(self, batch: Batch) -> Batch:
        records = batch.records.rename({"context": "key"}).join(
            self.texts.rename({"text": "context"}), on="key", how="left", maintain_order="left"
        )
        own = pl.struct(pl.col("key").alias(self.column)).struct.json_encode()
        others = pl.col("extra")
        both = pl.concat_str(own.str.head(-1), pl.lit(","), others.str.slice(1))
        whole = records.with_columns(
            title=pl.coalesce("title", "key"),
            extra=pl.when(others.is_null() | (others == "{}")).then(own).otherwise(both),
        )
        missing = pl.col("context").is_null()
        gone = whole.filter(missing)
        notes = [
            Note("missing-document", place, self._missing(key), "context", value=key)
            for place, key in zip(places(gone), gone["key"], strict=True)
        ]
        kept = whole.filter(~missing).with_columns(pl.col("context").replace("", None))
        return Batch(batch.source, kept.select(list(RECORD)), [*batch.notes, *notes])

    def _missing(self, key: str | None) -> str:
        if key is None:
            return f"{self.column} is empty, so no document of {self.name} belongs to the question"
        shown = key if len(key) <= 60 else key[:57] + "..."
        return f"no document {shown!r} in {self.name}, which {self.column} names"


def parse_on(on: str | None) -> tuple[str, str]:
    """The columns that join questions and documents, of either: "doc_id" for both, or "doc=id".

    Raises:
        UsageError: nothing is named.
    """
    question, sign, document = (on or "").partition("=")
    if not question or (sign and not document):
        raise UsageError(
            "--documents needs the column that names them: --on COLUMN, or --on QUESTIONS_NAME=DOCUMENTS_NAME"
        )
    return question, document or question


def read_folder(folder: Path, name: str, on: str | None) -> Documents:
    """The texts of a folder, each by its file's name with and without the suffix.

    Args:
        folder: what holds files ending in .txt or .md.
        name: the folder as the user typed it.
        on: the column of the questions that names a file.

    Raises:
        UnreadableError: there is no such file, or one is not UTF-8.
        UsageError: no column is named.
    """
    column, _ = parse_on(on)
    files = sorted(path for path in folder.iterdir() if _is_text(path))
    if not files:
        raise UnreadableError(f"{name}: holds no file ending in {' or '.join(_SUFFIXES)}")
    stems = Counter(path.stem for path in files)
    texts = {}
    for path in files:
        text = _text_of(path)
        texts[path.name] = text
        if stems[path.stem] == 1:
            texts.setdefault(path.stem, text)
    return Documents(name, column, _frame(texts, name))


def read_table(source: Source, on: str | None, mapping: Mapping[str, str] | None = None) -> Documents:
    """The texts of a table with a column of keys and one of texts.

    Args:
        source: delimited text or JSON.
        on: the column that names a document; see `parse_on`.
        mapping: column -> field; one that is mapped to the context holds the texts.

    Raises:
        UsageError: no column holds the keys or the texts.
        NotACorpusError: a row cannot be read, has no key, or gives a known key another text.
    """
    column, key_column = parse_on(on)
    rows = list(_rows(source))
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    if key_column not in columns:
        raise UsageError(
            f"{source.name}: no column {key_column!r} that names a document; columns are {listed(columns)}.\n"
            "If it is called otherwise there: --on QUESTIONS_NAME=DOCUMENTS_NAME"
        )
    text_column = _text_column([name for name in columns if name != key_column], mapping)
    if text_column is None:
        raise UsageError(
            f"{source.name}: no column holds the texts of the documents; columns are {listed(columns)}.\n"
            "Name it with: --map YOUR_COLUMN=context"
        )
    texts: dict[str, str] = {}
    for where, row in rows:
        key, text = row.get(key_column), row.get(text_column)
        key = str(key) if isinstance(key, int) and not isinstance(key, bool) else key
        if not isinstance(key, str) or not key:
            raise NotACorpusError(f"{source.name}: {where} has no {key_column}")
        if not (text is None or isinstance(text, str)):
            raise NotACorpusError(f"{source.name}: {text_column} of {where} is no text")
        if texts.setdefault(key, text or "") != (text or ""):
            raise NotACorpusError(
                f"{source.name}: {where} gives document {key!r} another text than it had; keep one of them"
            )
    return Documents(source.name, column, _frame(texts, source.name), source.remark)


def _text_column(columns: list[str], mapping: Mapping[str, str] | None) -> str | None:
    own = {name: field for name, field in (mapping or {}).items() if field == "context" and name in columns}
    if own:
        return match_columns(columns, own)["context"]
    spelled = {plain(name): name for name in reversed(columns)}
    return next((spelled[name] for name in _TEXTS if name in spelled), None)


def _rows(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row and how to speak of it."""
    if source.layout == "csv":
        yield from _delimited_rows(source)
        return
    if not source.encoding:
        raise UsageError(f"{source.name}: documents are read from CSV, TSV, JSON, JSON Lines or a folder")
    try:
        for number, found in enumerate(find_records(source.read_text(), source.name, source.layout), 1):
            if found.record is None:
                raise NotACorpusError(f"{source.name}: document {number}: {found.problem}")
            yield f"document {number}", found.outer | found.record
    except json.JSONDecodeError as error:
        raise NotACorpusError(f"{source.name}:{error.lineno}: not JSON: {error.msg}") from error


def _delimited_rows(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = (row for row in rows_of(io.StringIO(source.read_text(), newline=""), source.delimiter) if row)
    try:
        header = next(rows, [])
        for number, row in enumerate(rows, 1):
            if len(row) != len(header):
                raise NotACorpusError(
                    f"{source.name}: document {number} has {len(row)} fields, the header has {len(header)}"
                )
            yield f"document {number}", dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise NotACorpusError(f"{source.name}: {error}") from error


def _is_text(path: Path) -> bool:
    """Whether it is a file of text that a person put there; macOS lays hidden ones beside those."""
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file()


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error


def _frame(texts: dict[str, str], name: str) -> pl.DataFrame:
    try:
        return pl.DataFrame(
            [pl.Series("key", list(texts), pl.String), pl.Series("text", list(texts.values()), pl.String)]
        )
    except UnicodeEncodeError as error:
        raise NotACorpusError(
            f"{name}: a document holds what is no character: a byte that is not UTF-8, or half of a "
            "surrogate pair. Save the file as UTF-8."
        ) from error
