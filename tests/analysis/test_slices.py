import pytest

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.slices import slice_cases


def case(question="What?", answers=("x",), context="x", title="", windows=None, exact=1.0, f1=1.0):
    starts = (0,) * len(answers)
    example = Example("1", title, context, question, tuple(answers), starts)
    return Case(example, Prediction("x", n_windows=windows), exact, f1, "exact")


def table(cases, name):
    (found,) = [table for table in slice_cases(cases) if table.name == name]
    return [(row.value, row.total, row.exact, row.f1) for row in found.rows]


def test_question_words_most_frequent_first():
    cases = [
        case("Who is it?"),
        case("To whom did he speak?", f1=0.5, exact=0.0),
        case("How much is it?"),
        case("Pourquoi ?"),
        case("However, when?"),
    ]
    assert table(cases, "question word") == [
        ("who", 2, 50.0, 75.0),
        ("how many", 1, 100.0, 100.0),
        ("none of these", 1, 100.0, 100.0),
        ("when", 1, 100.0, 100.0),
    ]


@pytest.mark.parametrize(
    ("answers", "row"),
    [
        ([], "no answer"),
        (["one"], "1 word"),
        (["a b"], "2 words"),
        (["a b c"], "3 to 5 words"),
        (["a b c d e"], "3 to 5 words"),
        (["a b c d e f"], "6 to 10 words"),
        ([" ".join("abcdefghij")], "6 to 10 words"),
        ([" ".join("abcdefghijk")], "11 words or more"),
        (["a b c d e f g", "a b"], "2 words"),
    ],
)
def test_answer_lengths(answers, row):
    other = ["x"] if row != "1 word" else []
    rows = table([case(answers=answers), case(answers=other)], "answer length")
    assert row in [value for value, *_ in rows]


def test_context_lengths_in_natural_order():
    cases = [case(context="x" * size) for size in (5000, 499, 500, 1999, 4999)]
    assert [value for value, *_ in table(cases, "context length")] == [
        "under 500 characters",
        "500 to 999 characters",
        "1,000 to 1,999 characters",
        "2,000 to 4,999 characters",
        "5,000 characters or more",
    ]


def test_windows_only_when_all_are_known():
    cases = [case(windows=n) for n in (1, 2, 4, 5)]
    assert [value for value, *_ in table(cases, "windows")] == [
        "1 window",
        "2 windows",
        "3 or 4 windows",
        "5 windows or more",
    ]
    assert "windows" not in [found.name for found in slice_cases([*cases, case()])]


def test_titles_by_what_is_lost_on_them():
    cases = [case(title="a", f1=0.0)] + [case(title="b", f1=0.5)] * 3 + [case(title="c")]
    assert [(value, total) for value, total, *_ in table(cases, "title")] == [("b", 3), ("a", 1), ("c", 1)]


def test_every_table_adds_up_and_says_something():
    cases = [case(title=str(i % 3), question=q, windows=i + 1) for i, q in enumerate(("Who?", "Why?", "?"))]
    tables = slice_cases(cases)
    assert {found.name for found in tables} == {"question word", "windows", "title"}
    assert all(sum(row.total for row in found.rows) == 3 for found in tables)
