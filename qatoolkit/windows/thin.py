"""Leaves out some of the windows that teach nothing but "not here", so that long contexts train faster."""

from __future__ import annotations

import numpy as np

from qatoolkit.windows.features import Features


def thin(features: Features, share: float, seed: int) -> Features:
    """Features of which only a share of the windows without their answer is left.

    Only examples of which some window holds the answer lose any; all windows of a question without
    an answer stay, because none of them says anything else.

    Args:
        features: of `featurize`.
        share: what stays (0..1) of the windows without the answer, of examples that have one.
        seed: of the choice; the same one chooses the same windows.
    """
    has_answer = np.zeros(features.n_examples, bool)
    has_answer[features.example[features.answered]] = True
    spare = np.flatnonzero(has_answer[features.example] & ~features.answered)
    dropped = np.random.default_rng(seed).permutation(spare)[round(share * len(spare)) :]
    stays = np.ones(len(features), bool)
    stays[dropped] = False
    return features.take(stays)
