"""Settings under which more answers could be reached, each counted on all of them before it is named."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from qatoolkit.windows.cut import MIN_ADVANCE
from qatoolkit.windows.reach import Flags, Integers, Reach, Setting

# The very longest answers may cost more than they are worth: this share of the missed ones decides.
_MOST = 0.9

# Lengths are named in steps of this many tokens.
_STEP = 8


def suggest(reach: Reach, setting: Setting, missed: Flags, most_tokens: int) -> list[str]:
    """What to try, in words of the command line; nothing where nothing would help.

    Args:
        reach: of all E examples.
        setting: the present one.
        missed: shape (E,), which examples are out of reach.
        most_tokens: what the model can take.
    """
    wanted = reach.exact & missed[reach.example]
    held, short = reach.held(setting), reach.sizes <= setting.max_answer_length
    length = _enough(reach.sizes, wanted & held & ~short)
    stride = _overlap(reach, setting, wanted & ~held)
    both = _enough(reach.sizes, wanted & ~short)
    offers = []
    if length:
        offers.append(_Offer(reach, setting, replace(setting, max_answer_length=length), missed))
    if stride > setting.doc_stride:
        wider = replace(setting, doc_stride=stride)
        offers.append(_Offer(reach, setting, wider, missed))
        if both:
            together = _Offer(reach, setting, replace(wider, max_answer_length=both), missed)
            offers += [together] if together.gain > max(offer.gain for offer in offers) else []
    if (wanted & ~held).any() and setting.max_seq_length < most_tokens:
        offers.append(_Offer(reach, setting, replace(setting, max_seq_length=most_tokens), missed))
    return [offer.sentence for offer in offers if offer.gain > 0]


@dataclass(frozen=True, eq=False)
class _Offer:
    """Another setting in place of the present one."""

    reach: Reach
    present: Setting
    other: Setting
    missed: Flags

    @property
    def gain(self) -> int:
        """Examples that come into reach, less those that go out of it where windows begin elsewhere."""
        now, then = self.reach.reached(self.present), self.reach.reached(self.other)
        return int((then & self.missed).sum() - (now & ~then).sum())

    @property
    def sentence(self) -> str:
        """What it takes and what it brings."""
        names = ("max_seq_length", "doc_stride", "max_answer_length")
        options = [
            f"--{name.replace('_', '-')} {getattr(self.other, name)}"
            for name in names
            if getattr(self.other, name) != getattr(self.present, name)
        ]
        windows, before = self.reach.windows(self.other), self.reach.windows(self.present)
        cost = f", with {windows:,} windows instead of {before:,}" if windows != before else ""
        return f"{' '.join(options)} would reach {self.gain:,} more{cost}"


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
