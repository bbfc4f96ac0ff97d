import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.errors import UsageError
from qatoolkit.metrics import normalize_answer


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("The Nile", "nile"),
        ("  a \t river\n", "river"),
        ("U.S.A.", "usa"),
        ("rock-'n'-roll", "rocknroll"),
        ("a", ""),
        ("The!", ""),
        ("Thea an apple", "thea apple"),
        ("«Nil»", "«nil»"),
        ("6,650 km", "6650 km"),
        ("", ""),
        # Punctuation goes before articles, so what it glued together is one word.
        ("the-end", "theend"),
        ("a\u00a0b", "b"),
        ("İ", "i̇"),
    ],
)
def test_english_profile(text, normalized):
    assert normalize_answer(text) == normalized


@given(st.text())
def test_what_is_left_has_no_blanks_at_its_ends_and_no_ascii_punctuation(text):
    normalized = normalize_answer(text)
    assert normalized == " ".join(normalized.split())
    assert not set(normalized) & set(string.punctuation)
    assert not {"a", "an", "the"} & set(normalized.split())


def test_unknown_language_names_the_known_ones():
    with pytest.raises(UsageError, match=r"'xx'; known: en"):
        normalize_answer("x", "xx")
