"""What a tokenizer makes of records: a row of measures for each record and for each of its answers.

Each distinct context of a batch is tokenized once and whole. Where its windows begin and end follows
from the number of its tokens and those of the question, so no window is ever built; that the outcome is
that of `windows.featurize` is for the tests to say.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.validation.limits import Limits
from qatoolkit.windows import advances

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
    contexts = {text: i for i, text in enumerate(rows["context"].unique(maintain_order=True))}
    tokens = _tokenize(list(contexts), tokenizer)
    questions = _encode(rows["question"].to_list(), tokenizer)
    special = tokenizer.num_special_tokens_to_add(pair=True)
    measured: list[dict[str, Any]] = []
    seen: set[int] = set()
    for record, question in zip(rows.iter_rows(named=True), questions, strict=True):
        which = contexts[record["context"]]
        windows = _Windows(tokens[which], limits.max_seq_length - special - len(question), limits.doc_stride)
        share = tokens[which].unknown if which not in seen else None
        seen.add(which)
        measured.append(
            {
                "index": record["index"],
                "n_question_tokens": len(question),
                "room": windows.room,
                "fits": windows.fit,
                "n_windows": windows.count if windows.fit else None,
                "unknown": share,
            }
        )
        measured += _answers(record, windows)
    frame = pl.DataFrame(measured, schema=_MEASURES)
    return frame.with_columns(pl.lit(value).alias(name) for name, value in asdict(limits).items())


@dataclass(frozen=True)
class _Tokens:
    """A tokenized text: the first character of each token and the one behind its last."""

    starts: list[int]
    ends: list[int]
    unknown: float

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class _Windows:
    """The windows of a context beside one question, as `featurize` would cut them."""

    tokens: _Tokens
    room: int
    overlap: int

    @property
    def fit(self) -> bool:
        return 0 < self.room >= len(self.tokens) or advances(self.room, self.overlap)

    @property
    def count(self) -> int:
        """At least one; a last window that would begin where the one before ends is not made."""
        rest = len(self.tokens) - self.room
        return 1 + max(0, -(-rest // (self.room - self.overlap))) if rest > 0 else 1

    def hold(self, start: int, end: int) -> bool:
        """Whether one of them holds all of these characters: the last one that begins early enough."""
        before = bisect_right(self.tokens.starts, start) - 1
        if before < 0:
            return False
        step = self.room - self.overlap
        which = min(self.count - 1, before // step) if self.count > 1 else 0
        return self.tokens.ends[min(which * step + self.room, len(self.tokens)) - 1] >= end


def _tokenize(contexts: list[str], tokenizer: PreTrainedTokenizerFast) -> list[_Tokens]:
    unknown = tokenizer.unk_token_id
    found = []
    for encoding in _encode(contexts, tokenizer):
        ids, offsets = encoding.ids, encoding.offsets
        share = ids.count(unknown) / len(ids) if ids and unknown is not None else 0.0
        found.append(_Tokens([start for start, _ in offsets], [end for _, end in offsets], share))
    return found


def _encode(texts: list[str], tokenizer: PreTrainedTokenizerFast) -> list[Any]:
    tokenizer.backend_tokenizer.no_truncation()
    encodings: list[Any] = tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    return encodings


def _answers(record: dict[str, Any], windows: _Windows) -> Iterator[dict[str, Any]]:
    context, tokens = record["context"], windows.tokens
    columns = (record["text"] or (), record["answer_start"] or (), record["answer_end"] or ())
    for i, (text, start, end) in enumerate(zip(*columns, strict=True)):
        row = {"index": record["index"], "answer": i, "text": text, "start": start, "end": end}
        if text and text.strip() and start is not None and start >= 0 and context.startswith(text, start):
            begin = start + len(text) - len(text.lstrip())
            behind = begin + len(text.strip())
            first, last = bisect_right(tokens.ends, begin), bisect_left(tokens.starts, behind) - 1
            row["n_answer_tokens"] = last - first + 1
            row["in_window"] = first <= last and windows.hold(begin, behind) if windows.fit else None
            row["reachable"] = first <= last and _cut(context, tokens, first, last) == (begin, behind)
        yield row


def _cut(context: str, tokens: _Tokens, first: int, last: int) -> tuple[int, int]:
    """The characters that decoding these tokens gives: without blanks, with the marks behind a letter."""
    start, end = tokens.starts[first], tokens.ends[last]
    while end < len(context) and unicodedata.category(context[end]).startswith("M"):
        end += 1
    text = context[start:end]
    begin = start + len(text) - len(text.lstrip())
    return begin, begin + len(text.strip())
