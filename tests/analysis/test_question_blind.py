import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.floors.question_blind import question_blind
from qatoolkit.analysis.load.source import load_examples
from qatoolkit.metrics import score

_TOWNS = ("Aswan", "Cairo", "Luxor", "Tanta", "Quena", "Edfu")


def example(context, answer, title, question="Where?"):
    answers = () if answer is None else (answer,)
    return Example("1", title, context, question, answers, tuple(context.find(a) for a in answers))


def leaky():
    """The answer is always the first word, whatever is asked."""
    return [
        example(f"{town} is on the Nile in Egypt. It has {i + 3} bridges near Giza.", town, f"Document {i}")
        for i, town in enumerate(_TOWNS)
    ]


def test_answers_that_always_stand_first_are_guessed():
    examples = leaky()
    assert question_blind(examples) == list(_TOWNS)


def test_the_question_is_never_read():
    asked = question_blind(leaky())
    other = [Example(**{**vars(e), "question": "How many bridges?"}) for e in leaky()]
    assert question_blind(other) == asked


def test_nothing_is_learnt_from_the_document_itself():
    """Only one document is odd, so only its own annotation could tell."""
    odd = example("Aswan is on the Nile in Egypt. It has 9 bridges near Giza.", "9 bridges", "Odd")
    plain = example("Aswan is on the Nile in Egypt. It has 9 bridges near Giza.", None, "Odd")
    assert question_blind([*leaky(), odd])[-1] == question_blind([*leaky(), plain])[-1] == "Aswan"


def test_contexts_are_the_documents_where_there_are_no_titles():
    examples = [Example(**{**vars(e), "title": ""}) for e in leaky()]
    assert question_blind(examples) == list(_TOWNS)


def test_a_single_document_teaches_nothing_and_no_words_have_no_answer():
    (answer,) = question_blind(leaky()[:1])
    assert answer in leaky()[0].context
    assert question_blind([example(" ... ", None, "")]) == [""]
    assert question_blind([]) == []


_EXAMPLES = st.lists(
    st.tuples(st.text(alphabet="ab 1.A", max_size=60), st.sampled_from("ab1"), st.sampled_from("xyz")).map(
        lambda row: example(row[0], row[1] if row[1] in row[0] else None, row[2])
    ),
    max_size=8,
)


@given(_EXAMPLES)
def test_answers_are_pieces_of_their_contexts_and_the_same_for_each(examples):
    answers = question_blind(examples)
    given_for = {e.context: answer for e, answer in zip(examples, answers, strict=True)}
    assert all(answer in e.context for e, answer in zip(examples, answers, strict=True))
    assert answers == [given_for[e.context] for e in examples]


@pytest.mark.corpora
def test_is_far_below_reading_the_question_but_not_nothing(corpora):
    _, examples = load_examples(corpora / "xquad" / "xquad.en.json")
    summary = score(question_blind(examples), [e.answers for e in examples]).summary()
    assert 5 < summary["f1"] < 12


def test_many_answers_of_the_document_itself_teach_nothing_either():
    """More than all others together, so that they would decide if they were learnt from."""
    odd = example("Aswan is on the Nile in Egypt. It has 9 bridges near Giza.", "9 bridges", "Odd")
    assert question_blind([*leaky(), *[odd] * 50])[-1] == "Aswan"
