import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.source import load_examples
from qatoolkit.analysis.parts.overlap import training_overlap


def example(question, *answers):
    return Example("1", "", " ".join(answers), question, answers, (-1,) * len(answers))


TRAINING = [
    example("What year was Rome founded in?", "753 BC"),
    example("What year was Paris besieged in?", "the year 1870"),
    example("Who wrote the Aeneid?", "Virgil", "Publius Vergilius"),
    *(example(f"What was the colour of thing {i} in the year?", f"colour {i}") for i in range(50)),
]


@pytest.mark.parametrize(
    ("question", "answers", "stratum"),
    [
        ("What year was Rome founded in?", ["another"], "question seen"),
        ("in what year was rome founded, the year?", ["another"], "question seen"),
        ("What year was Rome founded?", ["another"], "question seen"),
        ("What year was Cairo founded in?", ["969"], "neither"),
        ("What year was Cairo founded in?", ["nobody knows", "The 753 BC."], "answer seen"),
        ("Who sang of arms and the man?", ["Publius Vergilius"], "answer seen"),
        ("Who sang of arms and the man?", ["Vergilius"], "neither"),
        ("Who sang of arms and the man?", [], "no answer"),
        ("Who wrote the Aeneid?", [], "question seen"),
        ("", ["the"], "neither"),
    ],
)
def test_strata(question, answers, stratum):
    assert training_overlap([example(question, *answers)], TRAINING).to_list() == [stratum]


def test_nothing_was_seen_without_training():
    assert training_overlap([example("Who?", "Nile")], []).to_list() == ["neither"]


def test_scripts_without_blanks_are_compared_by_pairs_of_characters():
    training = [
        example("尼罗河有多长？", "6650公里"),
        *(example(f"第{i}条河叫什么？", str(i)) for i in range(20)),
    ]
    asked = [example("请问尼罗河有多长？", "x"), example("长江有多长？", "x")]
    assert training_overlap(asked, training, "zh").to_list() == ["neither", "neither"]
    assert training_overlap([example("尼罗河有多长", "x")], training, "zh").to_list() == ["question seen"]


_QUESTIONS = st.lists(
    st.lists(st.sampled_from(["one", "two", "three", "four", "five", "six"]), max_size=7).map(" ".join),
    max_size=8,
)


@given(_QUESTIONS, _QUESTIONS)
def test_no_training_question_is_overlooked(asked, trained):
    """Comparing all with all, by the weights that the module describes, finds the same."""
    training = {frozenset(question.split()) for question in trained}

    def weight(words):
        counts = [sum(word in other for other in training) for word in words]
        return math.fsum(
            math.log(1 + len(training) / count if count else 1 + len(training)) for count in counts
        )

    strata = training_overlap([example(question) for question in asked], [example(q) for q in trained])
    for question, stratum in zip(asked, strata, strict=True):
        words = frozenset(question.split())
        shared = max(
            (weight(words & other) / weight(words | other) for other in training if words), default=0
        )
        if abs(shared - 0.8) > 1e-9:  # there the rounding decides
            assert (stratum == "question seen") == (shared > 0.8)


@pytest.mark.corpora
def test_the_same_questions_are_seen(corpora):
    _, examples = load_examples(corpora / "xquad" / "xquad.en.json")
    half = len(examples) // 2
    strata = training_overlap(examples, examples[:half])
    assert set(strata[:half]) == {"question seen"}
    assert (strata[half:] == "neither").mean() > 0.8
