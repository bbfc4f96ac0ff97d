"""Answers that stand as spans at names with `*`, read into parallel lists and written back.

    {"choices": [{"text": "Nile", "start": 4, "end": 8}, ...]}      choices.*.text, choices.*.start, ...

Whatever way a layout counts, what is read counts code points and ends behind the answer; what is
written counts as the layout does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qatoolkit.corpus.answers import Answers, locate
from qatoolkit.corpus.paths import EACH, Path, resolve, spread, steps_of, value_at
from qatoolkit.corpus.shapes import Shape

#: Field of an answer -> field of the record that names it.
_FIELDS = {"text": "answers", "answer_start": "answer_start", "answer_end": "answer_end"}


class SharedError(Exception):
    """A value cannot be changed for one answer alone; says why."""


def are_spans(record: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether the names say where each part of an answer stands, and not where all the answers do."""
    return any(EACH in steps_of(name) and name not in record for name in _names(names).values())


def read_spans(record: dict[str, Any], names: Mapping[str, str], shape: Shape) -> Answers:
    """Reads the answers of a record, in the order in which they stand.

    Args:
        record: as decoded, with the context.
        names: field -> name.
        shape: how the layout counts, and which spans are answers.
    """
    found = Answers()
    context = value_at(record, resolve(record, names.get("context", "")))
    context = context if isinstance(context, str) else ""
    listed = _listed(record, names)
    if not (listed is None or isinstance(listed, list)):
        found.odd.append(("answers", None, listed, None))
    shared = _depth(names.get("answers", "")) < _depth(_deepest(names))
    for paths in _paths(record, names, shape):
        values = {field: value_at(record, path) for field, path in paths.items()}
        text, start, end = (values.get(field) for field in _FIELDS)
        index = len(found.text)
        found.add(text, start, end)
        for field, column in (("answer_start", found.start), ("answer_end", found.end)):
            column[index] = _told(found, field, column[index], context, shape)
        _take_slice(found, context, shared)
    return found


def write_span(
    record: dict[str, Any], names: Mapping[str, str], shape: Shape, answer: int, field: str, new: Any
) -> tuple[Path, Any] | None:
    """Where a changed value of an answer goes in its record, and what is written there.

    Args:
        record: the source's record, as decoded.
        names: field -> name.
        shape: how the layout counts.
        answer: 0-based index of the answer.
        field: "text", "answer_start" or "answer_end".
        new: the value, in code points and with an exclusive end.

    Returns:
        Path and value; None where the layout has no such value, because it follows from others.

    Raises:
        SharedError: several spans share the text, or the context that offsets count stands elsewhere.
    """
    every = _paths(record, names, shape)
    path = every[answer].get(field)
    if path is None:
        return None
    if field == "text":
        if value_at(record, path) == new:
            return None
        if sum(paths.get("text") == path for paths in every) > 1:
            raise SharedError(f"the text {value_at(record, path)!r} belongs to several spans")
        return path, new
    if new is None:
        return path, None
    if shape.utf8:
        context = value_at(record, resolve(record, names.get("context", "")))
        if not isinstance(context, str):
            raise SharedError("the context that its offsets count does not stand beside it")
        return path, len(context[:new].encode("utf-8", "surrogatepass"))
    return path, new - (field == "answer_end" and shape.inclusive)


def write_value(
    record: dict[str, Any], names: dict[str, str], shape: Shape, answer: int | None, field: str, new: Any
) -> tuple[Path, Any] | None:
    """The same for any value of a record, an answer's or not, whatever the layout."""
    if answer is not None and are_spans(record, names):
        return write_span(record, names, shape, answer, field, new)
    return locate(record, names, answer, field), new


def _names(names: Mapping[str, str]) -> dict[str, str]:
    return {field: names[column] for field, column in _FIELDS.items() if column in names}


def _paths(record: dict[str, Any], names: Mapping[str, str], shape: Shape) -> list[dict[str, Path]]:
    """For each answer, where its text, start and end stand, as far as they do."""
    if not isinstance(_listed(record, names), list):
        return []
    own = _names(names)
    answers = []
    for numbers in spread(record, steps_of(_deepest(names))):
        if shape.only and value_at(record, resolve(record, shape.only[0], numbers)) != shape.only[1]:
            continue
        paths = {field: resolve(record, name, numbers) for field, name in own.items()}
        if shape.absent is not None and value_at(record, paths.get("answer_start")) == shape.absent:
            continue
        answers.append({field: path for field, path in paths.items() if path is not None})
    return answers


def _deepest(names: Mapping[str, str]) -> str:
    """The name that tells one answer from another."""
    return max(_names(names).values(), key=_depth)


def _depth(name: str) -> int:
    return steps_of(name).count(EACH)


def _listed(record: dict[str, Any], names: Mapping[str, str]) -> Any:
    """What stands where the list of the answers belongs, None if nothing does."""
    steps = steps_of(_deepest(names))
    return value_at(record, resolve(record, ".".join(steps[: steps.index(EACH)])))


def _told(found: Answers, field: str, number: int | None, context: str, shape: Shape) -> int | None:
    """An offset in code points, exclusive if it is an end; what cannot be one is noted as odd."""
    if number is None:
        return None
    index = len(found.text) - 1
    value = number
    told: int | None = number + (field == "answer_end" and shape.inclusive)
    if shape.utf8:
        told = code_points(context, number)
    for at, (odd, answer, raw, _) in enumerate(found.odd):
        if (odd, answer) == (field, index):
            found.odd[at] = (odd, answer, raw, told)
            return told
    if told is None:
        found.odd.append((field, index, value, None))
    return told


def code_points(text: str, n_bytes: int) -> int | None:
    """How many characters the first bytes of a text in UTF-8 are; None if they end inside one or beyond."""
    raw = text.encode("utf-8", "surrogatepass")
    if not 0 <= n_bytes <= len(raw):
        return None
    try:
        return len(raw[:n_bytes].decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return None


def _take_slice(found: Answers, context: str, shared: bool) -> None:
    """Takes the last answer's text from the context, if the source gives none of its own.

    A text that several spans share is given for all of them, so a span that says the same with other
    letter case or blanks says it in its own way.
    """
    start, end, text = found.start[-1], found.end[-1], found.text[-1]
    if start is None or end is None or not 0 <= start <= end:
        return
    own = context[start:end]
    if text is None or (shared and _plain(text) == _plain(own)):
        found.text[-1] = own


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
