"""Turns examples into features: windows of tokens with the answer's token positions.

One function for training and evaluation, so that both see the same windows and the evaluation has
a loss. Nothing is padded here: a batch is padded to its own longest feature later, on the right,
whatever side the tokenizer prefers, because the attention mask makes the side irrelevant and
positions then count from the window's own first token.

Contexts repeat, and each window of one is cut from the same tokens: a context is tokenized once and
whole, and windows are put together in numpy. They equal, token by token, those that the tokenizer
makes itself when it is called with pairs, a length and an overlap (tests/windows/test_featurize.py);
they begin at the context's beginning also where a tokenizer would rather cut from its end.

The labelling equals that of transformers' run_qa example, except where that one is off: it takes in
a neighbouring token when an answer begins or ends with characters that have no token of their own
(blanks, and the vowel signs that an uncased tokenizer strips), it misses the answer where such
characters stand at a window's edge, and it crosses start and end when one character is cut into
several tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.cut import count_windows
from qatoolkit.windows.features import Features, join
from qatoolkit.windows.ragged import bounds_of, places
from qatoolkit.windows.template import Layout, Template, find_template
from qatoolkit.windows.tokenizer import check_room
from qatoolkit.windows.tokens import Tokens, answer_tokens, encode, first_answers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Examples cut at a time: bounds the memory beside the features.
_BATCH = 1000


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
        UsageError: a question leaves no room, see `check_room`; no window is cut then.
    """
    questions, contexts = list(examples["question"]), list(examples["context"])
    asked = encode(questions, tokenizer)
    check_room(list(examples["id"]), asked.lengths, contexts, tokenizer, max_seq_length, doc_stride)
    spans = first_answers(examples["answers"])
    parts = []
    for first in range(0, max(1, len(questions)), _BATCH):
        here = slice(first, first + _BATCH)
        number = {text: i for i, text in enumerate(dict.fromkeys(contexts[here]))}
        tokens = encode(list(number), tokenizer)
        texts = chain(zip(questions, asked.lengths, strict=True), zip(number, tokens.lengths, strict=True))
        template = find_template(next((text for text, length in texts if length), ""), tokenizer)
        batch = _Batch(
            Tokens(asked.ids, asked.offsets, asked.bounds[first : first + _BATCH + 1]),
            tokens,
            np.array([number[context] for context in contexts[here]], np.int64),
            max_seq_length - len(template) - asked.lengths[here],
            doc_stride,
        )
        parts.append(batch.features(template, spans[here], tokenizer))
    return join(parts)


@dataclass(frozen=True, eq=False)
class _Batch:
    """Some examples, tokenized.

    Attributes:
        questions: one for each example.
        contexts: distinct ones.
        which: shape (n,), the context of each example.
        room: shape (n,), tokens of the context that a window of it holds.
        doc_stride: tokens that neighbouring windows share.
    """

    questions: Tokens
    contexts: Tokens
    which: NDArray[np.int64]
    room: NDArray[np.int64]
    doc_stride: int

    def features(
        self, template: Template, spans: NDArray[np.int64], tokenizer: PreTrainedTokenizerFast
    ) -> Features:
        """Cuts the windows, labels them, and lays them out as the model reads them."""
        tokens = self.contexts.lengths[self.which]
        windows = count_windows(tokens, self.room, self.doc_stride)
        example = np.repeat(np.arange(len(windows)), windows)
        nth = places(np.zeros(len(windows), np.int64), windows)
        begin = nth * (self.room - self.doc_stride)[example]
        width = np.minimum(self.room[example], tokens[example] - begin)
        asked = self.questions.lengths[example]

        context = places(self.contexts.bounds[self.which[example]] + begin, width)
        question = places(self.questions.bounds[example], asked)
        # Models that pad on the left (XLNet) were trained with the context first.
        context_first = tokenizer.padding_side != "right"
        lengths = (width, asked) if context_first else (asked, width)
        texts = (self.contexts.ids[context], self.questions.ids[question])
        layout = Layout(template, *lengths)
        input_ids = layout.fill(template.ids, *(texts if context_first else texts[::-1]))
        typed = "token_type_ids" in tokenizer.model_input_names
        start = layout.first_at if context_first else layout.second_at

        cls = layout.null
        first, last = answer_tokens(self.contexts.offsets, self.contexts.bounds, self.which, spans)
        first, last = first[example] - begin, last[example] - begin
        held = (first <= last) & (first >= 0) & (last < width)
        return Features(
            input_ids,
            layout.fill(template.types, *template.text_types) if typed else None,
            layout.bounds,
            self.contexts.offsets[context],
            bounds_of(width),
            start.astype(np.int32),
            begin.astype(np.int32),
            cls.astype(np.int32),
            np.where(held, first + start, cls).astype(np.int32),
            np.where(held, last + start, cls).astype(np.int32),
            example.astype(np.int32),
            len(windows),
        )
