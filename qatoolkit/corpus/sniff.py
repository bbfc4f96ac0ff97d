"""Says which layout a file has, from its first bytes. Decides nothing about its records."""

from __future__ import annotations

import io
import json

from qatoolkit.corpus.fields import REQUIRED, match_columns
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.scan import rows_of
from qatoolkit.corpus.shapes import SHAPES, sniff_shape
from qatoolkit.errors import NotACorpusError

#: What `--format` takes, and what each is.
LAYOUTS = {
    "csv": "delimited text with a header line (comma, tab, semicolon or bar)",
    "squad": "nested SQuAD JSON: articles, paragraphs, questions",
    "rows": "JSON list of flat rows",
    "jsonl": "one flat JSON row a line",
    "columns": "JSON dictionary of columns",
    "xlsx": "Excel workbook with a header row",
    "parquet": "Parquet file",
    "arrow": "Arrow file or stream, Feather file, or folder written by save_to_disk",
    **{name: shape.about for name, shape in SHAPES.items()},
}

DELIMITERS = (",", "\t", ";", "|")


def sniff_layout(head: str, source: str) -> str:
    """The layout of a text from its beginning; a long JSON value may be cut off in it."""
    first = head.lstrip()[:1]
    if first in ("[", "{") and (shape := sniff_shape(head)):
        return shape
    if first == "[":
        return _of_object(_first_element(Cursor(head)), alone="rows")
    if first == "{":
        return _of_object(Cursor(head), alone="jsonl")
    if not first:
        raise NotACorpusError(f"{source}: the file is empty")
    return "csv"


def sniff_delimiter(head: str) -> str:
    """The delimiter under which the header names a context and a question, else the one that splits most."""

    def rank(delimiter: str) -> tuple[bool, int]:
        rows = rows_of(io.StringIO(head, newline=""), delimiter)
        names = next((row for row in rows if row), [])
        found = match_columns(names)
        return all(name in found for name in REQUIRED), len(names)

    return max(DELIMITERS, key=rank)


def _first_element(cursor: Cursor) -> Cursor:
    try:
        return next(cursor.elements(), cursor)
    except json.JSONDecodeError:
        return cursor


def _of_object(cursor: Cursor, *, alone: str) -> str:
    """Layout by an object's keys, as far as they can be read."""
    kinds: dict[str, str] = {}
    whole = True
    try:
        for key, child in cursor.members():
            kinds[key] = child.kind
            if key == "data" and child.kind == "[":
                inner = _of_object(_first_element(child), alone="rows")
                return inner if inner == "rows" else "squad"
            if key in ("paragraphs", "qas"):
                return "squad"
    except json.JSONDecodeError:
        whole = False
    found = match_columns(kinds)
    of_required = {kinds[found[name]] for name in REQUIRED if name in found}
    if not whole and not of_required:  # a column may be longer than the beginning of the file
        of_required = set(kinds.values())
    if alone == "jsonl" and of_required in ({"["}, {"{"}):  # pandas names the rows of each column
        return "columns"
    return alone
