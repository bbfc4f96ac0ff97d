"""Splits never leak, never depend on the order of the rows, and come close to the shares asked for."""

from __future__ import annotations

import json
import random

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.conversion.convert import convert, from_dict
from qatoolkit.conversion.split import assign, count_crossing, parse_split, train_test_split
from qatoolkit.corpus.reader import from_text
from qatoolkit.errors import UsageError

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}

# Few names, so that titles and contexts are often shared and chains form.
pairs = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", "d"]), st.sampled_from("tuvwxyz")), min_size=1)


@given(pairs)
def test_no_title_and_no_context_is_in_two_splits(rows):
    titles, contexts = zip(*rows, strict=True)
    found = assign(titles, contexts, SHARES)
    for keys in (titles, contexts):
        for key in filter(None, keys):
            homes = {split for split, other in zip(found.splits, keys, strict=True) if other == key}
            assert len(homes) == 1
    assert found.crossing == 0
    assert len(found.splits) == len(rows)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, order):
    shuffled = order.sample(rows, len(rows))
    assert home_of(rows) == home_of(shuffled)


def home_of(rows):
    found = assign(*zip(*rows, strict=True), SHARES)
    return dict(zip(rows, found.splits, strict=True)), found.components, set(found.empty)


def test_a_chain_of_shared_titles_and_contexts_is_one_group():
    titles = ["a", "a", "b", "b", "c"]
    contexts = ["1", "2", "2", "3", "4"]
    assert assign(titles, contexts, SHARES).components == 2


def test_an_empty_title_links_nothing():
    assert assign([""] * 50, [str(i) for i in range(50)], SHARES).components == 50


def test_shares_are_met_on_many_small_groups():
    titles = [f"t{i // 3}" for i in range(3000)]
    found = assign(titles, [str(i) for i in range(3000)], SHARES)
    for name, share in SHARES.items():
        assert found.splits.count(name) == pytest.approx(share * 3000, abs=3)


def test_another_seed_splits_otherwise():
    contexts = [str(i) for i in range(100)]
    one, same, other = (assign([""] * 100, contexts, SHARES, seed).splits for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("groups", [3, 4, 5, 9])
def test_no_split_is_empty_where_there_are_groups_enough(groups):
    found = assign([""] * groups, [str(i) for i in range(groups)], SHARES)
    assert set(found.splits) == set(SHARES)
    assert found.splits.count("train") == groups - 2
    assert found.empty == []


def test_one_group_lies_whole_in_one_split_and_is_warned_of():
    rows = [{"context": "A b.", "question": f"{i}?", "answers": "A"} for i in range(9)]
    made = convert(from_text("\n".join(map(json.dumps, rows))))
    assert made.report.splits == {"train": 9}
    assert made.report.warnings == [
        "too few groups (1) for 3 splits without leakage: validation, test got nothing"
    ]


def test_crossing_counts_titles_and_contexts():
    splits = ["train", "test", "test"]
    assert count_crossing(["a", "a", ""], ["x", "y", "y"], splits) == 1
    assert count_crossing(["a", "a", "b"], ["x", "x", "y"], splits) == 2
    assert count_crossing(["", "", "b"], ["x", "z", "y"], splits) == 0


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("train=0.8,validation=0.2", {"train": 0.8, "validation": 0.2}),
        ("train=8, dev=2", {"train": 0.8, "dev": 0.2}),
        ("all=1", {"all": 1.0}),
    ],
)
def test_shares_are_parsed_and_add_up(text, shares):
    assert parse_split(text) == pytest.approx(shares)


@pytest.mark.parametrize(
    "text",
    ["", "train", "train=", "train=x", "train=0", "train=-1", "=1", "tr ain=1", "a/b=1", "../x=1",
     "train=1,train=1", "train=0.8;test=0.2", "train=nan", "train=inf,test=1", "train=1,"],
)  # fmt: skip
def test_shares_that_mean_nothing(text):
    with pytest.raises(UsageError, match=r"write it as train=0\.8,validation=0\.1,test=0\.1"):
        parse_split(text)


def test_train_test_split_on_the_ten(sample_data):
    ten = from_dict(json.loads((sample_data / "ten.json").read_text("utf-8")))
    parts = train_test_split(ten, "train=0.8,test=0.2")
    assert (parts["train"].num_rows, parts["test"].num_rows) == (8, 2)
    assert sorted([*parts["train"]["id"], *parts["test"]["id"]]) == sorted(ten["id"])
    assert parts["train"].features == ten.features


def test_train_test_split_pools_and_agrees_with_convert(sample_data):
    made = convert(sample_data / "clean.json").dataset
    rows = [row for part in made.values() for row in part]
    random.Random(0).shuffle(rows)
    half = len(rows) // 2
    pooled = datasets.DatasetDict(
        {name: datasets.Dataset.from_list(part, features=made["train"].features)
         for name, part in (("x", rows[:half]), ("y", rows[half:]))}
    )  # fmt: skip
    again = train_test_split(pooled, "train=0.8,validation=0.1,test=0.1")
    assert {name: sorted(part["id"]) for name, part in again.items()} == {
        name: sorted(part["id"]) for name, part in made.items()
    }


def test_train_test_split_needs_contexts_but_no_titles():
    plain = datasets.Dataset.from_dict({"context": [str(i) for i in range(10)]})
    assert train_test_split(plain)["train"].num_rows == 8
    with pytest.raises(UsageError, match="no column context to group by; columns are text"):
        train_test_split(plain.rename_column("context", "text"))
