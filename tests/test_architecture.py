"""The rooms stand in a row and look only to their left; what is heavy is loaded by who needs it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qatoolkit

PACKAGE = Path(qatoolkit.__file__).parent
ROOMS = ["corpus", "metrics", "windows", "validation", "conversion", "training", "analysis", "cli"]
LEAVES = {"errors", "config", "resources"}
HEAVY = ("datasets", "pandera", "polars", "torch", "transformers")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top, in a function or for the type checker only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def test_every_folder_is_a_room_and_every_room_is_there():
    assert {room_of(path) for path in MODULES} - {""} == set(ROOMS)
    assert {path.stem for path in PACKAGE.glob("*.py")} == {*LEAVES, "__init__", "__main__"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_to_its_left(room):
    left = {*ROOMS[: ROOMS.index(room) + 1], *LEAVES}
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in MODULES
        if room_of(path) == room
        for name in imports(path)
        if name.startswith("qatoolkit.") and name.split(".")[1] not in left
    ]
    assert wrong == []


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_a_leaf_imports_no_room(leaf):
    ours = [name for name in imports(PACKAGE / f"{leaf}.py") if name.startswith("qatoolkit")]
    assert set(ours) <= {"qatoolkit.errors"}


@pytest.mark.parametrize(
    ("package", "rooms"), [("torch", {"training"}), ("transformers", {"training", "windows"})]
)
def test_who_imports_the_model_libraries(package, rooms):
    found = {room_of(path) for path in MODULES for name in imports(path) if name.split(".")[0] == package}
    assert found == rooms


def test_only_the_command_line_and_the_renderers_print():
    printing = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        if room_of(path) != "cli" and not path.stem.startswith("render_")
    ]
    assert printing == []


def loaded(code: str, *arguments: object, cwd: Path | None = None) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded once the code is through."""
    script = (
        "import json, sys\n"
        f"try:\n    {code}\n"
        "except SystemExit as exit:\n    assert exit.code in (None, 0, 1), exit.code\n"
        f"print(json.dumps([n for n in {HEAVY} if n in sys.modules]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def loaded_by(*command: object, cwd: Path | None = None) -> set[str]:
    return loaded("from qatoolkit.cli.app import main; main()", *command, cwd=cwd)


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import qatoolkit") == set()


@pytest.mark.parametrize(
    "command", [["--help"], ["--version"], ["convert", "--help"], ["finetune", "--help"]]
)
def test_help_loads_nothing_heavy(command):
    assert loaded_by(*command) == set()


def test_checking_converting_and_reporting_load_no_model_library(sample_data, tmp_path):
    model_libraries = {"torch", "transformers"}
    ten = sample_data / "ten.json"
    assert not loaded_by("validate", sample_data / "messy.csv") & {*model_libraries, "datasets"}
    assert not loaded_by("fix", sample_data / "messy.csv", "--diff") & {*model_libraries, "datasets"}
    assert (
        not loaded_by("convert", ten, "--split", "validation=1", "--to", "squad", cwd=tmp_path)
        & model_libraries
    )
    dataset = tmp_path / "dataset" / "validation.json"
    articles = json.loads(dataset.read_text(encoding="utf-8"))["data"]
    asked = [qa for article in articles for part in article["paragraphs"] for qa in part["qas"]]
    predictions = {qa["id"]: qa["answers"][0]["text"] for qa in asked[1:]} | {asked[0]["id"]: "wrong"}
    (tmp_path / "predictions.json").write_text(json.dumps(predictions), encoding="utf-8")
    options = (
        "--predictions",
        "predictions.json",
        "--dataset",
        "dataset/validation.json",
        "-o",
        "report.html",
    )
    assert not loaded_by("report", *options, cwd=tmp_path) & model_libraries
    assert (tmp_path / "report.html").is_file()


def test_the_public_names_are_those_of_the_lazy_table():
    assert qatoolkit.__all__ == sorted([*qatoolkit._HOME, "__version__"])
    assert dir(qatoolkit) == qatoolkit.__all__


@pytest.mark.parametrize("name", sorted(qatoolkit._HOME))
def test_each_public_name_loads_from_its_home(name):
    found = getattr(qatoolkit, name)
    assert (found.__name__, found.__module__) == (name, qatoolkit._HOME[name])
    assert found.__doc__


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'pipelines'"):
        _ = qatoolkit.pipelines
