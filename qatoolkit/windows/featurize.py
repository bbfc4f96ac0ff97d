"""Turns examples into features: windows of tokens with the answer's token positions.

One function for training and evaluation, so that both see the same windows and the evaluation has
a loss. Nothing is padded here: a batch is padded to its own longest feature later, on the right,
whatever side the tokenizer prefers, because the attention mask makes the side irrelevant and
positions then count from the window's own first token.

The labelling equals that of transformers' run_qa example, except where that one is off: it takes in
a neighbouring token when an answer begins or ends with characters that have no token of their own
(blanks, and the vowel signs that an uncased tokenizer strips), and it crosses start and end when
one character is cut into several tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.tokenizer import check_room

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Ints = NDArray[np.int32]

# Examples tokenized at a time: bounds the memory that the tokenizer's own objects take.
_BATCH = 1000


@dataclass(frozen=True, eq=False)
class Features:
    """F features of E examples; the features of one example are neighbours.

    Ragged columns are stored flat, with F + 1 bounds: feature i owns `[bounds[i]:bounds[i + 1]]`.
    There is no attention mask, because there is no padding: it would be all ones.

    Attributes:
        input_ids: shape (tokens,).
        token_type_ids: shape (tokens,), or None when the tokenizer does not give them.
        bounds: shape (F + 1,), into the two above.
        offset_mapping: shape (context tokens, 2): characters of the context, end exclusive.
        context_bounds: shape (F + 1,), into `offset_mapping`.
        context_start: shape (F,), position of the first context token in its feature.
        cls_position: shape (F,), the token that stands for "no answer here".
        start_positions: shape (F,), first token of the answer, or `cls_position`.
        end_positions: shape (F,), last token of the answer, or `cls_position`.
        example: shape (F,), index of the example.
        n_examples: E; an example always has at least one feature.
    """

    input_ids: Ints
    token_type_ids: Ints | None
    bounds: NDArray[np.int64]
    offset_mapping: Ints
    context_bounds: NDArray[np.int64]
    context_start: Ints
    cls_position: Ints
    start_positions: Ints
    end_positions: Ints
    example: Ints
    n_examples: int

    def __len__(self) -> int:
        return len(self.example)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Shape (F,), tokens per feature."""
        return np.diff(self.bounds)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Shape (F,), whether the feature holds the whole annotated answer."""
        held: NDArray[np.bool_] = self.start_positions != self.cls_position
        return held

    def __getitem__(self, i: int) -> dict[str, Any]:
        """Feature i as the columns that a model is called with, unpadded."""
        here = slice(self.bounds[i], self.bounds[i + 1])
        row: dict[str, Any] = {"input_ids": self.input_ids[here]}
        if self.token_type_ids is not None:
            row["token_type_ids"] = self.token_type_ids[here]
        row["start_positions"] = int(self.start_positions[i])
        row["end_positions"] = int(self.end_positions[i])
        return row


def featurize(
    examples: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerFast,
    max_seq_length: int = 384,
    doc_stride: int = 128,
) -> Features:
    """Windows and labels of examples.

    Args:
        examples: columns id, question, context and answers ({text, answer_start} per example); a
            `datasets.Dataset` will do. The first answer is the one that is labelled.
        tokenizer: from `load_tokenizer`.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows of a context share.

    Raises:
        UsageError: a question leaves no room, see `check_room`; nothing is tokenized then.
    """
    questions, contexts = list(examples["question"]), list(examples["context"])
    check_room(list(examples["id"]), questions, contexts, tokenizer, max_seq_length, doc_stride)
    parts = [
        _tokenize(
            questions[first : first + _BATCH],
            contexts[first : first + _BATCH],
            tokenizer,
            max_seq_length,
            doc_stride,
            first,
        )
        for first in range(0, len(questions), _BATCH)
    ]
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, np.int32)
        for name in ("input_ids", "token_type_ids", "lengths", "offsets", "widths", "start", "cls", "example")
        if not parts or name in parts[0]
    }
    # Calling a tokenizer leaves its truncation switched on, and saving it would keep that.
    tokenizer.backend_tokenizer.no_truncation()
    context_bounds = _bounds(columns["widths"])
    spans = _first_answers(examples["answers"], contexts)
    first_token, last_token = _label(columns, context_bounds, spans)
    return Features(
        columns["input_ids"],
        columns.get("token_type_ids"),
        _bounds(columns["lengths"]),
        columns["offsets"].reshape(-1, 2),
        context_bounds,
        columns["start"],
        columns["cls"],
        first_token,
        last_token,
        columns["example"],
        len(questions),
    )


def _tokenize(
    questions: list[str],
    contexts: list[str],
    tokenizer: PreTrainedTokenizerFast,
    max_seq_length: int,
    doc_stride: int,
    first_example: int,
) -> dict[str, Ints]:
    # Models that pad on the left (XLNet) were trained with the context first.
    context_sequence = 1 if tokenizer.padding_side == "right" else 0
    encoded = tokenizer(
        *((questions, contexts) if context_sequence else (contexts, questions)),
        truncation="only_second" if context_sequence else "only_first",
        max_length=max_seq_length,
        stride=doc_stride,
        padding=False,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )
    input_ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    example = np.array(encoded["overflow_to_sample_mapping"], dtype=np.int32)
    lengths = np.fromiter(map(len, input_ids), np.int32, len(input_ids))
    start, after = _margins(encoded.encodings, example, context_sequence)
    widths = lengths - start - after
    context_offsets = chain.from_iterable(
        window[first : first + width] for window, first, width in zip(offsets, start, widths, strict=True)
    )
    columns = {
        "input_ids": _flat(input_ids, lengths),
        "lengths": lengths,
        "offsets": np.fromiter(chain.from_iterable(context_offsets), np.int32, 2 * int(widths.sum())),
        "widths": widths,
        "start": start,
        "cls": _cls_positions(input_ids, tokenizer),
        "example": example + np.int32(first_example),
    }
    if "token_type_ids" in encoded:
        columns["token_type_ids"] = _flat(encoded["token_type_ids"], lengths)
    return columns


def _flat(rows: Iterable[Iterable[int]], lengths: Ints) -> Ints:
    return np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))


def _margins(encodings: Sequence[Any], example: Ints, context_sequence: int) -> tuple[Ints, Ints]:
    """Tokens before and after the context, per feature; they are the same in all windows of an example."""
    firsts = np.flatnonzero(np.diff(example, prepend=-1))
    before, after = [], []
    for i in firsts:
        sequences = encodings[int(i)].sequence_ids
        width = sequences.count(context_sequence)
        start = sequences.index(context_sequence) if width else len(sequences)
        before.append(start)
        after.append(len(sequences) - start - width)
    windows = np.diff(firsts, append=len(example))
    return np.repeat(np.array(before, np.int32), windows), np.repeat(np.array(after, np.int32), windows)


def _cls_positions(input_ids: Sequence[list[int]], tokenizer: PreTrainedTokenizerFast) -> Ints:
    """First token, or last (XLNet), or wherever it stands; the first one where there is no CLS token."""
    cls = tokenizer.cls_token_id
    positions = np.zeros(len(input_ids), np.int32)
    for i, ids in enumerate(input_ids):
        if ids and ids[0] != cls and cls is not None:
            positions[i] = len(ids) - 1 if ids[-1] == cls else ids.index(cls) if cls in ids else 0
    return positions


def _bounds(lengths: Ints) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def _first_answers(answers: Sequence[Mapping[str, Any]], contexts: Sequence[str]) -> NDArray[np.int64]:
    """Shape (E, 2): characters of each example's first answer without blanks at its edges, or (-1, -1)."""
    spans = np.full((len(contexts), 2), -1, dtype=np.int64)
    for i, answer in enumerate(answers):
        if answer["text"]:
            text, start = answer["text"][0], answer["answer_start"][0]
            stripped = text.strip()
            if stripped:
                start += len(text) - len(text.lstrip())
                spans[i] = start, start + len(stripped)
    return spans


def _label(
    columns: Mapping[str, Ints], bounds: NDArray[np.int64], spans: NDArray[np.int64]
) -> tuple[Ints, Ints]:
    """First and last token of the answer in each feature, CLS where the feature does not hold it whole.

    All features are searched at once: their offsets become one rising row of keys by adding a
    distance between features that no offset reaches.
    """
    offsets = columns["offsets"].reshape(-1, 2).astype(np.int64)
    widths, cls = columns["widths"], columns["cls"]
    start, end = spans[columns["example"]].T
    distance = 1 + max(int(offsets.max(initial=0)), int(spans.max(initial=0)))
    shift = np.arange(len(widths), dtype=np.int64) * distance
    keys = offsets + np.repeat(shift, widths)[:, None]
    # The first token that reaches past the start, and the last one that begins before the end.
    first = np.searchsorted(keys[:, 1], start + shift, side="right")
    last = np.searchsorted(keys[:, 0], end + shift, side="left") - 1

    filled = (widths > 0) & (start >= 0)
    low, high = np.zeros(len(widths), np.int64), np.zeros(len(widths), np.int64)
    low[filled] = offsets[bounds[:-1][filled], 0]
    high[filled] = offsets[bounds[1:][filled] - 1, 1]
    held = filled & (low <= start) & (high >= end) & (first <= last)
    first_token = np.where(held, first - bounds[:-1] + columns["start"], cls)
    last_token = np.where(held, last - bounds[:-1] + columns["start"], cls)
    return first_token.astype(np.int32), last_token.astype(np.int32)
