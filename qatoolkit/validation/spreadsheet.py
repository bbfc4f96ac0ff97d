"""Texts in a CSV that people open in a spreadsheet: kept as texts, and read back as they were.

A spreadsheet takes a cell for more than text in two ways. What begins like a formula is one, and may run
something; what looks like a number or a date is shown, and saved, as something else ("May 5" as 5-May,
"007" as 7). An apostrophe in front prevents both: spreadsheets either show it and keep it, or take it for
their own sign for text and drop it. `plain` takes it away again, and leaves alone whatever has none. A text
that itself begins with an apostrophe before such a value cannot be told from one whose sign was kept.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[=+\-@\t\r]")
_MONTH = r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
#: Digits, with nothing but signs, months, exponents and halves of the day around; plain numbers stay.
_VALUE = re.compile(
    rf"(?!(?:0|[1-9]\d{{0,14}})$)(?=\D*\d)(?:[\d\W_]|{_MONTH}|\b[ap]m\b|\de(?=[-+\d]))+", re.IGNORECASE
)


def shielded(text: str) -> str:
    """The text for a cell, with an apostrophe in front where a spreadsheet would not take it for text."""
    return f"'{text}" if _endangered(text) else text


def plain(cell: str) -> str:
    """The text of a cell that `shielded` wrote; another cell is returned as it is."""
    return cell[1:] if cell.startswith("'") and _endangered(cell[1:]) else cell


def _endangered(text: str) -> bool:
    # Apostrophes before a text that needs one have to be told from the one that is added.
    bare = text.lstrip("'")
    return bool(_FORMULA.match(bare) or _VALUE.fullmatch(bare))
