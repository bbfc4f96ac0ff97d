"""Which rules run and how grave they are, said by code, by prefix or by name."""

import pytest

from qatoolkit.errors import UsageError
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.select import select_rules

USUAL = {rule.code for rule in RULES if rule.default}
[REPEATED] = [rule for rule in RULES if rule.name == "repeated-answer"]


def codes(rules):
    return {rule.code for rule in rules}


def test_nothing_said_is_what_is_on_by_default():
    assert codes(select_rules()) == USUAL
    assert select_rules() == [rule for rule in RULES if rule.default]


def test_a_severity_replaces_that_of_the_rule_and_of_no_other():
    rules = {rule.code: rule for rule in select_rules(severities={"QA201": "warning"})}
    assert rules.keys() == USUAL
    changed = [code for code, rule in rules.items() if rule not in RULES]
    assert (changed, rules["QA201"].severity) == (["QA201"], "warning")


def test_the_last_word_on_a_rule_holds():
    rules = {rule.code: rule.severity for rule in select_rules(severities={"QA2": "off", "QA203": "info"})}
    assert [code for code in rules if code.startswith("QA2")] == ["QA203"]
    assert rules["QA203"] == "info"
    assert "QA203" not in codes(select_rules(severities={"QA203": "info", "QA2": "off"}))


def test_a_severity_turns_a_rule_on_and_off():
    assert not REPEATED.default
    assert codes(select_rules(severities={"repeated-answer": "info"})) == USUAL | {REPEATED.code}
    assert codes(select_rules(severities={"span-mismatch": "off"})) == USUAL - {"QA201"}


def test_selecting_narrows_and_ignoring_has_the_last_word():
    off = {"QA201": "off"}
    assert codes(select_rules(["QA20"], severities=off)) == codes(select_rules(["QA20"])) - {"QA201"}
    assert codes(select_rules(["span-mismatch"], severities=off)) == {"QA201"}
    assert codes(select_rules(extend=["QA201"], severities=off)) == USUAL
    assert codes(select_rules(["QA201"], ["QA201"], severities={"QA201": "error"})) == set()
    assert codes(select_rules(["QA201"], severities={"repeated-answer": "error"})) == {"QA201"}


@pytest.mark.parametrize(
    ("severities", "message"),
    [
        ({"QA201": "warn"}, "QA201: 'warn' is no severity; choose from error, warning, info, off"),
        ({"span-mismach": "off"}, "span-mismach: no such rule; did you mean span-mismatch?"),
        ({"7": "off"}, "7: no such rule; see: qatk rule --all"),
    ],
)
def test_what_is_no_rule_or_no_severity(severities, message):
    with pytest.raises(UsageError) as caught:
        select_rules(severities=severities)
    assert str(caught.value) == message
