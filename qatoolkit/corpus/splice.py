"""Puts changed values back into a source's bytes and leaves every other byte as it was.

Only the tokens named by the edits are replaced: the cell of a table, the number or string of a
JSON record, in the dialect, quoting and escaping that stood there. No record is re-serialised.
The text is encoded and packed again as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qatoolkit.corpus.cell_edits import CellEdits
from qatoolkit.corpus.encoding import decode, encode, shown
from qatoolkit.corpus.json_batches import Places
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.json_records import column_cells
from qatoolkit.corpus.packed import repacked
from qatoolkit.corpus.record import Place
from qatoolkit.corpus.shapes import PLAIN, SHAPES, names_in
from qatoolkit.corpus.source import Source
from qatoolkit.corpus.spans import SharedError, write_value
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
    """The source's file with the changes made, in its own encoding and packing.

    Args:
        source: a text, packed or not, or a workbook.
        mapping: column -> field, as it was read with.
        changes: place of a record and its edits; every place must come from reading this source.

    Raises:
        UsageError: the layout has no values to be replaced one by one, or its encoding is lossy.
    """
    changes = list(changes)
    if source.layout == "xlsx":
        from qatoolkit.corpus.workbook import edit_workbook

        original = source.unpacked_bytes()
        content = edit_workbook(original, source.name, mapping, changes)
    elif source.is_text:
        original = source.unpacked_bytes()
        content = _splice_text(source, mapping, changes, original)
    else:
        raise UsageError(
            f"{source.name}: {'a saved dataset' if not source.is_file else f'a {source.layout} file'} "
            f"is not edited in place; use: qatk convert {source.name} -o NEW --fix"
        )
    if content == original or not source.packing:
        return source.read_bytes() if content == original else content
    return repacked(content, source.packing, source.member, source.read_bytes())


def _splice_text(
    source: Source, mapping: Mapping[str, str], changes: list[tuple[Place, list[Edit]]], original: bytes
) -> bytes:
    text = decode(original, source.encoding, source.name)
    if encode(text, source.encoding, original, source.name) != original:
        raise UsageError(
            f"{source.name}: some of its bytes are not those that {shown(source.encoding)} has for their "
            "characters, so a mended copy would differ in more than its repairs; save it as UTF-8 first"
        )
    content = text.encode("utf-8", "surrogateescape")
    editor = (
        _CsvEditor(source, mapping, content) if source.layout == "csv" else _JsonEditor(source, mapping, text)
    )
    shift = 3 if source.encoding == "utf-8-sig" else 0  # places count the mark
    out = []
    at = 0
    for start, end, replacement in sorted(editor.replacements(changes, shift)):
        out += [content[at:start], replacement]
        at = end
    changed = b"".join([*out, content[at:]]).decode("utf-8", "surrogateescape")
    return encode(changed, source.encoding, original, source.name)


Replacement = tuple[int, int, bytes]


class _CsvEditor:
    """Finds and rewrites cells."""

    def __init__(self, source: Source, mapping: Mapping[str, str], content: bytes) -> None:
        self._delimiter = source.delimiter
        self._content = content
        content = content.lstrip(b"\r\n")  # blank lines may stand above the header
        header = content[: _record_end(content)].decode("utf-8", "replace")
        columns = [_unquoted(header[a:b]) for a, b in cell_spans(header, self._delimiter)]
        self._cells = CellEdits(columns, mapping)

    def replacements(self, changes: Iterable[tuple[Place, list[Edit]]], shift: int) -> Iterable[Replacement]:
        for place, edits in changes:
            assert place.byte_start is not None
            assert place.byte_end is not None
            start, end = place.byte_start - shift, place.byte_end - shift
            yield start, end, self._record(self._content[start:end].decode("utf-8"), edits).encode("utf-8")

    def _record(self, record: str, edits: list[Edit]) -> str:
        spans = cell_spans(record, self._delimiter)
        raw = [record[a:b] for a, b in spans]
        for column, value in self._cells.make([_unquoted(cell) for cell in raw], edits).items():
            raw[column] = _quoted_like(raw[column], value, self._delimiter)
        tail = record[spans[-1][1] :]
        return self._delimiter.join(raw) + tail


class _JsonEditor:
    """Finds and rewrites JSON tokens."""

    def __init__(self, source: Source, mapping: Mapping[str, str], text: str) -> None:
        self._name = source.name
        self._mapping = mapping
        self._text = text
        self._content = text.encode("utf-8", "surrogateescape")
        self._shape = SHAPES.get(source.layout, PLAIN)
        self._in_columns = source.layout == "columns"
        self._places = Places(text)

    @cached_property
    def _columns(self) -> dict[str, list[Cursor]]:
        columns = {key: cursor for key, cursor in Cursor(self._text).members() if cursor.kind in ("[", "{")}
        return {key: column_cells(cursor) for key, cursor in columns.items()}

    def replacements(self, changes: Iterable[tuple[Place, list[Edit]]], shift: int) -> Iterable[Replacement]:
        for place, edits in changes:
            members, base, places = self._record(place, shift)
            value = {key: cursor.value() for key, cursor in members.items()}
            names = names_in(value, self._shape, self._mapping)
            for edit in edits:
                try:
                    written = write_value(value, names, self._shape, edit.answer, edit.field, edit.new)
                    if written is None:
                        continue
                    (first, *rest), meant = written
                    token = members[str(first)].at(tuple(rest))
                except KeyError as error:
                    raise UsageError(
                        f"{self._name}: {edit.field} of record {place.row} stands outside it, "
                        "where other records share it; mend it by hand"
                    ) from error
                except SharedError as error:
                    raise UsageError(f"{self._name}: record {place.row}: {error}; mend it by hand") from error
                old = token.text[token.start : token.end]
                plain = "\\u" in old or (old.isascii() and token.text.isascii())
                new = json.dumps(meant, ensure_ascii=plain)
                yield base + places.byte(token.start), base + places.byte(token.end), new.encode("utf-8")

    def _record(self, place: Place, shift: int) -> tuple[dict[str, Cursor], int, Places]:
        """A record's members, the byte at which the text around them begins, and that text's places."""
        assert place.row is not None
        assert place.byte_start is not None
        assert place.byte_end is not None
        if self._in_columns:
            row = place.row - 1
            cells = {key: items[row] for key, items in self._columns.items() if row < len(items)}
            return cells, 0, self._places
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
