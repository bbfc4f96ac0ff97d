"""Further JSON layouts, one row each: which name of a record is which field, and how spans are counted.

A row says what `--map` could say, and what it could not: that offsets are bytes, that an end is
inclusive, that only some of the spans are answers. Reading and writing by a row is the business
of `json_records` and `spans`; what differs in more than names has a finder there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from qatoolkit.corpus.fields import match_columns
from qatoolkit.corpus.json_cursor import Cursor
from qatoolkit.corpus.paths import EACH, leads, steps_of


@dataclass(frozen=True)
class Shape:
    """How one layout spells a record.

    Attributes:
        name: what `--format` takes and reports show.
        about: the layout in a few words.
        nested: whether questions stand below their context, as in SQuAD; else a record is flat,
            in a list, below "data" or one a line.
        marks: names that the first record, or the first paragraph, has; together no other layout has them.
        fields: name -> field, where the usual names do not fit (see `paths` for names).
        header: key of a first line that is no record.
        utf8: whether offsets count bytes of the context in UTF-8, not code points.
        inclusive: whether an end is the answer's last character, not the one behind it.
        only: (name, value) that a span must have to be an answer.
        absent: the start that stands for no answer.
    """

    name: str = ""
    about: str = ""
    nested: bool = False
    marks: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    utf8: bool = False
    inclusive: bool = False
    only: tuple[str, Any] | None = None
    absent: int | None = None


#: Names that go by themselves, starts that count code points: every layout without a row below.
PLAIN = Shape()

SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            "mrqa",
            "MRQA 2019: a context and its questions a line, spans under detected_answers",
            nested=True,
            marks=("context", "qas.*.detected_answers"),
            fields={
                "detected_answers.*.text": "answers",
                "detected_answers.*.char_spans.*.0": "answer_start",
                "detected_answers.*.char_spans.*.1": "answer_end",
            },
            header="header",
            inclusive=True,
        ),
        Shape(
            "cmrc",
            "CMRC 2018: context_text, query_text and bare answers",
            nested=True,
            marks=("context_text", "qas.*.query_text"),
            fields={"context_text": "context", "query_text": "question", "query_id": "id"},
        ),
        Shape(
            "textinator",
            "Textinator export: spans under choices, of which the correct ones are answers",
            marks=("context", "question", "choices.*.start"),
            fields={
                "choices.*.text": "answers",
                "choices.*.start": "answer_start",
                "choices.*.end": "answer_end",
            },
            only=("choices.*.type", "Correct answer"),
        ),
        Shape(
            "qed",
            "QED: paragraph_text, spans under original_nq_answers",
            marks=("paragraph_text", "original_nq_answers"),
            fields={
                "title_text": "title",
                "original_nq_answers.*.*.string": "answers",
                "original_nq_answers.*.*.start": "answer_start",
                "original_nq_answers.*.*.end": "answer_end",
            },
        ),
        Shape(
            "tydi",
            "TyDi QA: document_plaintext, minimal answers as UTF-8 bytes",
            marks=("document_plaintext", "annotations.*.minimal_answer"),
            fields={
                "document_plaintext": "context",
                "annotations.*.minimal_answer.plaintext_start_byte": "answer_start",
                "annotations.*.minimal_answer.plaintext_end_byte": "answer_end",
            },
            utf8=True,
            absent=-1,
        ),
        Shape(
            "afriqa",
            "AfriQA: the question as translated, answers under answer_pivot",
            marks=("context", "question_translated", "answer_pivot"),
            fields={"question_translated": "question", "answer_pivot": "answers"},
        ),
    )
}


def sniff_shape(head: str) -> str | None:
    """The name of the row whose marks the first record has, None if no row fits.

    Args:
        head: the beginning of a JSON text; it may break off in a value.
    """
    record = _first_record(Cursor(head))
    fitting = (
        name for name, shape in SHAPES.items() if all(_has(record, steps_of(mark)) for mark in shape.marks)
    )
    return next(fitting, None)


def names_in(record: dict[str, Any], shape: Shape, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Finds the name of every field that a JSON record has.

    Args:
        record: as decoded.
        shape: the layout's row.
        mapping: name -> field, the user's own choice; it goes before the row.

    Returns:
        field -> name. A row that says where the answers are leaves none to the usual names.
    """
    wanted = merged(shape, mapping)
    present = tuple((name, field) for name, field in wanted.items() if leads(record, name))
    return dict(_matched(tuple(record), present))


@lru_cache(maxsize=1024)
def _matched(keys: tuple[str, ...], present: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Names by field; records of one file have few different sets of keys."""
    names = dict(present)
    found = match_columns([*keys, *(name for name in names if name not in keys)], names)
    if any(EACH in steps_of(name) and name not in keys for name in names):
        return {field: name for field, name in found.items() if field not in _OF_ANSWERS or name in names}
    return found


_OF_ANSWERS = ("answers", "answer_start", "answer_end")


def merged(shape: Shape, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """The names of a row and those of the user, who goes first; answers are taken from one of the two."""
    mapping = mapping or {}
    own = set(mapping.values())
    if own & set(_OF_ANSWERS):
        own |= set(_OF_ANSWERS)
    return {**{name: field for name, field in shape.fields.items() if field not in own}, **mapping}


def _first_record(cursor: Cursor) -> Cursor:
    """The first row, or the first paragraph; where there is none, what stands in its place."""
    headers = {shape.header for shape in SHAPES.values()}
    try:
        if cursor.kind == "[":
            cursor = next(cursor.elements(), cursor)
        elif cursor.kind == "{":
            members = dict(_readable(cursor))
            if "data" in members:
                cursor = next(members["data"].elements(), cursor)
            elif len(members) == 1 and members.keys() <= headers:
                cursor = Cursor(cursor.text, cursor.end)
        paragraphs = dict(_readable(cursor)).get("paragraphs", cursor)
        return next(paragraphs.elements(), cursor) if paragraphs.kind == "[" else cursor
    except json.JSONDecodeError:
        return cursor


def _readable(cursor: Cursor) -> list[tuple[str, Cursor]]:
    """The members of an object, as far as they can be read."""
    found = []
    try:
        for member in cursor.members():
            found.append(member)
    except json.JSONDecodeError:
        pass
    return found


def _has(cursor: Cursor, steps: Sequence[str]) -> bool:
    if not steps:
        return True
    first, *more = steps
    try:
        if first == EACH:
            return any(_has(element, more) for element in cursor.elements())
        return any(key == first and _has(child, more) for key, child in cursor.members())
    except json.JSONDecodeError:
        return False
