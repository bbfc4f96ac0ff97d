"""The values the analysis passes around: an example, what was predicted for it, and both judged.

Plain frozen dataclasses; reading them from files is `load`, judging is `judge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qatoolkit.corpus.record import origin


class Span(NamedTuple):
    """Characters `start` to `end` (code points, end exclusive) of a context."""

    start: int
    end: int


class Candidate(NamedTuple):
    """One of a model's best spans; "" is no answer."""

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Example:
    """A question as it was annotated.

    Attributes:
        answers: the accepted texts; none of them means unanswerable.
        answer_starts: where each of them begins in `context`, as the file says; -1 where it does not.
        source: the file it came from, as the user typed it; None when unknown.
        line: its first physical line there, from 1; None where there are no lines.
        pointer: its JSON pointer there; None where lines or rows say it.
        row: its row there, as its reader counted; None when unknown.
        extra: the source's other columns, as text.
    """

    id: str
    title: str
    context: str
    question: str
    answers: tuple[str, ...] = ()
    answer_starts: tuple[int, ...] = ()
    source: str | None = None
    line: int | None = None
    pointer: str | None = None
    row: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where a person finds it, "" when unknown."""
        return origin(self.source, self.line, self.pointer, self.row)


@dataclass(frozen=True)
class Prediction:
    """What a model said; everything but the text is None when its file does not tell.

    Attributes:
        text: "" says that there is no answer; None is missing, which counts as wrong.
        start: first character of the answer in the context.
        end: the character after its last one.
        score: probability of the answer, 0..1.
        null_score: null score minus best span score; higher says rather no answer.
        gold_rank: rank from 0 of the first candidate that equals an annotated answer.
        n_windows: how many windows the context was cut into.
        candidates: the best spans, at most three, best first; none when the file has none.
        annotated_score: highest probability (0..1) that an annotated answer has among all candidates
            of the file, 0.0 when it is none of them.
    """

    text: str | None
    start: int | None = None
    end: int | None = None
    score: float | None = None
    null_score: float | None = None
    gold_rank: int | None = None
    n_windows: int | None = None
    candidates: tuple[Candidate, ...] = ()
    annotated_score: float | None = None


@dataclass(frozen=True)
class Case:
    """An example, its prediction, and the judgement.

    Attributes:
        exact: exact match, 0.0 or 1.0.
        f1: 0..1.
        error_class: a key of `classify.CLASSES`.
        annotated: the annotated span nearest to the predicted one, None when there is none.
        predicted: the predicted span, None when there is none or it is not in the context.
        reason: why it is unreachable, or why its annotation is suspected; "" for the other classes.
    """

    example: Example
    prediction: Prediction
    exact: float
    f1: float
    error_class: str
    annotated: Span | None = None
    predicted: Span | None = None
    reason: str = ""
