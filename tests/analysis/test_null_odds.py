"""Answers above the default threshold of the official script count as no answer, others stay."""

import pytest

from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.null_odds import above_threshold


@pytest.mark.parametrize(("odds", "kept"), [(0.0, True), (0.95, True), (1.0, True), (1.05, False)])
def test_the_threshold_is_one(odds, kept):
    example = Example("q", "", "The Nile ends in Egypt.", "Where does it end?", ("Egypt",), (17,))
    said = Prediction("Egypt", 17, 22)
    (counted,), notes = above_threshold([example], [said], {"q": odds})
    assert counted == (said if kept else Prediction(""))
    assert notes == (
        []
        if kept
        else [
            "Answers counted as no answer because their null odds exceed 1.0, as the official script does "
            "by default: 1."
        ]
    )


def test_what_says_nothing_or_is_missing_stays_so():
    example = Example("q", "", "The Nile ends in Egypt.", "Where does it end?", ("Egypt",), (17,))
    predictions = [Prediction(""), Prediction(None)]
    assert above_threshold([example] * 2, predictions, {"q": 7.0}) == (predictions, [])
