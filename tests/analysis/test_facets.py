import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.source import load_examples
from qatoolkit.analysis.parts.facets import answer_start, describe
from qatoolkit.analysis.text.answer_type import ANSWER_TYPES, answer_type
from qatoolkit.analysis.text.question_words import question_word

CONTEXT = "The Nile flows north for 6650 km. It rises in Burundi. It ends in Egypt, near Rosetta."


def example(question="What is it?", answer="Burundi", context=CONTEXT, title="", start=None, **extra):
    answers = () if answer is None else (answer,)
    begin = context.find(answer or "") if start is None else start
    return Example("1", title, context, question, answers, (begin,) * len(answers), extra=extra)


def values(examples, name, **more):
    return describe(examples, **more)[name].to_list()


@pytest.mark.parametrize(
    ("language", "question", "word"),
    [
        ("en", "Who is it?", "who"),
        ("en", "To whom did he speak?", "who"),
        ("en", "How much is it?", "how many"),
        ("en", "In how   many years?", "how many"),
        ("en", "However, when?", "when"),
        ("en", "Name one.", "none of these"),
        ("en", "Pourquoi ?", "none of these"),
        ("de", "Wie vielen Leuten?", "wie viele"),
        ("de", "Wovon lebt sie?", "was"),
        ("de", "Wo war es?", "wo"),
        ("es", "¿Por qué no?", "por qué"),
        ("es", "¿Cuántas son?", "cuántos"),
        ("es", "¿Que\u0301 es?", "qué"),
        ("ar", "في أي عام ولد؟", "أي"),
        ("ar", "كم عددهم؟", "كم"),
        ("hi", "किस वर्ष में?", "कौन सा"),
        ("hi", "यह क्यों हुआ?", "क्यों"),
        ("vi", "Có bao nhiêu người?", "bao nhiêu"),
        ("zh", "他在哪一年出生？", "何时"),
        ("zh", "有多少人？", "多少"),
        ("ja", "何年に生まれた?", "いつ"),
        ("ja", "どうして行った?", "なぜ"),
        ("th", "เกิดเมื่อไหร่", "เมื่อไร"),
        ("th", "อยู่ที่ไหน", "ที่ไหน"),
        ("other", "What?", "none of these"),
    ],
)
def test_question_words_of_many_languages(language, question, word):
    assert question_word(question, language) == word


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, "date")
            for text in ("1066", "in 1066", "331 BC", "the late 1990s", "3 June 1944", "3/4/1990")
        ),
        *((text, "date") for text in ("Monday", "19. Jahrhundert", "7 de marzo de 1990", "1990年4月")),
        *((text, "date") for text in ("1870 bis 1939", "१९९०", "ปี 2535", "1914–1918")),
        *((text, "number") for text in ("6650 km", "$5 million", "10%", "about 11", "twenty-five", "-3 °C")),
        *((text, "number") for text in ("2,000 years", "三个", "20年間", "drei Millionen", "٣٥ كم")),
        *((text, "name") for text in ("Nile", "the Nile", "Alexander of Macedon", "Apollo 11", "COVID-19")),
        *(
            (text, "phrase")
            for text in ("water", "in the kitchen", "Nile and its delta", "ナイル川", "النيل")
        ),
        *((text, "phrase") for text in ("P and not Q nor anything else 3", "...", " ")),
    ],
)
def test_answer_types(text, kind):
    assert answer_type(text) == kind


@given(st.text())
def test_every_text_has_a_type(text):
    assert answer_type(text) in ANSWER_TYPES


@pytest.mark.parametrize(
    ("answers", "band"),
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
def test_answer_length_is_that_of_the_shortest(answers, band):
    one = Example("1", "", "x", "?", tuple(answers), (-1,) * len(answers))
    other = example(answer=None if answers else "Nile")
    assert values([one, other], "answer length")[0] == band


def test_answer_length_in_characters_where_words_have_no_blanks_between():
    found = values([example(answer="尼罗河"), example(answer="埃及")], "answer length", language="zh")
    assert found == ["3 or 4 characters", "1 or 2 characters"]


def test_context_lengths_in_natural_order():
    sizes = (5000, 499, 500, 1999, 4999)
    column = describe([example(context="x" * size, answer=None) for size in sizes])["context length"]
    assert column.sort().to_list() == [
        "under 500 characters",
        "500 to 999 characters",
        "1,000 to 1,999 characters",
        "2,000 to 4,999 characters",
        "5,000 characters or more",
    ]


def test_answer_position_is_where_the_first_answer_begins():
    examples = [
        example(answer="Nile"),
        example(answer="It", start=CONTEXT.rindex("It")),
        example(answer="Rosetta"),
        example(answer="Cairo", start=3),
        example(answer=None),
    ]
    assert values(examples, "answer position") == [
        "first quarter",
        "third quarter",
        "last quarter",
        "not in the context",
        "no answer",
    ]


def test_a_wrong_start_is_moved_to_the_nearest_place():
    assert answer_start(example(answer="It", start=60)) == CONTEXT.rindex("It")
    assert answer_start(example(answer="It", start=-1)) == CONTEXT.index("It")
    assert answer_start(example(answer="", start=0)) is None


def test_lexical_overlap_looks_at_the_sentence_that_holds_the_answer():
    asked = ["Which nile flows north?", "Where are nile, amazon and wadi?", "Where is wadi hammamat?"]
    examples = [example(question, "6650 km") for question in asked]
    found = values([*examples, example(answer=None)], "lexical overlap")
    # Of "which nile flows north" three stand there, of "where are nile amazon and wadi" one.
    assert found == ["75% or more", "under 25%", "none", "no answer"]


def test_words_that_many_questions_have_do_not_count_as_overlap():
    common = [example(f"What is the kilometre{i}?", "6650 km") for i in range(10)]
    context = "What is the answer? It is 6650 km."
    examples = [example("What is the answer?", "answer", context), example(answer=None), *common]
    assert values(examples, "lexical overlap")[0] == "75% or more"
    assert values(examples, "lexical overlap")[2] == "none"


def test_windows_only_when_all_are_known():
    examples = [example() for _ in range(4)]
    assert values(examples, "windows", n_windows=[1, 2, 4, 5]) == [
        "1 window",
        "2 windows",
        "3 or 4 windows",
        "5 windows or more",
    ]
    assert "windows" not in describe(examples, n_windows=[1, 2, None, 5]).columns


def test_columns_of_the_source_that_sort_into_few_kinds():
    examples = [
        example(
            title=str(i % 2), annotator="ab"[i % 2], key=str(i), same="x", note="y" * i, windows="12"[i % 2]
        )
        for i in range(8)
    ]
    examples += [example(annotator="", note="[1]"), example()]
    found = describe(examples, n_windows=[1, 2] * 5)
    assert found["annotator"].to_list() == ["a", "b"] * 4 + ["empty"] * 2
    assert found["column windows"].head(2).to_list() == ["1", "2"]
    assert found["windows"].head(2).to_list() == ["1 window", "2 windows"]
    assert not {"key", "note"} & set(found.columns)


def test_what_is_the_same_for_all_is_no_facet():
    assert describe([example(), example()]).columns == []
    assert describe([]).columns == []
    assert describe([example(title="a"), example()])["title"].to_list() == ["a", "no title"]


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            Example,
            id=st.just("1"),
            title=st.sampled_from(["", "a", "b"]),
            context=st.text(max_size=40),
            question=st.text(max_size=20),
            answers=st.just(("a",)) | st.just(()),
            answer_starts=st.just((0,)),
            extra=st.dictionaries(st.sampled_from(["windows", "p", "q"]), st.text(max_size=3)),
        ).map(lambda e: Example(**{**vars(e), "answer_starts": e.answer_starts[: len(e.answers)]})),
        max_size=12,
    ),
    st.sampled_from(["en", "zh", "hi", "other"]),
)
def test_every_example_has_a_value_of_every_facet(examples, language):
    found = describe(examples, language=language, n_windows=[1] * len(examples), training=examples[:2])
    assert all(len(column) == len(examples) for column in found.iter_columns())
    assert all(column.null_count() == 0 and column.n_unique() > 1 for column in found.iter_columns())


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("path", "language"),
    [("xquad/xquad.hi.json", "hi"), ("drcd/DRCD_test.json", "zh"), ("jaquad/*.json", "ja")],
)
def test_most_questions_of_real_corpora_have_a_question_word(corpora, path, language):
    _, examples = load_examples(corpora / path)
    words = pl.Series(values(examples, "question word", language=language))
    assert (words == "none of these").mean() < 0.1
    assert words.n_unique() >= 6
