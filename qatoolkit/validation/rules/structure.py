"""QA1xx: is it a record at all? What readers noted, and the pandera contract of `schemas/`."""

from __future__ import annotations

import polars as pl

from qatoolkit.corpus.answers import means_no_number
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.rule import Case, Fix, Problem, Rule


def _noted(case: Case) -> Problem:
    assert case.note is not None
    return Problem(case.note.detail, case.note.field or "record")


def _missing_column(case: Case) -> Problem:
    return Problem(f"no column {case.column}, which the contract asks for", case.column)


MISSING_COLUMN = Rule(
    code="QA101",
    name="missing-column",
    severity="error",
    scope="contract",
    explain=_missing_column,
    checks=frozenset({"column_in_dataframe"}),
    what="Reports a column that schemas/record.yaml asks for and no record has. (A file without a context or a "
    "question column is no QA corpus; it is refused before any rule runs.)",
    why="Whatever relies on the column would fail later and further away.",
    bad=(),
    good=(),
)


def _wrong_type(case: Case) -> Problem:
    note = case.note
    assert note is not None
    assert note.field is not None
    message = f"{note.field} is {note.value!r}" + (f", not the {type(note.meant).__name__} {note.meant!r}"
                                                   if note.meant is not None else ", which means nothing there")  # fmt: skip
    if note.field in ("answer_start", "answer_end") and means_no_number(note.value):
        nothing = Edit(note.field, note.answer, str(note.value), None)
        message = f"{note.field} is {note.value!r}, which says that there is none"
        return Problem(message, note.field, fix=Fix((nothing,), "safe", "type"))
    if note.meant is None:
        return Problem(message, note.field)
    edit = Edit(note.field, note.answer, note.value, note.meant)
    return Problem(message, note.field, fix=Fix((edit,), "safe", "type"))


WRONG_TYPE = Rule(
    code="QA102",
    name="wrong-type",
    severity="error",
    scope="note",
    explain=_wrong_type,
    notes=frozenset({"wrong-type"}),
    what="Reports a value of the wrong type: a start in quotes, a text that is a number, a flag that is neither "
    "true nor false.",
    why="Most training scripts crash on it, and some compare 9 with '9' and silently find no answer.",
    bad=(
        '{"context": "The Nile is long.", "question": "What is long?", '
        '"answers": {"text": ["Nile"], "answer_start": ["4"]}}',
        'context,question,answer,answer_start\n"Året är 1905.",Vilket år?,1905,8.0\n',
        "context,question,answer,answer_start\nÅn är lång.,Vad är lång?,Ån,n/a\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What is long?", '
        '"answers": {"text": ["Nile"], "answer_start": [4]}}',
        'context,question,answer,answer_start\n"Året är 1905.",Vilket år?,1905,8\n',
        "context,question,answer,answer_start\nÅn är lång.,Vad är lång?,Ån,\n",
    ),
    fixes="Safe where the value plainly stands for another: the number in a text, a text that is a number, "
    "a start that says there is none (n/a, -, null), which is emptied so that the text's place is found.",
)


def _missing_value(case: Case) -> Problem:
    return Problem(f"{case.column} is empty", case.column)


MISSING_VALUE = Rule(
    code="QA103",
    name="missing-value",
    severity="error",
    scope="contract",
    explain=_missing_value,
    checks=frozenset({"not_nullable"}),
    what="Reports a record whose id, context or question is empty.",
    why="There is nothing to ask, or nothing to answer from.",
    bad=(
        "id,context,question,answer\n1,The Nile is long.,,Nile\n",
        '[{"id": "å", "context": null, "question": "Hvem?", "answers": []}]',
    ),
    good=(
        "id,context,question,answer\n1,The Nile is long.,What is long?,Nile\n",
        '[{"id": "å", "context": "Ingen vet.", "question": "Hvem?", "answers": []}]',
    ),
)


def _duplicate_id(case: Case) -> Problem:
    return Problem(f"id {case.record['id']!r} also names another question, in {case.other_record}", "id")


DUPLICATE_ID = Rule(
    code="QA104",
    name="duplicate-id",
    severity="error",
    scope="corpus",
    key="id_hash",
    flag=pl.col("pair") != pl.col("first_pair"),
    explain=_duplicate_id,
    what="Reports an id that different questions share. Rows that repeat id, context and question are one record "
    "with several answers, and are no fault.",
    why="Predictions are joined to answers by id: one of the questions would be scored against the other's answer.",
    bad=(
        "id,context,question,answer\n7,The Nile is long.,What is long?,Nile\n7,Oslo is cold.,What is cold?,Oslo\n",
        "id,context,question,answer\nö,Ån är lång.,Vad är lång?,Ån\nö,Ån är kall.,Vad är kall?,Ån\n",
    ),
    good=(
        "id,context,question,answer\n7,The Nile is long.,What is long?,Nile\n8,Oslo is cold.,What is cold?,Oslo\n",
        "id,context,question,answer\nö,Ån är lång.,Vad är lång?,Ån\nö,Ån är lång.,Vad är lång?,Ån är\n",
    ),
)

LENGTHS_DIFFER = Rule(
    code="QA105",
    name="lengths-differ",
    severity="error",
    scope="note",
    explain=_noted,
    notes=frozenset({"lengths-differ"}),
    what="Reports a record that lists more texts than starts, or fewer.",
    why="It cannot be said which start belongs to which text.",
    bad=(
        '{"context": "The Nile is long.", "question": "What is long?", '
        '"answers": {"text": ["Nile", "The Nile"], "answer_start": [4]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["Ån"], "answer_start": [0, 0]}}',
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What is long?", '
        '"answers": {"text": ["Nile", "The Nile"], "answer_start": [4, 0]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["Ån"], "answer_start": [0]}}',
    ),
)

UNDECODABLE_BYTES = Rule(
    code="QA106",
    name="undecodable-bytes",
    severity="error",
    scope="note",
    explain=_noted,
    notes=frozenset({"undecodable-bytes"}),
    what="Reports a record with bytes that are not UTF-8, or with half of a surrogate pair.",
    why="It is not known which characters were meant, and offsets behind them would shift with every guess.",
    bad=(
        '{"context": "Half a pair: \\ud83d.", "question": "What?", "answers": []}',
        '{"context": "Smörgås", "question": "Half: \\udc00?", "answers": []}',
    ),
    good=(
        '{"context": "A whole pair: \\ud83d\\ude00.", "question": "What?", "answers": []}',
        '{"context": "Smörgås", "question": "Whole: \\ud83d\\ude00?", "answers": []}',
    ),
)

RAGGED_ROW = Rule(
    code="QA107",
    name="ragged-row",
    severity="error",
    scope="note",
    explain=_noted,
    notes=frozenset({"ragged-row"}),
    what="Reports a line of a table with more or fewer fields than the header has.",
    why="A comma that was not quoted has shifted the fields behind it; most readers fill up or cut off in silence.",
    bad=(
        "context,question,answer\nThe Nile, the river, is long.,What is long?,Nile\n",
        "context,question,answer\nÅn är lång.,Vad är lång?\n",
    ),
    good=(
        'context,question,answer\n"The Nile, the river, is long.",What is long?,Nile\n',
        "context,question,answer\nÅn är lång.,Vad är lång?,Ån\n",
    ),
)

MALFORMED_RECORD = Rule(
    code="QA108",
    name="malformed-record",
    severity="error",
    scope="note",
    explain=_noted,
    notes=frozenset({"malformed-record"}),
    what="Reports a record, paragraph or article that is not JSON, or not of the shape that its layout asks for. "
    "The rest of the file is read.",
    why="It would be dropped without a word, or end the reading of the whole file.",
    bad=(
        '{"context": "The Nile is long.", "question": "What is long?", "answers": []}\n{"context": "Cut of\n',
        '{"context": "Ån är lång.", "question": "Vad är lång?", "answers": []}\n["not", "an", "object"]\n',
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What is long?", "answers": []}\n'
        '{"context": "Cut off no more.", "question": "What?", "answers": []}\n',
        '{"context": "Ån är lång.", "question": "Vad är lång?", "answers": []}\n',
    ),
)

MALFORMED_ARTICLE = Rule(
    code="QA109",
    name="malformed-article",
    severity="warning",
    scope="note",
    explain=_noted,
    notes=frozenset({"malformed-article"}),
    what="Reports an article whose shape is wrong in a way that could be read all the same: an object where a "
    "list of one belongs.",
    why="Other readers skip the article or fail on it.",
    bad=(
        '{"data": [{"paragraphs": {"context": "The Nile is long.", '
        '"qas": [{"id": "1", "question": "What?", "answers": []}]}}]}',
        '{"data": [{"paragraphs": {"context": "Ån är lång.", '
        '"qas": [{"id": "1", "question": "Vad?", "answers": []}]}}]}',
    ),
    good=(
        '{"data": [{"paragraphs": [{"context": "The Nile is long.", '
        '"qas": [{"id": "1", "question": "What?", "answers": []}]}]}]}',
        '{"data": [{"paragraphs": [{"context": "Ån är lång.", '
        '"qas": [{"id": "1", "question": "Vad?", "answers": []}]}]}]}',
    ),
)


def _contract(case: Case) -> Problem:
    return Problem(f"{case.column} fails the contract's check {case.check}", case.column)


CONTRACT = Rule(
    code="QA110",
    name="contract",
    severity="error",
    scope="contract",
    explain=_contract,
    what="Reports a value that fails a check which somebody added to schemas/record.yaml.",
    why="The file is the contract between those who make the data and those who train on it.",
    bad=(),
    good=(),
)

MISSING_DOCUMENT = Rule(
    code="QA111",
    name="missing-document",
    severity="error",
    scope="note",
    explain=_noted,
    notes=frozenset({"missing-document"}),
    what="Reports a question whose document is not among those that --documents names, where contexts stand apart from "
    "the questions on them.",
    why="Without its context the question teaches nothing, and it is not in the converted dataset.",
    bad=(),
    good=(),
)
