"""Answers that are almost in the context, or in pieces, or say that there are none: found and told apart."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from qatoolkit.corpus import from_text, read
from qatoolkit.corpus.offsets import on_word_boundaries
from qatoolkit.validation.diagnosis import diagnose
from qatoolkit.validation.fix import fix
from qatoolkit.validation.nearly import find_nearly, find_pieces
from qatoolkit.validation.validate import validate

CONTEXT = (
    "The river Brahmaputra flows west, 3848 km in all. På torget stod Kristina Gyllenstjerna. "
    "東京は日本の首都であり大きい都市です。"
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("river Bramaputra", "river Brahmaputra"),
        ("  river Brahmapotra\n", "river Brahmaputra"),
        ("RIVER BRAHMAPUTTRA", "river Brahmaputra"),
        ("Kristina Gyllenstierna", "Kristina Gyllenstjerna"),
        ("日本の首都でおり大きい都市", "日本の首都であり大きい都市"),
    ],
)
def test_a_slip_is_found_as_the_contexts_own_words(text, meant):
    (match,) = find_nearly(CONTEXT, text)
    assert CONTEXT[match.start : match.end] == meant
    assert match.distance == Levenshtein.distance(text.strip(), meant)


@pytest.mark.parametrize(
    "text",
    [
        "Bramaputr",  # nine characters: too short for a slip
        "river Bromopotro",  # too many of them
        "flows west, 3849 km",  # another number
        "flows west, km in all",
        "iver Brahmaputr flow",  # nothing of it on word boundaries
        "",
    ],
)
def test_what_may_be_something_else_is_not_found(text):
    assert find_nearly(CONTEXT, text) == []


@settings(deadline=None)
@given(st.text("ab c1é", max_size=60), st.text("ab c1é", min_size=1, max_size=30))
def test_whatever_is_found_is_near_whole_and_has_the_same_numbers(context, text):
    for match in find_nearly(context, text):
        own = context[match.start : match.end]
        assert match.distance == Levenshtein.distance(own, text.strip()) <= len(text.strip()) // 10
        assert on_word_boundaries(context, match.start, match.end)
        assert own == own.strip() != ""
        assert [c for c in own if c.isdigit()] == [c for c in text if c.isdigit()]


def test_two_places_are_told_apart_by_the_start_alone():
    context = "The river Brahmaputra is long; where is the river Brahmaputra deep?"
    assert diagnose(context, "river Bramaputra", None).kind == "nearly"
    assert diagnose(context, "river Bramaputra", None).start is None
    assert diagnose(context, "river Bramaputra", 43).start == context.rindex("river")
    assert diagnose(context, "river Bramaputra", 20).start is None


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("3848 km, west", ["3848 km", "west"]),
        ("Brahmaputra … torget", ["Brahmaputra", "torget"]),
        ("river [...] flows; torget", ["river", "flows", "torget"]),
        ("west and Kristina", ["west", "Kristina"]),
        ("首都、都市", ["首都", "都市"]),
        ("3848 km, east", []),
        ("river, est", []),  # only inside a word
        ("Brahmaputra", []),
    ],
)
def test_pieces_are_named_where_they_stand(text, pieces):
    assert [CONTEXT[start:end] for start, end in find_pieces(CONTEXT, text)] == pieces


@pytest.mark.parametrize(
    ("context", "text", "start", "kind"),
    [
        ("The Nile is long.", "CANNOTANSWER", 0, "no-answer"),
        ("The Nile is long. CANNOTANSWER", "CANNOTANSWER", 18, "right"),
        ("The Nile is long.", "N/A", None, "no-answer"),
        ("The Nile is long.", "No answer.", None, "no-answer"),
        ("None of it is long.", "None", -1, "no-answer"),
        ("None of it is long.", "None", None, "right"),
        ("Река длинная.", "нет ответа", 0, "no-answer"),
        ("The Nile is long.", "yes", -1, "absent"),
    ],
)
def test_signs_of_no_answer(context, text, start, kind):
    assert diagnose(context, text, start).kind == kind


def test_a_verdict_with_a_placeholder_is_never_moved_safely():
    assert diagnose("There is no rain.", "no", -1).safety == "unsafe"
    assert diagnose("There is no rain.", "rain", -1).safety == "safe"


def unproved(content: bytes) -> list[str]:
    """Answers of a repaired source that do not stand where they say."""
    records = from_text(content.decode()).to_polars()
    return [
        text
        for context, texts, starts in records.select("context", "text", "answer_start").iter_rows()
        for text, start in zip(texts, starts, strict=True)
        if start is None or not context.startswith(text, start)
    ]


@pytest.mark.corpora
def test_nearly_all_wrong_answers_of_covid_qa_are_repaired_and_proved(corpora):
    corpus = read(corpora / "covidqa-deepset" / "200421_covidQA.json")
    assert validate(corpus, select=["QA2"]).tally.mismatched_answers == 229
    safely = fix(corpus).content
    assert len(unproved(safely)) <= 12
    report = fix(corpus, unsafe=True)
    content, fixed = report.content, report.fixed
    assert len(unproved(content)) <= 2
    assert [f.fix.distance for f in fixed if f.code == "QA213"] == [1, 1, 2, 3, 1, 2, 2, 1]


@pytest.mark.corpora
def test_translated_answers_stay_missing_unless_they_are_nearly_there(corpora):
    report = validate(corpora / "squad-pt" / "sample-v1.1-pt.json", select=["QA2"], ignore=["QA209"])
    assert report.tally.mismatched_answers == 1176
    assert report.by_code["QA203"] > 800
    nearly = [finding for finding in report.findings if finding.code == "QA213"]
    assert 100 <= len(nearly) <= 130
    assert {f.fix.safety for f in nearly if f.fix} == {"unsafe"}
    for finding in nearly:
        if finding.fix:
            (text,) = (edit for edit in finding.fix.edits if edit.field == "text")
            assert Levenshtein.distance(text.old.lower(), text.new.lower()) <= min(5, len(text.old) / 10)


def test_rows_are_told_apart_in_one_file():
    rows = [
        ("Bramaputra river", "QA203"),
        ("river Bramaputra", "QA213"),
        ("west and Kristina", "QA214"),
        ("n/a", "QA215"),
        ("RIVER", "QA204"),
    ]
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [
            ["id", "context", "question", "answer"],
            *([i, CONTEXT, f"q{i}", t] for i, (t, _) in enumerate(rows)),
        ]
    )
    found = validate(from_text(lines.getvalue()), select=["QA2"]).findings
    assert [finding.code for finding in found] == [code for _, code in rows]
