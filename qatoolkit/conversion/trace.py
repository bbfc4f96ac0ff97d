"""`trace`: from an example of a dataset or a run back to its record in the source file.

The record shown is read from the source, never from the dataset, so it is what a person finds who
opens the file. Where the file has changed since, the record is known again by the hash of its
context and question. Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from qatoolkit.conversion.lookup import Known, look_up
from qatoolkit.conversion.reread import Record, Seen, has_bytes, place_of, records_at, search, text_at
from qatoolkit.conversion.sources import file_hash, find_source, reopen, sniffed_again
from qatoolkit.conversion.traced import Merged, Proof, State, Traced
from qatoolkit.corpus.documents import Documents
from qatoolkit.corpus.reader import open_documents
from qatoolkit.corpus.record import Place, content_hash
from qatoolkit.corpus.source import Source
from qatoolkit.errors import QatkError, UnreadableError


def trace(place: str | Path, id: str) -> Traced:
    """Goes from an example back to its record in the source.

    Args:
        place: a folder that `qatk convert` wrote, or one that `qatk finetune` wrote; a run leads to
            the dataset it was trained on, and without that to the places in its predictions.
        id: of the example.

    Raises:
        UnknownIdError: there is no such example.
        UnreadableError: the source is not there any more, or was no file.
        UsageError: the folder is neither.
    """
    known = look_up(Path(place), id)
    name = known.row["source"]
    if name is None:
        raise UnreadableError(f"{place}: was predicted on data without lineage; qatk convert writes one")
    was = place_of(known.row)
    way = _Way(known)
    try:
        source, changed = way.open(name)
        seen, state, now = _found(way, source, was, changed)
    except QatkError as error:
        raise UnreadableError(f"{error}\n{_kept(was)}") from error
    return Traced(
        id,
        known.row["split"],
        name,
        source.path,
        was,
        changed,
        state,
        now,
        None if now is None else text_at(seen, now, way.mapping),
        _proofs(known.row),
        tuple(json.loads(known.row.get("repairs") or "[]")),
        tuple(_merged(way)),
        json.loads(known.row["extra"]) if known.row["extra"] else None,
        (*known.notes, *way.notes),
    )


class _Way:
    """How the conversion read its sources, and what it knows the record by.

    Attributes:
        notes: what could not be done as it was then.
    """

    def __init__(self, known: Known) -> None:
        self.row = known.row
        self.notes: list[str] = []
        self._known = known
        self._opened: dict[str, tuple[Source, bool | None]] = {}
        manifest = known.manifest or {"reading": {"fields": {}, "documents": None, "on": None}}
        self._reading = manifest["reading"]

    def open(self, name: str) -> tuple[Source, bool | None]:
        """A source, and whether its bytes are others now; None where no hash is known."""
        if name not in self._opened:
            entry = self._known.entry(name)
            source = find_source(name) if entry is None else reopen(entry, self._known.folder)
            before = None if entry is None else entry["sha256"]
            self._opened[name] = source, None if before is None else file_hash(source) != before
        return self._opened[name]

    @cached_property
    def documents(self) -> Documents | None:
        """The contexts, where they stand apart and are at hand."""
        name = self._reading["documents"]
        if name is None:
            return None
        try:
            return open_documents(name, self._reading["on"], self._reading["fields"])
        except QatkError as error:
            self.notes.append(
                f"The contexts stand in {name}, which cannot be read ({str(error).splitlines()[0]}), "
                "so the record is known by its id alone."
            )
            return None

    @cached_property
    def mapping(self) -> dict[str, str]:
        """Column -> field; where the contexts stand apart, their key stands for them."""
        fields: dict[str, str] = self._reading["fields"]
        if self._reading["documents"] is None:
            return fields
        key = self._reading["on"].partition("=")[0]
        return {column: name for column, name in fields.items() if name != "context"} | {key: "context"}

    def read(self, source: Source) -> Source:
        """The source with the contexts."""
        return replace(source, documents=self.documents)

    @cached_property
    def is_it(self) -> Callable[[str, str, str], bool]:
        """Whether an id, a context and a question of the source are those of the example."""
        if self._reading["documents"] is not None and self.documents is None:
            return lambda id, context, question: id == self.row["id"]
        repairs = json.loads(self.row.get("repairs") or "[]")
        mended = {
            edit["old"]: edit["new"] for r in repairs for edit in r["edits"] if edit["field"] == "question"
        }
        hash = self.row["content_hash"]
        return lambda id, context, question: content_hash(context, mended.get(question, question)) == hash


def _found(way: _Way, source: Source, was: Place, changed: bool | None) -> tuple[Source, State, Place | None]:
    """What the source is to be read as, what became of the record, and where it or its like stands now."""
    if changed is False and not (has_bytes(source) and was.byte_start is None):
        return source, "unchanged", was
    source, seen = _search(way, source, was)
    if seen.same is not None:
        now = place_of(seen.same)
        if changed is False:
            return source, "unchanged", now
        stays = (now.row, now.line, now.pointer) == (was.row, was.line, was.pointer)
        return source, "here" if stays else "moved", now
    if seen.same_id is not None:
        return source, "edited", place_of(seen.same_id)
    return source, "gone", None if seen.standing is None else place_of(seen.standing)


def _search(way: _Way, source: Source, was: Place) -> tuple[Source, Seen]:
    """As the file was read then; if that leads to nothing, as it looks now."""
    # Of rows that were joined the example's own is the first, wherever they stand now.
    joined = any(row["source"] == source.name for row in way.row.get("merged") or ())

    def seen_in(reading: Source) -> Seen:
        return search(way.read(reading), way.mapping, was.row or 0, way.row["id"], way.is_it, first=joined)

    seen: Seen | QatkError
    try:
        seen = seen_in(source)
    except QatkError as error:
        seen = error
    if isinstance(seen, Seen) and seen.same is not None:
        return source, seen
    again = sniffed_again(source)
    if again is not None:
        try:
            other = seen_in(again)
        except QatkError:
            other = Seen()
        if other.same is not None or isinstance(seen, QatkError):
            return again, other
    if isinstance(seen, QatkError):
        raise seen
    return source, seen


def _merged(way: _Way) -> list[Merged]:
    """The further rows, each read again where its file is the same."""
    rows = way.row.get("merged") or []
    found: dict[str, dict[int, tuple[Record, bytes]]] = {}
    for name in dict.fromkeys(row["source"] for row in rows):
        numbers = {row["row"] for row in rows if row["source"] == name}
        try:
            found[name] = _read_again(way, *way.open(name), numbers)
        except QatkError:
            found[name] = {}
    told = []
    for row in rows:
        record, text = found[row["source"]].get(row["row"], (None, None))
        pairs = None if record is None else zip(record["text"], record["answer_start"], strict=True)
        answers = None if pairs is None else tuple(pairs)
        told.append(Merged(row["source"], row["row"], row["line"], answers, text))
    return told


def _read_again(
    way: _Way, source: Source, changed: bool | None, rows: Collection[int]
) -> dict[int, tuple[Record, bytes]]:
    """The records of some rows, and what stands there; in another file the numbers mean other rows."""
    if changed:
        return {}
    return {
        row: (record, text_at(source, place_of(record), way.mapping))
        for row, record in records_at(way.read(source), way.mapping, rows).items()
        if way.is_it(record["id"], record["context"] or "", record["question"] or "")
    }


def _proofs(row: Mapping[str, Any]) -> tuple[Proof, ...] | None:
    if "proof" not in row:
        return None
    columns = [row.get(name) or [] for name in ("proof", "original_start", "candidates", "distance")]
    return tuple(Proof(*values) for values in zip(*columns, strict=True))


def _kept(place: Place) -> str:
    """What is known of a record that cannot be read again."""
    line = f", line {place.line}" if place.line is not None else ""
    pointer = f", {place.pointer}" if place.pointer else ""
    return f"The record was row {place.row}{line}{pointer} of it."
