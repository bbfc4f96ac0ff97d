"""Reads the JSON layouts: nested SQuAD, flat rows, lines of either, and a dictionary of columns.

    squad      {"data": [{"title", "paragraphs": [{"context", "qas": [...]}]}]}, also a bare list
               of articles or of {"context", "qas"}, also one article a line
    rows       [{"context", "question", "answers"}, ...]
    jsonl      one such row a line
    columns    {"context": [...], "question": [...], "answers": [...]}, or as DataFrame.to_json() has it

Layouts that differ from these in their names alone are rows of `shapes`.

Each record keeps its JSON pointer, bytes and, where the file is broken into lines, its lines.
A part that has the wrong shape becomes a note and the rest is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from qatoolkit.corpus.fields import match_columns
from qatoolkit.corpus.json_batches import BatchBuilder, Found, Places
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.record import Batch
from qatoolkit.corpus.shapes import PLAIN, SHAPES
from qatoolkit.errors import NotACorpusError

#: How the note on a file that breaks off ends.
NOTHING_READ = "nothing after it was read"


def read_json(
    text: str,
    source: str,
    layout: str,
    mapping: Mapping[str, str] | None = None,
    *,
    first_byte: int = 0,
    keyed: bool = False,
) -> Iterator[Batch]:
    """Yields the records of a JSON text in batches.

    Args:
        text: the whole file, decoded.
        source: the file's name for messages and lineage.
        layout: "squad", "rows", "jsonl", "columns" or the name of a row of `SHAPES`.
        mapping: name -> field, where the usual names do not fit.
        first_byte: where in the file the text begins: behind a byte order mark, if there is one.
        keyed: whether a context is the key of a document that stands elsewhere.

    Raises:
        NotACorpusError: no record has a context and a question.
        UsageError: no record has a name of the mapping, nor a usual one for its field.
    """
    shape = SHAPES.get(layout, PLAIN)
    nested = shape.nested or layout == "squad"
    builder = BatchBuilder(source, shape, mapping, Places(text, first_byte), nested=nested, keyed=keyed)
    try:
        for found in find_records(text, source, layout, mapping):
            builder.add(found)
            if builder.full:
                yield builder.batch()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"not JSON from here on: {error.msg} ({where}); {NOTHING_READ}"
        builder.add(Found("", error.pos, len(text), problem=problem))
    yield builder.batch(last=True)


def find_records(
    text: str, source: str, layout: str, mapping: Mapping[str, str] | None = None
) -> Iterator[Found]:
    """Yields each record as decoded, with its place in the text.

    Raises:
        json.JSONDecodeError: the text is not JSON from there on.
    """
    shape = SHAPES.get(layout, PLAIN)
    if layout == "columns":
        return _find_columns(text, source, mapping)
    if layout == "squad" or shape.nested:
        return _find_squad(text, shape.header)
    if layout == "rows" or (shape is not PLAIN and _is_list(text)):
        return _find_rows(text)
    return _find_lines(text)


def _is_list(text: str) -> bool:
    """Whether rows stand in a list, bare or below "data", and not one a line."""
    top = Cursor(text)
    if top.kind != "{":
        return top.kind == "["
    try:
        return any(key == "data" and child.kind == "[" for key, child in top.members())
    except json.JSONDecodeError:
        return False


def _find_squad(text: str, header: str = "") -> Iterator[Found]:
    """Articles below "data", in a bare list, or one a line; a paragraph may stand without an article.

    An object that holds nothing but a header is none of them.
    """
    top = Cursor(text)
    if top.kind == "[":
        for i, article in enumerate(top.elements()):
            yield from _article(article, f"/{i}")
        top = Cursor(text, top.end)
    while top.kind == "{":
        others, data = _split(top, "data")
        if header and data is None and list(others) == [header]:
            pass
        elif data is not None and data.kind == "[":
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
    """One row a line, or over several; a line that is not JSON costs only itself."""
    position = 0
    while (start := Cursor(text, position).start) < len(text):
        line_end = text.find("\n", start)
        found = _row_at(text, start, line_end if line_end >= 0 else len(text))
        yield found
        position = found.end


def _row_at(text: str, start: int, line_end: int) -> Found:
    """The row that begins at a character.

    Its line is tried by itself: an error of the decoder counts the lines of all the text before it, which
    in a file of wrong lines would take the square of their number.
    """
    line = text[start:line_end]
    try:
        found = _row(Cursor(line), "")
        found.start, found.end = found.start + start, found.end + start
        return found
    except json.JSONDecodeError as error:
        if error.pos < len(line.rstrip()):  # else it may go on in the next line
            return Found("", start, line_end, problem=_not_json(error, 0))
    try:
        return _row(Cursor(text, start), "")
    except json.JSONDecodeError as error:
        return Found("", start, line_end, problem=_not_json(error, start))


def _not_json(error: json.JSONDecodeError, start: int) -> str:
    return f"not JSON: {error.msg}, character {error.pos - start + 1} of the record"


def _find_columns(text: str, source: str, mapping: Mapping[str, str] | None) -> Iterator[Found]:
    """A dictionary of columns has no one place for a record; its question stands for it.

    A column is a list, or, as pandas writes it, an object of row names; all are the same.
    """
    top = Cursor(text)
    columns = {key: cursor.value() for key, cursor in top.members()}
    mapping = {name: field for name, field in (mapping or {}).items() if name in columns}
    known = match_columns(columns, mapping)
    kind = dict if isinstance(columns.get(known.get("question", "")), dict) else list
    tables: dict[str, dict[Any, Any]] = {
        key: dict(enumerate(value)) if isinstance(value, list) else value
        for key, value in columns.items()
        if isinstance(value, kind)
    }
    for field_name, key in known.items():
        if key not in tables:
            raise NotACorpusError(f"{source}: {key!r}, the column of {field_name}, is not a list of values")
    lengths = {key: len(value) for key, value in tables.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise NotACorpusError(f"{source}: the columns have different lengths: {shown}")
    anchor = match_columns(tables, mapping).get("question", next(iter(tables), ""))
    rows = list(tables.get(anchor, ()))
    if any(list(table) != rows for table in tables.values()):
        raise NotACorpusError(f"{source}: the columns name their rows differently")
    places = column_cells(top.at((anchor,))) if anchor else []
    for row, cursor in zip(rows, places, strict=True):
        record = {key: value[row] for key, value in tables.items()}
        yield Found(f"/{_escaped(anchor)}/{_escaped(str(row))}", cursor.start, cursor.end, record)
    yield from _left_over(Cursor(text, top.end))


def column_cells(column: Cursor) -> list[Cursor]:
    """The places of the values of one column, in order."""
    return list(column.elements()) if column.kind == "[" else list(dict(column.members()).values())


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


def _shown(cursor: Cursor) -> str:
    """The beginning of a value, as far as it goes, on one line."""
    try:
        end = cursor.end
    except (json.JSONDecodeError, RecursionError):
        end = len(cursor.text)
    text = " ".join(cursor.text[cursor.start : min(end, cursor.start + 60)].split())
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be printed
    return text if len(text) <= 30 else text[:27] + "..."
