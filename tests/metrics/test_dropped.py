import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.metrics import PROFILES, dropped, exact_match


@pytest.mark.parametrize(
    ("prediction", "answer", "language", "what"),
    [
        ("5", "-5", "en", "-"),
        ("$5", "5", "en", "$"),
        ("50%", "50", "en", "%"),
        ("50 %", "$50", "en", "$ %"),
        ("<5 mg", "5 mg", "en", "<"),
        ("18+", "18", "en", "+"),
        ("-3 °C", "3 °C", "en", "-"),
        ("–3 °C", "3 °C", "de", "-"),
        ("between -5 and -3", "between 5 and 3", "en", "-"),
        ("1.5", "15", "en", "1.5 / 15"),
        (".5", "5", "en", ".5 / 5"),
        ("about 1.5 million", "about 15 million", "en", "1.5 / 15"),
        ("1,234.5", "12345", "en", "1,234.5 / 12345"),
        ("1.234,5", "12345", "de", "1.234,5 / 12345"),
        ("3,14", "314", "es", "3,14 / 314"),
        ("1.500", "1500", "en", "1.500 / 1500"),
        ("0,125", "0125", "de", "0,125 / 0125"),
        ("2-1", "21", "en", "2-1 / 21"),
        ("1/2", "12", "en", "1/2 / 12"),
        ("10^2", "102", "en", "10^2 / 102"),
        ("1990-1995", "19901995", "en", "1990-1995 / 19901995"),
        ("１．５％", "１５％", "ja", "１．５％ / １５％"),
        ("١٫٥", "١٥", "ar", "١٫٥ / ١٥"),
        ("O+", "O-", "en", "O+ / O-"),
        ("C++", "C", "en", "C++ / C"),
        ("Na+ 5", "Na 5", "en", "Na+ 5 / Na 5"),
    ],
)
def test_what_changes_the_value(prediction, answer, language, what):
    assert exact_match(prediction, [answer], language) == 1.0
    assert dropped(prediction, [answer], language) == what
    assert dropped(answer, [prediction], language) is not None


@pytest.mark.parametrize(
    ("prediction", "answer", "language"),
    [
        ("the 5", "5", "en"),
        ("(1999)", "1999", "en"),
        ("10,", "10", "en"),
        ("10.", "10", "en"),
        ("1,000", "1000", "en"),
        ("1,00,000", "100000", "hi"),
        ("1'000", "1000", "de"),
        ("1.500", "1500", "de"),
        ("1 000", "1000", "zh"),
        ("+5", "5", "en"),
        ("-$5", "$-5", "en"),
        ("50 %", "50%", "en"),
        ("COVID-19", "COVID19", "en"),
        ("B-52", "B52", "en"),
        ("1990-1995", "1990/1995", "en"),
        ("1990–1995", "1990-1995", "other"),
        ("3.10.1990", "3/10/1990", "en"),
        ("1960's", "1960s", "en"),
        ("well-known", "wellknown", "en"),
        ("pre-", "pre", "en"),
        ("U.S.", "US", "en"),
        ("%", "", "en"),
    ],
)
def test_what_does_not(prediction, answer, language):
    assert exact_match(prediction, [answer], language) == 1.0
    assert dropped(prediction, [answer], language) is None
    assert dropped(answer, [prediction], language) is None


def test_one_answer_with_the_same_value_is_enough():
    assert dropped("5", ["-5", "$5"]) == "-"
    assert dropped("5", ["-5", "the 5"]) is None
    # An answer that is not equal at all says nothing about this one.
    assert dropped("5", ["-5", "6"]) == "-"
    assert dropped("", []) is None


@pytest.mark.parametrize("language", PROFILES)
@given(
    text=st.text(alphabet="0123456789.,-–+<>$%٪'( )aBพ東", max_size=12), edges=st.sampled_from([" ", "\n"])
)
def test_nothing_is_dropped_between_equal_texts(language, text, edges):
    assert dropped(text, [text], language) is None
    assert dropped(edges + text + edges, ["x", text], language) is None


@given(
    first=st.text(alphabet="015.,-+$% aO", max_size=8), second=st.text(alphabet="015.,-+$% aO", max_size=8)
)
def test_both_directions_agree(first, second):
    assert (dropped(first, [second]) is None) == (dropped(second, [first]) is None)
