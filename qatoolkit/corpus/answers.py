"""The many ways to write a record's answers, read into parallel lists.

    {"text": ["Nile"], "answer_start": [4]}          Hugging Face flat rows
    [{"text": "Nile", "answer_start": 4}, ...]       SQuAD
    ["Nile", "the Nile"]  or  "Nile"                 bare texts, with or without starts beside them

A value that only looks wrong by its type, such as the number "4" in quotes, is read as what it
plainly means and noted. `locate` is the inverse: the path inside the source record at which a
value of an answer stands, for whoever has to change it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from qatoolkit.corpus.paths import Path, resolve, value_at


@dataclass
class Answers:
    """Parallel lists, one element for an answer, and what was odd about them.

    Attributes:
        text: the texts, None where one is missing.
        start: `answer_start` as found, None where the source gives none.
        end: the source's own exclusive end, None where it gives none.
        odd: (field, answer index, value found, value meant or None) for each wrong type.
        uneven: (number of texts, number of starts) when they differ.
    """

    text: list[str | None] = field(default_factory=list)
    start: list[int | None] = field(default_factory=list)
    end: list[int | None] = field(default_factory=list)
    odd: list[tuple[str, int | None, Any, Any]] = field(default_factory=list)
    uneven: tuple[int, int] | None = None

    def add(self, text: Any, start: Any, end: Any) -> None:
        index = len(self.text)
        self.text.append(self._text(text, index))
        self.start.append(self._number("answer_start", start, index))
        self.end.append(self._number("answer_end", end, index))

    def _text(self, value: Any, index: int) -> str | None:
        if value is None or isinstance(value, str):
            return value
        whole = isinstance(value, int) and not isinstance(value, bool)
        number = whole or (isinstance(value, float) and math.isfinite(value))
        meant = str(value) if number else None
        self.odd.append(("text", index, value, meant))
        return meant

    def _number(self, name: str, value: Any, index: int) -> int | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value is None or (whole and abs(value) < 2**63):
            return value  # type: ignore[no-any-return]
        meant = as_integer(value)
        self.odd.append((name, index, value, meant))
        return meant


def as_integer(value: Any) -> int | None:
    """The whole number that a text or a float plainly stands for, else None."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else None


#: What people write where there is no number.
_NO_NUMBER = frozenset({"", "-", "--", "?", "n/a", "na", "nan", "none", "null"})


def means_no_number(value: Any) -> bool:
    """Whether a start or an end plainly says that there is none: "n/a", "-", NaN."""
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and value.strip().lower() in _NO_NUMBER


def read_answers(answers: Any, start: Any = None, end: Any = None) -> Answers:
    """Reads whatever a source holds under its answers, with starts and ends that stand beside it."""
    found = Answers()
    match answers:
        case None:
            pass
        case {"text": list(texts)}:
            starts = answers.get("answer_start", answers.get("start"))
            _parallel(found, texts, starts, answers.get("answer_end", answers.get("end")))
        case {"text": text}:
            _one(found, answers, text)
        case list(items):
            if all_objects(items):
                for item in items:
                    _one(found, item, item.get("text"))
            else:
                _parallel(found, items, start, end)
        case dict():
            if answers:  # an empty object holds no answers, another holds some that we cannot find
                found.odd.append(("answers", None, answers, None))
        case "" if start is None or start == []:
            pass  # an empty cell, as a table has it; an answer without text would have a start beside it
        case _:
            found.add(answers, _only(start), _only(end))
    return found


def locate(record: dict[str, Any], names: dict[str, str], answer: int | None, field: str) -> Path:
    """Path inside a JSON record at which a value of an answer stands.

    Args:
        record: the record as decoded.
        names: field -> name (see `paths`).
        answer: 0-based index of the answer, None for a field of the record itself.
        field: "text", "answer_start", "answer_end", or a field of the record.
    """
    if answer is None:
        return _path(record, names.get(field, field))
    path = _path(record, names.get("answers", "answers"))
    answers = value_at(record, resolve(record, names.get("answers", "answers")))
    if isinstance(answers, dict):
        inner = _spelled(answers, field)
        return (*path, inner, answer) if isinstance(answers.get(inner), list) else (*path, inner)
    if all_objects(answers):
        return (*path, answer, _spelled(answers[answer], field))
    if field == "text":
        return (*path, answer) if isinstance(answers, list) else path
    beside = _path(record, names.get(field, field))
    value = value_at(record, resolve(record, names.get(field, field)))
    return (*beside, answer) if isinstance(value, list) else beside


def _path(record: dict[str, Any], name: str) -> Path:
    """Where a name leads; the name itself where it leads nowhere."""
    return resolve(record, name) or (name,)


def all_objects(answers: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether answers are a list of objects, SQuAD's own shape."""
    return isinstance(answers, list) and bool(answers) and all(isinstance(item, dict) for item in answers)


def _spelled(answer: dict[str, Any], field: str) -> str:
    short = field.removeprefix("answer_")
    return short if field not in answer and short in answer else field


def _one(found: Answers, item: dict[str, Any], text: Any) -> None:
    found.add(text, item.get("answer_start", item.get("start")), item.get("answer_end", item.get("end")))


def _parallel(found: Answers, texts: list[Any], starts: Any, ends: Any) -> None:
    starts = _listed(starts, len(texts))
    ends = _listed(ends, len(texts))
    if len(starts) != len(texts):
        found.uneven = (len(texts), len(starts))
        starts = (starts + [None] * len(texts))[: len(texts)]
    for text, start, end in zip(texts, starts, (ends + [None] * len(texts))[: len(texts)], strict=True):
        found.add(text, start, end)


def _listed(value: Any, length: int) -> list[Any]:
    if value is None:
        return [None] * length
    return list(value) if isinstance(value, list) else [value]


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
