import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.metrics import best_threshold, score

examples = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["", "Nile", "Congo", None]),
        st.floats(-5, 5, allow_nan=False).map(lambda odds: round(odds, 1)),
    ),
    min_size=1,
    max_size=12,
)


@given(examples)
def test_no_threshold_between_distinct_odds_beats_it(rows):
    """Oracle: apply each possible threshold and score the predictions again."""
    answers = [["Nile"] if answerable else [] for answerable, _, _ in rows]
    predictions = [prediction for _, prediction, _ in rows]
    odds = np.array([value for _, _, value in rows])
    scores = score(predictions, answers, reference="squad_v2")
    best = best_threshold(scores.exact, scores.answerable, predictions, odds)

    def at(threshold):
        kept = [
            prediction if prediction is None or value <= threshold else ""
            for prediction, value in zip(predictions, odds, strict=True)
        ]
        return score(kept, answers, reference="squad_v2").summary()["exact"]

    reachable = [at(threshold) for threshold in (-np.inf, *odds)]
    assert best.score >= max(reachable) - 1e-9
    if len(set(odds)) == len(odds):
        assert best.score == pytest.approx(max(reachable))


def test_abstaining_from_everything_keeps_the_threshold_at_zero():
    best = best_threshold(np.array([0.0]), np.array([False]), ["Nile"], np.array([-3.0]))
    assert best == (100.0, 0.0)


def test_a_missing_prediction_is_wrong_at_every_threshold():
    best = best_threshold(np.zeros(2), np.array([False, False]), [None, ""], np.array([0.0, 1.0]))
    assert best.score == 50.0


@pytest.mark.corpora
def test_equals_evaluate_v2_to_the_last_digit(corpora):
    folder = corpora / "squad2-cs224n"
    data, predicted, odds = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("dev-v2.0.json", "predictions.json", "null_odds.json")
    )
    questions = {
        qa["id"]: qa for article in data["data"] for part in article["paragraphs"] for qa in part["qas"]
    }
    answers = [[answer["text"] for answer in questions[key]["answers"]] for key in odds]
    predictions = [predicted[key] for key in odds]
    scores = score(predictions, answers)
    values = np.array(list(odds.values()))
    exact = best_threshold(scores.exact, scores.answerable, predictions, values)
    overlap = best_threshold(scores.f1, scores.answerable, predictions, values)
    assert exact == (73.47811780190852, -3.623612880706787)
    assert overlap == (75.93172252069158, -3.6215174198150635)
