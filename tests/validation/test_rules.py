"""Every rule's own examples, run; and the contract, which has none because a file defines it."""

from __future__ import annotations

import re

import pytest

from qatoolkit.corpus import from_text
from qatoolkit.errors import UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.fix import apply_fixes
from qatoolkit.validation.rule import Rule
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.validate import validate

EVERY = [rule.code for rule in RULES]
FROM_THE_CONTRACT_ALONE = {"QA101", "QA110"}
BAD = [pytest.param(rule, i, id=f"{rule.code}-{i}") for rule in RULES for i in range(len(rule.bad))]
GOOD = [pytest.param(rule, i, id=f"{rule.code}-{i}") for rule in RULES for i in range(len(rule.good))]


def findings(text: str) -> list[Finding]:
    return validate(from_text(text), select=EVERY).findings


def serious(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found if finding.severity != "info"]


@pytest.mark.parametrize(("rule", "i"), BAD)
def test_a_bad_example_is_found_once_and_nothing_else_is_wrong_with_it(rule, i):
    found = findings(rule.bad[i])
    assert [finding.code for finding in found].count(rule.code) == 1
    assert set(serious(found)) <= {rule.code}


@pytest.mark.parametrize(("rule", "i"), GOOD)
def test_nothing_is_wrong_with_a_good_example(rule, i):
    found = findings(rule.good[i])
    assert rule.code not in {finding.code for finding in found}
    assert serious(found) == []


@pytest.mark.parametrize(("rule", "i"), BAD)
def test_the_repair_of_a_bad_example_is_the_good_one(rule, i):
    (finding,) = (finding for finding in findings(rule.bad[i]) if finding.code == rule.code)
    mended, fixed = apply_fixes(from_text(rule.bad[i]), unsafe=True)
    if finding.fix is None:
        assert rule.code not in {f.code for f in fixed}
    else:
        assert mended.decode() == rule.good[i]
        assert rule.code in {f.code for f in fixed}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.bad], ids=lambda rule: rule.code)
def test_the_manual_promises_repairs_where_there_are_some(rule):
    offered = [f.fix is not None for text in rule.bad for f in findings(text) if f.code == rule.code]
    assert any(offered) == bool(rule.fixes)


def test_codes_are_unique_and_in_order_and_names_are_kebab_case():
    assert sorted(set(EVERY)) == EVERY
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples_are_pairs_and_one_of_them_is_not_ascii(rule: Rule):
    if rule.code in FROM_THE_CONTRACT_ALONE:
        assert rule.bad == rule.good == ()
        return
    assert len(rule.bad) == len(rule.good) >= 2
    for examples in (rule.bad, rule.good):
        assert not all(text.isascii() and "\\u" not in text for text in examples)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_manual_page_holds_everything(rule: Rule):
    page = rule.manual()
    assert page.startswith(f"## {rule.code} {rule.name}\n")
    for part in (rule.what, rule.why, *rule.bad, *rule.good, "**Fix safety.**"):
        assert part.rstrip() in page
    assert page.count("```") % 2 == 0


WITHOUT_TITLE = "id,context,question,answer\nn1,The Nile is long.,What is long?,Nile\n"


def with_schema(tmp_path, old: str, new: str):
    text = resource("schemas/record.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "record.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [(f.code, f.field, f.place.row) for f in validate(from_text(WITHOUT_TITLE), schema=path).findings]


def test_the_packaged_contract_finds_nothing_here():
    assert validate(from_text(WITHOUT_TITLE)).findings == []


def test_a_contract_that_demands_a_title(tmp_path):
    demanding = with_schema(
        tmp_path,
        "  title:\n    dtype: String\n    nullable: true",
        "  title:\n    dtype: String\n    nullable: false",
    )
    assert demanding == [("QA103", "title", 1)]


def test_a_contract_that_demands_a_pattern(tmp_path):
    pattern = "  id:\n    dtype: String\n    nullable: false\n"
    assert with_schema(tmp_path, pattern, f"{pattern}    checks:\n      str_matches: ^n\\d+$\n") == []
    assert with_schema(tmp_path, pattern, f"{pattern}    checks:\n      str_matches: ^m\\d+$\n") == [
        ("QA110", "id", 1)
    ]


def test_a_contract_that_demands_another_column(tmp_path):
    demanding = with_schema(
        tmp_path, "columns:\n", "columns:\n  licence:\n    dtype: String\n    nullable: true\n"
    )
    assert demanding == [("QA101", "licence", None)]


def test_a_contract_that_demands_another_type(tmp_path):
    demanding = with_schema(tmp_path, "dtype: List(Int64)", "dtype: List(Int32)")
    assert [(code, field) for code, field, _ in demanding] == [("QA110", "answer_start")]


@pytest.mark.parametrize("text", ["columns: [", "nonsense: 1\n", ""])
def test_a_contract_that_is_no_schema_is_refused_by_name(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.yaml: not a pandera schema"):
        validate(from_text(WITHOUT_TITLE), schema=path)
