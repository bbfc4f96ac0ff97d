"""The words of a text as sets, for telling how much two texts share.

Words are those that F1 counts (`metrics.normalize.tokens`). Where a script has no blanks between words F1
counts characters; single ones are shared by any two texts, so here they are taken in neighbouring pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qatoolkit.analysis.text.scripts import WITHOUT_BLANKS
from qatoolkit.metrics.normalize import tokens


def word_sets(texts: Sequence[str], language: str) -> list[frozenset[str]]:
    """The distinct words of each text.

    Args:
        texts: n texts.
        language: a key of `metrics.normalize.PROFILES`.
    """
    split = [tokens(text, language) for text in texts]
    if language not in WITHOUT_BLANKS:
        return [frozenset(words) for words in split]
    return [frozenset("".join(pair) for pair in pairwise(words)) or frozenset(words) for words in split]
