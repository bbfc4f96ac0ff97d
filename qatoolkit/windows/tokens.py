"""Texts as tokens: what windows are cut from, and where an answer's tokens are.

Each text is tokenized once, whole and by itself; special tokens come in when windows are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.ragged import Bounds, Ints, bounds_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Texts tokenized at a time: bounds the memory that the tokenizer's own objects take.
_BATCH = 1000


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of n texts, without special tokens.

    Attributes:
        ids: shape (tokens,).
        offsets: shape (tokens, 2): characters of the text, end exclusive.
        bounds: shape (n + 1,): text i owns `[bounds[i]:bounds[i + 1]]` of both.
    """

    ids: Ints
    offsets: Ints
    bounds: Bounds

    @property
    def lengths(self) -> Bounds:
        """Shape (n,), tokens per text."""
        return np.diff(self.bounds)


def encode(texts: Sequence[str], tokenizer: PreTrainedTokenizerFast) -> Tokens:
    """Tokenizes texts, cutting none of them."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.encode_special_tokens = tokenizer.split_special_tokens  # as calling the tokenizer does
    ids, offsets = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    lengths = []
    for first in range(0, len(texts), _BATCH):
        for encoding in backend.encode_batch(list(texts[first : first + _BATCH]), add_special_tokens=False):
            row = encoding.ids
            lengths.append(len(row))
            ids.append(np.array(row, np.int32))
            offsets.append(np.fromiter(chain.from_iterable(encoding.offsets), np.int32, 2 * len(row)))
    return Tokens(
        np.concatenate(ids), np.concatenate(offsets).reshape(-1, 2), bounds_of(np.array(lengths, np.int64))
    )


def trim(text: str, start: int) -> tuple[int, int]:
    """First character of a text that stands at `start` and the one behind its last, blanks left out."""
    length = len(text.strip())
    if length < len(text):
        start += len(text) - len(text.lstrip())
    return start, start + length


def first_answers(answers: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """Shape (E, 2): characters of each example's first answer without blanks at its edges, or (-1, -1)."""
    spans = np.full((len(answers), 2), -1, dtype=np.int64)
    for i, answer in enumerate(answers):
        if answer["text"] and answer["text"][0].strip():
            spans[i] = trim(answer["text"][0], answer["answer_start"][0])
    return spans


def answer_tokens(
    offsets: Ints, bounds: Bounds, text: NDArray[Any], spans: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last of the tokens that share a character with an answer.

    All answers are searched at once: the offsets become one rising row of keys by adding a distance
    between texts that no offset reaches.

    Args:
        offsets: of all texts, as `Tokens` has them.
        bounds: into `offsets`.
        text: shape (n,), in which text each answer is.
        spans: shape (n, 2), characters of the answers, end exclusive; negative for none.

    Returns:
        Two arrays of shape (n,), counted from the text's own first token; the first lies behind the
        last where there is no such token.
    """
    distance = 1 + max(int(offsets.max(initial=0)), int(spans.max(initial=0)))
    shift = np.arange(len(bounds) - 1, dtype=np.int64) * distance
    keys = offsets + np.repeat(shift, np.diff(bounds))[:, None]
    start, end = spans[:, 0] + shift[text], spans[:, 1] + shift[text]
    first = np.searchsorted(keys[:, 1], start, side="right") - bounds[text]
    last = np.searchsorted(keys[:, 0], end, side="left") - 1 - bounds[text]
    nothing = spans[:, 0] < 0
    return np.where(nothing, 0, first), np.where(nothing, -1, last)
