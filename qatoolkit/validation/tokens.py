"""What a tokenizer makes of records: a row of measures for each record and for each of its answers.

Each distinct context of a batch is tokenized once and whole. Where its windows begin and end follows
from the number of its tokens and those of the question, so no window is ever built; that the outcome is
that of `windows.featurize` is for the tests to say.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from qatoolkit.validation.limits import Limits
from qatoolkit.windows.cut import advances, count_windows, holding_window
from qatoolkit.windows.reach import locate, stands
from qatoolkit.windows.tokens import Tokens, encode, trim

if TYPE_CHECKING:
    from qatoolkit.windows.tokenizer import PreTrainedTokenizerFast

#: One row for a record has no `answer`; one for an answer leaves the record's own measures null.
_MEASURES: dict[str, pl.DataType | type[pl.DataType]] = {
    "index": pl.Int64,  # of the record in its batch
    "answer": pl.Int64,
    "text": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "n_question_tokens": pl.Int64,
    "room": pl.Int64,  # context tokens that a window holds beside the question
    "fits": pl.Boolean,  # whether the question leaves room enough for windows
    "n_windows": pl.Int64,  # null where it does not
    "unknown": pl.Float64,  # share of the context's tokens; null where an earlier record has the context
    "n_answer_tokens": pl.Int64,  # null where the answer does not stand where it says
    "in_window": pl.Boolean,  # whether some window holds the whole answer; null where there are none
    "reachable": pl.Boolean,  # whether some run of whole tokens is exactly the answer
}


def measure(
    records: pl.DataFrame, tokenizer: PreTrainedTokenizerFast, limits: Limits | None = None
) -> pl.DataFrame:
    """Measures the records of a batch and their answers.

    Args:
        records: frame of record columns; a record without context or question has no rows.
        tokenizer: from `windows.load_tokenizer`.
        limits: size and overlap of the windows. All limits come back as columns, for flags to
            compare with.

    Returns:
        For each record a row without `answer`, then one for each of its answers.
    """
    limits = limits or Limits()
    rows = records.with_row_index("index").filter(
        pl.col("context").is_not_null() & pl.col("question").is_not_null()
    )
    number = {text: i for i, text in enumerate(rows["context"].unique(maintain_order=True))}
    contexts = list(number)
    which = np.array([number[context] for context in rows["context"]], np.int64)
    tokens = encode(contexts, tokenizer)
    asked = encode(rows["question"].to_list(), tokenizer).lengths
    room = limits.max_seq_length - tokenizer.num_special_tokens_to_add(pair=True) - asked
    total = tokens.lengths[which]
    advancing = np.array([advances(tokens, limits.doc_stride) for tokens in room.tolist()], bool)
    fits = advancing | ((room > 0) & (total <= room))
    windows = count_windows(total, np.where(fits, room, total), limits.doc_stride)
    first_seen = np.zeros(len(which), bool)
    first_seen[np.unique(which, return_index=True)[1]] = True
    measured = pl.DataFrame(
        {
            "index": rows["index"],
            "n_question_tokens": asked,
            "room": room,
            "fits": fits,
            "n_windows": _where(fits, windows),
            "unknown": _where(first_seen, _unknown_shares(tokens, tokenizer)[which]),
        },
        schema_overrides={"index": pl.Int64},
    )
    answers = _answers(rows)
    owner = answers["row"].to_numpy()
    placed = answers["begin"].to_numpy() >= 0
    spans = answers.select("begin", "behind").rows()
    first, last, exact = locate(tokens.offsets, tokens.bounds, contexts, which[owner], spans)
    held = (
        holding_window(first, last, total[owner], np.where(fits, room, total)[owner], limits.doc_stride) >= 0
    )
    of_answers = answers.drop("row", "begin", "behind").with_columns(
        n_answer_tokens=_where(placed, last - first + 1),
        in_window=_where(placed & fits[owner], held),
        reachable=_where(placed, exact),
    )
    frame = pl.concat([pl.DataFrame(schema=_MEASURES), measured, of_answers], how="diagonal")
    return frame.sort("index", maintain_order=True).with_columns(
        pl.lit(value).alias(name) for name, value in asdict(limits).items()
    )


def _where(known: NDArray[np.bool_], values: NDArray[Any]) -> pl.Series:
    """Values, null where they are not known."""
    return pl.Series(values).set(pl.Series(~known), None)


def _unknown_shares(tokens: Tokens, tokenizer: PreTrainedTokenizerFast) -> NDArray[np.float64]:
    """Shape (n,), share of each text's tokens that are the unknown token."""
    which = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
    unknown = np.bincount(which[tokens.ids == tokenizer.unk_token_id], minlength=len(tokens.lengths))
    shares: NDArray[np.float64] = unknown / np.maximum(tokens.lengths, 1)
    return shares


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """One row an answer: whose it is, where it says it stands, and its characters, if it does stand there."""
    found = []
    columns = ("index", "context", "text", "answer_start", "answer_end")
    for row, (index, context, *lists) in enumerate(rows.select(columns).iter_rows()):
        for i, (text, start, end) in enumerate(zip(*(values or () for values in lists), strict=True)):
            there = text is not None and start is not None and stands(text, start, context)
            found.append((row, index, i, text, start, end, *(trim(text, start) if there else (-1, -1))))
    kinds = dict.fromkeys(("row", "index", "answer", "text", "start", "end", "begin", "behind"), pl.Int64)
    return pl.DataFrame(found, schema=kinds | {"text": pl.String}, orient="row")
