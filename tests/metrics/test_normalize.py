import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.errors import UsageError
from qatoolkit.metrics import PROFILES, normalize_answer, tokens


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


ARTICLES = {
    "en": "a an the",
    "de": "ein eine einen einem eines einer der die das den dem des",
    "es": "un una unos unas el la los las",
    "vi": "của là cái chiếc những",
}


@pytest.mark.parametrize(
    ("language", "text", "normalized"),
    [
        ("de", "Der „Kölner Dom“, 1248–1880", "kölner dom 12481880"),
        ("de", "des Doms", "doms"),
        ("de", "the Dom", "the dom"),
        ("es", "¿Las islas Canarias?", "islas canarias"),
        ("es", "unas 7 islas «grandes»", "7 islas grandes"),
        ("es", "lasaña", "lasaña"),
        ("ar", "النيل، في مصر", "نيل في مصر"),
        # The official script deletes these two letters in the middle of a word as well.
        ("ar", "سؤال", "سؤ"),
        ("hi", "गंगा नदी।", "गंगा नदी"),
        ("hi", "the a", "the a"),
        ("vi", "Những con sông của Hà Nội", "con sông hà nội"),
        ("vi", "cáiX", "cáix"),
        ("zh", "《红楼梦》 的 作者", "红楼梦的作者"),
        ("zh", "第 12 回", "第12回"),
        ("ja", "「東京 タワー」は 333 m。", "東京タワーは333m"),
        ("th", "แม่น้ำ โขง ๆ", "แม่น้ำโขงๆ"),
        ("other", "«Nil» – the 1st, «l'»", "nil the 1st l"),
        ("other", "한국의 수도…", "한국의 수도"),
        # Currency and mathematical symbols are no punctuation, except those within ASCII.
        ("other", "−5 € + $3", "−5 € 3"),
        ("en", "−5 € + $3", "−5 € 3"),
    ],
)
def test_profiles_by_hand(language, text, normalized):
    assert normalize_answer(text, language) == normalized


@pytest.mark.parametrize(
    ("language", "text", "units"),
    [
        ("en", "The Nile, the river", ["nile", "river"]),
        ("other", "the Nile – river", ["the", "nile", "river"]),
        ("zh", "苹果iPhone 7手机", ["苹", "果", "iphone", "7", "手", "机"]),
        ("zh", "New York市", ["new", "york", "市"]),
        ("zh", "𠮷野家、㐂〇", ["𠮷", "野", "家", "㐂", "〇"]),
        ("ja", "スカイツリーは634m", ["ス", "カ", "イ", "ツ", "リ", "ー", "は", "634m"]),
        ("ja", "か\u3099ﾊﾟ葛\U000e0100", ["か\u3099", "ﾊﾟ", "葛\U000e0100"]),
        ("th", "น้ำที่ 2 km", ["น้", "ำ", "ที่", "2", "km"]),
        ("th", "cafe\u0301", ["cafe\u0301"]),
    ],
)
def test_units_that_f1_counts(language, text, units):
    assert tokens(text, language) == units


def test_a_thai_sign_alone_is_a_unit_and_nothing_is_lost():
    assert tokens("\u0e35ก", "th") == ["\u0e35", "ก"]


def letter_by_letter(text, language):
    """The profiles of languages with words, from their description: one letter, then one word at a time."""

    def deleted(letter):
        beyond = language != "en" and unicodedata.category(letter).startswith("P")
        return letter in string.punctuation or beyond

    bare = "".join(letter for letter in text.lower() if not deleted(letter))
    if language == "ar":
        bare = " ".join(bare.split("ال"))
    pieces = re.split(r"(\w+)", bare)
    articles = ARTICLES.get(language, "").split()
    return " ".join("".join(" " if piece in articles else piece for piece in pieces).split())


_mixed = st.lists(
    st.one_of(
        st.sampled_from(
            [*" ".join(ARTICLES.values()).split(), "ال", "Σ", "İ", "–", "'", " ", "\0", "\x1f", "_"]
        ),
        st.text(max_size=4),
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("language", [name for name, profile in PROFILES.items() if not profile.unit])
@given(text=_mixed)
def test_words_follow_the_description(language, text):
    expected = letter_by_letter(text, language)
    assert normalize_answer(text, language) == expected
    assert tokens(text, language) == expected.split()


@pytest.mark.parametrize("language", PROFILES)
@given(texts=st.lists(_mixed, max_size=5))
def test_many_texts_at_once_are_as_one_by_one(language, texts):
    together = PROFILES[language].spaced(texts)
    assert together == [" ".join(tokens(text, language)) for text in texts]


@pytest.mark.parametrize("language", ["zh", "ja", "th"])
@given(text=_mixed, blanks=st.lists(st.integers(0, 40), max_size=4))
def test_white_space_says_nothing_without_blanks(language, text, blanks):
    normalized = normalize_answer(text, language)
    assert not any(letter.isspace() for letter in normalized)
    assert "".join(tokens(text, language)) == normalized
    spaced = text.lower()
    for place in blanks:
        spaced = spaced[:place] + " " + spaced[place:]
    assert normalize_answer(spaced, language) == normalized


def test_no_punctuation_lies_beyond_the_planes_looked_at():
    assert not any(unicodedata.category(chr(code)).startswith("P") for code in range(0x20000, 0x110000))


def test_unknown_language_names_the_known_ones():
    with pytest.raises(UsageError, match=r"'xx'; known: en, de, es, ar, hi, vi, zh, ja, th, other"):
        normalize_answer("x", "xx")
