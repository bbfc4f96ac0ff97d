"""Cells that hold JSON, or what pandas made of a value; nothing in them is ever run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import from_text
from qatoolkit.corpus.cells import parse_cell


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('{"text": ["a"], "answer_start": [3]}', {"text": ["a"], "answer_start": [3]}),
        (" [1, null, NaN] ", [1, None, pytest.approx(float("nan"), nan_ok=True)]),
        ("{'text': array(['a'], dtype=object), 'answer_start': array([3])}",
         {"text": ["a"], "answer_start": [3]}),
        ("{'text': array([], dtype=object), 'answer_start': array([], dtype=int32)}",
         {"text": [], "answer_start": []}),
        ("[{'text': 'it\\'s', 'answer_start': -1}]", [{"text": "it's", "answer_start": -1}]),
        ("{'answer_start': np.int64(4), 'text': np.str_('a')}", {"answer_start": 4, "text": "a"}),
        ("['a' 'b c']", ["a", "b c"]),
        ("['a'\n 'b'\n 'ü 1 2']", ["a", "b", "ü 1 2"]),
        ("[ 4 -1 10]", [4, -1, 10]),
        ("[nan, ('x', 1)]", [None, ["x", 1]]),
        ("['\\d']", ["\\d"]),
    ],
)  # fmt: skip
def test_values(cell, value):
    assert parse_cell(cell) == value


@pytest.mark.parametrize(
    "cell",
    ["", "Nile", "1905", "[1] is a footnote", "{", "[a, b]", "['a' + 'b']", "[f'{x}']", "{**x}",
     "[x for x in y]", "{[1]: 2}", '["\\ud83d"]', "['\\ud83d']", "[" * 100_000, "[" * 5000 + "]" * 5000,
     "[" + "1" * 5000 + "]", "[\0]", "['open", "[1\n  2\n 3"],
)  # fmt: skip
def test_what_is_no_value_is_its_own_text(cell):
    assert parse_cell(cell) == cell


@pytest.mark.parametrize(
    "code",
    ["__import__('os').system('touch {}')", "open({!r}, 'w')", "print(open({!r}, 'w'))",
     "array(open({!r}, 'w'))", "np.save({!r}, [1])", "exec(\"open({!r}, 'w')\")"],
)  # fmt: skip
@pytest.mark.parametrize("wrap", ["{}", "[{}]", "{{'text': {}}}"])
def test_nothing_is_evaluated(tmp_path, code, wrap):
    touched = tmp_path / "touched"
    cell = wrap.format(code.format(str(touched)))
    value = parse_cell(cell)
    assert not touched.exists()
    if "np." not in code:
        assert value == cell


@settings(deadline=None)
@given(st.text(st.sampled_from("[]{}()'\",: 1-a\\n.dux"), max_size=30))
def test_any_text_is_parsed_without_an_error(text):
    parse_cell("[" + text)


ANSWERS = [
    {"text": np.array(["Nile", "the 'long' \"Nile\""], dtype=object), "answer_start": np.array([4, 0])},
    {"text": np.array([], dtype=object), "answer_start": np.array([], dtype=np.int32)},
    {"text": np.array(["år 1905\n och 😀"], dtype=object), "answer_start": np.array([7], dtype=np.int32)},
]


def written_by_pandas(**columns: list[object]) -> str:
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"context": ["c"] * size, "question": [f"q{i}" for i in range(size)], **columns})
    out = io.StringIO(newline="")
    frame.to_csv(out, index=False)
    return out.getvalue()


def test_what_pandas_writes_of_dictionaries_of_arrays_is_read_back():
    records = from_text(written_by_pandas(answers=ANSWERS)).to_polars()
    assert records["text"].to_list() == [list(answer["text"]) for answer in ANSWERS]
    assert records["answer_start"].to_list() == [list(answer["answer_start"]) for answer in ANSWERS]


def test_what_pandas_writes_of_arrays_in_columns_of_their_own_is_read_back():
    text = written_by_pandas(
        answers=[answer["text"] for answer in ANSWERS],
        answer_start=[answer["answer_start"] for answer in ANSWERS],
    )
    records = from_text(text).to_polars()
    assert records["text"].to_list() == [list(answer["text"]) for answer in ANSWERS]
    assert records["answer_start"].to_list() == [list(answer["answer_start"]) for answer in ANSWERS]


def test_a_text_in_brackets_among_plain_texts_is_a_text(tmp_path: Path):
    records = from_text("context,question,answer\nsee [1],q,[1]\nsee a,q,a\n").to_polars()
    assert records["text"].to_list() == [["[1]"], ["a"]]


def test_a_plain_text_among_literals_is_one_answer():
    cells = ['"{""text"": [""Nile""], ""answer_start"": [4]}"', "The Nile", '"[""Nile"", ""The Nile""]"']
    text = "context,question,answers\n" + "".join(f"The Nile.,q{i},{c}\n" for i, c in enumerate(cells))
    records = from_text(text).to_polars()
    assert records["text"].to_list() == [["Nile"], ["The Nile"], ["Nile", "The Nile"]]
    assert records["answer_start"].to_list() == [[4], [None], [None, None]]


def test_a_plain_number_beside_answers_in_a_literal_is_a_start():
    (batch,) = from_text('context,question,answers,answer_start\nThe Nile.,q,"[""Nile""]", 4\n')
    assert (batch.records["answer_start"].to_list(), batch.notes) == ([[4]], [])


@pytest.mark.parametrize("start", ["99999999999999999999", '\\"x\\"', "NaN", "1e400"])
def test_a_cell_with_an_impossible_start_is_noted(start):
    cell = f'{{"text": ["Nile"], "answer_start": [{start}]}}'.replace('\\"', '"').replace('"', '""')
    (batch,) = from_text(f'context,question,answers\nThe Nile.,q,"{cell}"\n')
    assert batch.records["answer_start"].to_list() == [[None]]
    assert [(note.kind, note.field) for note in batch.notes] == [("wrong-type", "answer_start")]
