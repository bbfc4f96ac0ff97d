"""Finds answers that exact match takes for equal although normalising dropped what makes their values differ.

Punctuation is deleted before texts are compared, so "-5" equals "5", "1.5" equals "15" and "O-" equals
"O+". What is looked at here: the numbers of a text with their sign, percent or dollar sign, and a plus or
minus at the end of a word. Left alone is punctuation that changes no value: brackets, a comma behind a
number, hyphens within words and ranges, a plus before a number, and marks between groups of digits:
"1,000" is 1000.

Other currency symbols and the typographical minus are no punctuation, so exact match never drops them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from qatoolkit.metrics.normalize import normalize_answer

# Where a single point is a decimal point also before three digits; elsewhere "1.500" may well be 1500.
_DECIMAL_POINT = {"en", "zh", "ja", "th", "hi"}
# Between digits: what may divide groups of three, and what may stand before a fraction.
_GROUPS = ".,'’\u066c \u00a0\u202f．，"
_FRACTION = ".,\u066b．，"
_BETWEEN = re.compile(f"([{_GROUPS}{_FRACTION}])")

_MINUS = "-\u2212\u2013\uff0d"
_NUMBER = re.compile(
    # a comparison or dollar sign, and a minus that follows no word and so is no hyphen
    rf"(?P<before>(?:[<>$]\s?|(?<![\w)%])[{_MINUS}](?=[$.\d]))*)"
    rf"(?P<digits>(?:(?<![\w.])\.)?\d+(?:{_BETWEEN.pattern}\d+)*)"
    r"(?P<after>(?:\s?[%％٪‰]|\$(?!\d))?\+?)"
)
# Of blood groups, grades, ions, programming languages; a minus only where it cannot be a hyphen.
_ENDING = re.compile(rf"(?<=[^\W\d])\++(?!\w)|(?:(?<=\b[^\W\d])|(?<=\b[^\W\d]{{2}}))[{_MINUS}](?!\w)")
_SAME = str.maketrans({**dict.fromkeys(_MINUS, "-"), "％": "%", "٪": "%"})


class _Value(NamedTuple):
    """A number, or the plus or minus that ends a word, and the signs that go with a number."""

    number: str
    signs: frozenset[str] = frozenset()


def dropped(prediction: str, answers: Sequence[str], language: str = "en") -> str | None:
    """What normalising dropped that gives a prediction another value than the answers it equals.

    Args:
        prediction: a text that exact match counts as right.
        answers: the accepted texts; those that equal the prediction after normalising are looked at.
        language: a key of `normalize.PROFILES`.

    Returns:
        None when one of these answers has the same values; else what the prediction and the first of them do
        not share: signs ("-", "$ %"), or how both are written where numbers differ ("1.5 / 15").
    """
    normalized = normalize_answer(prediction, language)
    equal = [text for text in answers if normalize_answer(text, language) == normalized] or answers
    values = _values(prediction, language)
    if not equal or any(values == _values(text, language) for text in equal):
        return None
    others = _values(equal[0], language)
    if [value.number for value in values] != [value.number for value in others]:
        written, annotated = _written(prediction), _written(equal[0])
        return f"{written} / {annotated}" if written != annotated else f"{prediction} / {equal[0]}"
    pairs = zip(values, others, strict=True)
    return " ".join(sorted({sign for some, other in pairs for sign in some.signs ^ other.signs}))


def _values(text: str, language: str) -> list[_Value]:
    values = []
    for found in _NUMBER.finditer(text):
        signs = frozenset("".join((found["before"] + found["after"]).split()).translate(_SAME))
        first, *more = _numbers(found["digits"], language)
        values += [_Value(first, signs), *map(_Value, more)]
    return values + [_Value(found[0].translate(_SAME)) for found in _ENDING.finditer(text)]


def _numbers(digits: str, language: str) -> list[str]:
    """One number, its fraction after a point, or several that only stand next to each other."""
    parts = _BETWEEN.split(digits)
    numbers, marks = parts[::2], parts[1::2]
    if _grouped(numbers, marks) and not (marks in (["."], ["．"]) and language in _DECIMAL_POINT):
        return ["".join(numbers)]
    *whole, fraction = numbers
    if marks and marks[-1] in _FRACTION and (len(whole) == 1 or _grouped(whole, marks[:-1])):
        return [f"{''.join(whole)}.{fraction}"]
    return numbers


def _grouped(numbers: Sequence[str], marks: Sequence[str]) -> bool:
    """Whether digits stand in groups of three (or two, as in 1,00,000), all divided by the same mark."""
    first, *groups = numbers
    return (
        len(set(marks)) == 1
        and marks[0] in _GROUPS
        and len(first) in (1, 2, 3)
        and not first.startswith("0")
        and all(len(group) in (2, 3) for group in groups)
        and len(groups[-1]) == 3
    )


def _written(text: str) -> str:
    """The text from its first number to its last."""
    found = list(_NUMBER.finditer(text))
    return text[found[0].start() : found[-1].end()].strip() if found else text
