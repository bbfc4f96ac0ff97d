"""Splits never leak, never depend on the order of the rows, and come close to the shares asked for."""

from __future__ import annotations

import math
import random
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.conversion.groups import LINKS, components, digest
from qatoolkit.conversion.split import DEFAULT_SPLIT, Shares, deal, keep_own, parse_split
from qatoolkit.errors import UsageError

SHARES = parse_split(DEFAULT_SPLIT)
RANDOM = parse_split("random")

# Few values, so that titles, contexts and clusters are often shared and chains form. A row is title,
# context, cluster, question, answered; a cluster is a fact of the context.
contexts = st.integers(100, 130)
rows = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(1, 9)), contexts, st.integers(0, 5), st.booleans()),
    min_size=1,
    max_size=60,
)
clusters = st.dictionaries(contexts, st.integers(1, 6))


def frame(rows, clusters=None):
    """What `deal` wants: of tuples (title, context, question, answered)."""
    titles, contexts, questions, answered = zip(*rows, strict=True) if rows else ([], [], [], [])
    number = pl.UInt64
    return pl.DataFrame(
        {
            "title": pl.Series(list(titles), dtype=number),
            "context": pl.Series(list(contexts), dtype=number),
            "cluster": pl.Series([(clusters or {}).get(context) for context in contexts], dtype=number),
            "pair": pl.Series([c * 1000 + q for c, q in zip(contexts, questions, strict=True)], dtype=number),
            "answered": pl.Series(list(answered), dtype=pl.Boolean),
            "digest": pl.Series([digest(str(question)) for question in questions], dtype=number),
        }
    )


def digests(examples):
    known = examples["context"].unique()
    return pl.DataFrame(
        {"context": known, "digest": pl.Series([digest(str(c)) for c in known], dtype=pl.UInt64)}
    )


def dealt(rows, shares=SHARES, clusters=None, **more):
    examples = frame(rows, clusters)
    return deal(examples, digests(examples), shares, **more)


def apart(number, answered=True):
    """Rows that share nothing."""
    return [(None, i, 0, answered) for i in range(number)]


@given(rows, clusters)
def test_nothing_that_links_is_in_two_splits(rows, clusters):
    examples = frame(rows, clusters)
    found = deal(examples, digests(examples), SHARES)
    for link in LINKS:
        placed = examples.select(link, split=found.splits.cast(pl.String)).drop_nulls()
        assert placed.unique().height == placed[link].n_unique()
    assert found.crossing == {"title": 0, "context": 0, "near-duplicate": 0}
    assert found.leaked == 0
    assert found.components == len(set(components([examples[link] for link in LINKS]).tolist()))
    assert len(found.splits) == len(rows)


@given(rows, clusters, st.sampled_from([SHARES, RANDOM]), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, clusters, shares, order):
    shuffled = order.sample(rows, len(rows))
    one, other = (dealt(some, shares, clusters) for some in (rows, shuffled))
    assert Counter(zip(rows, one.splits, strict=True)) == Counter(zip(shuffled, other.splits, strict=True))
    assert (one.components, one.crossing, one.empty) == (other.components, other.crossing, other.empty)


@given(rows, clusters, st.integers(1, 4))
def test_no_split_is_far_from_its_share_but_for_whole_groups(rows, clusters, number):
    rows = [(title, context, question, True) for title, context, question, _ in rows]
    whole = number * (number + 1) / 2
    shares = Shares({f"s{i}": (i + 1) / whole for i in range(number)})
    examples = frame(rows, clusters)
    found = deal(examples, digests(examples), shares)
    largest = max(Counter(components([examples[link] for link in LINKS]).tolist()).values())
    for name, share in shares.shares.items():
        surplus = int((found.splits == name).sum()) - share * len(rows)
        assert surplus < max(largest, 1 + 1e-9)
        assert surplus > -largest * max(number - 1, 1)


@given(st.lists(st.sampled_from([0, 0, 0, 1, 1, 2]), min_size=300, max_size=300))
def test_questions_without_an_answer_are_spread_as_evenly(kinds):
    """Groups of three: without unanswered ones, with one, and with nothing else."""
    rows = [
        (group, 1000 + group, place, kind == 0 or (kind == 1 and place > 0))
        for group, kind in enumerate(kinds)
        for place in range(3)
    ]
    found = dealt(rows)
    unanswered = Counter(s for s, row in zip(found.splits, rows, strict=True) if not row[3])
    sizes = Counter(found.splits)
    for name, share in SHARES.shares.items():
        assert sizes[name] == pytest.approx(share * 900, abs=6)
        assert unanswered[name] == pytest.approx(share * unanswered.total(), abs=5)


def test_a_chain_of_titles_contexts_and_near_duplicates_is_one_group():
    rows = [(1, 11, 0, True), (1, 12, 0, True), (2, 12, 1, True), (2, 13, 0, True), (3, 14, 0, True)]
    assert dealt(rows).components == 2
    assert dealt(rows, clusters={13: 13, 14: 13}).components == 1


def test_no_title_links_nothing():
    assert dealt(apart(50)).components == 50


def test_another_seed_splits_otherwise():
    for shares in (SHARES, RANDOM):
        one, same, other = (dealt(apart(100), shares, seed=seed).splits.to_list() for seed in (1, 1, 2))
        assert one == same != other


@pytest.mark.parametrize("shares", [SHARES, RANDOM])
@pytest.mark.parametrize("groups", [3, 4, 5, 9])
def test_no_split_is_empty_where_there_is_enough(groups, shares):
    found = dealt(apart(groups), shares)
    assert Counter(found.splits) == {"train": groups - 2, "validation": 1, "test": 1}
    assert found.empty == []
    assert not any("got nothing" in warning for warning in found.warnings())


def test_one_group_lies_whole_in_one_split_and_is_warned_of():
    found = dealt([(1, i, 0, True) for i in range(9)])
    assert set(found.splits) == {"train"}
    assert found.empty == ["validation", "test"]
    assert found.warnings() == [
        "too few groups (1) for 3 splits without leakage: validation, test got nothing; train 100%"
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_large_group_goes_where_there_is_most_room(seed):
    found = dealt([(1, i, 0, True) for i in range(20)] + [(2, 50 + i, 0, True) for i in range(9)], seed=seed)
    assert found.splits.to_list() == ["train"] * 20 + ["validation"] * 9


def test_uneven_groups_are_warned_of():
    rows = [(1, 100 + i, 0, True) for i in range(50)] + [(2, 200 + i, 0, True) for i in range(50)]
    (warning,) = dealt(rows + apart(2)).warnings()
    assert warning.startswith("4 groups are too few or too uneven for these shares: train ")


def test_nothing_to_deal():
    found = dealt([])
    assert (len(found.splits), found.components, found.empty) == (0, 0, ["train", "validation", "test"])


# Rows dealt one by one


@given(rows, clusters)
def test_rows_meet_their_shares_whatever_they_link(rows, clusters):
    distinct = [(title, context, i, answered) for i, (title, context, _, answered) in enumerate(rows)]
    found = dealt(distinct, RANDOM, clusters)
    sizes = Counter(found.splits)
    for name, share in SHARES.shares.items():
        assert abs(sizes[name] - share * len(rows)) <= 2
        answered = Counter(s for s, row in zip(found.splits, distinct, strict=True) if row[3])
        assert abs(answered[name] - share * answered.total()) <= 3
    assert found.components is None
    assert found.rule == "random"


def test_rows_that_share_a_context_leak_and_are_counted():
    rows = [(None, i // 5, i, i % 3 > 0) for i in range(500)]
    found = dealt(rows, RANDOM)
    home = {}
    for (_, context, _, _), split in zip(rows, found.splits, strict=True):
        home.setdefault(context, set()).add(split)
    assert found.crossing == {
        "title": 0,
        "context": sum(len(splits) > 1 for splits in home.values()),
        "near-duplicate": 0,
    }
    leaked = sum(
        split != "train" and "train" in home[row[1]] for row, split in zip(rows, found.splits, strict=True)
    )
    assert found.leaked == leaked > 50
    (warning,) = found.warnings()
    assert warning.startswith(f"{leaked} of 500 examples are outside of train while their context")


def test_the_same_row_twice_is_not_torn_apart():
    rows = [(None, i, 0, True) for i in range(50)] * 2
    found = dealt(rows, RANDOM)
    assert found.splits[:50].to_list() == found.splits[50:].to_list()
    assert found.leaked == 0


# Splits of an earlier dataset


def earlier(rows, splits, clusters=None):
    ids = pl.Series([f"q{i}" for i in range(len(rows))], dtype=pl.String)
    return frame(rows, clusters).with_columns(id=ids, split=pl.Series(splits, dtype=pl.String))


@given(rows, rows, clusters, st.sampled_from([SHARES, RANDOM]))
def test_what_was_assigned_once_stays_where_nothing_new_links_it(old, new, clusters, shares):
    before = earlier(old, dealt(old, shares, clusters).splits.cast(pl.String), clusters)
    # New rows have contexts and titles of their own.
    new = [(title and title + 50, context + 1000, question, a) for title, context, question, a in new]
    found = dealt(old + new, shares, clusters, earlier=before)
    assert found.splits[: len(old)].to_list() == before["split"].to_list()
    assert found.moved == []
    if shares.by_group:
        assert not any(found.crossing.values())


@given(rows, rows, clusters, st.data())
def test_every_earlier_example_stays_or_is_reported(old, new, clusters, data):
    splits = data.draw(
        st.lists(st.sampled_from(["train", "test", "dev"]), min_size=len(old), max_size=len(old))
    )
    kept = data.draw(st.sets(st.integers(0, len(old) - 1)))
    present = [old[i] for i in sorted(kept)]
    before = earlier(old, splits, clusters)
    found = dealt(present + new, SHARES, clusters, earlier=before)
    assert not any(found.crossing.values())
    now = {(row[1], row[2]): split for row, split in zip(present + new, found.splits, strict=True)}
    expected = [
        (f"q{i}", splits[i], now[row[1], row[2]])
        for i, row in enumerate(old)
        if (row[1], row[2]) in now and now[row[1], row[2]] != splits[i]
    ]
    assert sorted(found.moved) == sorted(expected)


def test_what_new_data_links_goes_to_train_or_to_where_most_are():
    old = [(None, 1, 0, True), (None, 2, 0, True), (None, 3, 0, True), (None, 4, 0, True), (None, 5, 0, True)]
    before = earlier(old, ["test", "test", "train", "dev", "test"])
    linking = [(7, 1, 1, True), (7, 2, 1, True), (7, 3, 1, True), (8, 4, 1, True), (8, 5, 1, True)]
    found = dealt(old + linking, SHARES, earlier=before)
    assert found.splits.to_list() == ["train"] * 3 + ["dev"] * 2 + ["train"] * 3 + ["dev"] * 2
    assert found.moved == [("q0", "test", "train"), ("q1", "test", "train"), ("q4", "test", "dev")]
    assert any("earlier examples that are in another split now: 3" in w for w in found.warnings())
    most = earlier([*old[3:], (None, 5, 3, True)], ["dev", "test", "test"])
    assert set(dealt(linking[3:], SHARES, earlier=most).splits) == {"test"}


def test_earlier_examples_link_even_where_they_are_gone():
    gone = [(1, 10, 0, True), (1, 11, 0, True)]
    found = dealt([(None, 10, 1, True), (None, 11, 1, True)], earlier=earlier(gone, ["test", "test"]))
    assert found.splits.to_list() == ["test", "test"]
    assert found.components == 1
    assert found.moved == []


def test_new_groups_fill_what_earlier_ones_left():
    old = apart(80)
    new = [(None, 1000 + i, 0, True) for i in range(120)]
    found = dealt(old + new, parse_split("train=0.5,test=0.5"), earlier=earlier(old, ["train"] * 80))
    assert Counter(found.splits) == {"train": 100, "test": 100}
    assert Counter(found.splits[80:]) == {"train": 20, "test": 100}


def test_an_earlier_dataset_without_splits_is_refused():
    with pytest.raises(UsageError, match="--split-from: the earlier dataset has no splits"):
        dealt(apart(3), earlier=earlier(apart(3), [None] * 3))


# Splits of the sources' own


def test_own_splits_are_kept_and_their_leaks_counted():
    examples = frame([(1, 10, 0, True), (1, 10, 1, True), (None, 12, 2, True)], {12: 10, 10: 10})
    found = keep_own(examples, pl.Series(["train", "test", "test"]), group_by="chapter")
    assert found.splits.to_list() == ["train", "test", "test"]
    assert found.crossing == {"chapter": 1, "context": 1, "near-duplicate": 1}
    assert (found.dealt, found.leaked, found.components) == (False, 2, None)
    (warning,) = found.warnings()
    assert "(chapter 1, context 1, near-duplicate 1)" in warning
    assert keep_own(examples, pl.Series(["train"] * 3)).warnings() == []


# What is typed


@pytest.mark.parametrize(
    ("text", "shares", "by_group"),
    [
        ("train=0.8,validation=0.2", {"train": 0.8, "validation": 0.2}, True),
        ("train = 80, fold_2=20", {"train": 0.8, "fold_2": 0.2}, True),
        ("a=0.333,b=0.333,c=0.333", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, True),
        ("a=33.3,b=33.3,c=33.3", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, True),
        ("all=1", {"all": 1.0}, True),
        ("random", {"train": 0.8, "validation": 0.1, "test": 0.1}, False),
        ("random,train=90,test=10", {"train": 0.9, "test": 0.1}, False),
        (" random , a=1", {"a": 1.0}, False),
    ],
)
def test_shares_are_parsed_and_add_up(text, shares, by_group):
    found = parse_split(text)
    assert found.shares == pytest.approx(shares)
    assert math.fsum(found.shares.values()) == pytest.approx(1)
    assert found.by_group == by_group


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a split and its share are NAME=SHARE, not ''"),
        ("train", "a split and its share are NAME=SHARE, not 'train'"),
        ("train:0.8", "a split and its share are NAME=SHARE, not 'train:0.8'"),
        ("train=1,", "a split and its share are NAME=SHARE, not ''"),
        ("random,", "a split and its share are NAME=SHARE, not ''"),
        ("randomly", "a split and its share are NAME=SHARE, not 'randomly'"),
        ("train=1,random", "random stands before the splits, once"),
        ("random,random", "random stands before the splits, once"),
        ("train=", "the share of train is no number: ''"),
        ("train=x", "the share of train is no number: 'x'"),
        ("train=nan", "the share of train is no number: 'nan'"),
        ("train=inf,test=1", "the share of train is no number: 'inf'"),
        ("train=0.8;test=0.2", "the share of train is no number: '0.8;test=0.2'"),
        ("train=80%,test=20%", "the share of train is no number: '80%'; write 0.8"),
        ("train=12.5%", "the share of train is no number: '12.5%'; write 0.125"),
        ("train=0,test=1", "the share of train is 0; every split needs more than 0"),
        ("train=1,test=-1", "the share of test is -1; every split needs more than 0"),
        ("=1", "'' is no name of a split; take letters, digits and _"),
        ("tr ain=1", "'tr ain' is no name of a split; take letters, digits and _"),
        ("../x=1", "'../x' is no name of a split; take letters, digits and _"),
        ("train=0.5,train=0.5", "train is named twice"),
        ("train=0.8", "the shares add up to 0.8 and not to 1 or 100"),
        ("train=0.8,test=0.3", "the shares add up to 1.1 and not to 1 or 100"),
        ("train=8,test=2", "the shares add up to 10 and not to 1 or 100"),
        ("random,train=0.8", "the shares add up to 0.8 and not to 1 or 100"),
        *((f"train=0.8,{name}=0.2", f"{name} is called validation here") for name in ("dev", "val", "valid")),
        ("train=0.8,Eval=0.2", "Eval is called validation here"),
    ],
)
def test_what_is_wrong_with_shares_is_said_and_how_to_write_them(text, told):
    with pytest.raises(UsageError) as error:
        parse_split(text)
    assert str(error.value).startswith(f"--split {text}: {told}")
    assert str(error.value).endswith(f"; e.g. --split {DEFAULT_SPLIT}")


def test_contexts_that_are_the_groups_are_named_once():
    found = dealt(apart(10), group_by="context")
    assert found.rule == "context and near-duplicate"
    assert found.crossing == {"context": 0, "near-duplicate": 0}


def test_many_groups_of_uneven_size_meet_their_shares():
    chance = random.Random(3)
    rows = [
        (group, group, i, chance.random() < 0.7) for group in range(2000) for i in range(chance.randint(1, 9))
    ]
    found = dealt(rows)
    for name, share in SHARES.shares.items():
        here = [row for row, split in zip(rows, found.splits, strict=True) if split == name]
        assert len(here) == pytest.approx(share * len(rows), abs=10)
        assert sum(row[3] for row in here) / len(here) == pytest.approx(0.7, abs=0.02)
