"""Writes the nested SQuAD JSON, a question a line, a batch at a time, so that a corpus of any size fits.

Consecutive examples of one title are an article, of one context a paragraph. A batch is put together in
columns: before the question of each row stands what ends and what begins there.
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
        version: what the file says it is, "1.1" or "v2.0".
        flagged: whether each question says if it is impossible.
    """

    def __init__(self, path: Path, version: str, *, flagged: bool = False) -> None:
        self._path = path
        self._flagged = flagged
        #: Title and context of the last example that was written; null before the first.
        self._last = pl.DataFrame([[None], [None]], {"title": pl.String, "context": pl.String})
        self._path.write_bytes(f'{{\n "version": "{version}",\n "data": ['.encode())

    def write(self, examples: pa.Table) -> None:
        """Adds examples of `SCHEMA`."""
        frame = pl.from_arrow(examples)
        assert isinstance(frame, pl.DataFrame)
        begun = self._begun(frame)
        rows = pl.concat([frame.select("id", "question"), begun, _answers(frame)], how="horizontal")
        parts = rows.select(before=_before(), question=self._question())
        whole = parts.select(pl.concat_str(pl.all()).str.join()).to_series().to_arrow()
        with self._path.open("ab") as stream:
            stream.write(whole.cast(pa.large_binary())[0].as_buffer())

    def close(self) -> None:
        """Ends the file."""
        with self._path.open("ab") as stream:
            stream.write((_END_ARTICLE if self._last["title"].count() else "").encode() + b"\n ]\n}\n")

    def _begun(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The titles and contexts of the articles and paragraphs that begin, null in all other rows."""
        keys = pl.concat([self._last, frame.select("title", "context")])
        self._last = keys.tail(1)
        article, paragraph = (pl.col(name).ne_missing(pl.col(name).shift()) for name in keys.columns)
        return keys.select(
            first=pl.col("title").shift().is_null(),
            title=pl.when(article).then("title"),
            context=pl.when(article | paragraph).then("context"),
        )[1:]

    def _question(self) -> pl.Expr:
        flag = pl.when(pl.col("answers") == "").then(pl.lit("true")).otherwise(pl.lit("false"))
        end = _joined('], "is_impossible": ', flag, "}") if self._flagged else pl.lit("]}")
        id, question = _quoted("id"), _quoted("question")
        return _joined('{"id": ', id, ', "question": ', question, ', "answers": [', pl.col("answers"), end)


def _before() -> pl.Expr:
    """What stands before the question of a row: the ends of what was before it, and what begins with it."""
    article = _joined('\n  {\n   "title": ', _quoted("title"), ',\n   "paragraphs": [')
    paragraph = _joined('\n    {\n     "context": ', _quoted("context"), ',\n     "qas": [\n      ')
    return (
        pl.when(pl.col("context").is_null()).then(pl.lit(",\n      "))
        .when(pl.col("title").is_null()).then(_joined(_END_PARAGRAPH + ",", paragraph))
        .when("first").then(_joined(article, paragraph))
        .otherwise(_joined(_END_ARTICLE + ",", article, paragraph))
    )  # fmt: skip


def _answers(examples: pl.DataFrame) -> pl.DataFrame:
    """The answers of each example as JSON objects, "" for none."""
    lists = examples.select("answers").unnest("answers").with_row_index()
    each = lists.filter(pl.col("text").list.len() > 0).explode("text", "answer_start")
    one = _joined('{"text": ', _quoted("text"), ', "answer_start": ', pl.col("answer_start"), "}")
    joined = each.group_by("index", maintain_order=True).agg(answers=one.str.join(", "))
    every = lists.select("index").join(joined, on="index", how="left", maintain_order="left")
    return every.select(pl.col("answers").fill_null(""))


def _joined(*parts: str | pl.Expr) -> pl.Expr:
    return pl.concat_str(*(pl.lit(part) if isinstance(part, str) else part for part in parts))


def _quoted(name: str) -> pl.Expr:
    """A column of texts as JSON has them."""
    return pl.struct(value=name).struct.json_encode().str.strip_prefix('{"value":').str.strip_suffix("}")
