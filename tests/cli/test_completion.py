"""What the Tab key is offered: the shell's own script asks the real command for words."""

from __future__ import annotations

import pytest

from qatoolkit.corpus.sniff import LAYOUTS
from qatoolkit.validation.rules import RULES

CODES = [rule.code for rule in RULES]


@pytest.fixture
def offered(qatk):
    def ask(line: str, cwd=None) -> list[str]:
        """The words that bash is offered at the end of a line."""
        words = line.split()
        at = len(words) if line.endswith(" ") else len(words) - 1
        environment = {"COMP_WORDS": line, "COMP_CWORD": str(at), "_QATK_COMPLETE": "complete_bash"}
        ran = qatk(cwd=cwd, env=environment)
        assert (ran.code, ran.err) == (0, "")
        return ran.out.splitlines()

    return ask


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("qatk val", ["validate"]),
        ("qatk fix --unsafe", ["--unsafe-fixes"]),
        ("qatk validate --output-format ", ["full", "concise", "json", "jsonl", "github", "sarif"]),
        ("qatk rule --output-format j", ["json"]),
        ("qatk rule QA20", [code for code in CODES if code.startswith("QA20")]),
        ("qatk rule span", ["span-mismatch"]),
        ("qatk validate --select QA10", [code for code in CODES if code.startswith("QA10")]),
        ("qatk validate --ignore QA201,answer-edge", ["QA201,answer-edge-whitespace"]),
        ("qatk convert --format ", list(LAYOUTS)),
    ],
)
def test_words(offered, line, words):
    assert offered(line) == words


def test_every_option_is_offered(offered):
    assert {"--select", "--ignore", "--baseline", "--encoding", "--strict"} <= set(
        offered("qatk validate --")
    )


def test_a_mistake_in_the_configuration_does_not_spoil_the_line(offered, tmp_path):
    (tmp_path / "qatk.toml").write_text("nonsense = [", encoding="utf-8")
    assert offered("qatk val", cwd=tmp_path) == ["validate"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_shell(qatk, shell):
    ran = qatk(env={"_QATK_COMPLETE": f"source_{shell}"})
    assert (ran.code, ran.err) == (0, "")
    assert f"_QATK_COMPLETE=complete_{shell}" in ran.out
