"""Finds where each record of a delimited file begins and ends, without parsing its fields.

A comma or a line break counts only outside quotes, that is after an even number of quote
characters (a doubled quote keeps the parity). So three sorted arrays of positions and a binary
search give every record's bytes, physical lines and number of fields at memory speed. The
reasoning holds only if quotes stand where RFC 4180 puts them; `well_quoted` says whether they do.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

_QUOTE, _LF, _CR = 0x22, 0x0A, 0x0D


#: The standard library refuses fields of more than 128 KiB unless told; a context may be a whole document.
_LONGEST_FIELD = 2**31 - 1


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The fields of each record by the standard library's parser, whose limit on their length is lifted."""
    csv.field_size_limit(_LONGEST_FIELD)
    return csv.reader(lines, delimiter=delimiter)


@dataclass(frozen=True)
class RecordIndex:
    """Where the records of a block of bytes lie; one element for a record, blank lines left out.

    Attributes:
        start: first byte, relative to the block.
        end: byte after the record's line break.
        line: 0-based physical line of the first byte, relative to the block.
        line_end: 0-based physical line of the last byte.
        n_fields: number of fields.
        n_lines: physical lines in the whole block, blank ones too.
    """

    start: Positions
    end: Positions
    line: Positions
    line_end: Positions
    n_fields: Positions
    n_lines: int


def complete_length(block: bytes, *, final: bool) -> int:
    """Length of the part of `block` that holds whole records; all of it when it is the `final` one."""
    if final:
        return len(block)
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    breaks = np.flatnonzero(data == _LF)
    outside = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def well_quoted(block: bytes, delimiter: str) -> bool:
    """Whether every quote opens or closes a field, or is doubled inside one."""
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    if len(quotes) % 2:
        return False
    edge = np.zeros(256, bool)
    edge[[ord(delimiter), _LF, _CR, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = edge[data[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = edge[data[np.minimum(closing + 1, len(data) - 1)]] | (closing == len(data) - 1)
    return bool(before.all() and after.all())


def index_records(block: bytes, delimiter: str) -> RecordIndex:
    """Places of all records in a well-quoted block that starts at the start of one."""
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    breaks = np.flatnonzero(data == _LF)
    ends = breaks[np.searchsorted(quotes, breaks) % 2 == 0] + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))  # the last line of the file has no line break
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    commas = np.flatnonzero(data == ord(delimiter))
    commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
    n_fields = np.diff(np.searchsorted(commas, np.append(starts, len(data)))) + 1
    blank = _is_blank(data, starts, ends)
    line = np.searchsorted(breaks, starts)
    line_end = np.searchsorted(breaks, ends - 1)
    keep = ~blank
    return RecordIndex(starts[keep], ends[keep], line[keep], line_end[keep], n_fields[keep], len(breaks))


def _is_blank(data: npt.NDArray[np.uint8], starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
    first = data[np.minimum(starts, len(data) - 1)] if len(data) else starts
    blank: npt.NDArray[np.bool_] = (first == _LF) | ((first == _CR) & (ends - starts <= 2))
    return blank
