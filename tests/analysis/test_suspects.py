"""Suspects: who is on the list, with which proposal, and that accepting them mends exactly these."""

import csv
import io
import json
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.classify import classify
from qatoolkit.analysis.load.source import load_examples
from qatoolkit.analysis.suspects.files import write_suspects
from qatoolkit.analysis.suspects.findings import find_findings
from qatoolkit.analysis.suspects.suspects import SCHEMA, find_suspects
from qatoolkit.corpus.record import content_hash
from qatoolkit.metrics import score
from qatoolkit.validation.apply import apply_corrections
from qatoolkit.validation.corrections import COLUMNS, HASH_PREFIX

CONTEXT = (
    "The harbour of Brandsund opened in 1931. Its first keeper was Ida Holm, who came from Vik. "
    "A second pier of 140 metres was built after the storm. The old lighthouse burnt down in 1958."
)


def example(question, *answers, context=CONTEXT, **more):
    """An example; answers are texts, or (text, start) where the first place is not meant."""
    pairs = [(a, context.find(a)) if isinstance(a, str) else a for a in answers]
    return Example(
        more.pop("id", question),
        "",
        context,
        question,
        tuple(t for t, _ in pairs),
        tuple(s for _, s in pairs),
        **{"source": "harbour.csv", "row": 1, **more},
    )


def case(asked, text, *, start=None, sure=0.8, annotated=0.0):
    """A judged case in which a model answered `text`."""
    at = (asked.context.find(text) if start is None else start) if text else None
    exact, f1 = (float(column[0]) for column in _score(asked, text))
    found = classify(asked.context, asked.answers, asked.answer_starts, text or "", at, right=exact == 1.0)
    end = None if at is None else at + len(text)
    said = Prediction(text, at, end, sure, annotated_score=annotated)
    return Case(asked, said, exact, f1, found.error_class, found.annotated, found.predicted)


def _score(asked, text):
    scores = score([text], [asked.answers], "en")
    return scores.exact, scores.f1


WHEN = example("In which year was the harbour of Brandsund opened?", "1958")
WHO = example("Who was the first keeper?", "Ida Holm")
WORDS = ("Åre", "😀", "e\u0301t", "1931", "pier", "storm", "old")


def only(cases, **more):
    found = find_suspects(cases, **more)
    assert found.height == 1
    return found.row(0, named=True)


def test_an_answer_in_another_sentence_than_the_sure_model_is_a_suspect():
    row = only([case(WHO, "Ida Holm"), case(WHEN, "1931")])
    assert row["index"] == 1
    assert (row["old_text"], row["old_start"]) == ("1958", CONTEXT.index("1958"))
    assert (row["new_text"], row["new_start"]) == ("1931", CONTEXT.index("1931"))
    assert row["content_hash"] == HASH_PREFIX + content_hash(CONTEXT, WHEN.question)
    assert (row["file"], row["row"], row["answer"], row["decision"]) == ("harbour.csv", 1, 0, "")
    assert row["reason"] == (
        'the model is sure (0.80) of "1931" in another sentence; the annotated "1958" is none of its '
        "candidates; that sentence shares more words with the question"
    )


def test_the_columns_are_those_of_a_list_of_corrections():
    found = find_suspects([case(WHEN, "1931")])
    assert found.columns == ["index", "strong", *COLUMNS]
    assert found.schema == SCHEMA
    assert find_suspects([]).schema == SCHEMA


def test_what_the_model_answers_as_annotated_is_no_suspect():
    assert find_suspects([case(WHO, "Ida Holm"), case(WHO, "the Ida Holm")]).height == 0


def test_a_model_that_finds_both_answers_alike_says_nothing():
    assert find_suspects([case(WHO, "Vik", sure=0.4, annotated=0.35)]).height == 0


def test_a_cross_fit_can_be_strong_and_is_told_as_what_it_is():
    cases = [case(WHEN, "1931"), case(WHO, "Vik", annotated=0.1)]
    found = find_suspects(cases, crossfit=pl.DataFrame({"confidence": [1e-8, 0.3]}))
    assert found["index"].to_list() == [0]
    assert found["strong"].to_list() == [True]
    assert "a model that had not seen it is sure (0.80)" in found["reason"][0]
    assert 'the annotated "1958" has less than 0.01' in found["reason"][0]


def test_a_right_text_at_another_place_is_suspect_only_to_a_cross_fit():
    context = "In 1931 the harbour opened. Nobody noticed. A ship sank there in 1931."
    late = example("When did the harbour open?", ("1931", context.rindex("1931")), context=context)
    cases = [case(late, "1931", annotated=0.8)]
    assert find_suspects(cases).height == 0
    row = only(cases, crossfit=pl.DataFrame({"confidence": [1e-8]}))
    assert (row["old_start"], row["new_start"]) == (context.rindex("1931"), context.index("1931"))


@given(st.floats(1e-9, 1), st.floats(1e-9, 1), st.floats(0.01, 1))
def test_the_less_probable_an_annotation_the_more_suspicious(one, other, sure):
    cases = [case(WHEN, "1931", sure=sure)] * 2
    found = find_suspects(cases, crossfit=pl.DataFrame({"confidence": [one, other]})).sort("index")
    listed = dict(found.select("index", "confidence").iter_rows())
    less, more = (0, 1) if one > other else (1, 0)
    assert listed.get(less, 0) <= listed.get(more, 0) or one == other
    assert all(0 <= confidence <= 1 for confidence in listed.values())


@given(st.data())
def test_what_is_proposed_stands_in_the_context(data):
    words = data.draw(st.lists(st.sampled_from(WORDS), min_size=1))
    context = " ".join(words)
    starts = st.integers(0, len(context) - 1)
    begin, first = data.draw(starts), data.draw(starts)
    text = context[begin : begin + data.draw(st.integers(1, 9))].strip()
    answer = context[first : first + data.draw(st.integers(1, 9))]
    asked = example("What?", (answer, first), context=context)
    cases = [case(asked, text, start=context.find(text), sure=0.99)]
    confidence = pl.DataFrame({"confidence": [1e-9]})
    for row in find_suspects(cases, findings=find_findings([asked]), crossfit=confidence).iter_rows(
        named=True
    ):
        if row["new_text"]:
            assert context.startswith(row["new_text"], row["new_start"])


def test_an_answer_where_none_is_annotated_is_proposed():
    unanswerable = case(example("Who was the first keeper?"), "Ida Holm")
    assert find_suspects([unanswerable]).height == 0  # a file without any answer is not annotated
    row = only([unanswerable, case(WHO, "Ida Holm")])
    assert (row["old_text"], row["old_start"], row["new_text"]) == ("", None, "Ida Holm")
    assert "no answer, as annotated, is none of its candidates" in row["reason"]


def test_no_answer_is_proposed_where_the_model_is_sure_of_none():
    cases = [case(WHO, "", sure=0.97)]
    row = only(cases, crossfit=pl.DataFrame({"confidence": [1e-8]}))
    assert (row["old_text"], row["new_text"], row["new_start"]) == ("Ida Holm", "", None)
    assert "sure (0.97) that there is no answer" in row["reason"]
    assert "nothing is proposed" not in row["reason"]


def test_where_nothing_can_be_proposed_the_reason_says_so():
    lost = example("Who came from Vik?", ("Ida Berg", 60))
    row = only([case(lost, None)], findings=find_findings([lost]))
    assert row["new_text"] == ""
    assert "QA203" in row["reason"]
    assert row["reason"].endswith(
        "nothing is proposed: write the right answer into new_text before accepting"
    )


def test_a_repair_that_a_rule_found_is_what_is_proposed():
    off = example("When did the harbour open?", ("1931", 30))
    row = only([case(off, "1931")], findings=find_findings([off]))
    assert (row["new_text"], row["new_start"]) == ("1931", CONTEXT.index("1931"))
    assert row["strong"]
    assert "QA201" in row["reason"]


def test_half_a_word_is_made_whole_unless_the_model_knows_better():
    cut = example("Where did she come from?", "rom Vik")
    away = only([case(cut, "1931", sure=0.1)], findings=find_findings([cut]))
    assert away["new_text"] == "from Vik"
    over = only([case(cut, "Vik", sure=0.5, annotated=0.01)], findings=find_findings([cut]))
    assert over["new_text"] == "Vik"


def test_words_that_were_not_cut_are_left_as_they_are():
    for context, text, proposed in (
        ("He said thatVik is far away.", "Vik", "He"),
        ("They burned the wood.", "burn", "They"),
        ("It may contain surnames of all kinds.", "contain su", "contain surnames"),
        ("The occupational titles are old.", "tional titles", "occupational titles"),
    ):
        odd = Example("1", "", context, "What?", (text,), (context.index(text),))
        doubted = only([case(odd, context.split()[0], sure=0.01)], findings=find_findings([odd]))
        assert doubted["new_text"] == proposed, context


def test_the_stronger_witness_proposes():
    cut = example("When was it built?", "rom Vik")
    sure = only([case(cut, "1931", sure=0.99)], crossfit=pl.DataFrame({"confidence": [1e-9]}),
                findings=find_findings([cut]))  # fmt: skip
    assert sure["reason"].startswith("a model that had not seen it")
    assert sure["new_text"] == "1931"


def test_half_a_word_that_the_model_answers_too_is_left_alone():
    cut = example("Which light burnt down?", "light")
    assert set(find_findings([cut])) == {0}
    assert find_suspects([case(cut, "light")], findings=find_findings([cut])).height == 0


def test_annotators_who_agree_are_believed_and_one_apart_is_not():
    agreed = example("Where did she come from?", "Vik", "from Vik", "Vik")
    apart = example("Where did she come from?", "Vik", "the storm", "1958")
    cases = [case(asked, "Brandsund", sure=0.5) for asked in (agreed, apart)]
    found = find_suspects(cases, crossfit=pl.DataFrame({"confidence": [1e-5, 1e-5]}))
    assert found["index"].to_list()[0] == 1
    assert "the annotators disagree" in found["reason"][0]


def test_the_answer_that_a_rule_complains_of_is_the_one_concerned():
    mixed = example("Where did she come from?", "Vik", "rom Vik")
    found = find_suspects([case(mixed, "Brandsund", sure=0.5)], findings=find_findings([mixed]))
    assert found["answer"].to_list() == [1]
    assert found["row"].to_list() == [1]


def test_a_prediction_without_scores_needs_other_clues():
    many = example("How many metres long is the second pier?", "old lighthouse")
    blind = Prediction("140 metres", CONTEXT.index("140"), CONTEXT.index("140") + 10)
    told = case(many, "140 metres")
    row = only([Case(many, blind, 0.0, 0.0, told.error_class, told.annotated, told.predicted)])
    assert "as the question asks for" in row["reason"]
    assert not row["strong"]


# What the rules say of examples in memory.


def test_findings_are_those_about_answers_by_example():
    examples = [
        WHEN,
        example("What?", ("1931", 3), id="b", row=2),
        example("Who?", ("nobody here", 0), id="c", row=3),
    ]
    found = find_findings(examples)
    assert {index: [f.code for f in findings] for index, findings in found.items()} == {
        1: ["QA201"],
        2: ["QA203"],
    }
    assert found[1][0].file == "harbour.csv"
    assert found[1][0].place.row == 2


def test_an_answer_without_a_start_may_stand_anywhere():
    assert find_findings([example("Whose storm?", ("the", -1))]) == {}


def test_rows_that_do_not_tell_examples_apart_are_no_hindrance():
    examples = [example("What?", ("1931", 3), id=str(i), row=None, source=None) for i in range(3)]
    assert set(find_findings(examples)) == {0, 1, 2}


def test_answers_that_differ_in_their_boundaries_only_are_no_conflict():
    near = [example("Who?", answer, id=answer, row=i) for i, answer in enumerate(("Ida Holm", "Holm"))]
    far = [example("Who?", answer, id=answer, row=i) for i, answer in enumerate(("Ida Holm", "Vik"))]
    assert find_findings(near) == {}
    assert [[f.code for f in findings] for findings in find_findings(far).values()] == [["QA402"]]


# The whole loop: a list, a person's decisions, and a file in which exactly these records are mended.

ROWS = [
    ("1", "When did the harbour open?", "1958", "1931"),
    ("2", "Who was the first keeper?", "Vik", "Ida Holm"),
    ("3", "How long is the second pier?", "=1+1", "140 metres"),
    ("4", "What burnt down?", "The harbour", "The old\nlighthouse"),
    ("5", "How cold was it?", "1931", "-5 °C, “cold”"),
    ("6", "Where was she from?", "Brandsund", "Vik"),
]
FULL = CONTEXT.replace("old light", "old\nlight") + " It was -5 °C, “cold”, said =1+1 and 😀."


def _suspects_of(path, new):
    """Suspects of a file: a model that is sure of other answers, by question."""
    _, examples = load_examples(path)
    cases = [case(asked, new[asked.question]) for asked in examples]
    confidence = pl.DataFrame({"confidence": [1e-8] * len(cases)})
    return find_suspects(cases, crossfit=confidence, findings=find_findings(examples)), cases


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def _decide(listed, accepted):
    rows = read_csv(listed)
    assert {row["decision"] for row in rows} == {""}
    for row in rows:
        row["decision"] = "accept" if row["id"] in accepted else "reject"
    with listed.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "context", "question", "answer", "answer_start", "note"])
        for id, question, answer in rows:
            writer.writerow([id, FULL, question, answer, FULL.index(answer), "kept, as it is"])


def test_accepting_suspects_of_a_table_changes_exactly_these(tmp_path):
    path, listed, fixed = (tmp_path / name for name in ("harbour.csv", "s.csv", "fixed.csv"))
    _write_table(path, [row[:3] for row in ROWS])
    suspects, cases = _suspects_of(path, {question: new for _, question, _, new in ROWS})
    assert sorted(suspects["id"]) == [row[0] for row in ROWS]
    write_suspects(suspects, cases, listed)
    _decide(listed, {"1", "3", "4", "5"})
    report = apply_corrections(path, listed, fixed)
    assert (len(report.having("made")), len(report.having("rejected"))) == (4, 2)
    wanted = tmp_path / "wanted.csv"
    _write_table(wanted, [(i, q, new if i in "1345" else old) for i, q, old, new in ROWS])
    assert fixed.read_bytes() == wanted.read_bytes()


def test_accepting_suspects_of_json_changes_exactly_these(tmp_path):
    def squad(answers):
        qas = [
            {"id": i, "question": q, "answers": [{"text": a, "answer_start": FULL.index(a)}]}
            for (i, q, _, _), a in zip(ROWS, answers, strict=True)
        ]
        return {
            "version": "1",
            "data": [{"title": "Harbours", "paragraphs": [{"context": FULL, "qas": qas}]}],
        }

    path, listed, fixed = (tmp_path / name for name in ("harbour.json", "s.csv", "fixed.json"))
    path.write_text(json.dumps(squad([row[2] for row in ROWS])), encoding="utf-8")
    suspects, cases = _suspects_of(path, {question: new for _, question, _, new in ROWS})
    write_suspects(suspects, cases, listed)
    _decide(listed, {"2", "5"})
    apply_corrections(path, listed, fixed)
    answers = [new if i in "25" else old for i, _, old, new in ROWS]
    assert json.loads(fixed.read_text(encoding="utf-8")) == squad(answers)


@pytest.mark.parametrize("concerned", [0, 1])
def test_of_rows_that_are_one_question_the_right_one_is_changed(tmp_path, concerned):
    path, listed, fixed = (tmp_path / name for name in ("harbour.csv", "s.csv", "fixed.csv"))
    question, answers = "When did the harbour open?", ["1958", "140 metres"]
    _write_table(path, [("1", question, answer) for answer in answers])
    # The model's answer overlaps the one that is meant.
    predicted = ["in 1958", "of 140 metres"][concerned]
    suspects, cases = _suspects_of(path, {question: predicted})
    assert suspects["answer"].to_list() == [concerned]
    write_suspects(suspects, cases, listed)
    _decide(listed, {"1"})
    apply_corrections(path, listed, fixed)
    rows = read_csv(fixed)
    assert [row["answer"] for row in rows] == [
        predicted if i == concerned else answer for i, answer in enumerate(answers)
    ]


def _doubted(answers):
    """Which of several examples of one question are found to contradict an earlier one."""
    asked = [example("Who was the first keeper?", *given, id=str(i)) for i, given in enumerate(answers)]
    found = find_findings([replace(one, row=i) for i, one in enumerate(asked, start=1)])
    return {index for index, findings in found.items() if "QA402" in {one.code for one in findings}}


def test_only_answers_without_a_common_part_are_in_dispute():
    assert _doubted([["Ida Holm"], ["Holm"]]) == set()
    assert _doubted([["Ida Holm"], ["Vik"]]) == {1}
    assert _doubted([["Ida Holm"], ["Holm"], ["Vik"]]) == {1, 2}
    assert _doubted([["Ida Holm"], ["Vik", "Ida"]]) == set()
    assert _doubted([["Ida Holm"], []]) == {1}


def test_a_question_repeated_thousands_of_times_is_compared_by_its_distinct_answers():
    assert _doubted([["Ida Holm"], ["Holm"]] * 10_000) == set()
