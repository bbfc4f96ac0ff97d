"""How many windows a tokenizer cuts each question's context into; no window is built for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qatoolkit.analysis.cases import Example
from qatoolkit.corpus.record import frame
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.tokens import measure
from qatoolkit.windows import load_tokenizer

if TYPE_CHECKING:
    from qatoolkit.windows.tokenizer import PreTrainedTokenizerFast

# Questions measured at a time: bounds the tokens that are held.
_PORTION = 10_000


def window_counts(
    examples: Sequence[Example],
    tokenizer: str | PreTrainedTokenizerFast,
    max_seq_length: int,
    doc_stride: int,
) -> list[int | None]:
    """The number of windows of each example; None where the question leaves a window no room.

    Args:
        examples: n of them; those on the same context best stand together.
        tokenizer: a name or path for `load_tokenizer`, or what it returned.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows share.

    Raises:
        ModelError: the tokenizer cannot be loaded.
    """
    loaded = load_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer
    limits = Limits(max_seq_length=max_seq_length, doc_stride=doc_stride)
    counts: list[int | None] = []
    for first in range(0, len(examples), _PORTION):
        part = examples[first : first + _PORTION]
        texts = {
            "context": [example.context for example in part],
            "question": [example.question for example in part],
        }
        counts += measure(frame(texts), loaded, limits)["n_windows"].to_list()
    return counts
