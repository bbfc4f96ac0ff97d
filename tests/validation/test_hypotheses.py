"""How a whole file counts its offsets is found out, and undone exactly."""

import json

import pytest

from qatoolkit.corpus import from_text
from qatoolkit.validation.diagnosis import diagnose
from qatoolkit.validation.fix import fix
from qatoolkit.validation.hypotheses import FEWEST, HYPOTHESES, Evidence, Placed, weigh, weigh_ends, winner
from qatoolkit.validation.rule import Case
from qatoolkit.validation.rules.answers import ANSWER_END_DISAGREES
from qatoolkit.validation.validate import validate

BY_NAME = {hypothesis.name: hypothesis for hypothesis in HYPOTHESES}

#: A context on which every way of counting but "stripped" differs from code points, each by another number.
CONTEXT = (
    "😀😀😀 cafe\u0301 cafe\u0301 üüüüüü & &amp; \r\n\r\n\r\n\r\n\r\n \n\n\n\n"
    "The Nile, the Rhine, the Rhône and the Łyna flow north."
)
RIVERS = ["Nile", "Rhine", "Rhône", "Łyna"]


def counted(name: str, context: str = CONTEXT) -> list[Placed]:
    measure = BY_NAME[name].measure
    return [Placed(context, river, measure(context[: context.index(river)])) for river in RIVERS]


def right(context: str = CONTEXT) -> list[Placed]:
    return [Placed(context, river, context.index(river)) for river in RIVERS]


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "stripped"])
def test_each_way_of_counting_is_recognised(name):
    found = weigh(counted(name), [])
    assert winner(found) is BY_NAME[name]
    assert found[0].explains == len(RIVERS)


def test_leading_white_space_is_recognised():
    context = "  \n" + "The Nile, the Rhine, the Rhône and the Łyna flow north."
    assert winner(weigh(counted("stripped", context), [])) is BY_NAME["stripped"]


@pytest.mark.parametrize("hypothesis", HYPOTHESES, ids=lambda hypothesis: hypothesis.name)
def test_a_start_goes_there_and_back(hypothesis):
    for at in range(len(CONTEXT)):
        claimed = hypothesis.measure(CONTEXT[:at])
        found = hypothesis.place(CONTEXT, claimed, range(len(CONTEXT)))
        assert found is not None
        assert hypothesis.measure(CONTEXT[:found]) == claimed
        assert hypothesis.place(CONTEXT, claimed, [at]) == at


def test_right_answers_speak_against_a_hypothesis_that_would_move_them():
    found = weigh(counted("one-based"), right())
    assert found[0].contradicts == len(RIVERS)
    assert winner(found) is None


def test_few_answers_are_no_evidence():
    assert winner(weigh(counted("utf-8")[: FEWEST - 1], [])) is None


def test_a_tie_is_refused():
    first, second = HYPOTHESES[:2]
    assert winner([Evidence(first, 5, 0, 5), Evidence(second, 5, 0, 5)]) is None
    assert winner([Evidence(first, 6, 0, 6), Evidence(second, 5, 0, 6)]) is first


@pytest.mark.parametrize("name", ["utf-16", "utf-8", "crlf", "nfc", "unescaped"])
def test_a_file_is_repaired_by_its_hypothesis_even_where_the_text_occurs_often(name):
    context = CONTEXT + " The Nile, the Rhine, the Rhône and the Łyna again."
    rows = [
        {"id": str(i), "context": context, "question": f"River {i}?",
         "answers": {"text": [answer.text], "answer_start": [answer.start]}}
        for i, answer in enumerate(counted(name, context))
    ]  # fmt: skip
    corpus = from_text(json.dumps(rows))
    assert validate(corpus).tally.mismatched_answers == len(RIVERS)
    report = fix(corpus)
    content, fixed = report.content, report.fixed
    assert {finding.fix.method for finding in fixed} == {"hypothesis"}
    starts = [row["answers"]["answer_start"][0] for row in json.loads(content)]
    assert starts == [context.index(river) for river in RIVERS]


@pytest.mark.parametrize(
    ("inclusive", "exclusive", "holds"),
    [(FEWEST, 0, True), (FEWEST - 1, 0, False), (100, 9, True), (100, 10, False), (0, 100, False)],
)
def test_inclusive_ends_are_a_habit_when_hardly_any_end_is_otherwise(inclusive, exclusive, holds):
    evidence = weigh_ends(inclusive, exclusive)
    assert (evidence.holds, evidence.tested) == (holds, inclusive + exclusive)


@pytest.mark.parametrize(
    ("counts", "method", "said"),
    [
        ({}, "single", "it counts the last character"),
        ({"inclusive_ends": 5, "exclusive_ends": 5}, "single", "it counts the last character"),
        ({"inclusive_ends": 50, "exclusive_ends": 2}, "hypothesis", "as ends do throughout this file"),
    ],
)
def test_an_inclusive_end_is_repaired_by_the_habit_of_its_file(counts, method, said):
    case = Case({"context": "Ån är lång."}, 0, "lång", 6, 9, counts=counts)
    problem = ANSWER_END_DISAGREES.explain(case)
    assert said in problem.message
    (edit,) = problem.fix.edits
    assert (problem.fix.method, problem.fix.safety, edit.new) == (method, "safe", 10)


@pytest.mark.corpora
def test_utf16_offsets_of_a_published_corpus_are_recognised(corpora):
    report = validate(corpora / "cmrc2018" / "squad-style_trial.json", select=["QA201"])
    assert len(report.findings) == 5
    assert {finding.fix.method for finding in report.findings} == {"hypothesis"}
    (found,) = report.evidence.values()
    assert winner(found).name == "utf-16"


@pytest.mark.corpora
def test_right_offsets_behind_astral_characters_are_left_alone(corpora):
    report = validate(corpora / "drcd" / "DRCD_test.json", select=["QA201"])
    assert not report.findings
    assert not report.evidence


@pytest.mark.corpora
@pytest.mark.parametrize("language", ["de", "hi", "th"])
def test_byte_offsets_are_proved_and_undone(corpora, language, tmp_path):
    source = json.loads((corpora / "xquad" / f"xquad.{language}.json").read_text(encoding="utf-8"))
    paragraphs = [paragraph for article in source["data"] for paragraph in article["paragraphs"]]
    wanted = []
    for paragraph in paragraphs:
        context = paragraph["context"]
        for answer in (answer for qa in paragraph["qas"] for answer in qa["answers"]):
            right = answer["answer_start"]
            answer["answer_start"] = len(context[:right].encode())
            # An answer that happens to stand at its byte offset too is right as it is.
            happens = context.startswith(answer["text"], answer["answer_start"])
            wanted.append(answer["answer_start"] if happens else right)
    path = tmp_path / "bytes.json"
    path.write_text(json.dumps(source, ensure_ascii=False), encoding="utf-8")
    report = fix(path)
    content, fixed = report.content, report.fixed
    assert {finding.fix.method for finding in fixed} == {"hypothesis"}
    starts = [
        answer["answer_start"]
        for article in json.loads(content)["data"]
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
        for answer in qa["answers"]
    ]
    assert starts == wanted


def test_a_text_that_stands_everywhere_is_no_evidence_and_takes_no_time():
    measured = []

    class Counting(str):
        def __getitem__(self, item):
            measured.append(item)
            return super().__getitem__(item)

    context = Counting("é e " * 500)
    found = weigh([Placed(context, "e", 2001)] * FEWEST, [])
    assert winner(found) is None
    assert all(evidence.tested == 0 for evidence in found)
    assert measured == []


def test_one_distance_for_all_is_recognised_and_no_coincidence_is():
    rivers = [f"River {i} is {i}00 km long and flows to the sea." for i in range(10, 40)]
    shifted = [Placed(text, f"{i}00 km", text.index(f"{i}00 km") - 7) for i, text in enumerate(rivers, 10)]
    hypothesis = winner(weigh(shifted, []))
    assert hypothesis is not None
    assert hypothesis.what == "7 characters too low, all of them"
    # Four of them happen to be counted from one, and that is no habit of the other thirty.
    one_based = [Placed(f"{text} é", text[:5], 1) for text in rivers[:4]]
    scattered = [Placed(text, "km", text.index("km") + i % 9 + 2) for i, text in enumerate(rivers)]
    assert winner(weigh([*one_based, *scattered], [])) is None


def test_a_text_close_to_a_placeholder_is_close_by_chance():
    text = "On York and on York: the second York is meant."
    for start in (-1, 0):
        assert diagnose(text, "York", start).kind == "ambiguous"
    assert diagnose(text, "York", 1).method == "nearest"


def test_the_nearest_place_is_not_safe_where_most_starts_are_wrong():
    text = "On York and, much later in the day, on York: the second one is meant."
    rows = [
        {
            "context": text + str(i),
            "question": "q",
            "answers": {"text": ["York"], "answer_start": [5 + i % 4]},
        }
        for i in range(12)
    ]
    found = validate(from_text(json.dumps(rows)), select=["QA201"]).findings
    assert {f.fix.safety for f in found} == {"unsafe"}
    right = {"context": text, "question": "r", "answers": {"text": ["York"], "answer_start": [3]}}
    found = validate(from_text(json.dumps([*rows, *[right] * 20])), select=["QA201"]).findings
    assert {f.fix.safety for f in found} == {"safe"}


def test_an_answer_written_differently_at_its_start_is_not_moved_elsewhere():
    pie = diagnose("The apple pie of Ann, who worked for Apple in Ohio.", "Apple", 4)
    assert (pie.kind, pie.start, pie.safety, pie.difference) == ("normalised", 4, "unsafe", "letter case")
    blank = diagnose("It is 5\u00a0km to Rye and 5 km back.", "5 km", 6)
    assert (blank.kind, blank.start, blank.safety) == ("normalised", 6, "safe")


@pytest.mark.parametrize(("text", "context"), [("no", "The economy grows."), ("2", "It is 1200 km long.")])
def test_a_word_or_two_characters_inside_a_longer_word_are_no_repair(text, context):
    assert diagnose(context, text, -1).start is None


def test_a_few_answers_off_by_one_in_a_plain_file_are_no_habit():
    rows = [
        {
            "context": f"River {i} is {i}00 km long.",
            "question": "q",
            "answers": [{"text": f"{i}00 km", "answer_start": 12}],
        }
        for i in range(10, 60)
    ]
    for row in rows[:4]:
        row["answers"][0]["answer_start"] += 1
    report = validate(from_text(json.dumps(rows)), select=["QA2"])
    assert {finding.fix.method for finding in report.findings} == {"single"}
    assert not any(evidence.holds for found in report.evidence.values() for evidence in found)
