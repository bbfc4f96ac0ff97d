"""What a model holds against an annotation, in plain words; counting it is `evidence`."""

from __future__ import annotations

from qatoolkit.analysis.cases import Case, Span
from qatoolkit.analysis.suspects.clues import sentence_at

# From this on a model is called sure.
_SURE = 0.6
_LONGEST = 80


def preference(case: Case, annotated: str, confidence: float | None) -> str:
    """What the model answers, where, and how probable it finds either answer.

    Args:
        case: a question that the model answers otherwise than annotated.
        annotated: the annotated answer, "" where there is none.
        confidence: its out-of-fold probability, None without a cross-fit.
    """
    parts = [_answered(case, out_of_fold=confidence is not None), _annotated(case, annotated, confidence)]
    return "; ".join(part for part in parts if part)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a character."""
    return one.start < other.end and other.start < one.end


def quoted(text: str) -> str:
    """A text in quotes on one line, cut in its middle if it is long."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    half = _LONGEST // 2
    return f'"{line}"' if len(line) <= _LONGEST else f'"{line[:half].rstrip()} … {line[-half:].lstrip()}"'


def _answered(case: Case, *, out_of_fold: bool) -> str:
    text, score = case.prediction.text, case.prediction.score
    who = "a model that had not seen it" if out_of_fold else "the model"
    share = "" if score is None else f" ({score:.2f})"
    if score is not None and score >= _SURE:
        what = f"of {quoted(text)}" if text else "that there is no answer"
        return f"{who} is sure{share} {what}{_place(case)}"
    return f"{who} {f'answers {quoted(text)}' if text else 'finds no answer'}{share}{_place(case)}"


def _place(case: Case) -> str:
    """Where the model's answer stands, seen from the annotated one."""
    annotated, predicted = case.annotated, case.predicted
    if not case.prediction.text or annotated is None:
        return ""
    if predicted is None:
        return ", which is not in the context"
    if overlap(annotated, predicted):
        return ", which overlaps it"
    starts = (annotated.start, predicted.start)
    one, other = (sentence_at(case.example.context, start) for start in starts)
    return " in the same sentence" if one == other else " in another sentence"


def _annotated(case: Case, text: str, confidence: float | None) -> str:
    share = case.prediction.annotated_score if confidence is None else confidence
    what = f"the annotated {quoted(text)}" if text else "no answer, as annotated,"
    if share is None:
        return f"annotated is {quoted(text) if text else 'no answer'}"
    if share == 0 and confidence is None:
        return f"{what} is none of its candidates"
    return f"{what} has {f'{share:.2f}' if share >= 0.005 else 'less than 0.01'}"
