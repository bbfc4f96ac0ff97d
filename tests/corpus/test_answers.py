"""The many ways to write answers, and the way back to the value that has to change."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from qatoolkit.conversion.convert import convert
from qatoolkit.corpus.answers import as_integer, locate, means_no_number, read_answers
from qatoolkit.corpus.reader import read as open_corpus
from qatoolkit.validation.fix import fix


def read(answers: Any, start: Any = None, end: Any = None) -> list[tuple[str | None, int | None, int | None]]:
    found = read_answers(answers, start, end)
    assert not found.odd
    assert found.uneven is None
    return list(zip(found.text, found.start, found.end, strict=True))


@pytest.mark.parametrize(
    ("answers", "start", "expected"),
    [
        ({"text": ["Nile", "Nil"], "answer_start": [4, 5]}, None, [("Nile", 4, None), ("Nil", 5, None)]),
        ({"text": ["Nile"], "start": [4], "answer_end": [8]}, None, [("Nile", 4, 8)]),
        ({"text": ["Nile"]}, None, [("Nile", None, None)]),
        ({"text": "Nile", "answer_start": 4}, None, [("Nile", 4, None)]),
        ([{"text": "Nile", "answer_start": 4, "answer_end": 8}], None, [("Nile", 4, 8)]),
        ([{"text": "Nile", "start": 4}, {"text": "long"}], None, [("Nile", 4, None), ("long", None, None)]),
        (["Nile", "long"], [4, 12], [("Nile", 4, None), ("long", 12, None)]),
        (["Nile"], 4, [("Nile", 4, None)]),
        ("Nile", 4, [("Nile", 4, None)]),
        ("Nile", [4], [("Nile", 4, None)]),
        ("Nile", None, [("Nile", None, None)]),
        ({"text": [], "answer_start": []}, None, []),
        ({}, None, []),
        ([], None, []),
        (None, None, []),
        ({"text": None, "answer_start": None}, None, [(None, None, None)]),
        ("", None, []),
        ("", [], []),
        ("", -1, [("", -1, None)]),
        ("", [0], [("", 0, None)]),
        (" ", None, [(" ", None, None)]),
        ([""], None, [("", None, None)]),
        ({"text": "", "answer_start": -1}, None, [("", -1, None)]),
        ([{"text": "", "answer_start": -1}], None, [("", -1, None)]),
    ],
)
def test_shapes(answers, start, expected):
    assert read(answers, start) == expected


@pytest.mark.parametrize(
    ("answers", "odd"),
    [
        ({"text": [1905], "answer_start": [8]}, ("text", 0, 1905, "1905")),
        ({"text": ["x"], "answer_start": ["8"]}, ("answer_start", 0, "8", 8)),
        ({"text": ["x"], "answer_start": [8.0]}, ("answer_start", 0, 8.0, 8)),
        ({"text": ["x"], "answer_start": [8.5]}, ("answer_start", 0, 8.5, None)),
        ({"text": ["x"], "answer_start": [True]}, ("answer_start", 0, True, None)),
        ({"text": ["x"], "answer_start": [2**63]}, ("answer_start", 0, 2**63, None)),
        ({"text": [float("inf")], "answer_start": [8]}, ("text", 0, float("inf"), None)),
        ({"text": [True], "answer_start": [8]}, ("text", 0, True, None)),
        ({"text": [["x"]], "answer_start": [8]}, ("text", 0, ["x"], None)),
        ({"nothing": "known"}, ("answers", None, {"nothing": "known"}, None)),
        (True, ("text", 0, True, None)),
    ],
)
def test_wrong_types_are_read_as_what_they_plainly_mean(answers, odd):
    found = read_answers(answers)
    assert found.odd == [odd]
    field, _, _, meant = odd
    if field != "answers":
        assert (found.text if field == "text" else found.start) == [meant]


@pytest.mark.parametrize(
    ("starts", "uneven", "kept"), [([4], (2, 1), [4, None]), ([4, 0, 9], (2, 3), [4, 0])]
)
def test_uneven_lists(starts, uneven, kept):
    found = read_answers({"text": ["Nile", "The Nile"], "answer_start": starts})
    assert (found.uneven, found.start) == (uneven, kept)


@pytest.mark.parametrize("value", ["4", " 4 ", 4.0, "4.0", "-1", 0])
def test_whole_numbers_in_disguise(value):
    assert as_integer(value) == int(float(value))


@pytest.mark.parametrize("value", [None, True, "x", "", "4.5", "nan", "inf", 1e300, 10**400, [], {}, 2**53])
def test_what_is_no_whole_number(value):
    assert as_integer(value) is None


RECORDS: list[dict[str, Any]] = [
    {"answers": {"text": ["a", "b"], "answer_start": [1, 2], "answer_end": [3, 4]}},
    {"answers": {"text": ["a", "b"], "start": [1, 2], "end": [3, 4]}},
    {"answers": [{"text": "a", "answer_start": 1, "answer_end": 3}, {"text": "b", "start": 2, "end": 4}]},
    {"answers": ["a", "b"], "answer_start": [1, 2], "answer_end": [3, 4]},
    {"answers": {"text": "a", "answer_start": 1, "answer_end": 3}},
    {"answers": {"text": ["a"], "answer_start": 1, "answer_end": 3}},
    {"answers": "a", "answer_start": 1, "answer_end": 3},
    {"answers": [{"text": "a"}, "b"]},
]


@pytest.mark.parametrize("record", RECORDS)
def test_locate_leads_to_the_value_that_was_read(record):
    found = read_answers(*(record.get(name) for name in ("answers", "answer_start", "answer_end")))
    values = {"text": found.text, "answer_start": found.start, "answer_end": found.end}
    for field, column in values.items():
        for answer, value in enumerate(column):
            if value is not None:
                here: Any = record
                for step in locate(record, {"answers": "answers"}, answer, field):
                    here = here[step]
                assert here == value


def test_locate_uses_the_keys_of_the_source():
    record = {"gold": "a", "at": 1, "impossible": "no"}
    names = {"answers": "gold", "answer_start": "at", "is_impossible": "impossible"}
    assert locate(record, names, 0, "text") == ("gold",)
    assert locate(record, names, 0, "answer_start") == ("at",)
    assert locate(record, names, None, "is_impossible") == ("impossible",)


@pytest.mark.parametrize("value", ["n/a", " N/A ", "-", "?", "None", "null", "NaN", "", float("nan")])
def test_what_says_that_there_is_no_number(value):
    assert means_no_number(value)
    found = read_answers(["Nile"], [value])
    assert (found.start, [meant for *_, meant in found.odd]) == ([None], [None])


@pytest.mark.parametrize("value", [None, 4, "4", "x", [], {}, True, float("inf"), "n", "/"])
def test_what_says_something_else(value):
    assert not means_no_number(value)


@pytest.mark.parametrize("value", ["n/a", "-", "NULL"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_start_that_is_none_is_emptied_and_found_again(tmp_path, value, times):
    path = tmp_path / "x.csv"
    context = "The Nile is long." + " A Nile." * (times - 1)
    path.write_text(f"context,question,answer,answer_start\n{context},What?,Nile,{value}\n", encoding="utf-8")
    mended = fix(path)
    assert mended.content.decode().endswith("Nile,\n")
    assert [f.code for f in mended.left.findings if f.severity == "error"] == ["QA202"] * (times - 1)
    if times == 1:
        made = convert(path, tmp_path / "out", fix=True, split="train=1")["train"]
        assert made["answers"] == [{"text": ["Nile"], "answer_start": [4]}]


def test_an_empty_answer_means_the_same_in_every_layout(tmp_path):
    rows = pl.DataFrame({"context": ["The Nile."] * 2, "question": ["What?", "Why?"], "answer": ["Nile", ""]})
    rows.write_csv(tmp_path / "a.csv")
    rows.write_parquet(tmp_path / "a.parquet")
    rows.write_ndjson(tmp_path / "a.jsonl")
    rows.write_json(tmp_path / "a.json")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    assert [open_corpus(file).to_polars()["text"].to_list() for file in files] == [[["Nile"], []]] * 4
