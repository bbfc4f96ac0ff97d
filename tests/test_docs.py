"""The documentation does what it says: its Python is run, its links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "sample_data" / "README.md"])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def test_the_ten_pairs_of_the_tutorial_go_from_a_dictionary_to_an_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    assert len(blocks) == 1
    names: dict = {}
    exec(compile(blocks[0], "tutorial.md", "exec"), names)
    assert len(names["dataset"]) == 10
    assert {split: len(rows) for split, rows in names["splits"].items()} == {"train": 8, "validation": 2}
    assert [row["epoch"] for row in names["run"].epochs] == [0, 1, 2, 3, 4]
    answer = names["answer"]
    assert set(answer) == {"score", "start", "end", "answer"}
    context = (
        "The quick brown fox jumps over the lazy dog. The fox is known for its speed and agility, "
        "and the dog is very sleepy."
    )
    assert answer["answer"] == context[answer["start"] : answer["end"]] != ""
    assert 0 <= answer["score"] <= 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing
