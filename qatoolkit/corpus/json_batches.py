"""Collects records that were found in a JSON text into batches, each with its pointer, bytes and lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

from qatoolkit.corpus.answers import Answers, read_answers
from qatoolkit.corpus.fields import match_columns, require
from qatoolkit.corpus.paths import resolve, value_at, without
from qatoolkit.corpus.record import Batch, Note, Place, content_hash, frame
from qatoolkit.corpus.shapes import Shape, names_in
from qatoolkit.corpus.spans import are_spans, read_spans
from qatoolkit.errors import NotACorpusError

BATCH_RECORDS = 20_000
_MARK_CHARACTERS = 256


@dataclass
class Found:
    """One record (or the failure to read one) before its place has been turned into bytes and lines."""

    pointer: str
    start: int
    end: int
    record: dict[str, Any] | None = None
    outer: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    read_anyway: bool = False


class Places:
    """Turns character positions of a text into bytes and physical lines."""

    def __init__(self, text: str, first_byte: int = 0) -> None:
        self._text = text
        self._first_byte = first_byte
        self._ascii = text.isascii()
        self._breaks = [found.start() for found in re.finditer("\n", text)] if "\n" in text.strip() else []

    def byte(self, char: int) -> int:
        """Byte offset of a character."""
        if self._ascii:
            return self._first_byte + char
        mark = char // _MARK_CHARACTERS
        return self._first_byte + self._marks[mark] + self._n_bytes(mark * _MARK_CHARACTERS, char)

    @cached_property
    def _marks(self) -> list[int]:
        """The byte of every so many characters, from which the others are counted, in any order."""
        starts = range(0, len(self._text) + 1, _MARK_CHARACTERS)
        sizes = (self._n_bytes(start, start + _MARK_CHARACTERS) for start in starts)
        return list(accumulate(sizes, initial=0))

    def _n_bytes(self, start: int, end: int) -> int:
        return len(self._text[start:end].encode("utf-8", "surrogateescape"))

    def holds(self, character: str) -> bool:
        """Whether a character stands in the text."""
        return character in self._text

    def line(self, char: int) -> int | None:
        """1-based line of a character, None in a file of a single line."""
        return bisect_right(self._breaks, char - 1) + 1 if self._breaks else None

    def place(self, row: int | None, found: Found) -> Place:
        first, last = self.line(found.start), self.line(max(found.start, found.end - 1))
        return Place(row, first, last, self.byte(found.start), self.byte(found.end), found.pointer)


class BatchBuilder:
    """Collects found records into columns.

    Args:
        source: the file's name for messages and lineage.
        shape: how the layout spells a record.
        mapping: name -> field, where the usual names do not fit.
        places: of the text that the records were found in.
        nested: whether questions stand below their context.
        keyed: whether a context is the key of a document that stands elsewhere, and may be a number.
    """

    def __init__(
        self,
        source: str,
        shape: Shape,
        mapping: Mapping[str, str] | None,
        places: Places,
        *,
        nested: bool,
        keyed: bool = False,
    ) -> None:
        self._source = source
        self._shape = shape
        self._mapping = mapping
        self._places = places
        self._nested = nested
        self._numbered = ("id", "title", "context") if keyed else ("id", "title")
        self._row = 0
        self._seen: set[str] = set()
        self._complete = False
        self._clear()

    def _clear(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._notes: list[Note] = []

    @property
    def full(self) -> bool:
        return len(self._columns.get("row", ())) >= BATCH_RECORDS

    def batch(self, *, last: bool = False) -> Batch:
        if last and self._seen:
            found = match_columns(self._seen, self._mapping)
            if not self._complete:
                require(found, sorted(self._seen), self._source)
        elif last and not any(note.kind == "malformed-record" for note in self._notes):
            raise NotACorpusError(f"{self._source}: no records found")
        self._set_aside_surrogates()
        batch = Batch(self._source, frame(self._columns), self._notes)
        self._clear()
        return batch

    def _set_aside_surrogates(self) -> None:
        """Half of a surrogate pair is no character; Arrow cannot hold it, so its record becomes a note."""
        rows = range(len(self._columns.get("row", ())))
        found = {i: _lone_surrogate([column[i] for column in self._columns.values()]) for i in rows}
        bad = [i for i in rows if found[i]]
        for i in bad:
            place = Place(*(self._columns[name][i] for name in vars(Place())))
            detail = "half of a surrogate pair, which is no character"
            if self._places.holds(found[i]):  # as it is, not as an escape: what decoding made of a stray byte
                detail = f"byte 0x{ord(found[i]) - 0xDC00:02x} is not UTF-8"
            self._notes.append(Note("undecodable-bytes", place, detail))
        for i in reversed(bad):
            for column in self._columns.values():
                del column[i]

    def add(self, found: Found) -> None:
        if found.record is None:
            if found.read_anyway:  # no record of its own: its questions follow
                self._notes.append(Note("malformed-article", self._places.place(None, found), found.problem))
                return
            self._row += 1
            self._notes.append(Note("malformed-record", self._places.place(self._row, found), found.problem))
            return
        self._row += 1
        place = self._places.place(self._row, found)
        whole = found.outer | found.record
        names = names_in(whole, self._shape, self._mapping)
        if self._nested and "context" in found.outer:
            names["context"] = "context"
        self._seen.update(whole, names.values())
        self._complete = self._complete or ("context" in names and "question" in names)
        self._append(place, whole, names)

    def _append(self, place: Place, whole: dict[str, Any], names: dict[str, str]) -> None:
        context = self._string(whole, names, "context", place)
        question = self._string(whole, names, "question", place)
        given = "id" in names
        answers = self._answers(whole, names)
        for field_name, index, value, meant in answers.odd:
            self._notes.append(Note("wrong-type", place, "", field_name, index, value, meant))
        if answers.uneven:
            detail = f"{answers.uneven[0]} texts and {answers.uneven[1]} starts"
            self._notes.append(Note("lengths-differ", place, detail, "answers"))
        others = without(whole, names.values())
        values = {
            "id": self._string(whole, names, "id", place)
            if given
            else content_hash(context or "", question or ""),
            "title": self._string(whole, names, "title", place),
            "context": context,
            "question": question,
            "text": answers.text,
            "answer_start": answers.start,
            "answer_end": answers.end,
            "is_impossible": self._flag(whole, names, place),
            "extra": json.dumps(others, ensure_ascii=False) if others else None,
            **vars(place),
        }
        for name, value in values.items():
            self._columns.setdefault(name, []).append(value)

    def _answers(self, whole: dict[str, Any], names: dict[str, str]) -> Answers:
        if are_spans(whole, names):
            return read_spans(whole, names, self._shape)
        parts = (_value(whole, names, name) for name in ("answers", "answer_start", "answer_end"))
        return read_answers(*parts)

    def _string(self, whole: dict[str, Any], names: dict[str, str], name: str, place: Place) -> str | None:
        value = _value(whole, names, name)
        if value is None or isinstance(value, str):
            return value or None
        if isinstance(value, int) and not isinstance(value, bool) and name in self._numbered:
            return str(value)  # exports of annotation tools number their questions
        self._notes.append(Note("wrong-type", place, "", name, None, value, None))
        return None

    def _flag(self, whole: dict[str, Any], names: dict[str, str], place: Place) -> bool | None:
        value = _value(whole, names, "is_impossible")
        if value is None or isinstance(value, bool):
            return value
        meant = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
        self._notes.append(Note("wrong-type", place, "", "is_impossible", None, value, meant))
        return meant


def _value(whole: dict[str, Any], names: dict[str, str], field: str) -> Any:
    """The value of a field as the source has it, None if there is none."""
    name = names.get(field)
    if name is None or name in whole:
        return None if name is None else whole[name]
    return value_at(whole, resolve(whole, name))


def _lone_surrogate(values: list[Any]) -> str:
    """The first half of a surrogate pair in a record's values, "" if there is none."""
    for value in values:
        texts = value if isinstance(value, list) else [value]
        for text in texts:
            if isinstance(text, str) and not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError as error:
                    return text[error.start]
    return ""
