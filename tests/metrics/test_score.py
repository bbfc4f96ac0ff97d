import json
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit import __version__
from qatoolkit.metrics import PROFILES, exact_match, f1, normalize_answer, percent, score, tokens


def test_best_of_several_answers_counts():
    assert exact_match("the Nile", ["Nile", "river Nile"]) == 1.0
    assert f1("Nile river", ["Amazon", "the Nile"]) == pytest.approx(2 / 3)
    assert exact_match("Amazon", ["Nile"]) == 0.0
    assert f1("Amazon", ["Nile"]) == 0.0


def test_no_answers_means_that_the_empty_string_is_right():
    assert (exact_match("", []), f1("", [])) == (1.0, 1.0)
    assert (exact_match("Nile", []), f1("Nile", [])) == (0.0, 0.0)
    assert (exact_match("", ["Nile"]), f1("", ["Nile"])) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("prediction", "answers", "squad", "squad_v2"),
    [
        ("the", ["The"], (1.0, 0.0), (1.0, 1.0)),
        ("", ["%"], (1.0, 0.0), (1.0, 1.0)),
        ("", ["%", "per cent"], (1.0, 0.0), (0.0, 0.0)),
        ("per cent", ["%", "per cent"], (1.0, 1.0), (1.0, 1.0)),
        ("x", ["a"], (0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_the_two_official_scripts_differ_where_nothing_is_left(prediction, answers, squad, squad_v2):
    for reference, expected in (("squad", squad), ("squad_v2", squad_v2)):
        got = (
            exact_match(prediction, answers, reference=reference),
            f1(prediction, answers, reference=reference),
        )
        assert got == expected


def test_summary_without_unanswerable_questions_has_three_names():
    scores = score(["Nile", None], [["the Nile"], ["Congo"]])
    assert scores.summary() == {"exact": 50.0, "f1": 50.0, "total": 2}
    assert scores.exact.tolist() == [1.0, 0.0]
    assert scores.answerable.tolist() == [True, True]
    assert scores.reference == "squad"


def test_summary_splits_answerable_from_unanswerable():
    summary = score(["Nile", "x", "", None], [["Nile"], [], [], []]).summary()
    assert summary == {
        "exact": 50.0,
        "f1": 50.0,
        "total": 4,
        "HasAns_exact": 100.0,
        "HasAns_f1": 100.0,
        "HasAns_total": 1,
        "NoAns_exact": pytest.approx(100 / 3),
        "NoAns_f1": pytest.approx(100 / 3),
        "NoAns_total": 3,
    }


def test_only_unanswerable_questions_leave_no_hasans():
    assert "HasAns_exact" not in score([""], [[]]).summary()


def test_no_examples_score_zero():
    assert score([], []).summary() == {"exact": 0.0, "f1": 0.0, "total": 0}


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="1 predictions for 2 questions"):
        score(["x"], [["x"], ["y"]])


def test_signature_says_what_is_known_and_nothing_else():
    scores = score(["Nile"] * 3, [["Nile"]] * 3)
    assert scores.signature() == f"squad|n:3|refs:max|norm:en|missing:wrong|ver:{__version__}"
    full = scores.signature(null_score_diff_threshold=0.0, n_best_size=20, max_answer_length=30)
    assert full == f"squad|n:3|refs:max|norm:en|missing:wrong|null:0.0|nbest:20|maxans:30|ver:{__version__}"
    assert score([""], [[]]).signature().startswith("squad_v2|n:1|")


def test_percent_adds_one_by_one():
    values = [0.1] * 10
    running = 0.0
    for value in values:
        running += value
    assert percent(values) == 100.0 * running / 10
    assert percent(values) != 100.0 * float(np.sum(values)) / 10


def textbook(prediction, answer):
    """F1 of evaluate-v2.0 for one pair, written from the definition rather than from our code."""

    def words(text):
        text = "".join(c for c in text.lower() if c not in r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""")
        return [w for w in re.split(r"\s+", re.sub(r"\b(a|an|the)\b", " ", text)) if w]

    p, a = Counter(words(prediction)), Counter(words(answer))
    if not p or not a:
        return float(p == a)
    return 2 * (p & a).total() / (p.total() + a.total())


_words = st.lists(st.sampled_from(["the", "a", "Nile", "nile.", "river", "%", "", "6,650", "km"]), max_size=6)
_texts = _words.map(" ".join)


@given(_texts, st.lists(_texts, max_size=3))
def test_scores_follow_the_definition(prediction, answers):
    kept = [text for text in answers if textbook(text, "") == 0.0] or [""]
    value = f1(prediction, answers)
    assert value == pytest.approx(max(textbook(prediction, text) for text in kept))
    assert 0.0 <= value <= 1.0
    assert exact_match(prediction, answers) in (0.0, 1.0)
    assert exact_match(prediction, answers) <= value


@given(st.text(), st.lists(st.text(), min_size=1, max_size=3))
def test_predicting_an_accepted_text_is_right(prediction, answers):
    kept = [text for text in answers if exact_match("", [text]) == 0.0]
    for text in kept:
        assert exact_match(text, answers) == 1.0
        assert f1(text, answers) == pytest.approx(1.0)


def pair_by_pair(prediction, answers, language, reference):
    """The official scripts' order of steps, with nothing skipped, shared or remembered."""
    if prediction is None:
        return 0.0, 0.0
    kept = (
        [text for text in answers if normalize_answer(text, language)] if reference == "squad_v2" else answers
    )
    exact, overlap = [], []
    for answer in kept or [""]:
        exact.append(float(normalize_answer(prediction, language) == normalize_answer(answer, language)))
        p, a = tokens(prediction, language), tokens(answer, language)
        shared = sum((Counter(p) & Counter(a)).values())
        if reference == "squad_v2" and not (p and a):
            overlap.append(float(p == a))
        elif shared == 0:
            overlap.append(0.0)
        else:
            precision, recall = 1.0 * shared / len(p), 1.0 * shared / len(a)
            overlap.append((2 * precision * recall) / (precision + recall))
    return max(exact), max(overlap)


_any = st.one_of(
    st.text(max_size=6),
    st.lists(
        st.sampled_from(
            ["The", "a", "Nile", "nile", "ß", "ال", "Σ", "東", "京", "ที่", "1", "–", "%", "\0", "  "]
        ),
        max_size=40,
    ).map(" ".join),
)
_rows = st.lists(
    st.tuples(st.none() | _any, st.lists(_any, max_size=4), st.booleans()).map(
        # Some predictions stand among their answers as they are.
        lambda row: (row[1][0] if row[2] and row[1] else row[0], row[1])
    ),
    max_size=6,
)


@pytest.mark.parametrize("reference", ["squad", "squad_v2"])
@pytest.mark.parametrize("language", PROFILES)
@given(rows=_rows)
def test_equals_the_official_steps_bit_by_bit(reference, language, rows):
    predictions, answers = [row[0] for row in rows], [row[1] for row in rows]
    scores = score(predictions, answers, language, reference)
    expected = [pair_by_pair(*row, language, reference) for row in rows]
    assert scores.exact.tolist() == [exact for exact, _ in expected]
    if PROFILES[language].unit is None:
        assert scores.f1.tolist() == [overlap for _, overlap in expected]
    else:  # equal texts that are divided in another way have F1 1 nevertheless
        empty = 0.0 if reference == "squad" else 1.0
        equal = [1.0 if p and normalize_answer(p, language) else empty for p in predictions]
        wanted = [same if exact else overlap for same, (exact, overlap) in zip(equal, expected, strict=True)]
        assert scores.f1.tolist() == wanted
    for prediction, texts, exact, overlap in zip(predictions, answers, scores.exact, scores.f1, strict=True):
        if prediction is not None:
            assert exact_match(prediction, texts, language, reference) == exact
            assert f1(prediction, texts, language, reference) == overlap


@pytest.mark.parametrize("reference", ["squad", "squad_v2"])
@pytest.mark.parametrize("language", PROFILES)
@given(text=_any, other=_any)
def test_identity_and_symmetry(reference, language, text, other):
    exact, overlap = (measure(text, [text], language, reference) for measure in (exact_match, f1))
    if normalize_answer(text, language):
        assert (exact, overlap) == (1.0, 1.0)
    else:
        assert (exact, overlap) == (1.0, 0.0 if reference == "squad" else 1.0)
    assert f1(text, [other], language, reference) == f1(other, [text], language, reference)


def test_white_space_is_no_difference_where_none_is_written():
    assert (exact_match("New York 市", ["NewYork市"], "zh"), f1("New York 市", ["NewYork市"], "zh")) == (
        1.0,
        1.0,
    )
    assert f1("york", ["New York"], "zh") == pytest.approx(2 / 3)
    assert f1("東京", ["東京都"], "ja") == pytest.approx(0.8)
    assert f1("東 京", ["東京都"], "other") == 0.0


@pytest.mark.parametrize("language", PROFILES)
def test_the_signature_names_the_profile(language):
    assert f"|norm:{language}|" in score(["x"], [["x"]], language).signature()


def official(corpora, dataset, predictions):
    data = json.loads((corpora / dataset).read_text(encoding="utf-8"))["data"]
    predicted = json.loads((corpora / predictions).read_text(encoding="utf-8"))
    questions = [qa for article in data for part in article["paragraphs"] for qa in part["qas"]]
    answers = [[answer["text"] for answer in qa["answers"]] for qa in questions]
    return score([predicted.get(qa["id"]) for qa in questions], answers).summary()


@pytest.mark.corpora
def test_equals_evaluate_v2_to_the_last_digit(corpora):
    summary = official(corpora, "squad2-cs224n/dev-v2.0.json", "squad2-cs224n/predictions.json")
    assert summary["exact"] == 71.09246462652189
    assert summary["f1"] == 74.15364798295602
    assert summary["total"] == 6078
    assert (summary["HasAns_exact"], summary["HasAns_f1"]) == (74.22680412371135, 80.6205747217895)
    assert (summary["NoAns_exact"], summary["NoAns_f1"]) == (68.21338383838383, 68.21338383838383)
    assert (summary["HasAns_total"], summary["NoAns_total"]) == (2910, 3168)


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("file", "exact", "overlap"),
    [
        ("v1.1 BERT (ensemble) (Google AI Language).json", 74.87394957983193, 86.32474793700983),
        (
            "v1.1 Logistic Regression Baseline (Stanford University).json",
            34.53781512605042,
            45.852334974514676,
        ),
    ],
)
def test_equals_evaluate_v1_to_the_last_digit(corpora, file, exact, overlap):
    summary = official(corpora, "xquad/xquad.en.json", f"squad-explorer-predictions/{file}")
    assert summary == {"exact": exact, "f1": overlap, "total": 1190}
