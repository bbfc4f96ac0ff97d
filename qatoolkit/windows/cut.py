"""Where the windows of a context begin and end, and which of them hold an answer; counts of tokens only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Every window has to bring at least this share of new context. With less, a long context turns
# into hundreds of windows that hardly differ; with nothing at all there is no end of them.
MIN_ADVANCE = 1 / 8


def advances(room: int, doc_stride: int) -> bool:
    """Whether windows with this room for the context each bring enough of it that is new.

    Args:
        room: tokens of the context that a window can hold, beside the question and special tokens.
        doc_stride: tokens that neighbouring windows share.
    """
    return room > 0 and room - doc_stride >= max(1, room * MIN_ADVANCE)


def count_windows(tokens: NDArray[Any], room: NDArray[Any], doc_stride: int) -> NDArray[np.int64]:
    """How many windows contexts are cut into.

    At least one each; a last window that would begin where the one before ends is not made.

    Args:
        tokens: shape (n,), tokens of the contexts.
        room: shape (n,), those that a window can hold.
        doc_stride: tokens that neighbouring windows share, so few that windows advance.
    """
    rest = np.asarray(tokens, np.int64) - room
    several = rest > 0
    step = np.where(several, room - doc_stride, 1)
    return 1 + np.where(several, -(-rest // step), 0)


def holding_window(
    first: NDArray[Any], last: NDArray[Any], tokens: NDArray[Any], room: NDArray[Any], doc_stride: int
) -> NDArray[np.int64]:
    """Which window of its context holds an answer whole: the last that begins early enough, or -1.

    Args:
        first: shape (n,), first token of each answer, counted in its context.
        last: shape (n,), its last token.
        tokens: as for `count_windows`.
        room: as for `count_windows`.
        doc_stride: as for `count_windows`.
    """
    count = count_windows(tokens, room, doc_stride)
    step = np.where(count > 1, room - doc_stride, 1)
    which = np.minimum(first // step, count - 1)
    held = (first <= last) & (last < which * step + room)
    return np.where(held, which, -1)
