"""A small sentence splitter that keeps offsets and needs no model.

Good enough to say whether two spans lie in the same sentence. It does not try to be a linguist:
an abbreviation it does not know splits a sentence, and "in the U.S. He went" stays one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qatoolkit.analysis.cases import Span

# A full stop needs a blank after it; the ideographic ones do not. A blank line always ends one.
_BOUNDARY = re.compile(
    r"""(?P<stop>[.!?…؟۔।॥።]+)["'”’»)\]]*\s+|[。！？｡]+["'”’」』）]*\s*|\n\s*\n\s*""",
)
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“‘«]*$")
_ABBREVIATION_LIST = (
    "al approx capt cf ch co col corp dept dr ed est etc fig gen gov inc jr lt ltd mr mrs ms mt "
    "prof rev sen sgt sr st vol vs"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_LONGEST_WORD = 24


@lru_cache(maxsize=1024)
def sentences(text: str) -> tuple[Span, ...]:
    """Cuts a text into sentences that cover it without gaps or overlaps.

    Args:
        text: any text; contexts repeat, so results are kept.

    Returns:
        Spans in order; white space after a sentence belongs to it. Empty for "".
    """
    spans: list[Span] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match.end() < len(text) and not _is_inside(text, match):
            spans.append(Span(start, match.end()))
            start = match.end()
    if start < len(text):
        spans.append(Span(start, len(text)))
    return tuple(spans)


def _is_inside(text: str, boundary: re.Match[str]) -> bool:
    """Whether a stop belongs to an abbreviation or initial instead of ending a sentence."""
    if boundary["stop"] != ".":
        return False
    if text[boundary.end()].islower():
        return True
    before = text[max(0, boundary.start() - _LONGEST_WORD) : boundary.start()]
    found = _WORD_BEFORE.search(before)
    word = found[0] if found else ""
    return (len(word) == 1 and word.isupper()) or "." in word or word.lower() in _ABBREVIATIONS
