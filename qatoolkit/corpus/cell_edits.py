"""Changes values in the cells of one row of a table, whatever kind of file the table stands in.

An answer may fill a cell of its own, or stand with others in a cell that holds a literal; in
either case only the one value in it changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qatoolkit.corpus.answers import all_objects, locate
from qatoolkit.corpus.cells import parse_cell
from qatoolkit.corpus.fields import match_columns

if TYPE_CHECKING:
    from qatoolkit.corpus.splice import Edit


class CellEdits:
    """Finds the cell that an edit is about, and what it holds afterwards.

    Args:
        columns: names of the columns.
        mapping: column -> field, as the table was read with.
    """

    def __init__(self, columns: list[str], mapping: Mapping[str, str]) -> None:
        self._columns = columns
        self._fields = match_columns(columns, mapping)

    def make(self, values: list[str], edits: Iterable[Edit]) -> dict[int, str]:
        """New texts by column, for a row of texts."""
        values = list(values)
        changed: dict[int, str] = {}
        for edit in edits:
            column = self._column(edit.field, values)
            changed[column] = values[column] = self._value(column, values[column], edit)
        return changed

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
        return "" if edit.new is None else str(edit.new)


def _flag_like(old: str, value: bool) -> str:
    for true, false in (("1", "0"), ("TRUE", "FALSE"), ("True", "False"), ("yes", "no")):
        if old in (true, false):
            return true if value else false
    return "true" if value else "false"


def _assign(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new
