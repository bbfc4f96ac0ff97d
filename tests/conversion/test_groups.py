"""What belongs together is found over all columns at once, and what a split tears apart is counted."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.conversion.groups import LINKS, components, crossings, digest, in_order, leakage

values = st.one_of(st.none(), st.integers(0, 12))
rows = st.lists(st.tuples(values, values, values), min_size=1, max_size=40)


def series(values, dtype=pl.UInt64):
    return pl.Series(list(values), dtype=dtype)


def flooded(rows):
    """The same by flooding from the first row of each component."""
    labels = [-1] * len(rows)
    for first in range(len(rows)):
        todo = [first] if labels[first] < 0 else []
        while todo:
            row = todo.pop()
            if labels[row] < 0:
                labels[row] = first
                todo += [
                    other
                    for other in range(len(rows))
                    if any(a == b and a is not None for a, b in zip(rows[row], rows[other], strict=True))
                ]
    return labels


@given(rows)
def test_components_are_what_a_flood_reaches(rows):
    assert components([series(column) for column in zip(*rows, strict=True)]).tolist() == flooded(rows)


@given(rows)
def test_texts_link_as_numbers_do(rows):
    columns = list(zip(*rows, strict=True))
    texts = [series((None if v is None else f"ü{v}" for v in column), pl.String) for column in columns]
    assert components(texts).tolist() == components([series(column) for column in columns]).tolist()


def test_null_links_nothing():
    assert components([series([None] * 5), pl.Series([None] * 5)]).tolist() == [0, 1, 2, 3, 4]


def test_a_title_a_context_and_a_near_duplicate_make_one_chain():
    title, context, cluster = [1, 1, 2, None, None], [7, 8, 8, 9, 5], [None, None, 3, 3, None]
    assert components([series(title), series(context), series(cluster)]).tolist() == [0, 0, 0, 0, 4]


def examples(title, context, cluster):
    return pl.DataFrame({"title": series(title), "context": series(context), "cluster": series(cluster)})


def test_what_is_in_several_splits_is_counted_by_value():
    frame = examples([1, 1, 2, None, None], [7, 7, 7, 8, 9], [None, None, None, 8, 8])
    splits = pl.Series(["train", "test", "train", "test", "train"])
    assert crossings(frame, splits) == {"title": 1, "context": 1, "near-duplicate": 1}
    assert crossings(frame, splits.cast(pl.Categorical)) == crossings(frame, splits)
    assert crossings(frame, pl.Series(["train"] * 5)) == {"title": 0, "context": 0, "near-duplicate": 0}


@given(rows, st.data())
def test_crossings_are_those_that_one_counts_by_hand(rows, data):
    splits = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=len(rows), max_size=len(rows)))
    expected = {}
    for name, column in zip(LINKS.values(), zip(*rows, strict=True), strict=True):
        homes: dict[int | None, set[str]] = {}
        for value, split in zip(column, splits, strict=True):
            homes.setdefault(value, set()).add(split)
        homes.pop(None, None)
        expected[name] = sum(len(found) > 1 for found in homes.values())
    assert crossings(examples(*zip(*rows, strict=True)), pl.Series(splits)) == expected


def test_leakage_counts_examples_whose_context_or_nearly_so_is_learnt_from():
    frame = examples([None] * 6, [1, 1, 2, 3, 4, 4], [None, None, 2, 2, None, None])
    splits = pl.Series(["train", "test", "train", "dev", "test", "dev"])
    assert leakage(frame, splits) == 2
    assert leakage(frame, splits, "dev") == 2
    assert leakage(frame, splits, "nowhere") == 0


def test_groups_are_ordered_by_their_smallest_digest_alone():
    frame = pl.DataFrame({"context": series([5, 5, 6, 7]), "answered": [True, False, True, True]})
    digests = pl.DataFrame({"context": series([7, 6, 5]), "digest": series([30, 10, 20])})
    ordered = in_order(frame, components([series([1, 1, 1, 2])]), digests, 42, room=3)
    assert sorted(ordered.select("name", "group", "answered", "unanswered").rows()) == [
        (10, 0, 2, 1),
        (30, 3, 1, 0),
    ]
    expected = sorted([10, 30], key=lambda name: digest(f"42 {name:016x}"))
    assert ordered["name"].to_list() == expected
    first = in_order(frame, components([series([1, 1, 1, 2])]), digests, 42, room=2)
    assert first["name"].to_list() == [10, 30]  # the large one has no room in the smallest split


@pytest.mark.parametrize(("text", "number"), [("", 0xE4A6A0577479B2B4), ("größer 😀", 0xBA789EFB307D8B94)])
def test_digests_are_the_same_everywhere(text, number):
    assert digest(text) == number
