"""Turns tables whose columns have types, as Parquet and Arrow hold them, into record columns.

Answers may be a struct of lists, as the Hub's `squad` has them, a list of structs, a list of
texts, or one text with its start in a column beside it. The first goes column by column, as does
the last; the others go answer by answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from qatoolkit.corpus.answers import read_answers
from qatoolkit.corpus.fields import REQUIRED, match_columns, require
from qatoolkit.corpus.record import RECORD, Batch, Note
from qatoolkit.corpus.table import Noter, made_ids, read_answer_columns, read_flags
from qatoolkit.errors import NotACorpusError

_TEXTS = (pl.String, pl.Categorical, pl.Enum, pl.Null)
_NUMBERS = ("answer_start", "answer_end")
#: What pandas holds as floats where a value is missing.
_WHOLE = ("id", *_NUMBERS, "is_impossible")


def read_frames(
    tables: Iterable[pl.DataFrame],
    source: str,
    mapping: Mapping[str, str] | None = None,
    *,
    keyed: bool = False,
) -> Iterator[Batch]:
    """Yields the records of a source's tables, a batch for each.

    Args:
        tables: pieces of one table, all with the same columns.
        source: the file's name for messages and lineage.
        mapping: column -> field, where the usual names do not fit.
        keyed: whether a context is the key of a document that stands elsewhere, and may be a number.

    Raises:
        NotACorpusError: no column holds the context or the question, or one holds values of another kind.
    """
    row = 0
    for table in tables:
        fields = match_columns(table.columns, mapping)
        require(fields, table.columns, source)
        _demand_types(table.schema, fields, source, keyed=keyed)
        rows = pl.Series("row", range(row + 1, row + 1 + table.height), pl.Int64)
        row += table.height
        if table.height:
            yield _to_batch(table, fields, rows, source)
    if not row:
        yield Batch(source, RECORD.to_frame())


def _demand_types(schema: pl.Schema, fields: dict[str, str], source: str, *, keyed: bool) -> None:
    """Refuses columns of which no records can be made."""
    for name in REQUIRED:
        dtype = schema[fields[name]]
        numbered = keyed and name == "context" and dtype.is_integer()
        if dtype not in _TEXTS and not numbered:
            raise NotACorpusError(f"{source}: {fields[name]} holds {dtype}, not strings")
    for name in ("id", "title", "is_impossible"):
        dtype = schema[fields[name]] if name in fields else pl.Null()
        if dtype.is_nested() or dtype == pl.Binary:
            raise NotACorpusError(
                f"{source}: {fields[name]}, the column of {name}, holds {dtype}, not single values.\n"
                f"Name another column with --map YOUR_COLUMN={name}, or write the file without it."
            )


def _to_batch(table: pl.DataFrame, fields: dict[str, str], rows: pl.Series, source: str) -> Batch:
    table = table.with_columns(_whole(table[fields[name]]) for name in _WHOLE if name in fields)
    columns = {
        name: pl.col(fields[name]).cast(pl.String)
        for name in ("id", "title", "context", "question")
        if name in fields
    }
    frame = table.select(**columns, extra=_extra(table, fields)).with_columns(rows)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in RECORD.items() if name not in frame.columns]
    frame = frame.with_columns(absent)
    if "id" not in fields:
        frame = frame.with_columns(made_ids(frame))
    notes: list[Note] = []
    noter = Noter(frame, notes)
    frame = frame.with_columns(_answers(table, fields, noter))
    return Batch(source, frame.select(list(RECORD)).cast(RECORD), notes)


def _whole(column: pl.Series) -> pl.Series:
    """Whole numbers that are held as floats only because some are missing, as pandas does."""
    if not column.dtype.is_float():
        return column
    known = column.fill_nan(None)
    whole = known.cast(pl.Int64, strict=False)
    return whole if whole.is_null().equals(known.is_null()) and (whole == known).all() else column


def _extra(table: pl.DataFrame, fields: dict[str, str]) -> pl.Expr:
    """The other columns as JSON; those of bytes, pictures for example, are left out."""
    others = [
        name
        for name, dtype in table.schema.items()
        if name not in fields.values() and "Binary" not in str(dtype)
    ]
    return pl.struct(others).struct.json_encode() if others else pl.lit(None, pl.String)


def _answers(table: pl.DataFrame, fields: dict[str, str], noter: Noter) -> pl.DataFrame:
    """Columns text, answer_start, answer_end and is_impossible."""
    dtype = table.schema[fields["answers"]] if "answers" in fields else pl.Null()
    beside = [table.schema[fields[name]] for name in _NUMBERS if name in fields]
    named = [name for name in (*_NUMBERS, "is_impossible") if name in fields]
    named += ["answers"] if "answers" in fields and dtype in _TEXTS else []
    plain = [fields[name] for name in named if not table.schema[fields[name]].is_nested()]
    cells = table.with_columns(pl.col(plain).cast(pl.String).fill_null(""))
    if dtype in _TEXTS and not any(other.is_nested() for other in beside):
        return read_answer_columns(cells, fields, noter)
    flag = read_flags(cells, fields, noter)
    if not beside and _is_squad(dtype):
        return _parallel_lists(table[fields["answers"]], noter).with_columns(flag)
    return _one_by_one(table, fields, noter).with_columns(flag)


def _is_squad(dtype: pl.DataType) -> bool:
    """Whether answers are a struct of a list of texts and a list of whole numbers, and of nothing else."""
    inner = dict(dtype.to_schema()) if isinstance(dtype, pl.Struct) else {}
    if inner.keys() != {"text", "answer_start"}:
        return False
    texts, starts = (_of_list(inner[name]) for name in ("text", "answer_start"))
    return texts in (pl.String, pl.Null) and (starts == pl.Null or starts.is_integer())


def _of_list(dtype: object) -> pl.DataType:
    """What a list holds; `Unknown` for what is no list."""
    return pl.Series(dtype=dtype.inner).dtype if isinstance(dtype, pl.List) else pl.Unknown()


def _parallel_lists(answers: pl.Series, noter: Noter) -> pl.DataFrame:
    """SQuAD's flat form, a whole column at once."""
    lists = answers.to_frame("answers").select(
        pl.col("answers").struct.field(name).cast(RECORD[name]).fill_null(pl.lit([], RECORD[name]))
        for name in ("text", "answer_start")
    )
    sizes = lists.select(pl.all().list.len())
    for index in (sizes["text"] != sizes["answer_start"]).arg_true():
        noter.uneven(index, *sizes.row(index))
    each = pl.int_ranges(0, pl.col("text").list.len())
    return lists.with_columns(
        answer_start=pl.col("answer_start").list.gather(each, null_on_oob=True),
        answer_end=pl.col("text").list.eval(pl.lit(None, pl.Int64)),
    )


def _one_by_one(table: pl.DataFrame, fields: dict[str, str], noter: Noter) -> pl.DataFrame:
    nothing: list[Any] = [None] * table.height
    given = [table[fields[name]].to_list() if name in fields else nothing for name in ("answers", *_NUMBERS)]
    columns: dict[str, list[Any]] = {"text": [], "answer_start": [], "answer_end": []}
    for index, values in enumerate(zip(*given, strict=True)):
        found = read_answers(*values)
        for column, value in zip(columns.values(), (found.text, found.start, found.end), strict=True):
            column.append(value)
        for odd in found.odd:
            noter.wrong_type(index, *odd)
        if found.uneven:
            noter.uneven(index, *found.uneven)
    return pl.DataFrame([pl.Series(name, values, RECORD[name]) for name, values in columns.items()])
