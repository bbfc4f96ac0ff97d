"""Writes the nested SQuAD JSON, a question a line, a batch at a time, so that a corpus of any size fits.

Consecutive examples of one title are an article, of one context a paragraph. All of a batch is put
together in columns: a row is what ends and begins before its question, and the question.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

_END_PARAGRAPH = "\n     ]\n    }"
_END_ARTICLE = _END_PARAGRAPH + "\n   ]\n  }"


class SquadWriter:
    """One file of one split.

    Args:
        path: the file.
        unanswerable: whether the split has questions without an answer, which only version 2.0 can say.
    """

    def __init__(self, path: Path, *, unanswerable: bool) -> None:
        self._stream = path.open("wb")
        self._unanswerable = unanswerable
        #: Title and context of the example before; null before the first.
        self._last = pl.DataFrame(
            {"title": [None], "context": [None]}, {"title": pl.String, "context": pl.String}
        )
        version = "v2.0" if unanswerable else "1.1"
        self._stream.write(f'{{\n "version": "{version}",\n "data": ['.encode())

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        if not frame.height:
            return
        keys = pl.concat([self._last, frame.select("title", "context")])
        begun = keys.select(
            first=pl.col("title").shift().is_null(),
            article=pl.col("title").ne_missing(pl.col("title").shift()),
            paragraph=pl.col("context").ne_missing(pl.col("context").shift()),
        )
        self._last = keys.tail(1)
        rows = pl.concat([frame, begun[1:], _answers(frame)], how="horizontal")
        written = rows.select((_before() + self._qa()).str.join()).item()
        self._stream.write(written.encode("utf-8"))

    def close(self) -> None:
        """Ends the file."""
        if self._last["title"].count():
            self._stream.write(_END_ARTICLE.encode())
        self._stream.write(b"\n ]\n}\n")
        self._stream.close()

    def _qa(self) -> pl.Expr:
        impossible = pl.when(pl.col("given") == "").then(pl.lit("true")).otherwise(pl.lit("false"))
        flag = ', "is_impossible": ' + impossible if self._unanswerable else pl.lit("")
        return (
            '{"id": ' + _quoted("id") + ', "question": ' + _quoted("question")
            + ', "answers": [' + pl.col("given") + "]" + flag + "}"
        )  # fmt: skip


def _before() -> pl.Expr:
    """What stands before the question of a row: the end of what was before it, and what begins with it."""
    article = '\n  {\n   "title": ' + _quoted("title") + ',\n   "paragraphs": ['
    paragraph = '\n    {\n     "context": ' + _quoted("context") + ',\n     "qas": ['
    return (
        pl.when("first").then(article + paragraph)
        .when("article").then(_END_ARTICLE + "," + article + paragraph)
        .when("paragraph").then(_END_PARAGRAPH + "," + paragraph)
        .otherwise(pl.lit(","))
        + "\n      "
    )  # fmt: skip


def _quoted(name: str) -> pl.Expr:
    """A column of texts as JSON has them."""
    return pl.struct(value=name).struct.json_encode().str.strip_prefix('{"value":').str.strip_suffix("}")


def _answers(examples: pl.DataFrame) -> pl.DataFrame:
    """Column `given`: the answers of each example as JSON objects, "" for none."""
    one = '{"text": ' + _quoted("text") + ', "answer_start": ' + pl.col("answer_start").cast(pl.String) + "}"
    each = examples.select("answers").unnest("answers").with_row_index().explode("text", "answer_start")
    return each.group_by("index", maintain_order=True).agg(given=one.str.join(", ")).select("given")
