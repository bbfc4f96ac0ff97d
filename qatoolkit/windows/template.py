"""The special tokens that a tokenizer puts before, between and behind two texts, and where they end up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.ragged import Bounds, Ints, bounds_of, places

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, eq=False)
class Template:
    """What stands around two texts.

    Attributes:
        ids: shape (n,), the special tokens, in order.
        types: shape (n,), their token types.
        text_types: token types of the first and the second text.
        before: how many of the special tokens stand before the first text.
        between: how many stand between the two.
        null: which of them stands for "no answer here": CLS, else BOS; None where there is neither.
    """

    ids: Ints
    types: Ints
    text_types: tuple[int, int]
    before: int
    between: int
    null: int | None

    def __len__(self) -> int:
        return len(self.ids)


def find_template(text: str, tokenizer: PreTrainedTokenizerFast) -> Template:
    """Tokenizes a text beside itself, and looks what stands around it.

    Args:
        text: any text with tokens; without one, all special tokens count as standing before it.
        tokenizer: without truncation.
    """
    pair = tokenizer.backend_tokenizer.encode(text, text)
    sequence = np.array([-1 if which is None else which for which in pair.sequence_ids], np.int64)
    special = sequence == -1
    ids, types = np.array(pair.ids, np.int32), np.array(pair.type_ids, np.int32)
    first, second = np.flatnonzero(sequence == 0), np.flatnonzero(sequence == 1)
    before = int(first[0]) if len(first) else len(ids)
    between = int(second[0] - first[-1] - 1) if len(first) else 0
    text_types = (int(types[first[0]]), int(types[second[0]])) if len(first) else (0, 0)
    found: list[int] = ids[special].tolist()
    wanted = [i for i in (tokenizer.cls_token_id, tokenizer.bos_token_id) if i in found]
    null = found.index(wanted[0]) if wanted else None
    return Template(ids[special], types[special], text_types, before, between, null)


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything stands in features that are made of two texts and a template.

    Attributes:
        template: what stands around the texts.
        first: shape (F,), tokens of the first text.
        second: shape (F,), tokens of the second text.
    """

    template: Template
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @property
    def bounds(self) -> Bounds:
        """Shape (F + 1,): where each feature begins in a flat row of them all."""
        return bounds_of(len(self.template) + self.first + self.second)

    @property
    def first_at(self) -> NDArray[np.int64]:
        """Shape (F,), position of the first text in its feature."""
        return np.full(len(self.first), self.template.before, np.int64)

    @property
    def second_at(self) -> NDArray[np.int64]:
        """Shape (F,), position of the second text in its feature."""
        return self.template.before + self.first + self.template.between

    @property
    def null(self) -> NDArray[np.int64]:
        """Shape (F,), position of the token for "no answer here"; the first one where there is none."""
        if self.template.null is None:
            return np.zeros(len(self.first), np.int64)
        return self._special_at(self.template.null)

    def fill(self, specials: Ints, first: Ints | int, second: Ints | int) -> Ints:
        """A flat row of all features, out of the values of special tokens and texts.

        Args:
            specials: shape (n,), one value for each special token of the template.
            first: values of all first texts, flat, or one for all their tokens.
            second: the same of the second texts.
        """
        bounds = self.bounds
        row = np.empty(bounds[-1], np.int32)
        row[places(bounds[:-1] + self.first_at, self.first)] = first
        row[places(bounds[:-1] + self.second_at, self.second)] = second
        for i, value in enumerate(specials):
            row[bounds[:-1] + self._special_at(i)] = value
        return row

    def _special_at(self, i: int) -> NDArray[np.int64]:
        behind_first = i >= self.template.before
        behind_second = i >= self.template.before + self.template.between
        return np.asarray(i + behind_first * self.first + behind_second * self.second, np.int64)
