"""A dataset in memory is split as files are."""

from __future__ import annotations

import json
import random
import warnings

import datasets
import pytest

from qatoolkit import convert, from_dict, train_test_split
from qatoolkit.errors import UsageError


def scribbled(name):
    """A text that is like no other."""
    return "".join(random.Random(name).choices("abcdefghijklmnopqrstuvwxyz ", k=90))


def made_up(number, **columns):
    contexts = [scribbled(i) for i in range(number)]
    questions = [f"Wann wurde Turm {i} gebaut?" for i in range(number)]
    return datasets.Dataset.from_dict({"context": contexts, "question": questions, **columns})


def test_the_ten(sample_data):
    ten = from_dict(json.loads((sample_data / "ten.json").read_text("utf-8")))
    parts = train_test_split(ten, "train=0.8,test=0.2")
    assert (parts["train"].num_rows, parts["test"].num_rows) == (8, 2)
    assert sorted([*parts["train"]["id"], *parts["test"]["id"]]) == sorted(ten["id"])
    assert parts["train"].features == ten.features


def test_splits_are_pooled_and_agree_with_convert(sample_data):
    made = convert(sample_data / "clean.json")
    made = getattr(made, "dataset", made)
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


def test_a_chosen_and_shuffled_dataset_is_split_as_it_is_seen():
    plain = made_up(100, title=[str(i) for i in range(100)]).shuffle(seed=1).select(range(40))
    parts = train_test_split(plain)
    assert sorted([*parts["train"]["question"], *parts["validation"]["question"]]) == sorted(
        plain["question"]
    )
    assert parts["train"].num_rows == 32


def test_only_contexts_are_needed():
    plain = datasets.Dataset.from_dict({"context": [scribbled(i) for i in range(10)]})
    assert train_test_split(plain)["train"].num_rows == 8
    with pytest.raises(UsageError, match="no column context to group by; columns are text"):
        train_test_split(plain.rename_column("context", "text"))


def test_groups_may_have_a_column_of_their_own():
    plain = made_up(90, chapter=[i // 9 if i < 80 else None for i in range(90)])
    parts = train_test_split(plain, "train=0.6,test=0.4", group_by="chapter")
    chapters = [set(part["chapter"]) - {None} for part in parts.values()]
    assert not chapters[0] & chapters[1]
    assert len(chapters[0] | chapters[1]) == 9
    with pytest.raises(
        UsageError, match="no column part to group by; columns are context, question, chapter"
    ):
        train_test_split(plain, group_by="part")


def test_near_duplicates_stay_together():
    long = "Der Fluss entspringt im Gebirge und mündet nach langem Lauf in das Meer im Norden. " * 4
    contexts = [scribbled(i) for i in range(40)] + [f"{long} {i}" for i in range(20)]
    plain = datasets.Dataset.from_dict({"context": contexts})
    parts = train_test_split(plain, "train=0.5,test=0.5")
    assert sum(any("Fluss" in context for context in part["context"]) for part in parts.values()) == 1


def test_questions_without_an_answer_are_spread():
    answers = [{"text": ["7"], "answer_start": [0]} if i % 4 else {"text": [], "answer_start": []}
               for i in range(80)]  # fmt: skip
    plain = made_up(80, answers=answers, title=[""] * 80)
    parts = train_test_split(plain)
    assert [sum(not a["text"] for a in parts[name]["answers"]) for name in ("train", "validation")] == [16, 4]


def test_rows_dealt_one_by_one_leak_and_are_warned_of():
    five_each = [scribbled(i // 5) for i in range(50)]
    plain = made_up(50).remove_columns("context").add_column("context", five_each)
    with pytest.warns(UserWarning, match=r"of 50 examples are outside of train while their context"):
        parts = train_test_split(plain, "random,train=0.8,test=0.2")
    assert (parts["train"].num_rows, parts["test"].num_rows) == (40, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train_test_split(plain, "train=0.8,test=0.2")


def test_sizes_are_named():
    with pytest.raises(UsageError, match=r"sizes 0\.2: name the splits"):
        train_test_split(made_up(3), 0.2)
