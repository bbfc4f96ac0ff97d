"""qatk.toml: the chain of bare commands, the order in which settings count, and mistakes in the file."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

ROWS = "passage,q,a\nThe Nile is 6650 km long.,How long?,6650 km\nOslo is cold.,What is cold?,Oslo\n"
CONFIG = """\
data = ["train.csv", "dev.csv"]

[fields]
context = "passage"
question = "q"
answers = "a"
"""


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "train.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "dev.csv").write_text("passage,q,a\nBern is old.,What is old?,Bern\n", encoding="utf-8")
    (tmp_path / "qatk.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def write(project: Path, text: str, name: str = "qatk.toml") -> None:
    (project / name).write_text(text, encoding="utf-8")


def seed_of(project: Path, output: str = "dataset") -> int:
    return json.loads((project / output / "split.json").read_text(encoding="utf-8"))["seed"]


def test_bare_commands_run_the_chain(qatk, project):
    validated = qatk("validate", cwd=project)
    assert (validated.code, validated.err) == (0, "")
    assert validated.out == (
        "3 records in 2 csv files: 0 errors, 0 warnings.\nNext: qatk convert train.csv dev.csv\n"
    )
    converted = qatk("convert", cwd=project)
    assert (converted.code, converted.err) == (0, "")
    assert converted.out.endswith("Next: qatk finetune dataset\n")
    made = datasets.load_from_disk(str(project / "dataset"))
    assert {name: len(part) for name, part in made.items()} == {"train": 2, "validation": 1}


def test_it_is_found_from_a_folder_below(qatk, project):
    (project / "deep" / "down").mkdir(parents=True)
    ran = qatk("validate", cwd=project / "deep" / "down")
    assert ran.out.startswith("3 records in 2 csv files")


def test_pyproject_holds_the_same(qatk, project):
    (project / "qatk.toml").unlink()
    text = CONFIG.replace("data =", "[tool.qatk]\ndata =").replace("[fields]", "[tool.qatk.fields]")
    write(project, '[project]\nname = "x"\n' + text, "pyproject.toml")
    assert qatk("validate", cwd=project).out.startswith("3 records in 2 csv files")


def test_a_pyproject_without_our_table_is_passed_over(qatk, project):
    (project / "below").mkdir()
    write(project / "below", '[project]\nname = "x"\n', "pyproject.toml")
    assert qatk("validate", cwd=project / "below").out.startswith("3 records in 2 csv files")


def test_flag_before_environment_before_file_before_default(qatk, project):
    shards = "--split train=0.5,test=0.5"
    command = ("convert", *shards.split())
    qatk(*command, "-o", "default", cwd=project)
    write(project, CONFIG + "[convert]\nseed = 1\n")
    qatk(*command, "-o", "file", cwd=project)
    environment = {"QATK_CONVERT_SEED": "2"}
    qatk(*command, "-o", "environment", cwd=project, env=environment)
    qatk(*command, "-o", "flag", "--seed", "3", cwd=project, env=environment)
    assert [seed_of(project, name) for name in ("default", "file", "environment", "flag")] == [42, 1, 2, 3]


def test_options_of_a_command_in_their_shapes(qatk, project):
    write(project, 'data = "train.csv"\n[fields]\ncontext = "passage"\nquestion = "q"\nanswers = "a"\n'
          '[validate]\nselect = "QA2"\noutput-format = "json"\nstrict = true\n'
          '[convert]\nto = ["csv", "jsonl"]\noutput = "out"\nsplit = "train=1"\n')  # fmt: skip
    assert json.loads(qatk("validate", cwd=project).out)["summary"]["files"] == 1
    assert qatk("convert", cwd=project).code == 0
    assert sorted(p.name for p in (project / "out").iterdir() if p.is_dir()) == ["csv", "jsonl"]


def test_one_text_where_several_are_taken_is_one(qatk, project):
    write(project, '[validate]\nselect = "QA203"\n[convert]\nto = "csv"\nsplit = "train=1"\n')
    write(project, "context,question,answer,answer_start\nA b.,b?,b,1\nA b.,c?,c,1\n", "two.csv")
    assert qatk("validate", "two.csv", "--statistics", cwd=project).out.splitlines()[0].split() == [
        "1", "QA203", "answer-not-in-context"
    ]  # fmt: skip
    assert qatk("convert", "two.csv", "-o", "out", "--drop-invalid", "--fix", cwd=project).code == 0
    assert (project / "out" / "train.csv").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[validate]\nstric = true\n", "[validate] stric is not a setting; did you mean strict?"),
        ("[convrt]\nseed = 1\n", "convrt is not a setting; did you mean convert?"),
        ("[field]\ncontext = 'x'\n", "field is not a setting; did you mean fields?"),
        ("dta = 'x'\n", "dta is not a setting; did you mean data?"),
        ("[rule]\nxyzzy = 1\n", "[rule] xyzzy is not a setting; known: all, code"),
        ("data = 3\n", 'write data as a list of files: data = ["train.csv", "dev.csv"]'),
        ("data = [1]\n", 'write data as a list of files: data = ["train.csv", "dev.csv"]'),
        ("fields = 'x'\n", "fields is a table; write [fields] and its settings below"),
        ("convert = 3\n", "convert is a table; write [convert] and its settings below"),
        ("[fields]\ncontext = 1\n", '[fields] holds names of columns, e.g. context = "passage"'),
        ("data = [\n", "not valid TOML: Invalid value (at end of document)"),
    ],
)
def test_mistakes_in_the_file(qatk, project, text, message):
    write(project, text)
    ran = qatk("validate", cwd=project)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"qatk: {project}/qatk.toml: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("text", ["[convert]\nseed = 'many'\n", "[convert]\nseed = [1, 2]\n",
                                  "[convert]\nseed = {a = 1}\n", "[convert]\noverwrite = [1]\n",
                                  "[convert]\noutput = 3\ndrop-invalid = 'perhaps'\n"])  # fmt: skip
def test_values_of_the_wrong_kind_are_a_usage_error(qatk, project, text):
    write(project, CONFIG + text)
    ran = qatk("convert", cwd=project)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_a_field_that_no_column_holds(qatk, project):
    write(project, 'data = "train.csv"\n[fields]\nquestion = "asked"\n')
    ran = qatk("validate", cwd=project)
    assert (ran.code, ran.err) == (
        2, "qatk: --map asked=question: no column 'asked'; columns are 'passage', 'q', 'a'\n"
    )  # fmt: skip
