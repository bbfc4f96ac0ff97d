"""`qatk report` as a person types it, in a process of its own."""

import json

import pytest
from jsonschema import Draft202012Validator

from qatoolkit.resources import resource

CONTEXT = "The Nile is 6650 km long and flows north. It rises in Burundi."
QUESTIONS = [
    ("q1", "How long is it?", [("6650 km", 12)], "6650 km"),
    ("q2", "Where does it rise?", [("Burundi", CONTEXT.index("Burundi"))], "north"),
    ("q3", "Who knows?", [], ""),
]


@pytest.fixture
def files(tmp_path):
    """dev.json, p.json and n.json in the folder where commands run."""
    qas = [
        {
            "id": key,
            "question": question,
            "answers": [{"text": text, "answer_start": start} for text, start in answers],
        }
        for key, question, answers, _ in QUESTIONS
    ]
    data = {"version": "v2.0", "data": [{"title": "Nile", "paragraphs": [{"context": CONTEXT, "qas": qas}]}]}
    predictions = {key: text for key, _, _, text in QUESTIONS}
    odds = {"q1": -2.5, "q2": 0.5, "q3": 1.0}
    for name, value in (("dev.json", data), ("p.json", predictions), ("n.json", odds)):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    return tmp_path


PREDICTIONS = ("report", "--predictions", "p.json", "--dataset", "dev.json")


def test_json_has_the_official_names(files, qatk):
    ran = qatk(*PREDICTIONS, "--null-odds", "n.json", "--output-format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["metrics"] == {
        "exact": pytest.approx(200 / 3),
        "f1": pytest.approx(200 / 3),
        "total": 3,
        "HasAns_exact": 50.0,
        "HasAns_f1": 50.0,
        "HasAns_total": 2,
        "NoAns_exact": 100.0,
        "NoAns_f1": 100.0,
        "NoAns_total": 1,
        "best_exact": pytest.approx(200 / 3),
        "best_exact_thresh": -2.5,
        "best_f1": pytest.approx(200 / 3),
        "best_f1_thresh": -2.5,
    }
    assert not (files / "report.html").exists()


def test_text_ends_with_the_verdict_and_where_the_page_lies(files, qatk):
    ran = qatk(*PREDICTIONS, "-o", "page.html")
    assert ran.code == 0, ran.err
    assert "page.html" in ran.out.splitlines()[-1]
    assert (
        "F1 between 0.0 and 100.0 (95%); here 66.7, exact match 66.7. 1 of 3 questions is not exact, "
        "most often wrong-sentence (1). Report"
    ) in " ".join(ran.out.split())
    assert (files / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "dev.json#/data/0/paragraphs/0/qas/1" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines()), ran.out


def test_markdown_is_a_table(files, qatk):
    ran = qatk(*PREDICTIONS, "--output-format", "markdown")
    assert ran.code == 0, ran.err
    assert "|---|---:|---:|" in ran.out
    assert "wrong-sentence" in ran.out


def test_missing_ids_are_named(files, qatk):
    (files / "p.json").write_text('{"q1": "6650 km"}', encoding="utf-8")
    ran = qatk(*PREDICTIONS, "--output-format", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["missing"] == ["q2", "q3"]
    assert "q2, q3" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report",), "run: no such run; write one with: qatk finetune"),
        (("report", "--predictions", "p.json"), "--dataset"),
        (("report", "--predictions", "none.json", "--dataset", "dev.json"), "none.json: cannot be read"),
        ((*PREDICTIONS, "-o", "no/such/place.html"), "cannot be written"),
        (("report", ".", "--null-odds", "n.json"), "needs predictions"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(files, qatk, arguments, message):
    ran = qatk(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert message in ran.err


def test_text_that_is_no_unicode_does_not_stop_the_report(files, qatk):
    text = (files / "p.json").read_text(encoding="utf-8").replace("north", "\\ud800 north")
    (files / "p.json").write_text(text, encoding="utf-8")
    for output_format in ("text", "markdown"):
        ran = qatk(*PREDICTIONS, "-o", "page.html", "--output-format", output_format)
        assert ran.code == 0, ran.err
        assert "\ufffd north" in ran.out


@pytest.mark.corpora
def test_the_official_figures_of_real_predictions(corpora, qatk):
    folder = corpora / "squad2-cs224n"
    ran = qatk(
        "report", "--predictions", folder / "predictions.json", "--dataset", folder / "dev-v2.0.json",
        "--null-odds", folder / "null_odds.json", "--output-format", "json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    metrics = json.loads(ran.out)["metrics"]
    assert (metrics["exact"], metrics["f1"]) == (71.09246462652189, 74.15364798295602)
    assert (metrics["best_exact"], metrics["best_exact_thresh"]) == (73.47811780190852, -3.623612880706787)
    assert (metrics["best_f1"], metrics["best_f1_thresh"]) == (75.93172252069158, -3.6215174198150635)


def test_data_alone_has_a_profile_in_every_format(files, qatk):
    for arguments in (("dev.json",), ("--dataset", "dev.json")):
        ran = qatk("report", *arguments)
        assert (ran.code, ran.err) == (0, "")
        assert " ".join(ran.out.split()).startswith(
            "dev.json validation questions 3 answerable 2 unanswerable 1 "
        )
        assert all(len(line) <= 80 for line in ran.out.splitlines()), ran.out
    schema = json.loads(resource("schemas/profile.schema.json").read_text(encoding="utf-8"))
    parsed = json.loads(qatk("report", "dev.json", "--output-format", "json").out)
    Draft202012Validator(schema).validate(parsed)
    assert parsed["totals"][0]["questions"] == 3
    markdown = qatk("report", "dev.json", "--output-format", "markdown", "-o", "page.html")
    assert "| unanswerable | 1 |" in markdown.out
    assert (files / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dev.json", "--suspects", "s.csv"), "--suspects needs predictions"),
        (("dev.json", "--fail-under", "f1=1"), "--fail-under needs predictions"),
        (("dev.json", "--dataset", "dev.json"), "--dataset goes with --predictions, or alone"),
        ((*PREDICTIONS[1:], "--tokenizer", "x"), "--tokenizer goes with data alone"),
        ((*PREDICTIONS[1:], "--lang", "xx"), "no answer normalisation for language 'xx'"),
        ((*PREDICTIONS[1:], "--suspects", "s.txt"), "s.txt"),
        (("nowhere",), "nowhere: no such run"),
    ],
)
def test_what_does_not_go_together_is_said(files, qatk, arguments, message):
    ran = qatk("report", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_suspects_go_to_fix_and_come_back(files, qatk):
    data = "id,context,question,answer_text,answer_start\n"
    rows = (("q1", "How long is it?", "Burundi"), ("q2", "Where does it rise?", "Burundi"))
    for key, question, answer in rows:
        data += f'{key},"{CONTEXT}",{question},{answer},{CONTEXT.index(answer)}\n'
    (files / "data.csv").write_text(data, encoding="utf-8")
    (files / "p.json").write_text('{"q1": "6650 km", "q2": "Burundi"}', encoding="utf-8")
    ran = qatk("report", "--predictions", "p.json", "--dataset", "data.csv", "--suspects", "s.csv")
    assert ran.code == 0, ran.err
    assert ran.err.endswith("then: qatk fix data.csv --apply s.csv -o corrected.csv\n")
    listed = (files / "s.csv").read_text(encoding="utf-8-sig")
    assert listed.count("\n") == 2
    assert listed.splitlines()[1].startswith("data.csv,1,2,q1,blake2b:")
    (files / "s.csv").write_text(listed.rstrip("\n") + "accept\n", encoding="utf-8")
    fixed = qatk("fix", "data.csv", "--apply", "s.csv", "-o", "corrected.csv")
    assert fixed.code == 0, fixed.err
    corrected = (files / "corrected.csv").read_text(encoding="utf-8")
    assert corrected == data.replace(
        f"How long is it?,Burundi,{CONTEXT.index('Burundi')}", "How long is it?,6650 km,12"
    )
