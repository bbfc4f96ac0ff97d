"""Texts that are nearly the same hang together, however many there are and in whatever order they come."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus.linked import find, link
from qatoolkit.corpus.similar import NearDuplicates, shingles

NILE = "The Nile is the longest river of Africa and flows north to the sea, past sand and stone. " * 3
OSLO = "Oslo is a cold town by a fjord, with hills around it and islands in front of its harbour. " * 3


def grouped(texts: list[str], keys: list[int] | None = None) -> dict[int, int]:
    found = NearDuplicates()
    found.add_all(pl.Series(keys or range(len(texts)), dtype=pl.UInt64), pl.Series(texts))
    return dict(found.groups().iter_rows())


def near(one: str, other: str) -> bool:
    return bool(grouped([one, other]))


def plain_shingles(text: str) -> set[str]:
    plain = "".join(text.casefold().split())
    return {plain[i : i + 5] for i in range(max(1, len(plain) - 4))} if plain else set()


def jaccard(one: str, other: str) -> float:
    a, b = plain_shingles(one), plain_shingles(other)
    return len(a & b) / len(a | b) if a | b else 1.0


def test_groups_name_their_smallest_key():
    texts = [OSLO, NILE + "a", "something else", NILE + "b", OSLO + "!"]
    assert grouped(texts) == {0: 0, 4: 0, 1: 1, 3: 1}
    assert grouped(texts, [2**64 - 1, 7, 5, 3, 4]) == {2**64 - 1: 4, 4: 4, 7: 3, 3: 3}


# Letters of one code unit and of two, of one case and of two, and white space of several kinds.
letters = st.text(alphabet="abcdeABCDEßÅåΣσς尼罗河流經😀𐐀𐐨\n\t \u00a0\u3000\x1c", min_size=0, max_size=60)
edits = st.lists(st.tuples(st.integers(0, 10_000), letters), max_size=4)


@settings(max_examples=300)
@given(st.text(alphabet="abcdefghij ÅåÉ尼罗河流經過撒哈拉😀𐐀𐐨", min_size=40, max_size=400), edits)
def test_what_is_near_is_what_exact_similarity_says(text, edits):
    other = text
    for place, put in edits:
        place %= len(other) + 1
        other = other[:place] + put + other[place:]
    exact = jaccard(text, other)
    if exact >= 0.95:
        assert near(text, other)
    elif exact <= 0.5:
        assert not near(text, other)


@given(st.lists(letters, min_size=1, max_size=12))
def test_as_many_distinct_shingles_as_there_are(texts):
    hashes, bounds = shingles(texts)
    assert bounds[0] == 0
    assert bounds[-1] == len(hashes)
    singles = "ß"  # one letter here, two when folded by the book
    for i, text in enumerate(texts):
        mine = hashes[bounds[i] : bounds[i + 1]]
        assert len(set(mine.tolist())) == len(plain_shingles(text.replace(singles, "z")))


@given(st.lists(letters, min_size=2, max_size=12))
def test_a_shingle_does_not_know_what_stands_around_its_text(texts):
    together, bounds = shingles(texts)
    for i, text in enumerate(texts):
        assert np.array_equal(together[bounds[i] : bounds[i + 1]], shingles([text])[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ån är lång och full av fisk", "ån Ä R\nlång och FULL av fisk"),
        ("ΟΔΟΣ ΠΡΟΣ ΤΗΝ ΠΟΛΗ", "οδος προς την πολη"),
        ("𐐀𐐁𐐂𐐃𐐄𐐅𐐆 is Deseret", "𐐨𐐩𐐪𐐫𐐬𐐭𐐮 is deseret"),
        ("ab", "A B"),
        ("😀", "😀\u3000"),
        ("", " \n"),
    ],
)
def test_neither_case_nor_white_space_counts(one, other):
    assert near(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("ab", "abc"), ("", "a"), ("abcd", "abce"), ("尼罗河", "尼罗江"), ("😀", "😁")]
)
def test_short_texts_are_their_own_shingle(one, other):
    assert not near(one, other)


@given(st.permutations(range(30)), st.integers(1, 30))
def test_neither_order_nor_batches_nor_keys_decide_who_is_with_whom(order, size):
    chance = random.Random(5)
    words = ["".join(chance.choices("abcdefghijkl", k=6)) for _ in range(200)]
    texts = []
    for _ in range(6):  # families whose members are alike to various degrees, some on the edge
        own = chance.choices(words, k=60)
        texts += [" ".join([*own[:-k], *chance.choices(words, k=k)]) for k in (1, 2, 4, 6, 8)]
    plain = partition(grouped(texts))
    assert plain  # else the test would be about nothing
    found = NearDuplicates()
    for start in range(0, 30, size):
        part = order[start : start + size]
        keys = pl.Series([1000 - i for i in part], dtype=pl.UInt64)
        found.add_all(keys, pl.Series([texts[i] for i in part]))
        found.add_all(keys, pl.Series(["known keys are not looked at again"] * len(part)))
    other = {1000 - key: cluster for key, cluster in found.groups().iter_rows()}
    assert partition(other) == plain


def partition(groups: dict[int, int]) -> set[frozenset[int]]:
    clusters: dict[int, set[int]] = {}
    for key, cluster in groups.items():
        clusters.setdefault(cluster, set()).add(key)
    return set(map(frozenset, clusters.values()))


def test_groups_can_be_asked_for_more_than_once():
    found = NearDuplicates()
    assert found.groups().height == 0
    for key, text in enumerate([NILE, OSLO, NILE + "a"]):
        found.add_all(pl.Series([key, key], dtype=pl.UInt64), pl.Series([text, text]))
        assert found.groups().height == (0, 0, 2)[key]
    assert found.groups()["cluster"].to_list() == [0, 0]


def test_a_crowd_of_texts_is_grouped_without_holding_all_its_pairs():
    found = NearDuplicates()
    number = 20_000
    texts = pl.Series([NILE + str(key) for key in range(number)])
    found.add_all(pl.int_range(number, dtype=pl.UInt64, eager=True), texts)
    tracemalloc.start()
    groups = found.groups()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert groups["cluster"].to_list() == [0] * number
    assert peak < number * 500


def test_families_in_a_crowd_stay_apart():
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnop", k=7)) for _ in range(3000)]
    common = " ".join(chance.choices(words, k=50))
    texts = []
    for _ in range(200):
        own = chance.choices(words, k=50)
        texts += [f"{common} {' '.join(own)} {i}" for i in range(10)]
    groups = grouped(texts)
    assert partition(groups) == {frozenset(range(i, i + 10)) for i in range(0, 2000, 10)}


@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=60), st.integers(1, 60))
def test_components_are_those_of_the_edges_one_by_one(edges, size):
    forest = np.arange(40)
    for start in range(0, len(edges), size):
        some, others = np.array(edges[start : start + size]).T
        link(forest, some, others)
    expected = list(range(40))
    for some, other in edges:
        a, b = expected[some], expected[other]
        expected = [min(a, b) if label in (a, b) else label for label in expected]
    assert find(forest, np.arange(40)).tolist() == expected


def test_a_long_chain_is_one_component():
    forest = np.arange(100_000)
    link(forest, forest[:-1].copy(), forest[1:].copy())
    assert not find(forest, np.arange(100_000)).any()
