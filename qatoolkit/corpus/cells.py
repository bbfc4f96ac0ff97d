"""Reads a value that somebody wrote into one cell of a table: JSON, or what pandas made of it.

`DataFrame.to_csv` writes a dictionary of arrays as the text
`{'text': array(['x'], dtype=object), 'answer_start': array([3])}`. That is a Python expression,
but nothing here is evaluated: the wrapping is cut away and the rest is parsed as a literal.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
import tokenize
import warnings
from typing import Any


def parse_cell(cell: str) -> Any:
    """The value that a cell holds; a cell that is not a literal is its own text."""
    stripped = cell.strip()
    if not stripped or stripped[0] not in "[{":
        return cell
    for parse in (json.loads, _parse_literal):
        try:
            value = parse(stripped)
            if "\\" in stripped:  # an escape can spell half a surrogate pair, which no column can hold
                json.dumps(value, ensure_ascii=False).encode("utf-8")
            return value
        except (ValueError, TypeError, SyntaxError, tokenize.TokenError, MemoryError, RecursionError):
            continue
    return cell


def _parse_literal(cell: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in somebody's text is no fault of theirs
        return _plain(ast.parse(_with_commas(cell), mode="eval").body)


_VALUES = (tokenize.STRING, tokenize.NUMBER)
_ADJACENT = re.compile(r"""['"\d.]\s+['"\d.-]""")


def _with_commas(cell: str) -> str:
    """Puts the commas that `str()` of an array leaves out: "['a' 'b']", which Python would join."""
    if not _ADJACENT.search(cell):
        return cell
    lines = cell.splitlines(keepends=True)
    gaps = []
    tokens = [token for token in tokenize.generate_tokens(iter(lines).__next__) if token.string.strip()]
    for one, two in itertools.pairwise(tokens):
        if one.type in _VALUES and (two.type in _VALUES or two.string == "-"):
            gaps.append(two.start)
    for line, column in reversed(gaps):
        lines[line - 1] = lines[line - 1][:column] + "," + lines[line - 1][column:]
    return "".join(lines)


def _plain(node: ast.expr | None) -> Any:
    """A literal, a list or a dictionary; a call, `array([...])` or `np.int64(4)`, is what it is given."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_plain(key): _plain(value) for key, value in zip(keys, values, strict=True)}
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Call(func=ast.Name(id="array") | ast.Attribute(value=ast.Name(id="np")), args=[given, *_]):
            return _plain(given)
        case ast.Name(id="nan"):
            return None
    raise ValueError("not a literal")
