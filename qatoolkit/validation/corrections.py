"""A list of corrections that a person has gone through: what its columns are, and how they are read.

One row is one answer: what it is, what it should be, and whether somebody agrees. Whoever writes
such a list writes `COLUMNS`; whoever reads it needs `REQUIRED` and uses the rest to tell equal
answers apart. Changes nothing; see `apply`.

    file, row, line     where the record stands
    id                  its id
    content_hash        `record.content_hash` of its context and question, "blake2b:" before it, so
                        that no spreadsheet takes it for a number
    answer              0-based index of the answer in the record
    old_text, old_start the answer as it is; no text where the question has none
    new_text, new_start what it should be; no text if the context does not answer the question
    reason, confidence  why somebody should look, for the reader
    decision            accept, yes, y, apply; reject, no, n; nothing while it is undecided
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qatoolkit.corpus.answers import as_integer
from qatoolkit.corpus.encoding import HEAD_BYTES, decode, sniff_encoding
from qatoolkit.corpus.sniff import DELIMITERS
from qatoolkit.errors import UnreadableError, UsageError
from qatoolkit.validation.spreadsheet import plain

COLUMNS = (
    "file", "row", "line", "id", "content_hash", "answer", "old_text", "old_start", "new_text", "new_start",
    "reason", "confidence", "decision",
)  # fmt: skip
REQUIRED = ("content_hash", "old_text", "new_text", "decision")

#: Stands before a hash in the list.
HASH_PREFIX = "blake2b:"

Decision = Literal["accepted", "rejected", "undecided"]
_DECISIONS: dict[str, Decision] = {
    "accept": "accepted", "yes": "accepted", "y": "accepted", "apply": "accepted",
    "reject": "rejected", "no": "rejected", "n": "rejected",
    "": "undecided",
}  # fmt: skip


@dataclass(frozen=True)
class Correction:
    """One row of the list.

    Attributes:
        content_hash: of the record's context and question.
        old_text: the answer as it was, "" if there was none.
        new_text: what it should be, "" if the context does not answer the question.
        decision: what the person decided.
        line: the row's line in the list, 0 if it comes from no file.
        file: the record's file.
        row: the record's number in its file.
        answer: 0-based index of the answer.
        old_start: characters; None if the list does not say.
        new_start: characters; None if the list does not say.
        problem: why the row cannot be understood, "" if it can.
    """

    content_hash: str
    old_text: str
    new_text: str
    decision: Decision = "accepted"
    line: int = 0
    file: str = ""
    row: int | None = None
    answer: int | None = None
    old_start: int | None = None
    new_start: int | None = None
    problem: str = ""


def read_corrections(path: str | Path) -> list[Correction]:
    """Reads a list in CSV, as this package or a spreadsheet writes it.

    A wrong guess at its encoding does no harm: a text that is not the record's is not applied.

    Raises:
        UnreadableError: the file is missing or no text.
        UsageError: a column is missing.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    encoding, _ = sniff_encoding(content[:HEAD_BYTES], io.BytesIO(content[HEAD_BYTES:]), str(path))
    text = decode(content, encoding, str(path))
    header = text.partition("\n")[0]
    csv.field_size_limit(max(len(text), csv.field_size_limit()))  # an answer or a note may be a whole page
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header.count))
    missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
    if missing:
        raise UsageError(
            f"{path}: no column {', '.join(missing)}; a list of corrections has: {', '.join(COLUMNS)}"
        )
    return [_correction(row, rows.line_num) for row in rows]


def _correction(row: Mapping[str | None, str | None], line: int) -> Correction:
    cells = {name: plain(row.get(name) or "") for name in COLUMNS}
    numbers = {name: as_integer(cells[name]) for name in ("row", "answer", "old_start", "new_start")}
    odd = [f"{name} {cells[name]!r} is no number" for name, n in numbers.items() if cells[name] and n is None]
    said = cells["decision"].strip().lower()
    if said not in _DECISIONS:
        odd.append(f"decision {said!r} is none of accept, reject or nothing")
    if None in row or None in row.values():
        odd.append("it has more or fewer fields than the header")
    return Correction(
        cells["content_hash"].strip().removeprefix(HASH_PREFIX),
        cells["old_text"],
        cells["new_text"],
        _DECISIONS.get(said, "undecided"),
        line,
        cells["file"],
        **numbers,
        problem=", ".join(odd),
    )
