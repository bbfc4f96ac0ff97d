"""Finds where each record of a delimited file begins and ends, without parsing its fields.

A comma or a line break counts only outside quotes, that is after an even number of quote
characters (a doubled quote keeps the parity). So the sorted positions of quotes, commas and line
breaks give every record's bytes, physical lines and number of fields at memory speed. The
reasoning holds only if quotes stand where RFC 4180 puts them; the index says whether they do.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_QUOTE, _LF, _CR = 0x22, 0x0A, 0x0D


#: The standard library refuses fields of more than 128 KiB unless told; a context may be a whole document.
_LONGEST_FIELD = 2**31 - 1


def rows_of(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    """The fields of each record by the standard library's parser, whose limit on their length is lifted.

    Args:
        lines: physical lines, with their line breaks.
        delimiter: between fields.
        strict: raise `csv.Error` for text behind a closing quote and for a quote that is never closed,
            instead of guessing.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


@dataclass(frozen=True)
class RecordIndex:
    """Where the records of a block of bytes lie; one element for a record, blank lines left out.

    Attributes:
        start: first byte, relative to the block.
        end: byte after the record's line break.
        line: 0-based physical line of the first byte, relative to the block.
        line_end: 0-based physical line of the last byte.
        n_fields: number of fields.
        n_lines: physical lines in the part that holds whole records, blank ones too.
        length: bytes of that part.
        well_quoted: whether every quote in it opens or closes a field, or is doubled inside one;
            where it is not so, the rest of the index means nothing.
    """

    start: Positions
    end: Positions
    line: Positions
    line_end: Positions
    n_fields: Positions
    n_lines: int
    length: int
    well_quoted: bool

    def without_first(self) -> RecordIndex:
        """The index of the records behind the first one."""
        return replace(
            self,
            start=self.start[1:],
            end=self.end[1:],
            line=self.line[1:],
            line_end=self.line_end[1:],
            n_fields=self.n_fields[1:],
        )


def index_records(block: bytes | memoryview, delimiter: str, *, final: bool = True) -> RecordIndex:
    """Places of all whole records in a block that starts at the start of one.

    Args:
        block: bytes of the file.
        delimiter: one character of ASCII.
        final: whether the file ends with the block, so that its last line needs no line break.
    """
    data = np.frombuffer(block, np.uint8)
    marks = _positions(data, (_QUOTE, _LF, ord(delimiter)))
    kind = data[marks]
    outside = np.cumsum(kind == _QUOTE) % 2 == 0
    ends = marks[(kind == _LF) & outside] + 1
    if final and len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    length = int(ends[-1]) if len(ends) else 0
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    commas = marks[(kind == ord(delimiter)) & outside]
    n_fields = np.diff(np.searchsorted(commas, np.append(starts, length))) + 1
    breaks = marks[kind == _LF]
    line, line_end = np.searchsorted(breaks, starts), np.searchsorted(breaks, ends - 1)
    quotes = marks[kind == _QUOTE]
    keep = ~_is_blank(data, starts, ends)
    return RecordIndex(
        starts[keep],
        ends[keep],
        line[keep],
        line_end[keep],
        n_fields[keep],
        int(np.searchsorted(breaks, length)),
        length,
        _well_quoted(data[:length], quotes[: np.searchsorted(quotes, length)], delimiter),
    )


def _positions(data: Bytes, values: tuple[int, ...]) -> Positions:
    """Where any of the values stands."""
    hit = data == values[0]
    for value in values[1:]:
        hit |= data == value
    return np.flatnonzero(hit)


def _well_quoted(data: Bytes, quotes: Positions, delimiter: str) -> bool:
    if len(quotes) % 2:
        return False
    edge = np.zeros(256, bool)
    edge[[ord(delimiter), _LF, _CR, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = edge[data[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = edge[data[np.minimum(closing + 1, len(data) - 1)]] | (closing == len(data) - 1)
    return bool(before.all() and after.all())


def _is_blank(data: Bytes, starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
    first = data[np.minimum(starts, len(data) - 1)] if len(data) else starts
    blank: npt.NDArray[np.bool_] = (first == _LF) | ((first == _CR) & (ends - starts <= 2))
    return blank
