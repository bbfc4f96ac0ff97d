import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.calibration import BINS, calibrate, threshold_curve
from qatoolkit.analysis.cases import Candidate, Case, Example, Prediction
from qatoolkit.metrics import best_threshold, score


def case(score=None, exact=1.0, f1=None, text="x", answers=("x",), **more):
    example = Example("1", "", "x y", "?", tuple(answers), (0,) * len(answers))
    prediction = Prediction(text, score=score, **more)
    return Case(
        example, prediction, exact, exact if f1 is None else f1, "exact" if exact else "same-sentence"
    )


def test_bins_ece_and_coverage_by_hand():
    found = calibrate([case(0.95), case(1.0), case(0.92, 0.0), case(0.15, 0.0, 0.5)])
    assert found.bins.rows() == [
        (0.1, 0.2, 1, 0.15, 0.0),
        (0.9, 1.0, 3, pytest.approx(2.87 / 3), pytest.approx(2 / 3)),
    ]
    assert found.ece == pytest.approx((0.15 + 2.87 - 2) / 4)
    third = pytest.approx(200 / 3)
    assert found.coverage.rows() == [(25, 100, 100), (50, 100, 100), (75, third, third), (100, 50, 62.5)]
    assert found.aurc == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_equally_sure_answers_are_one_step():
    found = calibrate([case(0.5, 1.0), case(0.5, 0.0), case(0.9, 0.0), case(0.9, 1.0)])
    assert found.coverage.rows() == [(50, 50, 50), (100, 50, 50)]
    assert found.aurc == 0.5


def test_none_without_probabilities():
    assert calibrate([]) is None
    assert calibrate([case(), case()]) is None
    assert calibrate([case(0.5), case(7.25)]) is None
    assert calibrate([case(0.5, text=None, exact=0.0)]) is None


def test_what_has_no_score_is_left_out():
    found = calibrate([case(0.5), case(None, 0.0), case(0.5, 0.0, text=None)])
    assert found.bins["total"].to_list() == [1]
    assert found.coverage.rows() == [(100, 100, 100)]


_SCORED = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=300)


@given(_SCORED)
def test_curves_are_short_and_end_at_the_score_of_all(rows):
    found = calibrate([case(confidence, exact) for confidence, exact in rows])
    assert found.bins["total"].sum() == len(rows)
    assert found.bins.height <= BINS
    assert (
        (found.bins["confidence"] >= found.bins["low"]) & (found.bins["confidence"] <= found.bins["high"])
    ).all()
    assert 0 <= found.ece <= 1
    assert 0 <= found.aurc <= 1
    assert found.coverage.height <= 101
    mean = 100 * np.mean([exact for _, exact in rows])
    assert found.coverage.row(-1) == pytest.approx((100, mean, mean))
    assert found.coverage["coverage"].is_sorted()


@given(_SCORED)
def test_a_permutation_of_equally_sure_answers_changes_nothing(rows):
    one = calibrate([case(round(confidence, 1), exact) for confidence, exact in rows])
    other = calibrate([case(round(confidence, 1), exact) for confidence, exact in reversed(rows)])
    assert one.coverage.rows() == other.coverage.rows()
    assert one.aurc == pytest.approx(other.aurc)


def curve(cases):
    return threshold_curve([case.example for case in cases], [case.prediction for case in cases])


def abstained(null_score, candidate, answers):
    best = (Candidate("", 0, 0, 0.6), Candidate(candidate, 0, 1, 0.4))
    right = float(not answers)
    return case(0.6, right, text="", answers=answers, null_score=null_score, candidates=best)


def test_thresholds_let_the_best_candidate_through():
    cases = [
        case(0.9, null_score=-2.0),
        abstained(1.0, "x", ("x",)),
        abstained(3.0, "y", ()),
        case(0.5, 0.0, text=None, answers=("x",)),
    ]
    found = curve(cases)
    assert found["threshold"].to_list()[1:] == [-2.0, 1.0, 3.0]
    assert found["threshold"][0] < -2.0
    assert found["answered"].to_list() == [0, 25, 50, 75]
    assert found["exact"].to_list() == [25, 50, 75, 50]
    assert found["f1"].to_list() == [25, 50, 75, 50]


def test_no_thresholds_where_they_say_nothing():
    assert curve([case(0.9, null_score=-2.0)]) is None
    assert curve([case(0.9), abstained(1.0, "x", ())]) is None
    # A context that gave no window has no null score, and no answer at any threshold.
    silent = case(0.5, 1.0, text="", answers=())
    found = curve([case(0.9, null_score=-2.0), silent])
    assert found["exact"].to_list() == [50, 100]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["x", "y", "x y", "", None]),
            st.sampled_from([("x",), ("x y", "y"), ()]),
            st.integers(-20, 20).map(float),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_the_best_threshold_is_the_official_one(rows):
    """Where the predictions are the answers before any threshold, as the official script has them."""
    texts, answers, null = (list(column) for column in zip(*rows, strict=True))
    scores = score(texts, answers, reference="squad_v2")
    cases = [
        case(0.5, exact, f1, text, accepted, null_score=odds)
        for exact, f1, (text, accepted, odds) in zip(scores.exact, scores.f1, rows, strict=True)
    ]
    found = curve(cases)
    if found is None:
        assert all(answers) or all(text is None for text in texts)
        return
    for name, values in (("exact", scores.exact), ("f1", scores.f1)):
        # The script may stop between equal odds, so only the best of whole steps is compared.
        official = best_threshold(values, scores.answerable, texts, np.array(null))
        distinct = len(set(null)) == len(null)
        best = found[name].max()
        assert best == pytest.approx(official.score) if distinct else best <= official.score + 1e-9


def test_equal_null_odds_are_one_step():
    cases = [abstained(1.0, "x", ("x",)), abstained(1.0, "y", ()), abstained(1.0, "x", ("x",))]
    found = curve([*cases, abstained(2.0, "x", ("x",))])
    assert found["threshold"].to_list()[1:] == [1.0, 2.0]
    assert found["answered"].to_list() == [0, 75, 100]
    assert found["exact"].to_list() == [25, 50, 75]
