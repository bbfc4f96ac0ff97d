"""Which annotated answers windows of some size and whole tokens can give: arithmetic, no decoding.

What it needs to know of an answer are a few numbers, so a setting can be tried on a whole corpus at
once. That the outcome is what decoding gives is for the tests to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.cut import count_windows, holding_window
from qatoolkit.windows.features import Features
from qatoolkit.windows.ragged import Bounds, Ints, bounds_of, places
from qatoolkit.windows.tokens import answer_tokens, trim
from qatoolkit.windows.visible import visible

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Setting:
    """How windows are cut and answers decoded."""

    max_seq_length: int
    doc_stride: int
    max_answer_length: int


@dataclass(frozen=True, eq=False)
class Reach:
    """The annotated answers of E examples, A of them, in tokens of their whole contexts.

    Attributes:
        example: shape (A,), whose answer it is.
        first: shape (A,), its first token; behind `last` where no token has a character of it.
        last: shape (A,), its last token.
        exact: shape (A,), whether those tokens are the answer to the character.
        tokens: shape (E,), of the context.
        beside: shape (E,), tokens of a window that are not the context's.
    """

    example: Integers
    first: Integers
    last: Integers
    exact: Flags
    tokens: Integers
    beside: Integers

    def held(self, setting: Setting) -> Flags:
        """Shape (A,), whether some window holds all tokens of the answer."""
        room = setting.max_seq_length - self.beside
        tokens, room = self.tokens[self.example], room[self.example]
        return holding_window(self.first, self.last, tokens, room, setting.doc_stride) >= 0

    @property
    def sizes(self) -> Integers:
        """Shape (A,), tokens of each answer."""
        return self.last - self.first + 1

    def reached(self, setting: Setting) -> Flags:
        """Shape (E,), whether some answer of the example can be given to the character."""
        given = self.exact & (self.sizes <= setting.max_answer_length) & self.held(setting)
        examples = np.zeros(len(self.tokens), bool)
        examples[self.example[given]] = True
        return examples

    def windows(self, setting: Setting) -> int:
        """Windows of all contexts together."""
        room = setting.max_seq_length - self.beside
        return int(count_windows(self.tokens, room, setting.doc_stride).sum())

    @staticmethod
    def join(parts: Sequence[Reach]) -> Reach:
        """All answers and examples, one behind the other."""
        before = np.cumsum([0, *(len(part.tokens) for part in parts)])
        return Reach(
            np.concatenate([part.example + first for part, first in zip(parts, before[:-1], strict=True)]),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("first", "last", "exact", "tokens", "beside")
            ),
        )


def whole_contexts(features: Features) -> tuple[Ints, Bounds, Flags]:
    """The contexts that windows were cut from, put together again.

    Returns:
        Characters of their tokens, shape (tokens, 2); E + 1 bounds into them; and which rows of
        `features.offset_mapping` they are: what an earlier window holds too is left out.
    """
    width = np.diff(features.context_bounds)
    behind = features.window_start + width
    same = np.diff(features.example, prepend=-1) == 0
    shared = np.where(same, np.concatenate([[0], behind[:-1]])[: len(behind)] - features.window_start, 0)
    new = places(np.zeros(len(width), np.int64), width) >= np.repeat(shared, width)
    tokens = np.bincount(np.repeat(features.example, width)[new], minlength=features.n_examples)
    return features.offset_mapping[new], bounds_of(tokens), new


def measure_reach(features: Features, contexts: Sequence[str], answers: Sequence[Mapping[str, Any]]) -> Reach:
    """Finds the tokens of all annotated answers.

    Args:
        features: of `featurize`, all of each example.
        contexts: of the examples.
        answers: of the examples; blank ones, and those that do not stand where they say, have no token.
    """
    offsets, bounds, _ = whole_contexts(features)
    example = np.array([i for i, answer in enumerate(answers) for _ in answer["text"]], np.int64)
    spans = [
        trim(text, start) if stands(text, start, context) else (-1, -1)
        for answer, context in zip(answers, contexts, strict=True)
        for text, start in zip(answer["text"], answer["answer_start"], strict=True)
    ]
    first, last, exact = locate(offsets, bounds, contexts, example, spans)
    firsts = np.searchsorted(features.example, np.arange(features.n_examples))
    beside = (features.lengths - np.diff(features.context_bounds))[firsts]
    return Reach(example, first, last, exact, np.diff(bounds), beside)


def stands(text: str, start: int, context: str) -> bool:
    """Whether an answer says something, and stands where it says."""
    return start >= 0 and bool(text.strip()) and context.startswith(text, start)


def locate(
    offsets: Ints, bounds: Bounds, contexts: Sequence[str], which: Integers, spans: Sequence[tuple[int, int]]
) -> tuple[Integers, Integers, Flags]:
    """First and last token of answers, and whether these tokens are the answer to the character.

    Args:
        offsets: of the contexts' tokens, see `Tokens`.
        bounds: into `offsets`.
        contexts: the texts.
        which: shape (A,), in which context each answer is.
        spans: characters of the answers, without blanks at their edges; (-1, -1) for none.
    """
    first, last = answer_tokens(offsets, bounds, which, np.array(spans, np.int64).reshape(-1, 2))
    exact = np.zeros(len(which), bool)
    there = np.flatnonzero(first <= last)
    starts = offsets[bounds[which[there]] + first[there], 0]
    ends = offsets[bounds[which[there]] + last[there], 1]
    for row, start, end in zip(there.tolist(), starts.tolist(), ends.tolist(), strict=True):
        exact[row] = visible(contexts[which[row]], start, end) == spans[row]
    return first, last, exact
