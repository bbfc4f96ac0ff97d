"""The hook that pre-commit runs: its manifest, and its entry as pre-commit would call it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
GOOD = "context,question,answer,answer_start\nThe Nile is long.,What is long?,Nile,4\n"


def test_the_manifest_says_what_pre_commit_asks_for():
    known = {"id", "name", "description", "entry", "language", "files", "require_serial"}
    assert {"id", "name", "entry", "language"} <= HOOK.keys() <= known
    assert (HOOK["id"], HOOK["language"], HOOK["require_serial"]) == ("qatk-validate", "python", True)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("data/train.csv", True), ("a.tsv", True), ("a.json", True), ("a.jsonl", True), ("a.parquet", True),
     ("a.xlsx", True), ("README.md", False), ("csv.py", False), ("a.csv.bak", False)],
)  # fmt: skip
def test_it_is_run_on_files_of_data(path, wanted):
    assert bool(re.search(HOOK["files"], path)) == wanted


def test_its_entry_fails_on_a_broken_file_and_passes_on_a_good_one(qatk, tmp_path):
    (tmp_path / "good.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "broken.csv").write_text(GOOD.replace(",4", ",9"), encoding="utf-8")
    command, *arguments = shlex.split(HOOK["entry"])
    assert command == "qatk"
    assert qatk(*arguments, "good.csv").code == 0
    ran = qatk(*arguments, "good.csv", "broken.csv")
    assert ran.code == 1
    assert "broken.csv:2  QA201" in ran.out


def test_the_documented_configuration_names_the_hook():
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(repos:\n.*?)```", page, re.DOTALL)
    [repository] = yaml.safe_load(shown)["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [HOOK["id"]]
