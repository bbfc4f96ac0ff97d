import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis.parts.contrast import Clustered, two_sided
from qatoolkit.analysis.parts.slices import slice_table, worst_slices


def world(seed, n=1000, base=0.75):
    """Facets that say nothing about F1; documents that differ in difficulty, and a column of documents."""
    draw = np.random.default_rng(seed)
    documents = draw.integers(40, size=n)
    frequencies = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    facets = {f"facet {i}": [f"v{value}" for value in draw.choice(7, n, p=frequencies)] for i in range(6)}
    facets["column"] = [f"c{document % 3}" for document in documents]
    chance = 1 / (1 + np.exp(-math.log(base / (1 - base)) - 0.5 * draw.normal(size=40)[documents]))
    right = (draw.random(n) < chance).astype(float)
    return pl.DataFrame(facets), np.where(draw.random(n) < 0.2, draw.random(n), right), documents.tolist()


def test_slice_table_in_natural_order_or_by_what_is_lost():
    bands = pl.Enum(["short", "long"])
    facets = pl.DataFrame(
        {"title": ["a", "b", "b", "c"], "length": pl.Series(["long", "short", "long", "long"], dtype=bands)}
    )
    table = slice_table(facets, np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.5, 0.0, 0.5, 1.0]))
    assert table.rows() == [
        ("title", "b", 2, 0.0, 25.0, 37.5),
        ("title", "a", 1, 0.0, 50.0, 12.5),
        ("title", "c", 1, 100.0, 100.0, 0.0),
        ("length", "short", 1, 0.0, 0.0, 25.0),
        ("length", "long", 3, pytest.approx(100 / 3), pytest.approx(200 / 3), 25.0),
    ]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0, 1)), min_size=1))
def test_every_facet_of_the_table_adds_up(rows):
    f1 = np.array([row[2] for row in rows])
    facets = pl.DataFrame({"one": [row[0] for row in rows], "other": [row[1] for row in rows]})
    sums = slice_table(facets, f1, f1).group_by("facet").agg(pl.col("total", "lost").sum())
    assert sums["total"].to_list() == [len(rows)] * 2
    assert sums["lost"].to_list() == pytest.approx([100 * (1 - f1.mean())] * 2)


@pytest.mark.parametrize("base", [0.05, 0.5, 0.95])
def test_no_false_alarm_on_random_scores(base):
    """Nothing is bad here but by chance: at most one alarm in twenty is promised."""
    alarms = sum(worst_slices(*world(seed, base=base)).height > 0 for seed in range(100))
    assert alarms <= 5


def test_a_planted_pair_is_found_and_is_worse_than_its_parts():
    for seed in range(5):
        facets, f1, documents = world(seed)
        bad = (facets["facet 1"] == "v1").to_numpy() & (facets["facet 3"] == "v0").to_numpy()
        found = worst_slices(facets, np.where(bad, 0.2 * f1, f1), documents)
        pairs = found.filter(pl.col("facet_2").is_not_null())
        assert pairs.select("facet", "value", "facet_2", "value_2").rows() == [
            ("facet 1", "v1", "facet 3", "v0")
        ]
        assert pairs["total"][0] == bad.sum()
        assert pairs["difference"][0] == pytest.approx(pairs["f1"][0] - pairs["rest_f1"][0])
        assert pairs["low"][0] < pairs["difference"][0] < pairs["high"][0] < 0


def test_a_pair_that_says_no_more_than_its_parts_is_not_listed():
    facets, f1, documents = world(1, n=3000)
    bad = (facets["facet 1"] == "v1").to_numpy()
    found = worst_slices(facets, np.where(bad, 0.3 * f1, f1), documents)
    assert found.select("facet", "value", "facet_2").rows() == [("facet 1", "v1", None)]


def test_the_most_lost_comes_first_and_equal_slices_once():
    facets, f1, documents = world(2, n=3000)
    facets = facets.with_columns(copy=pl.col("facet 1"))
    much, little = ((facets["facet 1"] == value).to_numpy() for value in ("v1", "v5"))
    found = worst_slices(facets, np.where(much | little, 0.3 * f1, f1), documents)
    assert found.select("facet", "value").rows() == [("facet 1", "v1"), ("facet 1", "v5")]


def test_small_slices_and_slices_of_few_documents_are_not_judged():
    facets, f1, documents = world(3)
    rare = np.arange(len(f1)) < 19
    of_two = np.isin(documents, [1, 2])
    facets = facets.with_columns(
        rare=pl.Series(np.where(rare, "a", "b")), annotator=pl.Series(np.where(of_two, "a", "b"))
    )
    assert of_two.sum() > 20
    found = worst_slices(facets, np.where(rare | of_two, 0.0, 1.0), documents)
    assert not {"rare", "annotator"} & set(found["facet"])


def test_a_title_is_judged_by_its_questions_and_takes_part_alone():
    facets, f1, documents = world(4)
    facets = facets.with_columns(title=pl.Series([f"t{document}" for document in documents]))
    bad = (facets["title"] == "t7").to_numpy()
    found = worst_slices(facets, np.where(bad, 0.0, f1), documents)
    assert found.row(0)[:4] == ("title", "t7", None, None)
    assert found["facet_2"].null_count() == found.height


def test_nothing_to_look_at():
    empty = worst_slices(pl.DataFrame(), np.array([]), [])
    assert empty.height == 0
    assert empty.columns == worst_slices(*world(1)).columns
    assert slice_table(pl.DataFrame(), np.array([]), np.array([])).height == 0
    same = pl.DataFrame({"a": ["x", "y"] * 50})
    assert worst_slices(same, np.ones(100), list(range(100))).height == 0


@settings(max_examples=30)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(seed, order):
    facets, f1, documents = world(seed, n=300)
    bad = (facets["facet 0"] == "v0").to_numpy()
    f1 = np.where(bad, 0.1 * f1, f1)
    places = list(range(300))
    order.shuffle(places)
    moved = worst_slices(facets[places], f1[places], [documents[i] for i in places])
    still = worst_slices(facets, f1, documents)
    names = ["facet", "value"]
    assert sorted(moved.select(names).rows()) == sorted(still.select(names).rows()) != []
    assert sorted(moved["p"]) == pytest.approx(sorted(still["p"]))


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    # From printed tables of Student's t.
    [(2.776, 4, 0.05), (4.604, 4, 0.01), (2.086, 20, 0.05), (3.850, 20, 0.001), (1.96, 1e6, 0.05), (0, 3, 1)],
)
def test_p_is_that_of_students_t(t, freedom, p):
    (found,) = two_sided(np.array([t]), np.array([1.0]), np.array([freedom]))
    assert found == pytest.approx(p, rel=0.1)


def test_without_clusters_the_test_is_the_textbook_one():
    """The variance of a difference of two means, each of single questions."""
    draw = np.random.default_rng(0)
    values = draw.normal(size=300) + np.repeat([0.0, 0.3], 150)
    scores = Clustered(values, np.arange(300))
    groups = np.repeat([0, 1], 150)
    sums = scores.sums(groups, 2)
    one, other = (type(sums)(sums.counts[[i]], sums.values[[i]]) for i in (0, 1))
    found = scores.contrast(one, other)
    pooled = values.var(ddof=1) * (2 / 150)
    own = values[:150].var() / 150 * 150 / 149 + values[150:].var() / 150 * 150 / 149
    assert found.difference[0] == pytest.approx(values[:150].mean() - values[150:].mean())
    assert found.error[0] == pytest.approx(math.sqrt(max(pooled, own)))


def test_examples_that_stand_and_fall_together_are_worth_less():
    """Ten copies of each example are ten times as many examples, and tell nothing more."""
    draw = np.random.default_rng(1)
    values, groups = draw.random(60), np.arange(60) % 2

    def error(times):
        scores = Clustered(np.repeat(values, times), np.repeat(np.arange(60), times))
        sums = scores.sums(np.repeat(groups, times), 2)
        return scores.contrast(type(sums)(sums.counts[:1], sums.values[:1])).error[0]

    assert error(10) == pytest.approx(error(1), rel=0.02)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_percentages_stay_percentages_where_all_else_is_perfect(seed):
    """What is left of sums of fractions is a little more, or less, than it should be."""
    draw = np.random.default_rng(seed)
    bad = draw.random(3000) < 0.4
    f1 = np.where(bad, 0.7 * draw.random(3000), 1.0)
    facets = pl.DataFrame({"kind": np.where(bad, "bad", "good"), "half": draw.choice(["a", "b"], 3000)})
    found = worst_slices(facets, f1, draw.integers(8, size=3000).tolist())
    assert ("kind", "bad") in found.select("facet", "value").rows()
    for name in ("f1", "rest_f1"):
        assert found[name].is_between(0, 100).all()
    assert found["rest_f1"].to_list()[0] == pytest.approx(100)
