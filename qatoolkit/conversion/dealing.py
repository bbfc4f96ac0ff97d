"""Deals groups, or rows, out to splits by quotas; knows nothing of what links them.

Examples with and without answers have quotas of their own, so that every split has as many questions
without an answer, in proportion, as the whole. Whoever calls gives the order, and the order decides all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Need:
    """What a split lacks when dealing begins.

    Attributes:
        answered: how many answered examples; below zero if it has more than its share.
        unanswered: how many unanswered examples.
        empty: whether it has nothing at all.
    """

    answered: float
    unanswered: float
    empty: bool


def quotas(homes: NDArray[np.int64], answered: NDArray[np.bool_], shares: Sequence[float]) -> list[Need]:
    """What each split lacks.

    Args:
        homes: of each example the number of the split that it is in, below zero if in none yet.
        answered: of each example.
        shares: of each split.
    """
    needs = []
    for split, share in enumerate(shares):
        here = homes == split
        first, second = (share * kind.sum() - (kind & here).sum() for kind in (answered, ~answered))
        needs.append(Need(float(first), float(second), not here.any()))
    return needs


def deal_groups(groups: pl.DataFrame, needs: Sequence[Need]) -> list[int]:
    """Gives each group to the split that lacks most of what the group brings.

    That is the greedy step towards the least squares of what the splits lack in the end, of each kind in
    proportion to how much of it there is. The last groups go to splits that have nothing.

    Args:
        groups: their numbers of `answered` and `unanswered` examples, in the order of dealing.
        needs: of each split.

    Returns:
        Of each group the number of its split.
    """
    answered, unanswered = (int(groups[kind].sum()) or 1 for kind in ("answered", "unanswered"))
    lacking = [[need.answered / answered, need.unanswered / unanswered] for need in needs]
    waiting = {split for split, need in enumerate(needs) if need.empty}
    homes = []
    sizes = groups.select("answered", "unanswered").iter_rows()
    for left, (first, second) in zip(range(groups.height, 0, -1), sizes, strict=True):
        best, most = 0, (-math.inf, -math.inf)
        for split in sorted(waiting) if len(waiting) >= left else range(len(lacking)):
            some, others = lacking[split]
            # Where two splits lack as much of this, the smaller of them gets it.
            score = round(first * some + second * others, 9), answered * some + unanswered * others
            if score > most:
                best, most = split, score
        lacking[best][0] -= first / answered
        lacking[best][1] -= second / unanswered
        waiting.discard(best)
        homes.append(best)
    return homes


def deal_rows(order: pl.Series, answered: pl.Series, needs: Sequence[Need]) -> NDArray[np.int64]:
    """Cuts the rows, in their order, into as many runs as there are splits.

    The two kinds are shuffled into each other evenly, so each run has its share of both. Rows at
    the same place of the order stay together.

    Args:
        order: of each row a number.
        answered: of each row.
        needs: of each split.

    Returns:
        Of each row the number of its split.
    """
    rows = pl.DataFrame({"order": order, "answered": answered})
    rank = pl.col("order").rank("min").over("answered")
    depth = rows.select("order", depth=(rank - 0.5) / pl.len().over("answered"))
    ranked = depth.select("order", place=pl.col("depth").rank("min") - 1)
    place = ranked.select(pl.col("place").min().over("order")).to_series()
    return np.searchsorted(np.cumsum(_run_lengths(len(order), needs)), place, side="right")


def _run_lengths(number: int, needs: Sequence[Need]) -> NDArray[np.int64]:
    """Whole numbers that add up to `number`, by largest remainders; one at least for what is empty."""
    wanted = np.maximum([need.answered + need.unanswered for need in needs], 0)
    exact = number * wanted / (wanted.sum() or 1)
    lengths = np.floor(exact).astype(np.int64)
    most_cut = np.argsort(lengths - exact, kind="stable")
    lengths[most_cut[: number - lengths.sum()]] += 1
    for split, need in enumerate(needs):
        if need.empty and not lengths[split] and lengths.max() > 1:
            lengths[lengths.argmax()] -= 1
            lengths[split] = 1
    return lengths
