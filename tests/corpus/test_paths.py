"""Names that lead into a record: read through them, changed through them, and what is left beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.corpus import from_text, read
from qatoolkit.corpus.paths import EACH, leads, resolve, spread, steps_of, value_at, without
from qatoolkit.errors import UsageError
from qatoolkit.validation.fix import fix
from qatoolkit.validation.validate import validate

KEYS = st.text("ab", min_size=1, max_size=2)
VALUES = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
RECORDS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)


def walk(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value below one, with its path: what names are measured against."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, part in parts:
        found += [((*path, key), part), *walk(part, (*path, key))]
    return found


@given(RECORDS)
def test_every_value_has_a_name_that_leads_to_it(record):
    for path, value in walk(record):
        name = ".".join(map(str, path))
        assert resolve(record, name) == path
        assert value_at(record, path) == value
        assert leads(record, name)


@given(RECORDS)
def test_a_star_stands_for_every_element(record):
    for path, _ in walk(record):
        numbers = tuple(step for step in path if isinstance(step, int))
        name = ".".join(EACH if isinstance(step, int) else step for step in path)
        assert numbers in list(spread(record, steps_of(name)))
        assert resolve(record, name, numbers) == path
        assert leads(record, name)


@pytest.mark.parametrize("name", ["c", "a.c", "a.b.c", "l.9", "l.x", "l.-1", "l.0.x", "*", "l.*", "a.*.b"])
def test_names_that_lead_nowhere(name):
    assert resolve({"a": {"b": 1}, "l": [5]}, name) is None


def test_a_key_with_a_dot_in_it_goes_first():
    record = {"a.b": 1, "a": {"b": 2}, "*": 3}
    assert resolve(record, "a.b") == ("a.b",)
    assert resolve(record, "*") == ("*",)


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["m.p"], {"m": {"q": 2}, "l": [{"t": 1}], "x": 0}),
        (["m.p", "m.q"], {"l": [{"t": 1}], "x": 0}),
        (["x", "l.0.t"], {"m": {"p": 1, "q": 2}, "l": [{"t": 1}]}),
        (["l"], {"m": {"p": 1, "q": 2}, "x": 0}),
        (["m.z", "z.p", "x.y"], {"m": {"p": 1, "q": 2}, "l": [{"t": 1}], "x": 0}),
    ],
)
def test_what_is_left_beside_the_values_of_names(names, left):
    record = {"m": {"p": 1, "q": 2}, "l": [{"t": 1}], "x": 0}
    assert without(record, names) == left
    assert record == {"m": {"p": 1, "q": 2}, "l": [{"t": 1}], "x": 0}


ROW = {
    "meta": {"passage": "Ån: the Nile is long.", "by": "me"},
    "task": [{"ask": "What is long?"}],
    "annotation": {"answers": [{"text": "Nile", "answer_start": 8}]},
}
NAMES = {"meta.passage": "context", "task.0.ask": "question", "annotation.answers": "answers"}


def wrong(row: dict[str, Any], start: Any) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(row))
    changed["annotation"]["answers"][0]["answer_start"] = start
    return changed


@pytest.mark.parametrize("layout", ["rows", "jsonl", "columns"])
@pytest.mark.parametrize("start", [10, "8"])
def test_names_read_and_mend_nested_values(tmp_path, layout, start):
    def written(rows: list[dict[str, Any]]) -> bytes:
        if layout == "jsonl":
            return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
        whole: Any = {key: [row[key] for row in rows] for key in ROW} if layout == "columns" else rows
        return json.dumps(whole, ensure_ascii=False, indent=1).encode()

    path = tmp_path / "x.json"
    path.write_bytes(written([ROW, wrong(ROW, start)]))
    (row, _) = read(path, fields=NAMES, format=layout).to_polars().iter_rows(named=True)
    assert (row["context"], row["text"]) == ("Ån: the Nile is long.", ["Nile"])
    assert row["question"] == "What is long?"
    assert json.loads(row["extra"]) == {"meta": {"by": "me"}, "task": [{"ask": "What is long?"}]}
    assert fix(path, fields=NAMES, format=layout).content == written([ROW, ROW])


def test_a_name_for_one_answer_in_a_list():
    row = {"context": "The Nile.", "question": "q", "answers": [{"value": " Nile", "at": 9}]}
    names = {"answers.0.value": "answers", "answers.0.at": "answer_start"}
    corpus = from_text(json.dumps([row]))
    corpus.mapping.update(names)
    mended = fix(corpus).content
    assert json.loads(mended) == [{**row, "answers": [{"value": "Nile", "at": 4}]}]


def test_a_star_in_a_mapping_reads_spans():
    spans = [{"s": 4, "what": "Nile"}, {"s": 3, "what": "The"}]
    row = {"context": "The Nile.", "question": "q", "spans": spans}
    corpus = from_text(json.dumps([row]))
    corpus.mapping.update({"spans.*.what": "answers", "spans.*.s": "answer_start"})
    (record,) = corpus.to_polars().iter_rows(named=True)
    assert (record["text"], record["answer_start"]) == (["Nile", "The"], [4, 3])
    mended = fix(corpus).content
    assert json.loads(mended)[0]["spans"] == [{"s": 4, "what": "Nile"}, {"s": 0, "what": "The"}]


def test_a_name_that_no_record_has_is_said():
    corpus = from_text(json.dumps([{"context": "The Nile.", "question": "q", "meta": {"answer": "Nile"}}]))
    corpus.mapping.update({"meta.anser": "answers"})
    with pytest.raises(UsageError, match=r"no column 'meta\.anser' \(--map meta\.anser=answers"):
        validate(corpus)
