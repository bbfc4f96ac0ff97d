import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis import CLASSES, classify
from qatoolkit.metrics import exact_match

CONTEXT = (
    "The Nile is 6650 km long and flows north. It rises in Burundi, or in Rwanda. The Nile ends in Egypt."
)


def judged(answers, prediction, at=None, context=CONTEXT):
    """Classifies a prediction; positions are given by the text that stands there."""
    texts = [text for text, _ in answers]
    starts = [context.index(begin) for _, begin in answers]
    start = None if at is None else context.index(at)
    right = exact_match(prediction, texts) == 1.0
    return classify(context, texts, starts, prediction, start, right=right)


@pytest.mark.parametrize(
    ("name", "answers", "prediction", "at"),
    [
        ("exact", [("6650 km", "6650")], "6650 km", "6650"),
        ("exact", [("Nile", "Nile is")], "The Nile", "The Nile is"),
        ("exact", [("Egypt", "Egypt"), ("Burundi", "Burundi")], "Burundi", "Burundi"),
        ("exact", [], "", None),
        ("boundary-short", [("6650 km", "6650")], "6650", "6650"),
        ("boundary-long", [("6650", "6650")], "6650 km", "6650"),
        ("boundary-shifted", [("6650 km", "6650")], "km long", "km long"),
        ("other-occurrence", [("The Nile", "The Nile ends")], "The Nile", "The Nile is"),
        ("same-sentence", [("Burundi", "Burundi")], "Rwanda", "Rwanda"),
        ("wrong-sentence", [("Burundi", "Burundi")], "Egypt", "Egypt"),
        ("false-abstention", [("Burundi", "Burundi")], "", None),
        ("false-answer", [], "Egypt", "Egypt"),
    ],
)
def test_each_class_is_reached(name, answers, prediction, at):
    assert judged(answers, prediction, at).error_class == name


def test_every_class_of_a_position_was_reached_above():
    reached = {mark.args[1][i][0] for mark in test_each_class_is_reached.pytestmark for i in range(12)}
    assert reached == set(CLASSES) - {"unreachable", "suspected-annotation", "missing"}


def test_the_best_of_several_annotated_answers_decides():
    found = judged([("Egypt", "Egypt"), ("6650 km long", "6650")], "6650 km", "6650")
    assert found.error_class == "boundary-short"
    assert CONTEXT[slice(*found.annotated)] == "6650 km long"


class TestWithoutPositions:
    """An official predictions file says what, not where."""

    def test_the_place_that_speaks_best_for_it_counts(self):
        found = judged([("The Nile ends", "The Nile ends")], "Nile")
        assert found.error_class == "boundary-short"
        assert found.predicted.start == CONTEXT.rindex("Nile")

    def test_right_text_is_never_held_against_it(self):
        assert judged([("The Nile", "The Nile ends")], "Nile").error_class == "exact"

    def test_text_that_stands_there_in_another_form_is_found(self):
        assert judged([("Burundi", "Burundi")], "BURUNDI,  or").error_class == "boundary-long"

    def test_text_that_stands_nowhere_is_in_no_right_sentence(self):
        found = judged([("Burundi", "Burundi")], "Kenya")
        assert (found.error_class, found.predicted) == ("wrong-sentence", None)

    def test_a_far_place_in_the_same_sentence_beats_a_near_one_in_another(self):
        context = "Oslo is old. Rome and many other cities, towns, and so on, like Oslo. X was Oslo."
        found = judged([("Rome", "Rome")], "Oslo", context=context)
        assert found.error_class == "same-sentence"


def test_a_wrong_answer_start_is_replaced_by_the_nearest_place():
    found = classify(CONTEXT, ["The Nile"], [70], "Nile ends", CONTEXT.index("Nile ends"), right=False)
    assert found.error_class == "boundary-shifted"
    assert found.annotated.start == CONTEXT.rindex("The Nile")


def test_an_annotated_text_that_is_nowhere_leaves_no_right_place():
    found = classify(CONTEXT, ["Lake Victoria"], [0], "Nile", 4, right=False)
    assert (found.error_class, found.annotated) == ("wrong-sentence", None)


@st.composite
def situations(draw):
    context = draw(st.text(alphabet="ab. A", min_size=1, max_size=24))
    size = len(context)

    def span():
        start = draw(st.integers(0, size - 1))
        return start, context[start : draw(st.integers(start + 1, size))]

    answers = [span() for _ in range(draw(st.integers(0, 3)))]
    kind = draw(st.sampled_from(["span", "text", "none"]))
    start, prediction = {
        "span": span,
        "text": lambda: (None, draw(st.text(alphabet="ab. A", max_size=4))),
        "none": lambda: (None, ""),
    }[kind]()
    return context, answers, prediction, start


@settings(deadline=None)
@given(situations())
def test_every_prediction_has_exactly_one_class_and_it_agrees_with_the_score(situation):
    context, answers, prediction, start = situation
    texts = [text for _, text in answers]
    right = exact_match(prediction, texts) == 1.0
    found = classify(context, texts, [begin for begin, _ in answers], prediction, start, right=right)
    assert found.error_class in CLASSES.keys() - {"missing"}
    assert right == (found.error_class in ("exact", "other-occurrence"))

    # The definitions, stated again in terms of sets of characters.
    if found.annotated and found.predicted and found.error_class.startswith(("boundary", "same", "wrong")):
        annotated, predicted = set(range(*found.annotated)), set(range(*found.predicted))
        assert (found.error_class == "boundary-short") == (predicted <= annotated)
        assert (found.error_class == "boundary-long") == (annotated < predicted)
        assert found.error_class.startswith("boundary") == bool(annotated & predicted)
    assert (found.error_class == "false-answer") == (not answers and not right)
    assert (found.error_class == "false-abstention") == bool(answers and not prediction.strip() and not right)


def test_an_unknown_answer_start_means_every_place_where_the_text_stands():
    for at in ("The Nile is", "The Nile ends"):
        found = classify(CONTEXT, ["The Nile"], [-1], "The Nile", CONTEXT.index(at), right=True)
        assert (found.error_class, found.annotated) == ("exact", found.predicted)


def test_a_predicted_start_where_the_text_does_not_stand_is_not_believed():
    for start in (0, 10_000, -3):
        found = classify(CONTEXT, ["Burundi"], [CONTEXT.index("Burundi")], "Rwanda", start, right=False)
        assert found.error_class == "same-sentence"
        assert CONTEXT[slice(*found.predicted)] == "Rwanda"
