"""Every value that a cursor reaches is the one that the standard decoder gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus.json_cursor import Cursor

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from walk(part, (*path, key))


@settings(deadline=None)
@given(JSON, st.sampled_from([None, 0, 1, "\t"]), st.booleans(), st.sampled_from(["", " \r\n\t"]))
def test_every_value_is_reached_and_ends_where_its_own_text_ends(value, indent, ascii_only, margin):
    text = margin + json.dumps(value, indent=indent, ensure_ascii=ascii_only) + margin
    for path, expected in walk(value):
        here = Cursor(text).at(path)
        assert here.value() == expected
        assert json.loads(text[here.start : here.end]) == expected
        assert here.kind == text[here.start]


@settings(deadline=None)
@given(JSON)
def test_members_and_elements_come_in_the_order_of_the_text(value):
    here = Cursor(json.dumps(value))
    if isinstance(value, dict):
        assert [(key, child.value()) for key, child in here.members()] == list(value.items())
    elif isinstance(value, list):
        assert [child.value() for child in here.elements()] == value


def test_of_a_repeated_key_the_last_counts_as_for_the_decoder():
    text = '{"a": 1, "b": 2, "a": 3}'
    assert Cursor(text).at(("a",)).value() == json.loads(text)["a"] == 3


@pytest.mark.parametrize(("text", "path"), [('{"a": [1]}', ("b",)), ('{"a": [1]}', ("a", 1)), ("[]", (0,))])
def test_a_path_that_leads_nowhere(text, path):
    with pytest.raises(KeyError):
        Cursor(text).at(path)


@pytest.mark.parametrize(
    "text",
    ["", "[", "[1", "[1,", "[1 2]", "{", '{"a"', '{"a" 1}', '{"a": 1 "b": 2}', "{1: 2}", "nope", "[" * 50_000,
     "[" + "9" * 5000 + "]"],
)  # fmt: skip
def test_whatever_is_no_json_is_one_kind_of_error(text):
    here = Cursor(text)
    with pytest.raises(json.JSONDecodeError):
        here.value()
    with pytest.raises(json.JSONDecodeError):
        list(here.members()) if here.kind == "{" else list(here.elements())


@settings(deadline=None)
@given(JSON)
def test_an_iteration_that_is_given_up_does_not_move_the_end(value):
    text = json.dumps(value)
    here = Cursor(text)
    if isinstance(value, dict | list):
        parts = here.members() if isinstance(value, dict) else here.elements()
        next(parts, None)
        next(parts, None)
    assert here.end == len(text)
