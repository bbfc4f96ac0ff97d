"""Reads the table on a sheet of an Excel workbook, and changes cells in a copy of it.

Cells are read as the text that is seen in them: 3 and not 3.0, true, 2024-05-31. The sheet is the
first whose header names a context and a question, else the first. Formulas count as their result.
"""

from __future__ import annotations

import datetime
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException
from openpyxl.workbook import Workbook

from qatoolkit.corpus.cell_edits import CellEdits
from qatoolkit.corpus.fields import REQUIRED, match_columns, require
from qatoolkit.corpus.record import Batch, Note, Place
from qatoolkit.corpus.table import Table, to_batch
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

if TYPE_CHECKING:
    from qatoolkit.corpus.splice import Edit

BATCH_RECORDS = 20_000
#: What a damaged file raises, on opening or on any later row.
_DAMAGE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, OSError,
    SyntaxError,
)  # fmt: skip

#: Parts of a workbook that openpyxl drops when it saves one.
_LOST = ("xl/media/", "xl/charts/", "xl/diagrams/", "xl/embeddings/", "xl/pivotTables/")

#: Number of the row on its sheet, counted from 1, and its cells up to the last that holds something.
Row = tuple[int, list[str]]


def read_workbook(content: bytes, source: str, mapping: Mapping[str, str] | None = None) -> Iterator[Batch]:
    """Yields the records of a workbook in batches; a record's line is its row on the sheet.

    Args:
        content: the file.
        source: its name for messages and lineage.
        mapping: column -> field, where the usual names do not fit.

    Raises:
        UnreadableError: it is damaged.
        NotACorpusError: no column holds the context or the question.
    """
    book = _load(content, source, read_only=True)
    rows = _rows(book, _sheet(book, mapping, source), source)
    _, header = next(rows, (0, []))
    if not header:
        raise NotACorpusError(f"{source}: the sheet is empty; expected a header row and records below it")
    columns = _named(header, source)
    fields = match_columns(columns, mapping)
    require(fields, columns, source)
    table = Table(source, "", columns, fields)
    done = 0
    while block := list(islice(rows, BATCH_RECORDS)):
        yield _to_batch(block, done + 1, table)
        done += len(block)
    if not done:
        yield _to_batch([], 1, table)


def sheet_rows(content: bytes, source: str, mapping: Mapping[str, str] | None) -> Iterator[dict[str, str]]:
    """The cells of each record's row, by column."""
    book = _load(content, source, read_only=True)
    rows = _rows(book, _sheet(book, mapping, source), source)
    _, header = next(rows, (0, []))
    columns = _named(header, source)
    for _, cells in rows:
        yield dict(zip_longest(columns, cells, fillvalue=""))


def other_sheets(content: bytes, source: str, mapping: Mapping[str, str] | None) -> tuple[str, list[str]]:
    """The sheet that is read, and those that are not although they hold something."""
    book = _load(content, source, read_only=True)
    read = _sheet(book, mapping, source)
    others = [sheet.title for sheet in book.worksheets if sheet.title != read]
    return read, [title for title in others if any(_rows(book, title, source))]


def edit_workbook(
    content: bytes, source: str, mapping: Mapping[str, str], changes: list[tuple[Place, list[Edit]]]
) -> bytes:
    """A copy of a workbook with some values changed; without changes, the same bytes.

    Args:
        content: the file.
        source: its name for messages.
        mapping: column -> field, as it was read with.
        changes: place of a record and its edits.

    Raises:
        UsageError: the workbook holds pictures or charts, which the copy would lack.
    """
    if not any(edits for _, edits in changes):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    if any(name.startswith(_LOST) for name in names):
        raise UsageError(
            f"{source}: holds pictures, charts or pivot tables, which a mended copy would lose; "
            "save the sheet as CSV and mend that"
        )
    values = _load(content, source, read_only=True)
    title = _sheet(values, mapping, source)
    rows = dict(_rows(values, title, source))
    header = next(iter(rows.values()))
    cells = CellEdits(_named(header, source), mapping)
    book = openpyxl.load_workbook(
        io.BytesIO(content), rich_text=True, keep_vba="xl/vbaProject.bin" in names, keep_links=True
    )
    for place, edits in changes:
        assert place.line is not None
        row = rows[place.line]
        for column, text in cells.make(row + [""] * (len(header) - len(row)), edits).items():
            _write(book[title].cell(place.line, column + 1), text, source)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _load(content: bytes, source: str, **options: bool) -> Workbook:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, **options)
        if book.worksheets:
            return book
        raise ValueError("it has no sheet of cells")
    except _DAMAGE as error:
        raise _damaged(source, error) from error


def _damaged(source: str, error: Exception) -> UnreadableError:
    return UnreadableError(
        f"{source}: cannot be read as an Excel workbook: {error}\nSave it again as .xlsx, or as CSV."
    )


def _sheet(book: Workbook, mapping: Mapping[str, str] | None, source: str) -> str:
    """The first sheet whose header has a context and a question, else the first."""
    titles: list[str] = [sheet.title for sheet in book.worksheets]
    for title in titles:
        _, header = next(_rows(book, title, source), (0, []))
        known = {column: field for column, field in (mapping or {}).items() if column in header}
        if all(name in match_columns(header, known) for name in REQUIRED):
            return title
    return titles[0]


def _rows(book: Workbook, title: str, source: str) -> Iterator[Row]:
    """The rows of a sheet that hold anything; they are decompressed as they are asked for."""
    sheet = book[title]
    sheet.reset_dimensions()  # some programs write wrong ones, and rows beyond them would be lost
    rows = enumerate(sheet.iter_rows(values_only=True), 1)
    while True:
        try:
            number, values = next(rows)
        except StopIteration:
            return
        except _DAMAGE as error:
            raise _damaged(source, error) from error
        cells = [_seen(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _seen(value: Any) -> str:
    """What a person sees in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _named(header: list[str], source: str) -> list[str]:
    """The names of the columns; one without a name goes by its letter."""
    columns = [name or get_column_letter(at) for at, name in enumerate(header, 1)]
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise NotACorpusError(
            f"{source}: the header names {', '.join(map(repr, sorted(repeated)))} more than once; rename one"
        )
    return columns


def _to_batch(rows: list[Row], first: int, table: Table) -> Batch:
    width = len(table.columns)
    places = [(first + i, line, line, None, None) for i, (line, _) in enumerate(rows)]
    fits = [len(cells) <= width for _, cells in rows]
    notes = [
        Note("ragged-row", Place(*place), f"{len(cells)} cells, the header has {width}")
        for place, (_, cells), good in zip(places, rows, fits, strict=True)
        if not good
    ]
    kept = [cells + [""] * (width - len(cells)) for (_, cells), good in zip(rows, fits, strict=True) if good]
    frame = pl.DataFrame(
        {name: pl.Series([row[i] for row in kept], dtype=pl.String) for i, name in enumerate(table.columns)}
    )
    where = pl.DataFrame(
        [place for place, good in zip(places, fits, strict=True) if good],
        schema=dict.fromkeys(("row", "line", "line_end", "byte_start", "byte_end"), pl.Int64),
        orient="row",
    )
    return to_batch(frame, where, table, notes)


def _is_number(text: str) -> bool:
    """Whether a text is a number as it is seen in a cell; "007" would be seen as 7."""
    return text.removeprefix("-").isdecimal() and text == str(int(text))


def _write(cell: Cell, text: str, source: str) -> None:
    """Puts a text into a cell as the kind of value that stood there."""
    old = cell.value
    if text in ("true", "false") and (old is None or isinstance(old, bool)):
        cell.value = text == "true"
    elif _is_number(text) and (old is None or isinstance(old, int | float)):
        cell.value = int(text)
    else:
        try:
            cell.value = text
        except IllegalCharacterError as error:
            raise UsageError(
                f"{source}: row {cell.row}: a workbook cannot hold a control character"
            ) from error
        cell.data_type = "s"  # also for a text that begins as a formula does
