"""The Python of docs/prediction.md runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from qatoolkit.training.run import RunResult

PAGE = Path(__file__).parents[2] / "docs" / "prediction.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_what_the_page_shows(overfitted: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").symlink_to(overfitted.path)
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 2
    for block in blocks:
        names: dict[str, Any] = {}
        exec(compile(block, "prediction.md", "exec"), names)
        assert names["answer"]["answer"] == "6650 km"
    assert len(names["best"]) == 3
