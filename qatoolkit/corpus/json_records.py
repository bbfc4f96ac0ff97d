"""Reads the JSON layouts: nested SQuAD, flat rows, lines of either, and a dictionary of columns.

    squad      {"data": [{"title", "paragraphs": [{"context", "qas": [...]}]}]}, also a bare list
               of articles or of {"context", "qas"}, also one article a line
    rows       [{"context", "question", "answers"}, ...]
    jsonl      one such row a line
    columns    {"context": [...], "question": [...], "answers": [...]}

Each record keeps its JSON pointer, bytes and, where the file is broken into lines, its lines.
A part that has the wrong shape becomes a note and the rest is read.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qatoolkit.corpus.answers import read_answers
from qatoolkit.corpus.fields import match_columns, require
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.record import Batch, Note, Place, content_hash, frame
from qatoolkit.errors import NotACorpusError

BATCH_RECORDS = 20_000


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


def read_json(
    text: str, source: str, layout: str, mapping: Mapping[str, str] | None = None, *, first_byte: int = 0
) -> Iterator[Batch]:
    """Yields the records of a JSON text in batches.

    Args:
        text: the whole file, decoded.
        source: the file's name for messages and lineage.
        layout: "squad", "rows", "jsonl" or "columns".
        mapping: key -> field, where the usual names do not fit.
        first_byte: where in the file the text begins: behind a byte order mark, if there is one.

    Raises:
        NotACorpusError: no record has a context and a question.
    """
    finders: dict[str, Callable[[str], Iterator[Found]]] = {
        "squad": _find_squad,
        "rows": _find_rows,
        "jsonl": _find_lines,
        "columns": partial(_find_columns, source=source, mapping=mapping),
    }
    builder = _Builder(source, layout, mapping, Places(text, first_byte))
    try:
        for found in finders[layout](text):
            builder.add(found)
            if builder.full:
                yield builder.batch()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"not JSON from here on: {error.msg} ({where}); nothing after it was read"
        builder.add(Found("", error.pos, len(text), problem=problem))
    yield builder.batch(last=True)


class Places:
    """Turns character positions of a text into bytes and physical lines."""

    def __init__(self, text: str, first_byte: int = 0) -> None:
        self._text = text
        self._first_byte = first_byte
        self._ascii = text.isascii()
        self._char = self._byte = 0
        self._breaks = [i for i, c in enumerate(text) if c == "\n"] if "\n" in text.strip() else []

    def byte(self, char: int) -> int:
        """Byte offset of a character; asking in rising order is what makes it cheap."""
        if self._ascii:
            return self._first_byte + char
        if char < self._char:
            self._char = self._byte = 0
        self._byte += len(self._text[self._char : char].encode("utf-8", "surrogatepass"))
        self._char = char
        return self._first_byte + self._byte

    def line(self, char: int) -> int | None:
        """1-based line of a character, None in a file of a single line."""
        return bisect_right(self._breaks, char - 1) + 1 if self._breaks else None

    def place(self, row: int | None, found: Found) -> Place:
        first, last = self.line(found.start), self.line(max(found.start, found.end - 1))
        return Place(row, first, last, self.byte(found.start), self.byte(found.end), found.pointer)


def _find_squad(text: str) -> Iterator[Found]:
    """Articles below "data", in a bare list, or one a line; a paragraph may stand without an article."""
    top = Cursor(text)
    if top.kind == "[":
        for i, article in enumerate(top.elements()):
            yield from _article(article, f"/{i}")
        top = Cursor(text, top.end)
    while top.kind == "{":
        _, data = _split(top, "data")
        if data is not None and data.kind == "[":
            for i, article in enumerate(data.elements()):
                yield from _article(article, f"/data/{i}")
        else:
            yield from _article(top, "")
        top = Cursor(text, top.end)
    yield from _left_over(top)


def _article(article: Cursor, pointer: str) -> Iterator[Found]:
    if article.kind != "{":
        yield _malformed(pointer, article, f"expected an article, found {_shown(article)}")
        return
    outer, parts = _split(article, "paragraphs")
    if parts is None:
        yield from _paragraph(article, pointer, {})
    elif parts.kind == "[":
        for i, paragraph in enumerate(parts.elements()):
            yield from _paragraph(paragraph, f"{pointer}/paragraphs/{i}", _outer(outer, "article"))
    elif parts.kind == "{":
        problem = "paragraphs is an object where a list belongs; it was read as a list of one"
        yield Found(f"{pointer}/paragraphs", parts.start, parts.end, problem=problem, read_anyway=True)
        yield from _paragraph(parts, f"{pointer}/paragraphs", _outer(outer, "article"))
    else:
        yield _malformed(
            f"{pointer}/paragraphs", parts, f"expected a list of paragraphs, found {_shown(parts)}"
        )


def _paragraph(paragraph: Cursor, pointer: str, outer: dict[str, Any]) -> Iterator[Found]:
    if paragraph.kind != "{":
        problem = f"expected a paragraph with context and qas, found {_shown(paragraph)}"
        yield _malformed(pointer, paragraph, problem)
        return
    own, parts = _split(paragraph, "qas")
    if parts is None or parts.kind != "[":
        yield _malformed(pointer, paragraph, "no list of questions under qas")
        return
    outer = outer | _outer(own, "paragraph")
    for i, qa in enumerate(parts.elements()):
        value = qa.value()
        where = f"{pointer}/qas/{i}"
        if isinstance(value, dict):
            yield Found(where, qa.start, qa.end, value, outer)
        else:
            yield _malformed(where, qa, f"expected a question, found {_shown(qa)}")


def _outer(values: dict[str, Any], level: str) -> dict[str, Any]:
    """What a question inherits; an article's or paragraph's id must not pass for the question's own."""
    return {f"{level}_id" if key == "id" else key: value for key, value in values.items()}


def _malformed(pointer: str, cursor: Cursor, problem: str) -> Found:
    return Found(pointer, cursor.start, cursor.end, problem=problem)


def _find_rows(text: str) -> Iterator[Found]:
    top = Cursor(text)
    data = _split(top, "data")[1] if top.kind == "{" else None
    if data is None and top.kind == "{":
        yield _row(top, "")
    else:
        for i, cursor in enumerate((data or top).elements()):
            yield _row(cursor, f"/data/{i}" if data else f"/{i}")
    yield from _left_over(Cursor(text, top.end))


def _find_lines(text: str) -> Iterator[Found]:
    """One row a line; a line that is not JSON costs only itself."""
    position = 0
    while (cursor := Cursor(text, position)).start < len(text):
        line_end = text.find("\n", cursor.start)
        position = line_end if line_end >= 0 else len(text)
        try:
            yield _row(cursor, "")
            position = cursor.end
        except json.JSONDecodeError as error:
            where = error.pos - cursor.start + 1
            yield Found(
                "", cursor.start, position, problem=f"not JSON: {error.msg}, character {where} of the record"
            )


def _find_columns(text: str, source: str, mapping: Mapping[str, str] | None) -> Iterator[Found]:
    """A dictionary of columns has no one place for a record; its question stands for it."""
    top = Cursor(text)
    columns = {key: cursor.value() for key, cursor in top.members()}
    lists = {key: value for key, value in columns.items() if isinstance(value, list)}
    for field_name, key in match_columns(columns, mapping).items():
        if key not in lists:
            raise NotACorpusError(f"{source}: {key!r}, the column of {field_name}, is not a list of values")
    lengths = {key: len(value) for key, value in lists.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise NotACorpusError(f"{source}: the columns have different lengths: {shown}")
    anchor = match_columns(lists, mapping).get("question", next(iter(lists), ""))
    places = list(top.at((anchor,)).elements()) if anchor else []
    for i, cursor in enumerate(places):
        record = {key: value[i] for key, value in lists.items()}
        yield Found(f"/{_escaped(anchor)}/{i}", cursor.start, cursor.end, record)
    yield from _left_over(Cursor(text, top.end))


def _left_over(cursor: Cursor) -> Iterator[Found]:
    """What stands behind the end of a whole JSON value, where nothing belongs."""
    if cursor.kind:
        problem = f"expected the end of the file, found {_shown(cursor)}"
        yield Found("", cursor.start, len(cursor.text.rstrip()), problem=problem)


def _escaped(key: str) -> str:
    """A key as RFC 6901 spells it in a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _row(cursor: Cursor, pointer: str) -> Found:
    value = cursor.value()
    if isinstance(value, dict):
        return Found(pointer, cursor.start, cursor.end, value)
    return Found(pointer, cursor.start, cursor.end, problem=f"expected an object, found {_shown(cursor)}")


def _split(cursor: Cursor, part: str) -> tuple[dict[str, Any], Cursor | None]:
    """The members of an object apart from one, decoded, and the place of that one.

    Where the text breaks off, they are those before the break: whoever goes on to read the part, or
    asks for the object's end, meets the break there, so that all before it is read.
    """
    values: dict[str, Any] = {}
    place = None
    try:
        for key, child in cursor.members():
            if key == part:
                place = child
            else:
                values[key] = child.value()
    except json.JSONDecodeError:
        pass
    return values, place


def _lone_surrogate(values: list[Any]) -> bool:
    for value in values:
        texts = value if isinstance(value, list) else [value]
        for text in texts:
            if isinstance(text, str) and not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError:
                    return True
    return False


def _shown(cursor: Cursor) -> str:
    text = cursor.text[cursor.start : cursor.start + 30]
    return text if len(text) < 30 else text[:27] + "..."


class _Builder:
    """Collects found records into columns."""

    def __init__(self, source: str, layout: str, mapping: Mapping[str, str] | None, places: Places) -> None:
        self._source = source
        self._squad = layout == "squad"
        self._mapping = mapping
        self._places = places
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
        if last and not self._complete:
            if self._seen:
                require(match_columns(self._seen, self._mapping), sorted(self._seen), self._source)
            elif not any(note.kind == "malformed-record" for note in self._notes):
                raise NotACorpusError(f"{self._source}: no records found")
        self._set_aside_surrogates()
        batch = Batch(self._source, frame(self._columns), self._notes)
        self._clear()
        return batch

    def _set_aside_surrogates(self) -> None:
        """Half of a surrogate pair is no character; Arrow cannot hold it, so its record becomes a note."""
        rows = range(len(self._columns.get("row", ())))
        bad = [i for i in rows if _lone_surrogate([column[i] for column in self._columns.values()])]
        for i in bad:
            place = Place(*(self._columns[name][i] for name in vars(Place())))
            self._notes.append(
                Note("undecodable-bytes", place, "half of a surrogate pair, which is no character")
            )
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
        keys = whole.keys()
        self._seen |= keys
        names = match_columns(keys, {k: v for k, v in (self._mapping or {}).items() if k in keys})
        if self._squad and "context" in found.outer:
            names["context"] = "context"
        self._complete = self._complete or ("context" in names and "question" in names)
        self._append(place, whole, names)

    def _append(self, place: Place, whole: dict[str, Any], names: dict[str, str]) -> None:
        context = self._string(whole, names, "context", place)
        question = self._string(whole, names, "question", place)
        given = "id" in names
        answers = read_answers(
            *(whole.get(names.get(name, "")) for name in ("answers", "answer_start", "answer_end"))
        )
        for field_name, index, value, meant in answers.odd:
            self._notes.append(Note("wrong-type", place, "", field_name, index, value, meant))
        if answers.uneven:
            detail = f"{answers.uneven[0]} texts and {answers.uneven[1]} starts"
            self._notes.append(Note("lengths-differ", place, detail, "answers"))
        others = {key: value for key, value in whole.items() if key not in names.values()}
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

    def _string(self, whole: dict[str, Any], names: dict[str, str], name: str, place: Place) -> str | None:
        value = whole.get(names[name]) if name in names else None
        if value is None or isinstance(value, str):
            return value or None
        if isinstance(value, int) and not isinstance(value, bool) and name in ("id", "title"):
            return str(value)  # exports of annotation tools number their questions
        self._notes.append(Note("wrong-type", place, "", name, None, value, None))
        return None

    def _flag(self, whole: dict[str, Any], names: dict[str, str], place: Place) -> bool | None:
        value = whole.get(names["is_impossible"]) if "is_impossible" in names else None
        if value is None or isinstance(value, bool):
            return value
        meant = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
        self._notes.append(Note("wrong-type", place, "", "is_impossible", None, value, meant))
        return meant
