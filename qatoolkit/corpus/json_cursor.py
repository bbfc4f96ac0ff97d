"""Walks JSON text without losing sight of where in the text each value stands.

The standard decoder forgets positions. A `Cursor` is one value's place; iterating over it
yields the places of its members, and `value()` hands the text between to the standard decoder,
so the speed is C's wherever positions are no longer wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")


class Cursor:
    """One JSON value inside `text`, starting at character `start`."""

    __slots__ = ("_end", "_part_end", "start", "text")

    def __init__(self, text: str, start: int = 0) -> None:
        self.text = text
        self.start = _skip(text, start)
        self._end: int | None = None
        self._part_end = 0  # of the part that an iteration has just passed

    @property
    def kind(self) -> str:
        """The value's first character: "{", "[", a quote, a digit, "" at the end of the text."""
        return self.text[self.start : self.start + 1]

    @property
    def end(self) -> int:
        """Character after the value.

        Raises:
            json.JSONDecodeError: the text is not JSON here.
        """
        if self._end is None:
            self._end = _decode(self.text, self.start)[1]
        return self._end

    def value(self) -> Any:
        """The decoded value."""
        value, self._end = _decode(self.text, self.start)
        return value

    def members(self) -> Iterator[tuple[str, Cursor]]:
        """Key and place of each member of an object, in order."""
        for position in self._parts("{", "}"):
            key, after = _decode(self.text, position)
            if not isinstance(key, str):
                raise json.JSONDecodeError("Expecting a key in quotes", self.text, position)
            after = _skip(self.text, after)
            if self.text[after : after + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' after a key", self.text, after)
            child = Cursor(self.text, after + 1)
            yield key, child
            self._part_end = child.end

    def elements(self) -> Iterator[Cursor]:
        """Place of each element of an array, in order."""
        for position in self._parts("[", "]"):
            child = Cursor(self.text, position)
            yield child
            self._part_end = child.end

    def _parts(self, opening: str, closing: str) -> Iterator[int]:
        """Where each part begins; the consumer leaves the part's end in `_part_end`."""
        if self.kind != opening:
            raise json.JSONDecodeError(f"Expecting {opening!r}", self.text, self.start)
        position = _skip(self.text, self.start + 1)
        if self.text[position : position + 1] == closing:
            self._end = position + 1
            return
        while True:
            yield position
            position = _skip(self.text, self._part_end)
            mark = self.text[position : position + 1]
            if mark == closing:
                self._end = position + 1
                return
            if mark != ",":
                raise json.JSONDecodeError(f"Expecting ',' or {closing!r}", self.text, position)
            position = _skip(self.text, position + 1)

    def at(self, path: tuple[str | int, ...]) -> Cursor:
        """The value at a path of keys and indices below this one; of a repeated key the last counts.

        Raises:
            KeyError: nothing stands there.
        """
        here = self
        for step in path:
            if isinstance(step, int):
                child = next(islice(here.elements(), step, None), None)
            else:
                child = dict(here.members()).get(step)
            if child is None:
                raise KeyError(path)
            here = child
        return here


def _decode(text: str, start: int) -> tuple[Any, int]:
    """The standard decoder, with every failure of it as the one error that callers expect."""
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise json.JSONDecodeError("Nested too deeply", text, start) from error
    except ValueError as error:  # Python reads no number of more than 4300 digits
        raise json.JSONDecodeError("A number is too long", text, start) from error


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
