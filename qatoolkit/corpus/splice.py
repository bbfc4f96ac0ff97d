"""Puts changed values back into a source's bytes and leaves every other byte as it was.

Only the tokens named by the edits are replaced: the cell of a table, the number or string of a
JSON record, in the dialect, quoting and escaping that stood there. No record is re-serialised.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qatoolkit.corpus.answers import all_objects, locate
from qatoolkit.corpus.cells import parse_cell
from qatoolkit.corpus.fields import match_columns
from qatoolkit.corpus.json_batches import Places
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.reader import Source
from qatoolkit.corpus.record import Place
from qatoolkit.errors import UsageError


@dataclass(frozen=True)
class Edit:
    """One value of one record to be replaced.

    Attributes:
        field: "text", "answer_start", "answer_end", or a field of the record itself.
        answer: 0-based index of the answer, None for a field of the record.
        old: the value as the source has it.
        new: the value that replaces it.
    """

    field: str
    answer: int | None
    old: Any
    new: Any


def splice(source: Source, mapping: Mapping[str, str], changes: Iterable[tuple[Place, list[Edit]]]) -> bytes:
    """The source's content with the changes made, in its own encoding.

    Args:
        source: a file of a text layout.
        mapping: column -> field, as it was read with.
        changes: place of a record and its edits; every place must come from reading this source.

    Raises:
        UsageError: the layout is not text, so there is nothing to splice into.
    """
    if source.layout == "arrow":
        raise UsageError(
            f"{source.name}: a saved dataset is not edited in place; "
            f"use: qatk convert {source.name} -o NEW --fix"
        )
    text = source.read_text()
    content = text.encode("utf-8")
    editor = (
        _CsvEditor(source, mapping, content) if source.layout == "csv" else _JsonEditor(source, mapping, text)
    )
    mark = codecs.BOM_UTF8 if source.encoding == "utf-8-sig" else b""
    out = [mark]
    at = 0
    for start, end, replacement in sorted(editor.replacements(changes, len(mark))):
        out += [content[at:start], replacement]
        at = end
    changed = b"".join([*out, content[at:]])
    return _as_utf16(changed, source) if source.encoding == "utf-16" else changed


def _as_utf16(content: bytes, source: Source) -> bytes:
    """Encodes with the source's own byte order, which "utf-16" alone would leave to the machine."""
    text = content.decode("utf-8")
    if source.read_bytes().startswith(codecs.BOM_UTF16_BE):
        return codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


Replacement = tuple[int, int, bytes]


class _CsvEditor:
    """Finds and rewrites cells."""

    def __init__(self, source: Source, mapping: Mapping[str, str], content: bytes) -> None:
        self._delimiter = source.delimiter
        self._content = content
        content = content.lstrip(b"\r\n")  # blank lines may stand above the header
        header = content[: _record_end(content)].decode("utf-8")
        self._columns = [_unquoted(header[a:b]) for a, b in cell_spans(header, self._delimiter)]
        self._fields = match_columns(self._columns, mapping)

    def replacements(self, changes: Iterable[tuple[Place, list[Edit]]], shift: int) -> Iterable[Replacement]:
        for place, edits in changes:
            assert place.byte_start is not None
            assert place.byte_end is not None
            start, end = place.byte_start - shift, place.byte_end - shift
            yield start, end, self._record(self._content[start:end].decode("utf-8"), edits).encode("utf-8")

    def _record(self, record: str, edits: list[Edit]) -> str:
        spans = cell_spans(record, self._delimiter)
        raw = [record[a:b] for a, b in spans]
        values = [_unquoted(cell) for cell in raw]
        for edit in edits:
            column = self._column(edit.field, values)
            values[column] = self._value(column, values[column], edit)
            raw[column] = _quoted_like(raw[column], values[column], self._delimiter)
        tail = record[spans[-1][1] :]
        return self._delimiter.join(raw) + tail

    def _column(self, field: str, values: list[str]) -> int:
        name = "answers" if field == "text" else field
        if name in ("answer_start", "answer_end"):
            answers = parse_cell(values[self._columns.index(self._fields["answers"])])
            if isinstance(answers, dict) or all_objects(answers):
                name = "answers"
        return self._columns.index(self._fields[name])

    def _value(self, column: int, cell: str, edit: Edit) -> str:
        value = parse_cell(cell)
        if isinstance(value, dict | list) and cell != edit.old:  # else a text that happens to look like one
            path: tuple[str | int, ...] = (edit.answer or 0,)
            if self._columns[column] == self._fields["answers"]:
                path = locate({"answers": value}, {"answers": "answers"}, edit.answer, edit.field)[1:]
            _assign(value, path, edit.new)
            return json.dumps(value, ensure_ascii=False)
        if isinstance(edit.new, bool):
            return _flag_like(cell, edit.new)
        return str(edit.new)


class _JsonEditor:
    """Finds and rewrites JSON tokens."""

    def __init__(self, source: Source, mapping: Mapping[str, str], text: str) -> None:
        self._name = source.name
        self._mapping = mapping
        self._text = text
        self._content = text.encode("utf-8")
        self._in_columns = source.layout == "columns"
        self._places = Places(text)

    @cached_property
    def _columns(self) -> dict[str, list[Cursor]]:
        lists = {key: cursor for key, cursor in Cursor(self._text).members() if cursor.kind == "["}
        return {key: list(cursor.elements()) for key, cursor in lists.items()}

    def replacements(self, changes: Iterable[tuple[Place, list[Edit]]], shift: int) -> Iterable[Replacement]:
        for place, edits in changes:
            members, base, places = self._record(place, shift)
            value = {key: cursor.value() for key, cursor in members.items()}
            names = match_columns(value, {k: v for k, v in self._mapping.items() if k in value})
            for edit in edits:
                first, *rest = locate(value, names, edit.answer, edit.field)
                try:
                    token = members[str(first)].at(tuple(rest))
                except KeyError as error:
                    raise UsageError(
                        f"{self._name}: {edit.field} of record {place.row} stands outside it, "
                        "where other records share it; mend it by hand"
                    ) from error
                old = token.text[token.start : token.end]
                plain = "\\u" in old or (old.isascii() and token.text.isascii())
                new = json.dumps(edit.new, ensure_ascii=plain)
                yield base + places.byte(token.start), base + places.byte(token.end), new.encode("utf-8")

    def _record(self, place: Place, shift: int) -> tuple[dict[str, Cursor], int, Places]:
        """A record's members, the byte at which the text around them begins, and that text's places."""
        assert place.row is not None
        assert place.byte_start is not None
        assert place.byte_end is not None
        if self._in_columns:
            return {key: items[place.row - 1] for key, items in self._columns.items()}, 0, self._places
        text = self._content[place.byte_start - shift : place.byte_end - shift].decode("utf-8")
        return dict(Cursor(text).members()), place.byte_start - shift, Places(text)


def cell_spans(record: str, delimiter: str) -> list[tuple[int, int]]:
    """Start and end of every cell of one delimited record, quotes included, line break left out."""
    spans, start, at, quoted = [], 0, 0, False
    while at < len(record):
        character = record[at]
        if quoted and character == '"':
            quoted = record.startswith('""', at)
            at += quoted  # a doubled quote stands for one and closes nothing
        elif character == '"' and at == start:
            quoted = True
        elif character == delimiter and not quoted:
            spans.append((start, at))
            start = at + 1
        elif character in "\r\n" and not quoted:
            break
        at += 1
    return [*spans, (start, at)]


def _record_end(content: bytes) -> int:
    quoted = False
    for at, byte in enumerate(content):
        if byte == 0x22:
            quoted = not quoted
        elif byte == 0x0A and not quoted:
            return at + 1
    return len(content)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _quoted_like(old: str, value: str, delimiter: str) -> str:
    needs = any(mark in value for mark in (delimiter, '"', "\n", "\r"))
    return '"' + value.replace('"', '""') + '"' if old.startswith('"') or needs else value


def _flag_like(old: str, value: bool) -> str:
    for true, false in (("1", "0"), ("TRUE", "FALSE"), ("True", "False"), ("yes", "no")):
        if old in (true, false):
            return true if value else false
    return "true" if value else "false"


def _assign(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new
