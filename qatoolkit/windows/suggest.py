"""Settings under which more answers could be reached, each counted on all of them before it is named."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from qatoolkit.windows.cut import MIN_ADVANCE
from qatoolkit.windows.reach import Flags, Integers, Reach, Setting

# The very longest answers may cost more than they are worth: this share of the missed ones decides.
_MOST = 0.9

# Lengths are named in steps of this many tokens.
_STEP = 8


def suggest(reach: Reach, setting: Setting, longest: int, most_tokens: int) -> list[str]:
    """What to try, in words of the command line; nothing where nothing would help.

    Args:
        reach: of all examples.
        setting: the present one.
        longest: tokens of the longest feature.
        most_tokens: what the model can take.
    """
    missed = reach.exact & ~reach.reached(setting)[reach.example]
    held, short = reach.held(setting), reach.sizes <= setting.max_answer_length
    length = _enough(reach.sizes, missed & held & ~short)
    stride = _overlap(reach, setting, missed & ~held)
    both = _enough(reach.sizes, missed & ~short)
    found: list[str] = []
    best = 0
    if length:
        best = _offer(found, reach, setting, replace(setting, max_answer_length=length), 0)
    if stride > setting.doc_stride:
        wider = replace(setting, doc_stride=stride)
        best = max(best, _offer(found, reach, setting, wider, 0))
        if both:
            best = _offer(found, reach, setting, replace(wider, max_answer_length=both), best)
    if (missed & ~held).any() and setting.max_seq_length < most_tokens:
        _offer(found, reach, setting, replace(setting, max_seq_length=most_tokens), 0)
    enough = _round_up(longest)
    if 0 < enough < setting.max_seq_length:
        found.append(
            f"--max-seq-length {enough} would cut the same windows: none has more than {longest} tokens"
        )
    return found


def _offer(found: list[str], reach: Reach, setting: Setting, other: Setting, beaten: int) -> int:
    """Says what another setting reaches, if it is more than what is beaten; how much it is at best."""
    gain = int(reach.reached(other).sum() - reach.reached(setting).sum())
    if gain <= beaten:
        return beaten
    names = ("max_seq_length", "doc_stride", "max_answer_length")
    options = [
        f"--{name.replace('_', '-')} {getattr(other, name)}"
        for name in names
        if getattr(other, name) != getattr(setting, name)
    ]
    windows, before = reach.windows(other), reach.windows(setting)
    cost = f", with {windows:,} windows instead of {before:,}" if windows != before else ""
    found.append(f"{' '.join(options)} would reach {gain:,} more{cost}")
    return gain


def _enough(sizes: Integers, which: Flags) -> int:
    """A number of tokens in which most of these answers fit; 0 where there are none."""
    if not which.any():
        return 0
    in_order = np.sort(sizes[which])
    return _round_up(int(in_order[math.ceil(_MOST * len(in_order)) - 1]))


def _overlap(reach: Reach, setting: Setting, which: Flags) -> int:
    """An overlap that leaves most of these answers whole, as far as windows still advance with it.

    A cut cannot go through an answer that has at most one token more than neighbours share.
    """
    room = setting.max_seq_length - reach.beside
    several = room[reach.tokens > room]
    most = int(several.min() * (1 - MIN_ADVANCE)) if len(several) else 0
    return min(_enough(reach.sizes - 1, which), most)


def _round_up(tokens: int) -> int:
    return -(-tokens // _STEP) * _STEP
