"""Findings for machines say the same as findings for people."""

import json

from qatoolkit.cli.formats import github, json_lines, sarif
from qatoolkit.corpus import from_text
from qatoolkit.validation.validate import validate

TEXT = (
    "id,context,question,answer,answer_start\n"
    '1,"100% of it\nflows: north, always.",Where?,south,3\n'
    "2,The Nile is long.,What?,Nile,5\n"
)


def report():
    return validate(from_text(TEXT, name="a,b:c.csv"), select=["QA2"])


def test_json_lines_are_the_findings_of_the_json_document():
    made = report()
    assert [json.loads(line) for line in json_lines(made)] == made.to_dict()["findings"]
    assert made.findings


def test_github_commands_escape_what_the_runner_would_read():
    first, second = github(report())
    assert first.startswith("::error file=a%2Cb%3Ac.csv,line=2,title=QA203 answer-not-in-context::")
    assert second.startswith("::error file=a%2Cb%3Ac.csv,line=4,title=QA201 span-mismatch::")
    assert "\n" not in first + second


def test_sarif_names_rule_level_and_lines():
    log = sarif(report())
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= known
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "endLine": 3}


def test_inside_github_actions_annotations_come_by_themselves(qatk, tmp_path):
    (tmp_path / "data.csv").write_text(TEXT, encoding="utf-8")
    plain = qatk("validate", "data.csv", "--select", "QA2", env={"GITHUB_ACTIONS": ""})
    inside = qatk("validate", "data.csv", "--select", "QA2", env={"GITHUB_ACTIONS": "true"})
    assert plain.code == inside.code == 1
    assert not plain.out.startswith("::")
    assert [line[:8] for line in inside.out.splitlines()] == ["::error ", "::error "]


def test_a_baseline_lets_only_new_findings_fail(qatk, tmp_path):
    (tmp_path / "data.csv").write_text(TEXT, encoding="utf-8")
    (tmp_path / "qatk.toml").write_text('[rules]\ntoo-few-examples = "off"\n', encoding="utf-8")
    assert qatk("validate", "data.csv", "--write-baseline", "known.json").code == 0
    again = qatk("validate", "data.csv", "--baseline", "known.json")
    assert (again.code, "2 findings known to known.json left out" in again.err) == (0, True)
    (tmp_path / "data.csv").write_text(TEXT + "3,Oslo is cold.,What?,Bergen,0\n", encoding="utf-8")
    assert qatk("validate", "data.csv", "--baseline", "known.json").code == 1


def test_sarif_names_files_by_uri():
    log = sarif(validate(from_text(TEXT, name="my data/å#1.csv"), select=["QA2"]))
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]
    }
    assert uris == {"my%20data/%C3%A5%231.csv"}
