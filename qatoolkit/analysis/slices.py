"""Scores by part of the data: question word, answer length, context length, windows, title.

Every table adds up to all examples. A table with a single row says nothing and is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qatoolkit.analysis.cases import Case
from qatoolkit.metrics import percent

_ENGLISH_QUESTION = re.compile(r"\b(how (?:many|much)|how|what|when|where|which|who|whom|whose|why)\b")
_NO_QUESTION_WORD = "none of these"
_SAME_WORD = {"whom": "who", "whose": "who", "how much": "how many"}


@dataclass(frozen=True)
class Slice:
    """One row: the examples that share a value.

    Attributes:
        value: what they share, as text.
        total: how many there are.
        exact: their exact match, in percent.
        f1: their F1, in percent.
    """

    value: str
    total: int
    exact: float
    f1: float


@dataclass(frozen=True)
class SliceTable:
    """All rows of one way to divide the examples.

    Attributes:
        name: what divides them, e.g. "question word".
        rows: in natural order; titles by how much F1 is lost on them, most first.
    """

    name: str
    rows: list[Slice]


def slice_cases(cases: Sequence[Case]) -> list[SliceTable]:
    """Divides the cases in every way that gives more than one row.

    Args:
        cases: the judged examples of one split.
    """
    tables = [
        SliceTable("question word", sorted(_group(cases, _question_word), key=lambda row: -row.total)),
        SliceTable("answer length", _ordered(_group(cases, _answer_length), _ANSWER_ROWS)),
        SliceTable("context length", _ordered(_group(cases, _context_length), _CONTEXT_ROWS)),
    ]
    if all(case.prediction.n_windows is not None for case in cases):
        tables.append(SliceTable("windows", _ordered(_group(cases, _windows), _WINDOW_ROWS)))
    if any(case.example.title for case in cases):
        titles = _group(cases, lambda case: case.example.title)
        tables.append(SliceTable("title", sorted(titles, key=lambda row: row.total * (row.f1 - 100))))
    return [table for table in tables if len(table.rows) > 1]


def _group(cases: Sequence[Case], key: Callable[[Case], str]) -> list[Slice]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return [
        Slice(
            value,
            len(members),
            percent(case.exact for case in members),
            percent(case.f1 for case in members),
        )
        for value, members in groups.items()
    ]


def _ordered(rows: list[Slice], order: Sequence[str]) -> list[Slice]:
    return sorted(rows, key=lambda row: order.index(row.value))


def _question_word(case: Case) -> str:
    """The first English question word; questions in other languages have none of these."""
    found = _ENGLISH_QUESTION.search(case.example.question.lower())
    return _SAME_WORD.get(found[0], found[0]) if found else _NO_QUESTION_WORD


_ANSWER_EDGES = (2, 3, 6, 11)
_ANSWER_ROWS = ("no answer", "1 word", "2 words", "3 to 5 words", "6 to 10 words", "11 words or more")


def _answer_length(case: Case) -> str:
    """By the shortest annotated answer, in words between blanks."""
    if not case.example.answers:
        return _ANSWER_ROWS[0]
    words = min(len(text.split()) for text in case.example.answers)
    return _ANSWER_ROWS[1 + bisect_right(_ANSWER_EDGES, words)]


_CONTEXT_EDGES = (500, 1000, 2000, 5000)
_CONTEXT_ROWS = (
    "under 500 characters",
    "500 to 999 characters",
    "1,000 to 1,999 characters",
    "2,000 to 4,999 characters",
    "5,000 characters or more",
)


def _context_length(case: Case) -> str:
    return _CONTEXT_ROWS[bisect_right(_CONTEXT_EDGES, len(case.example.context))]


_WINDOW_EDGES = (2, 3, 5)
_WINDOW_ROWS = ("1 window", "2 windows", "3 or 4 windows", "5 windows or more")


def _windows(case: Case) -> str:
    return _WINDOW_ROWS[bisect_right(_WINDOW_EDGES, case.prediction.n_windows or 1)]
