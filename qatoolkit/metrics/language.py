"""Tells from a sample of texts which normalisation profile fits them.

Each piece of text is classified by itself (py3langid, a naive Bayes model over bytes that the package
carries) and has as many votes as characters. So a few foreign questions or quotations change nothing, and
contexts, in whose language the answers are, outvote questions in another one. A corpus of many languages
has none: then, and for all languages without a profile of their own, the profile is "other".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from qatoolkit.metrics.normalize import PROFILES

# Texts looked at, spread evenly, and characters of each; more of either changes no answer.
_TEXTS = 200
_CHARACTERS = 400
# Short texts are joined to pieces that say enough to be told apart.
_PIECE = 50
# Of the languages that the model tells apart: those that are written like one with a profile.
_VARIETIES = {"arz": "ar", "ary": "ar", "yue": "zh", "wuu": "zh"}
# What the model calls numbers, markup and the like.
_NO_LANGUAGE = "zxx"


def detect_language(texts: Sequence[str]) -> str:
    """The key of `PROFILES` that more than half of the text speaks for, else "other".

    Args:
        texts: contexts and questions, any number of them in any order.
    """
    # Imported here: the model takes 0.4 s to load, and only who names no language needs it.
    import py3langid

    votes: Counter[str] = Counter()
    for piece in _pieces(texts):
        language, _ = py3langid.classify(piece)
        votes[_VARIETIES.get(language, language)] += len(piece)
    del votes[_NO_LANGUAGE]
    found = max(votes, key=votes.__getitem__, default="")
    return found if found in PROFILES and 2 * votes[found] > votes.total() else "other"


def _pieces(texts: Sequence[str]) -> Iterator[str]:
    piece = ""
    # An odd step meets both sides where contexts and questions alternate.
    for text in texts[:: len(texts) // _TEXTS | 1]:
        piece = f"{piece} {text[:_CHARACTERS]}".strip()
        if len(piece) >= _PIECE:
            yield piece
            piece = ""
    if piece:
        yield piece
