"""Span arithmetic in code points, and the way back from a normalised text to the context's own."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import offsets
from qatoolkit.corpus.offsets import (
    NEARBY,
    WHITE_SPACE,
    find_loosely,
    nearest,
    occurrences,
    on_word_boundaries,
    whole_words,
)

CAFE = "Cafe\u0301 Müller 😀 opened"


def test_positions_are_code_points():
    assert len(CAFE) == 21
    assert len(unicodedata.normalize("NFC", CAFE)) == 20
    assert len(CAFE.encode("utf-16-le")) // 2 == 22
    assert len(CAFE.encode()) == 26
    assert occurrences(CAFE, "opened") == [15]


@settings(deadline=None)
@given(st.text("ab", max_size=20), st.text("ab", max_size=3))
def test_occurrences_are_all_of_them(context, text):
    expected = [i for i in range(len(context)) if text and context[i : i + len(text)] == text]
    assert occurrences(context, text) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), unique=True), st.integers(-20, 80))
def test_nearest_is_the_only_one_in_reach(starts, wanted):
    close = [start for start in starts if abs(start - wanted) <= NEARBY]
    assert nearest(starts, wanted) == (close[0] if len(close) == 1 else None)


@pytest.mark.parametrize(
    ("context", "text"),
    [("The Nile is long.", "Nile"), ("6650 km", "km"), ("x-ray", "ray"), ("a", "a"), ("東京は大きい", "京"),
     ("กรุงเทพ", "รุง"), ("ｶﾀｶﾅ", "ﾀ"), ("人々の", "々"), ("東京Tower", "Tower"), ("in Köln.", "Köln")],
)  # fmt: skip
def test_whole_words(context, text):
    start = context.index(text)
    assert on_word_boundaries(context, start, start + len(text))


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("The Nile", "Nil"),
        ("The Nile", "ile"),
        ("1912", "12"),
        ("सकी है", "सक"),
        ("Cafe\u0301", "Cafe"),
        ("한국어", "국"),
    ],
)
def test_cut_words(context, text):
    start = context.index(text)
    assert not on_word_boundaries(context, start, start + len(text))


FOLDS = {
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "NFKC": lambda text: unicodedata.normalize("NFKC", text),
    "quotes": lambda text: text.replace("'", "’").replace('"', "“").replace("-", "–"),
    "blanks": lambda text: text.replace(" ", " \u00a0\n"),
    "edges": lambda text: f" {text}\t",
    "case": str.upper,
}
LETTERS = st.text(st.sampled_from("aZé'\"- 😀한국öcafeßﬁかがক\u0301…９"), min_size=1, max_size=14)


def own_form(text: str) -> str:
    """Everything that may differ, taken away at once; written apart from the code under test."""
    for old, new in {"’": "'", "“": '"', "–": "-", "''": '"'}.items():
        text = text.replace(old, new)
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(folded.split())


@settings(deadline=None)
@given(LETTERS, st.data(), st.lists(st.sampled_from(sorted(FOLDS)), max_size=3))
def test_a_rewritten_slice_is_found_as_the_contexts_own(context, data, folds):
    context = "".join(context)
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    # A slice that begins with a combining mark is half a character, which nothing can find again.
    assume(not unicodedata.combining(context[start]))
    assume(end == len(context) or not unicodedata.combining(context[end]))
    text = context[start:end]
    for fold in folds:
        text = FOLDS[fold](text)
    found = find_loosely(context, text)
    if own_form(text):
        assert any(match.start <= start + 2 and match.end >= end - 2 for match in found)
    for match in found:
        assert own_form(context[match.start : match.end]) == own_form(text)


PROSE = st.text(st.sampled_from("aZé1 ,.()'&n\n😀京"), min_size=1, max_size=20)
REWRITTEN = {
    "escaped": html.escape,
    "numeric": lambda text: "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in text),
    "tokenised": lambda text: re.sub(r"([,.()])", r" \1 ", text).replace("(", "-LRB-").replace(")", "-RRB-"),
}


@settings(deadline=None)
@given(PROSE, st.data(), st.sampled_from(sorted(REWRITTEN)), st.booleans())
def test_entities_and_the_traces_of_a_tokeniser_are_seen_through(context, data, how, rewrite_context):
    start = data.draw(st.integers(0, len(context) - 1))
    text = context[start : data.draw(st.integers(start + 1, len(context)))]
    assume(text.strip())
    if rewrite_context:
        context = REWRITTEN[how](context)
    else:
        text = REWRITTEN[how](text)
    found = find_loosely(context, text)
    assert found
    for match in found:
        assert plain(context[match.start : match.end]) == plain(text)


def plain(text: str) -> str:
    """Without entities, brackets' names, quotes and blanks."""
    return re.sub(r"[\s'\"]", "", html.unescape(text).replace("-LRB-", "(").replace("-RRB-", ")")).casefold()


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_whatever_is_found_equals_the_text_once_both_are_normalised(context, text):
    for match in find_loosely(context, text):
        assert own_form(context[match.start : match.end]) == own_form(text)
        assert 0 <= match.start < match.end <= len(context)


@pytest.mark.parametrize(
    ("context", "text", "span", "difference"),
    [
        ("The  red\u00a0line", "red line", "red\u00a0line", "white space"),
        ('a "red" line', "“red”", '"red"', "punctuation"),
        (CAFE, "Café Müller", "Cafe\u0301 Müller", "Unicode form"),
        (
            unicodedata.normalize("NFD", "한국어 문서"),
            "한국어",
            unicodedata.normalize("NFD", "한국어"),
            "Unicode form",
        ),
        ("한국어 문서", unicodedata.normalize("NFD", "한국어"), "한국어", "Unicode form"),
        ("the ﬁrst", "first", "ﬁrst", "Unicode form"),
        ("Tom &amp; Jerry ran", "Tom & Jerry", "Tom &amp; Jerry", "HTML entities"),
        ("Tom & Jerry ran", "Tom &amp; Jerry", "Tom & Jerry", "HTML entities"),
        ("Q&nbsp;A, &#39;café&#39;", "Q A, ’café’", "Q&nbsp;A, &#39;café&#39;", "HTML entities"),
        ("it was n't so", "wasn't", "was n't", "tokenised text"),
        ("in 1901, of it", "1901 , of", "1901, of", "tokenised text"),
        ("so -LRB- 東京 -RRB- it", "(東京)", "-LRB- 東京 -RRB-", "tokenised text"),
        ("said `` go '' now", "“go”", "`` go ''", "tokenised text"),
        ("Bob 's dog", "bob's dog", "Bob 's dog", "letter case"),
        ("die Straße", "STRASSE", "Straße", "letter case"),
    ],
)
def test_the_mildest_difference_is_named(context, text, span, difference):
    (match,) = find_loosely(context, text)
    assert (context[match.start : match.end], match.difference) == (span, difference)


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("a part", "apart"),
        ("can not", "cannot"),
        ("A &amp; B", "am; B"),
        ("ﬁve", "ive"),
        ("wait…", "wait."),
        ("abc", " "),
        ("abc", "\u200b"),
        ("", "a"),
    ],
)
def test_half_a_character_is_not_found(context, text):
    assert find_loosely(context, text) == []


def test_white_space_is_pythons():
    every = "".join(c for c in map(chr, range(0x110000)) if c.isspace())
    assert every == WHITE_SPACE


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*"aZ é\u0301ß“-…&;ﬁ\n\t日'(", "-LRB-", "&amp;", "n't"]), max_size=14).map(
        "".join
    ),
    st.sampled_from(offsets._STEPS),
)
def test_the_quick_way_to_normalise_gives_what_the_thorough_one_gives(text, step):
    quick = offsets._one_to_one(text, step)
    assert quick is None or quick == offsets._by_pieces(text, step)


@pytest.mark.parametrize(
    ("text", "widened"),
    [("ffé", "Müffé"), ("6", "1906"), ("Müffé", "Müffé"), ("北", "北"), ("!", "!"), ("é 1", "Müffé 1906")],
)
def test_widened_to_whole_words(text, widened):
    context = "At Müffé 1906! 北京"
    start = context.index(text)
    found = whole_words(context, start, start + len(text))
    assert context[slice(*found)] == widened


@given(st.text(alphabet="ab é\u0301北.", max_size=12), st.data())
def test_widening_cuts_no_word_and_loses_nothing(context, data):
    start = data.draw(st.integers(0, len(context)))
    end = data.draw(st.integers(start, len(context)))
    first, after = whole_words(context, start, end)
    assert first <= start <= end <= after
    assert on_word_boundaries(context, first, after)
    assert whole_words(context, first, after) == (first, after)
