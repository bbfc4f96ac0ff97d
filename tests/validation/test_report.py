"""The report as data: its JSON, its frames, its notebook form, and which rules ran."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import pytest

from qatoolkit.corpus import from_text
from qatoolkit.errors import UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.rule import Method, Safety, Severity
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.select import find_rule, select_rules
from qatoolkit.validation.validate import validate
from qatoolkit.windows.causes import CAUSES

SCHEMA = json.loads(resource("schemas/validation.schema.json").read_text(encoding="utf-8"))
ODD = (
    '[{"id": 1.5, "context": "a b", "question": "q", "is_impossible": "true", "answers": '
    '{"text": ["b", 7, null], "answer_start": ["2", 0]}}, 5, {"context": "\\ud83d", "question": "q"}]'
)


def test_the_schema_is_a_strict_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    objects = [
        SCHEMA,
        SCHEMA["properties"]["summary"],
        *(SCHEMA["$defs"][n] for n in ("finding", "fix", "edit", "ceiling", "unreachable")),
    ]
    for one in objects:
        assert one["additionalProperties"] is False
        assert sorted(one["required"]) == sorted(one["properties"])
    properties = SCHEMA["$defs"]["fix"]["properties"]
    assert tuple(properties["method"]["enum"]) == get_args(Method)
    assert tuple(properties["safety"]["enum"]) == get_args(Safety)
    assert tuple(SCHEMA["$defs"]["finding"]["properties"]["severity"]["enum"]) == get_args(Severity)
    assert sorted(SCHEMA["$defs"]["unreachable"]["properties"]["cause"]["enum"]) == sorted(CAUSES)


def test_reports_keep_to_the_schema(sample_data):
    every = [rule.code for rule in RULES]
    texts = [text for rule in RULES for text in (*rule.bad, *rule.good)]
    reports = [validate(from_text(text), select=every) for text in (*texts, ODD)]
    reports += [validate(sample_data / file) for file in ("messy.csv", "messy.json", "clean.csv")]
    reports.append(validate([sample_data / "messy.csv", sample_data / "messy.json"]))
    check = jsonschema.Draft202012Validator(SCHEMA)
    for report in reports:
        check.validate(json.loads(json.dumps(report.to_dict(), allow_nan=False)))


def test_the_summary_adds_up(sample_data):
    report = validate([sample_data / "messy.csv", sample_data / "clean.json"])
    summary = report.to_dict()["summary"]
    assert summary["files"] == 2
    assert sum(summary["by_code"].values()) == len(report.findings) == report.to_polars().height
    assert summary["errors"] + summary["warnings"] + report.count("info") == len(report.findings)
    assert (
        summary["fixable"]
        == report.fixable()
        == sum(f.fix is not None and f.fix.safety == "safe" for f in report.findings)
    )
    assert not report.ok


def test_frames_have_the_same_columns_with_and_without_findings(sample_data):
    many, none = validate(sample_data / "messy.json"), validate(sample_data / "clean.json")
    assert none.to_polars().height == none.to_pandas().shape[0] == 0
    assert many.to_polars().schema == none.to_polars().schema
    assert list(many.to_pandas().columns) == list(none.to_pandas().columns)
    assert many.to_polars()["code"].to_list() == [finding.code for finding in many.findings]
    assert many.to_pandas()["line"].tolist() == [finding.place.line for finding in many.findings]
    assert set(SCHEMA["$defs"]["finding"]["required"]) == set(none.to_polars().columns)


def test_the_notebook_form_escapes_what_the_data_holds(sample_data):
    assert validate(sample_data / "clean.json")._repr_html_() == "<p>567 records: 0 errors, 0 warnings</p>"
    shown = validate(sample_data / "messy.json")._repr_html_()
    assert shown.startswith("<p>570 records: ")
    assert "QA201" in shown
    rows = 'context,question,answer\nabc,q,"<script>alert(1)</script>"\n'
    hostile = validate(from_text(rows, name="<i>x</i>"))._repr_html_()
    assert "<script>" not in hostile
    assert "<i>x" not in hostile
    assert "&lt;script&gt;" in hostile


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        (["QA201"], [], ["QA201"]),
        (["qa20"], ["QA201", "QA209"], [f"QA20{i}" for i in range(2, 9)]),
        (["span-mismatch", "QA401"], [], ["QA201", "QA401"]),
        (["QA2"], ["QA20", "answer-end-disagrees"], [f"QA21{i}" for i in range(1, 6)]),
        (["QA4"], ["QA402", "QA403", "QA404", "QA405"], ["QA401", "QA406", "QA407", "QA408"]),
        (["QA401", "QA101"], [], ["QA101", "QA401"]),
    ],
)
def test_rules_are_selected_by_code_prefix_and_name(select, ignore, codes):
    assert [rule.code for rule in select_rules(select, ignore)] == codes


def test_rules_that_are_off_by_default_run_only_when_named():
    assert "QA211" not in [rule.code for rule in select_rules()]
    assert "QA211" in [rule.code for rule in select_rules(["QA2"])]


@pytest.mark.parametrize(
    "ask", [find_rule, lambda word: select_rules([word]), lambda word: select_rules([], [word])]
)
@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("QA2011", "did you mean QA2"),
        ("span-mismach", "did you mean span-mismatch?"),
        ("zzz", "see: qatk rule --all"),
    ],
)
def test_an_unknown_rule_gets_a_suggestion(ask, word, hint):
    with pytest.raises(UsageError) as error:
        ask(word)
    assert str(error.value).startswith(f"{word}: no such rule")
    assert hint in str(error.value)


def test_find_rule_takes_codes_and_names_in_any_case():
    assert find_rule("qa201") is find_rule("SPAN-mismatch") is find_rule("QA201")


def test_only_what_is_selected_is_reported(sample_data):
    report = validate(sample_data / "messy.json", select=["QA2"], ignore=["QA209"])
    assert {code[:3] for code in report.by_code} == {"QA2"}
    assert "QA209" not in report.by_code


def messages(text: str) -> list[str]:
    return [finding.message for finding in validate(from_text(text), select=["QA207", "QA305"]).findings]


def test_messages_say_only_what_there_is():
    assert messages('{"context": "c", "question": "q", "answers": {"text": [""]}}') == [
        "an answer has no text"
    ]
    records = 'context,question,answer\n"a <b\nid=""x"">c",q,c\n' + '"a <b\nid=""x"">c",r,c\n'
    assert messages(records) == ['the context holds markup, "<b id="x">"; 1 more record shares it']
    tag = "<a href=" + "x" * 90 + ">"
    assert messages(f"context,question,answer\na{tag}c,q,c\n") == [
        f'the context holds markup, "{tag[:57]}..."'
    ]
