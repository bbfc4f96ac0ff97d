"""Column names: what is recognised, what the user may say, and what to do when neither helps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import read
from qatoolkit.corpus.fields import ALIASES, match_columns, require
from qatoolkit.errors import NotACorpusError, UsageError


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in ALIASES.items() for name in names]
)
def test_every_alias_in_any_dress(field, name):
    for spelled in (name, name.upper(), f" {name.replace('_', ' ')} ", name.replace("_", "-")):
        assert match_columns([spelled, "x"]) == {field: spelled}


def test_no_alias_stands_for_two_fields():
    names = [name for aliases in ALIASES.values() for name in aliases]
    assert len(set(names)) == len(names)


def test_the_best_alias_wins_and_the_mapping_goes_before_all():
    columns = ["passage", "context", "question", "my text"]
    assert match_columns(columns)["context"] == "context"
    assert match_columns(columns, {"my text": "context"}) == {"context": "my text", "question": "question"}


@settings(deadline=None)
@given(st.lists(st.text("abcde", min_size=1, max_size=2), unique=True), st.permutations(list(ALIASES)))
def test_no_column_is_used_twice(extra, order):
    columns = [*extra, *(ALIASES[field][-1] for field in order)]
    found = match_columns(columns, dict(zip(extra, order, strict=False)))
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(columns)


def test_a_mapping_to_no_field_names_the_fields():
    with pytest.raises(UsageError, match=r"--map text=contxt: no such field; fields are id, title, context"):
        match_columns(["text"], {"text": "contxt"})
    with pytest.raises(UsageError, match=r'or below \[fields\] in qatk.toml context = "YOUR_COLUMN"'):
        match_columns(["text"], {"text": "contxt"})


def test_a_mapping_from_no_column_names_the_columns_and_both_ways_to_say_it():
    with pytest.raises(UsageError) as error:
        match_columns(["text", "frage"], {"txt": "context"})
    assert str(error.value) == (
        "no column 'txt' (--map txt=context, or below [fields] in qatk.toml context = \"txt\"); "
        "columns are 'text', 'frage'"
    )


def test_a_mapping_the_wrong_way_round_is_turned():
    with pytest.raises(UsageError) as error:
        match_columns(["passage", "question"], {"context": "passage"})
    assert str(error.value) == (
        "--map context=passage: context is a field's name; "
        'write --map passage=context, or below [fields] in qatk.toml context = "passage"'
    )


def test_a_dotted_name_of_a_header_is_a_name_like_others():
    columns = ["meta.passage", "question"]
    assert match_columns(columns, {"meta.passage": "context"})["context"] == "meta.passage"


def test_a_missing_column_names_the_columns_and_the_flag(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("text,question\na,b\n", encoding="utf-8")
    with pytest.raises(NotACorpusError) as error:
        read(path).to_polars()
    assert str(error.value) == (
        f"{path}: no column for context.\nColumns found: 'text', 'question'.\n"
        "Name it with: --map YOUR_COLUMN=context"
    )
    assert read(path, fields={"text": "context"}).to_polars()["context"].to_list() == ["a"]


def test_many_and_long_names_are_cut():
    with pytest.raises(NotACorpusError) as error:
        require({}, ["x" * 300_000, *map(str, range(20))], "f")
    assert "and 9 more" in str(error.value)
    assert len(str(error.value)) < 400
