"""What all tests share: the sample data, the real corpora, and a way to run the real command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from qatoolkit.resources import resource

# No test is timed: beside others on a busy machine an example takes as long as it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


# Files whose tests take a minute each begin first, so that no process works alone at the end.
_LONGEST = ("test_trace_through.py", "test_chain.py", "test_smoke.py", "test_wheel.py", "test_commands.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(scope="session")
def sample_data() -> Path:
    return resource("sample_data")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of real corpora; see docs/corpora.md for where each is published."""
    folder = os.environ.get("QATK_CORPORA")
    if not folder:
        pytest.skip("QATK_CORPORA names no folder of real corpora (see docs/corpora.md)")
    return Path(folder)


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def qatk(tmp_path):
    """Runs the real `qatk` in a process of its own, in an empty folder unless told otherwise."""

    def run(*arguments, cwd=None, env=None, timeout=250) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "qatoolkit", *map(str, arguments)],
            cwd=cwd or tmp_path,
            # One thread: tests run side by side, and threads that wait for each other cost all of them.
            env={**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
