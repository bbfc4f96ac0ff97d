"""Reads a value that somebody wrote into one cell of a table: JSON, or what pandas made of it.

`DataFrame.to_csv` writes a dictionary of arrays as the text
`{'text': array(['x'], dtype=object), 'answer_start': array([3])}`. That is a Python expression,
but nothing here is evaluated: the wrapping is cut away and the rest is parsed as a literal.
"""

from __future__ import annotations

import ast
import json
from typing import Any


def parse_cell(cell: str) -> Any:
    """The value that a cell holds; a cell that is not a literal is its own text."""
    stripped = cell.strip()
    if not stripped or stripped[0] not in "[{":
        return cell
    try:
        return json.loads(stripped)
    except ValueError:
        pass
    try:
        return _plain(ast.parse(stripped, mode="eval").body)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell


def _plain(node: ast.expr) -> Any:
    """A literal, a list or a dictionary; `array([...])` is its list; anything else is refused."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_plain(key): _plain(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Call(func=ast.Name(id="array"), args=[items, *_]):
            return _plain(items)
        case ast.Name(id="nan"):
            return None
    raise ValueError("not a literal")
