from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.comparison import compare
from qatoolkit.errors import UsageError

_RIGHT = {True: "exact", False: "wrong-sentence"}


def case(number, f1, answers=("x",), **more):
    example = Example(f"q{number}", "", "x y", f"Question {number}?", answers, (0,) * len(answers))
    example = Example(**{**vars(example), **more})
    return Case(example, Prediction("x"), float(f1 == 1), f1, _RIGHT[f1 == 1])


def against(this, other, facets=None, clusters=None):
    facets = pl.DataFrame() if facets is None else facets
    return compare(this, other, "runs/b", facets, clusters or list(range(len(this))))


def sides(n, rate, other_rate, seed=0):
    draw = np.random.default_rng(seed)
    return [[case(i, float(draw.random() < chance)) for i in range(n)] for chance in (rate, other_rate)]


def test_the_same_is_not_distinguishable():
    cases = [case(i, 1.0 if i % 3 else 0.25) for i in range(60)]
    found = against(cases, cases[::-1])
    assert found.verdict == "not distinguishable"
    assert found.sentence == "Not distinguishable on 60 questions: each has the same F1 in both."
    assert found.scores["difference"].to_list() == [0.0, 0.0]
    assert (found.total, found.only_this, found.only_other) == (60, 0, 0)
    assert (found.right_only_this, found.right_only_other, found.mcnemar) == (0, 0, 1.0)
    assert found.transitions.rows() == [("exact", "exact", 40), ("wrong-sentence", "wrong-sentence", 20)]
    assert found.slices.height == 0


def test_better_and_worse_are_mirror_images():
    this, other = sides(400, 0.8, 0.6)
    up, down = against(this, other), against(other, this)
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.sentence.startswith("Better: F1 +")
    assert up.sentence.endswith(" on 400 questions.")
    assert down.sentence.startswith("Worse: F1 -")
    (_, f1), (_, f1_down) = up.scores.iter_rows(named=True), down.scores.iter_rows(named=True)
    assert f1["difference"] == pytest.approx(f1["this"] - f1["other"])
    assert f1["difference"] == pytest.approx(-f1_down["difference"])
    assert 0 < f1["low"] < f1["difference"] < f1["high"]
    assert up.right_only_this == down.right_only_other > up.right_only_other
    assert up.mcnemar == down.mcnemar < 0.001
    assert up.transitions["total"].sum() == 400


def test_few_questions_say_how_large_a_difference_has_to_be():
    found = against(*sides(40, 0.7, 0.65, seed=3))
    assert found.verdict == "not distinguishable"
    low, high = found.scores.row(1, named=True)["low"], found.scores.row(1, named=True)["high"]
    assert low < 0 < high
    assert found.sentence.endswith(f"a difference below about {(high - low) / 2:.0f} would not be seen.")


def test_questions_are_joined_by_what_they_are():
    this = [case(1, 1.0), case(2, 1.0), case(3, 0.5), case(4, 1.0), case(5, 1.0), case(5, 0.25)]
    other = [
        case(5, 0.75),
        case(5, 0.125),
        case(3, 0.5),
        case(2, 0.0, question="Another question with the same id?"),
        case(4, 0.0, context="Another context."),
        case(6, 1.0),
        case(1, 0.0),
    ]
    found = against(this, other)
    assert (found.total, found.only_this, found.only_other) == (4, 2, 3)
    f1 = found.scores.row(1, named=True)
    assert (f1["this"], f1["other"]) == (100 * 2.75 / 4, 100 * 1.375 / 4)


def test_nothing_in_common_is_an_error():
    with pytest.raises(UsageError, match="runs/b has none of these 1 questions"):
        against([case(1, 1.0)], [case(2, 1.0)])


def test_other_annotated_answers_are_told():
    found = against([case(1, 1.0), case(2, 1.0)], [case(1, 1.0, ("x", "y")), case(2, 1.0)])
    assert found.sentence.endswith("1 question has other annotated answers in the two.")


def test_one_document_has_no_interval():
    this, other = sides(40, 0.9, 0.5)
    found = against(this, other, clusters=["one"] * 40)
    assert found.verdict == "not distinguishable"
    assert found.sentence.endswith("all of them belong to one document.")


def test_slices_won_and_lost():
    facets = pl.DataFrame(
        {"kind": [f"k{i % 4}" for i in range(800)], "noise": [f"n{i // 3 % 3}" for i in range(800)]}
    )
    chances = {"k0": (0.3, 0.8), "k1": (0.9, 0.6), "k2": (0.7, 0.7), "k3": (0.7, 0.7)}
    draw = np.random.default_rng(0)
    this, other = (
        [case(i, float(draw.random() < chances[kind][side])) for i, kind in enumerate(facets["kind"])]
        for side in (0, 1)
    )
    found = against(this, other[::-1], facets, [i // 10 for i in range(800)]).slices
    assert found.select("facet", "value", "total").rows() == [("kind", "k0", 200), ("kind", "k1", 200)]
    assert found["difference"][0] < -30
    assert found["difference"][1] > 15
    assert (found["f1"] - found["other_f1"]).to_list() == pytest.approx(found["difference"].to_list())
    assert (found["p"] <= found["p_adjusted"]).all()


def test_random_differences_win_and_lose_no_slices():
    alarms = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        facets = pl.DataFrame({f"facet {i}": [f"v{v}" for v in draw.integers(6, size=400)] for i in range(5)})
        this, other = sides(400, 0.7, 0.7, seed)
        alarms += against(this, other, facets, draw.integers(40, size=400).tolist()).slices.height > 0
    assert alarms <= 4


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=12))
def test_every_question_is_compared_or_counted(rows):
    this = [case(number, f1) for number, f1 in rows]
    other = [case(number, f1) for number, f1 in rows[1:]] or this
    found = against(this, other)
    assert found.total + found.only_this == len(this)
    assert found.total + found.only_other == len(other)
    assert found.transitions["total"].sum() == found.total


def test_slices_with_the_same_questions_are_listed_once():
    draw = np.random.default_rng(0)
    kinds = [f"k{i % 2}" for i in range(400)]
    this, other = ([case(i, float(draw.random() < rate)) for i in range(400)] for rate in (0.9, 0.4))
    found = against(this, other, pl.DataFrame({"kind": kinds, "copy": kinds}), [i // 4 for i in range(400)])
    assert sorted(found.slices.select("facet", "value").rows()) == [("kind", "k0"), ("kind", "k1")]


def test_questions_that_one_side_did_not_answer_are_left_out():
    this, other = sides(40, 0.8, 0.8)
    other[3] = replace(other[3], error_class="missing", exact=0.0, f1=0.0, prediction=Prediction(None))
    found = against(this, other)
    assert (found.total, found.only_this, found.only_other) == (39, 1, 1)
    assert "missing" not in found.transitions["other_class"].to_list()


def test_what_cannot_be_had_is_null():
    this, other = sides(30, 0.8, 0.5)
    found = against(this, other, clusters=["all"] * 30)
    assert found.scores["low"].to_list() == found.scores["high"].to_list() == [None, None]
