"""Why an answer's text does not stand where `answer_start` says, and where it probably does.

Every wrong answer has exactly one diagnosis, so that one fault is one finding. The repair is
looked for in this order: where the whole file's way of counting says, the only occurrence, the one
occurrence close by, the text after normalising, nearly the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from qatoolkit.corpus.offsets import (
    Difference,
    LooseMatch,
    find_loosely,
    in_one_word,
    nearest,
    occurrences,
    on_word_boundaries,
)
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.nearly import find_nearly, find_pieces
from qatoolkit.validation.rule import Method, Safety

Kind = Literal[
    "right", "empty", "no-answer", "mismatch", "sentinel", "out-of-range", "ambiguous",
    "normalised", "nearly", "joined", "absent",
]  # fmt: skip

#: Texts that say there is no answer, without their blanks and punctuation.
_NO_ANSWER = frozenset({
    "answernotfound", "cannotanswer", "noanswer", "noanswerfound", "notanswerable", "unanswerable",
    "impossible", "unknown", "notincontext", "notinthecontext", "notgiven", "notmentioned", "notfound",
    "notapplicable", "notavailable", "na", "nan", "nil", "none", "null", "idk", "idontknow",
    "keineantwort", "sansréponse", "pasderéponse", "sinrespuesta", "semresposta", "nessunarisposta",
    "ingetsvar", "нетответа", "无答案", "沒有答案", "回答なし", "답없음",
})  # fmt: skip

#: Starts that scripts write when they have not looked.
_PLACEHOLDERS = (-1, 0)

#: A text no longer than this, found inside a word, was hardly meant there.
_SHORTEST = 2

#: Answers to a question that no span answers.
_VERDICTS = frozenset({"yes", "no", "oui", "non"})


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with one answer.

    Attributes:
        kind: the one fault.
        start: where the text probably stands, None if that cannot be said.
        end: exclusive end there.
        method: how that place was found.
        safety: whether moving the answer there can do harm.
        candidates: starts of all occurrences, after normalising if `difference` is set; of the pieces
            if the text is joined from several.
        difference: what was normalised to find it.
    """

    kind: Kind
    start: int | None = None
    end: int | None = None
    method: Method | None = None
    safety: Safety = "safe"
    candidates: tuple[int, ...] = ()
    difference: Difference | None = None


@lru_cache(maxsize=256)
def diagnose(context: str, text: str, start: int | None, hypothesis: Hypothesis | None = None) -> Diagnosis:
    """Finds out what is wrong with an answer.

    Args:
        context: the record's context.
        text: the answer's text.
        start: its answer_start, None where the source gives none.
        hypothesis: how the whole file seems to count, None if it counts rightly or nobody knows.
    """
    if not text.strip():
        return Diagnosis("empty")
    if start is not None and start >= 0 and context[start : start + len(text)] == text:
        return Diagnosis("right", start, start + len(text))
    found = occurrences(context, text)
    if (not found or start == -1) and _says_nothing(text):
        return Diagnosis("no-answer")
    meant = hypothesis.place(context, start, found) if hypothesis is not None and start is not None else None
    if meant is not None:
        return Diagnosis("mismatch", meant, meant + len(text), "hypothesis", "safe", tuple(found))
    if not found:
        return _normalised(context, text, start) or _nearly(context, text, start)
    if start is not None and start >= 0 and (there := _there(context, text, start)) is not None:
        return there
    if len(found) == 1:
        return _moved(context, text, start, found, found[0], "single")
    # Nobody counted to a placeholder, so what is close to it is close by chance.
    close = nearest(found, start) if start is not None and start not in _PLACEHOLDERS else None
    if close is None:
        return Diagnosis("ambiguous", candidates=tuple(found))
    return _moved(context, text, start, found, close, "nearest")


def _moved(context: str, text: str, old: int | None, found: list[int], new: int, method: Method) -> Diagnosis:
    end = new + len(text)
    # A single word found inside a longer one may be an accident ("2" in "2010"); several words are none.
    meant = on_word_boundaries(context, new, end) or not in_one_word(text)
    safe = meant and not (old == -1 and text.casefold() in _VERDICTS)
    if not meant and (len(text) <= _SHORTEST or text.casefold() in _VERDICTS):
        return Diagnosis("ambiguous", candidates=tuple(found))
    if old is None:
        kind: Kind = "right" if meant else "ambiguous"
    elif old in _PLACEHOLDERS:
        kind = "sentinel"
    else:
        kind = "out-of-range" if not 0 <= old < len(context) else "mismatch"
    return Diagnosis(kind, new, end, method, "safe" if safe else "unsafe", tuple(found))


def _there(context: str, text: str, start: int) -> Diagnosis | None:
    """The answer, written differently, at the very place that its start names; None if it is not there."""
    end = start + len(text)
    if context[start : start + 1].casefold() != text[:1].casefold():  # quick, and nearly always the end of it
        return None
    for match in find_loosely(context[start:end], text):
        if (match.start, match.end) == (0, end - start):
            safety: Safety = "unsafe" if match.difference == "letter case" else "safe"
            return Diagnosis("normalised", start, end, "normalised", safety, (start,), match.difference)
    return None


def _normalised(context: str, text: str, start: int | None) -> Diagnosis | None:
    matches = find_loosely(context, text)
    if not matches:
        return None
    starts = [match.start for match in matches]
    chosen: LooseMatch | None = matches[0] if len(matches) == 1 else None
    if chosen is None and start is not None:
        close = nearest(starts, start)
        chosen = matches[starts.index(close)] if close is not None else None
    difference = matches[0].difference
    if chosen is None:
        return Diagnosis("normalised", candidates=tuple(starts), difference=difference)
    harmless = difference != "letter case" and on_word_boundaries(context, chosen.start, chosen.end)
    if difference in ("HTML entities", "tokenised text"):
        harmless = harmless and len(matches) == 1
    safety: Safety = "safe" if harmless else "unsafe"
    return Diagnosis("normalised", chosen.start, chosen.end, "normalised", safety, tuple(starts), difference)


def _nearly(context: str, text: str, start: int | None) -> Diagnosis:
    matches = find_nearly(context, text)
    if not matches:
        pieces = find_pieces(context, text)
        return Diagnosis("joined" if pieces else "absent", candidates=tuple(at for at, _ in pieces))
    starts = [match.start for match in matches]
    close = starts[0] if len(starts) == 1 else nearest(starts, start) if start is not None else None
    if close is None:
        return Diagnosis("nearly", candidates=tuple(starts))
    chosen = matches[starts.index(close)]
    return Diagnosis("nearly", chosen.start, chosen.end, "fuzzy", "unsafe", tuple(starts))


def _says_nothing(text: str) -> bool:
    return "".join(filter(str.isalnum, text.casefold())) in _NO_ANSWER
