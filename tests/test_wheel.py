"""The wheel as a stranger gets it: built, installed without the extras into a fresh environment, and used.

Needs the package index.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=check
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `bin` folder of an environment that holds qatoolkit and what it requires, and nothing else."""
    folder = tmp_path_factory.mktemp("env")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    scripts = folder / "venv" / "bin"
    run(
        scripts / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "-c",
        ROOT / "constraints.txt",
        wheel,
        cwd=folder,
    )
    return scripts


@pytest.fixture
def sample(installed, tmp_path) -> Path:
    code = "from qatoolkit.resources import resource; print(resource('sample_data'))"
    return Path(run(installed / "python", "-c", code, cwd=tmp_path).stdout.strip())


def test_it_holds_the_package_and_its_data_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"qatoolkit", "qatoolkit-0.1.0.dist-info"}
    assert {
        "qatoolkit/py.typed",
        "qatoolkit/_data/schemas/record.yaml",
        "qatoolkit/_data/sample_data/messy.csv",
        "qatoolkit/analysis/page/templates/report.html.j2",
        "qatoolkit/analysis/page/vendor/tabulator.min.js",
        "qatoolkit-0.1.0.dist-info/licenses/LICENSE",
        "qatoolkit-0.1.0.dist-info/licenses/qatoolkit/analysis/page/vendor/tabulator.LICENSE",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_sample_is_validated_from_anywhere(installed, sample, tmp_path):
    assert "site-packages" in sample.parts
    ran = run(installed / "qatk", "validate", sample / "messy.csv", cwd=tmp_path, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "\n595 records in 1 csv file: 25 errors, 6 warnings, 1 note.\n" in ran.stdout


def test_the_packaged_schema_is_what_gates(installed, sample, tmp_path):
    schema = sample.parent / "schemas" / "record.yaml"
    before = schema.read_text(encoding="utf-8")
    title = "  title:\n    dtype: String\n    nullable: true\n"
    assert title in before
    checks = "    checks:\n      str_startswith: 'The '\n"
    command = (installed / "qatk", "validate", sample / "clean.csv", "--statistics")
    assert run(*command, cwd=tmp_path).returncode == 0
    schema.write_text(before.replace(title, title + checks), encoding="utf-8")
    try:
        ran = run(*command, cwd=tmp_path, check=False)
    finally:
        schema.write_text(before, encoding="utf-8")
    assert ran.returncode == 1
    assert "QA110  contract" in ran.stdout


def test_converting_and_reporting_need_no_extra(installed, sample, tmp_path):
    convert = (installed / "qatk", "convert", sample / "clean.json", "--to", "arrow,squad")
    assert run(*convert, cwd=tmp_path).stdout.endswith("Next: qatk finetune dataset\n")
    squad = json.loads((tmp_path / "dataset" / "squad" / "test.json").read_text(encoding="utf-8"))
    asked = [qa for article in squad["data"] for part in article["paragraphs"] for qa in part["qas"]]
    abstained = {qa["id"]: "" for qa in asked}
    (tmp_path / "abstained.json").write_text(json.dumps(abstained), encoding="utf-8")
    report = (
        installed / "qatk",
        "report",
        "--predictions",
        "abstained.json",
        "--dataset",
        "dataset/squad/test.json",
    )
    assert run(*report, "-o", "report.html", cwd=tmp_path).returncode == 0
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize(
    "command", [["finetune"], ["predict", "--question", "Who?", "--context", "Ada."], ["demo"]]
)
def test_training_says_in_one_line_what_to_install(installed, tmp_path, command):
    ran = run(installed / "qatk", *command, cwd=tmp_path, check=False)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "pip install 'qatoolkit[" in ran.stderr
    assert not list(tmp_path.iterdir())


def test_no_model_library_came_with_it(installed, tmp_path):
    for package in ("torch", "transformers"):
        ran = run(installed / "python", "-c", f"import {package}", cwd=tmp_path, check=False)
        assert f"No module named '{package}'" in ran.stderr
