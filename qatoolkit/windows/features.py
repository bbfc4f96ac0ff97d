"""Features: windows of tokens with the answer's token positions, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.windows.ragged import Bounds, Ints, bounds_of, places


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
        window_start: shape (F,), which token of the whole context that is.
        cls_position: shape (F,), the token that stands for "no answer here".
        start_positions: shape (F,), first token of the answer, or `cls_position`.
        end_positions: shape (F,), last token of the answer, or `cls_position`.
        example: shape (F,), index of the example.
        n_examples: E; from `featurize` an example always has at least one feature.
    """

    input_ids: Ints
    token_type_ids: Ints | None
    bounds: Bounds
    offset_mapping: Ints
    context_bounds: Bounds
    context_start: Ints
    window_start: Ints
    cls_position: Ints
    start_positions: Ints
    end_positions: Ints
    example: Ints
    n_examples: int

    def __len__(self) -> int:
        return len(self.example)

    @property
    def lengths(self) -> Bounds:
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

    def take(self, rows: NDArray[Any]) -> Features:
        """Only these features, in this order; the examples keep their index and their number.

        Args:
            rows: indices, or a mask of shape (F,).
        """
        rows = np.arange(len(self))[rows]
        lengths, widths = self.lengths[rows], np.diff(self.context_bounds)[rows]
        tokens = places(self.bounds[rows], lengths)
        own = ("context_start", "window_start", "cls_position", "start_positions", "end_positions", "example")
        return replace(
            self,
            input_ids=self.input_ids[tokens],
            token_type_ids=None if self.token_type_ids is None else self.token_type_ids[tokens],
            bounds=bounds_of(lengths),
            offset_mapping=self.offset_mapping[places(self.context_bounds[rows], widths)],
            context_bounds=bounds_of(widths),
            **{name: getattr(self, name)[rows] for name in own},
        )


def join(parts: Sequence[Features]) -> Features:
    """The features of all parts, and their examples, one behind the other."""
    before = np.cumsum([0, *(part.n_examples for part in parts)])
    typed = [part.token_type_ids for part in parts if part.token_type_ids is not None]
    same = ("context_start", "window_start", "cls_position", "start_positions", "end_positions")
    return Features(
        input_ids=np.concatenate([part.input_ids for part in parts]),
        token_type_ids=np.concatenate(typed) if typed else None,
        bounds=bounds_of(np.concatenate([part.lengths for part in parts])),
        offset_mapping=np.concatenate([part.offset_mapping for part in parts]),
        context_bounds=bounds_of(np.concatenate([np.diff(part.context_bounds) for part in parts])),
        example=np.concatenate(
            [part.example + np.int32(first) for part, first in zip(parts, before[:-1], strict=True)]
        ),
        n_examples=int(before[-1]),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in same},
    )
