"""Clues that need no model: shared words and the kind of answer that is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Span
from qatoolkit.analysis.suspects.clues import SharedWords, better_kind, sentence_at

CONTEXT = "The ferry leaves at nine. The café on the pier closes at six. The ferry is old."


def span(text, context=CONTEXT):
    return Span(context.index(text), context.index(text) + len(text))


def test_the_sentence_with_the_rarer_words_gains():
    shared = SharedWords([CONTEXT])
    question = "When does the café on the pier close?"
    assert shared.gain(question, CONTEXT, span("nine"), span("six")) > 0.2
    assert shared.gain(question, CONTEXT, span("six"), span("nine")) < -0.2
    assert shared.gain(question, CONTEXT, span("pier"), span("six")) == 0


def test_a_word_that_every_sentence_has_tells_nothing():
    context = "Ferries leave at nine. Ferries come back at six. Ferries rest at night."
    assert SharedWords([context]).gain("Ferries?", context, span("nine", context), span("six", context)) == 0


def test_texts_without_blanks_share_pairs_of_characters():
    context = "港口在早上开放。码头上的咖啡馆很旧。"
    shared = SharedWords([context], "zh")
    assert shared.gain("咖啡馆在哪里?", context, span("早上", context), span("码头", context)) > 0.1


def test_a_repeated_context_counts_once():
    question, ends = "When does the café on the pier close?", (span("nine"), span("six"))
    once, often = SharedWords([CONTEXT]), SharedWords([CONTEXT] * 3)
    assert once.gain(question, CONTEXT, *ends) == often.gain(question, CONTEXT, *ends)


@given(st.text(min_size=1), st.text(), st.data())
def test_a_gain_is_a_share_and_turns_with_its_ends(context, question, data):
    first, second = (data.draw(st.integers(0, len(context) - 1)) for _ in range(2))
    one, other = Span(first, first + 1), Span(second, second + 1)
    shared = SharedWords([context])
    gain = shared.gain(question, context, one, other)
    assert -1 <= gain <= 1
    assert gain == -shared.gain(question, context, other, one)


def test_sentences_are_counted_from_zero():
    assert [sentence_at(CONTEXT, CONTEXT.index(text)) for text in ("The", "café", "old")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("question", "one", "other", "language", "expected"),
    [
        ("How many ferries are there?", "at the pier", "nine", "en", (1, "a number")),
        ("How many ferries are there?", "nine", "at the pier", "en", (-1, "a number")),
        ("How many ferries are there?", "nine", "six", "en", (0, "a number")),
        ("When did it open?", "the old pier", "in 1931", "en", (1, "a date")),
        ("Wann öffnete er?", "der alte Pier", "1931", "de", (1, "a date")),
        ("Who was its keeper?", "the old pier", "Ida Holm", "en", (1, "a name")),
        ("Why is it old?", "nine", "six", "en", (0, "")),
        ("When did it open?", "", "1931", "en", (0, "")),
        ("When did it open?", "the old pier", "1931", "other", (0, "")),
    ],
)
def test_the_kind_that_is_asked_for(question, one, other, language, expected):
    assert better_kind(question, one, other, language) == expected
