"""How a whole file may have counted its offsets, when not in code points of the context as it stands.

A wrong start is rarely alone: whoever wrote the file counted UTF-16 units, bytes, or over a text
with other line ends, and did so everywhere. Each hypothesis is one way of measuring a prefix of
the context; it is scored over the answers of the file before any answer is looked at by itself.
Offsets that are right as they stand count against it and are never touched.
"""

from __future__ import annotations

import html
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from qatoolkit.corpus.offsets import occurrences

#: Fewer explained answers than this are no evidence for a habit of the whole file.
FEWEST = 3

_SHIFT = "shift"

#: A text that occurs more often than this stands somewhere by any way of counting, so it tells nothing.
_MOST_OCCURRENCES = 50

#: Characters of context that the scoring looks at, so that a file of whole papers takes no longer.
_MOST_CHARACTERS = 20_000_000


class Placed(NamedTuple):
    """An answer as its source places it."""

    context: str
    text: str
    start: int


@dataclass(frozen=True)
class Hypothesis:
    """One way of counting.

    Attributes:
        name: short, for the evidence table and the lineage.
        what: for people, completes "starts are counted ...".
        measure: length of a prefix of the context as the source would have counted it; it never
            falls as the prefix grows.
    """

    name: str
    what: str
    measure: Callable[[str], int]

    def place(self, context: str, claimed: int, found: Iterable[int]) -> int | None:
        """The first of the places where a text was found that a claimed start can mean, None if none can."""
        return next((at for at in found if self.measure(context[:at]) == claimed), None)


HYPOTHESES = (
    Hypothesis("utf-16", "in UTF-16 units, as in JavaScript", lambda p: len(p.encode("utf-16-le")) // 2),
    Hypothesis("utf-8", "in UTF-8 bytes", lambda p: len(p.encode("utf-8"))),
    Hypothesis("crlf", "over a text with CR LF line ends", lambda p: len(p) + p.count("\n")),
    Hypothesis("lf", "over a text whose CR LF was read as one character", lambda p: len(p) - p.count("\r\n")),
    Hypothesis("one-based", "from one", lambda p: len(p) + 1),
    Hypothesis("stripped", "over the context without its leading white space", lambda p: len(p.lstrip())),
    Hypothesis("nfc", "over the composed (NFC) text", lambda p: len(unicodedata.normalize("NFC", p))),
    Hypothesis("nfd", "over the decomposed (NFD) text", lambda p: len(unicodedata.normalize("NFD", p))),
    Hypothesis("unescaped", "over the text without HTML entities", lambda p: len(html.unescape(p))),
    Hypothesis("escaped", "over the text with HTML entities", lambda p: len(html.escape(p, quote=False))),
)

#: The one habit that concerns ends: they name the last character and not the one behind it.
INCLUSIVE_END = Hypothesis(
    "inclusive-end", "ends name the last character, not the one behind it", lambda p: len(p) - 1
)


@dataclass(frozen=True)
class Evidence:
    """How a hypothesis fares over a file.

    Attributes:
        hypothesis: the one in question.
        explains: wrong answers that stand where it says.
        contradicts: right answers that it would move away.
        tested: wrong answers that were looked at: those whose text stands somewhere in the context.
    """

    hypothesis: Hypothesis
    explains: int
    contradicts: int
    tested: int

    @property
    def holds(self) -> bool:
        """Whether it explains a habit: most of several wrong answers, and far more than it contradicts."""
        most = self.explains >= FEWEST and 2 * self.explains > self.tested
        return most and self.explains > 10 * self.contradicts


def weigh(wrong: Sequence[Placed], right: Iterable[Placed]) -> list[Evidence]:
    """Scores every hypothesis, the best first.

    Args:
        wrong: answers that do not stand where they say.
        right: answers that do; they count against a hypothesis that would move them.
    """
    right = _affordable(right)
    located = []
    for answer in _affordable(wrong):
        places = occurrences(answer.context, answer.text)
        if 0 < len(places) <= _MOST_OCCURRENCES:
            located.append((answer, places))
    found = []
    for hypothesis in (*HYPOTHESES, *_shifts(located)):
        explains = sum(_explains(hypothesis, answer, places) for answer, places in located)
        contradicts = sum(_moves(hypothesis, answer) for answer in right) if explains >= FEWEST else 0
        found.append(Evidence(hypothesis, explains, contradicts, len(located)))
    return sorted(found, key=lambda e: (-e.explains, e.contradicts, e.hypothesis.name == _SHIFT))


def winner(found: Sequence[Evidence]) -> Hypothesis | None:
    """The hypothesis that holds and explains more than any other; None on a tie."""
    holding = [evidence for evidence in found if evidence.holds]
    if not holding:
        return None
    best, *others = holding
    # A habit with a cause goes before a distance, which any habit is while contexts are alike.
    tie = any(e.explains == best.explains and e.hypothesis.name != _SHIFT for e in others)
    return None if tie else best.hypothesis


@dataclass(frozen=True)
class _Shifted:
    """The measure of a start that is off by the same distance everywhere."""

    by: int

    def __call__(self, prefix: str) -> int:
        return len(prefix) + self.by


def _shifts(located: Sequence[tuple[Placed, list[int]]]) -> list[Hypothesis]:
    """The commonest distance between a start and the only place of its text, as a hypothesis of its own."""
    distances = Counter(answer.start - places[0] for answer, places in located if len(places) == 1)
    distances.pop(1, None)  # that is counting from one
    if not distances:
        return []
    ((by, _),) = distances.most_common(1)
    what = f"{abs(by)} characters too {'high' if by > 0 else 'low'}, all of them"
    return [Hypothesis(_SHIFT, what, _Shifted(by))]


def weigh_ends(inclusive: int, exclusive: int) -> Evidence:
    """How the hypothesis of inclusive ends fares over the right answers of a file that gives ends.

    Args:
        inclusive: ends that are one less than start and length say.
        exclusive: ends that are what they say.
    """
    return Evidence(INCLUSIVE_END, inclusive, exclusive, inclusive + exclusive)


def _explains(hypothesis: Hypothesis, answer: Placed, found: list[int]) -> bool:
    return _matters(hypothesis, answer.context) and (
        hypothesis.place(answer.context, answer.start, found) is not None
    )


def _moves(hypothesis: Hypothesis, answer: Placed) -> bool:
    return hypothesis.measure(answer.context[: answer.start]) != answer.start


@lru_cache(maxsize=4096)
def _matters(hypothesis: Hypothesis, context: str) -> bool:
    """Whether the hypothesis measures this context otherwise at all; most contexts are plain."""
    return hypothesis.measure(context) != len(context)


def _affordable(answers: Iterable[Placed]) -> list[Placed]:
    """As many answers as can be looked at without the user noticing."""
    kept: list[Placed] = []
    characters = 0
    for answer in answers:
        characters += len(answer.context)
        if characters > _MOST_CHARACTERS:
            break
        kept.append(answer)
    return kept
