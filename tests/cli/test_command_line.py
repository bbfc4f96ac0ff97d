"""What people see: command, exit code, stdout and stderr together, held as text files.

After a wanted change run the tests with QATK_UPDATE_SNAPSHOTS=1 and read the difference.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars
import pytest

from qatoolkit.cli import demo
from qatoolkit.corpus.record import content_hash

SNAPSHOTS = Path(__file__).parent / "snapshots"

NILE = "The Nile is 6650 km long and flows north."
HOW_LONG, WHERE_TO = content_hash(NILE, "How long is the Nile?"), content_hash(NILE, "Where does it flow?")
LONG = "A long way before the words that matter here, and on and on it goes. " * 4 + NILE

FILES = {
    "mixed.csv": (
        "id,context,question,answer,answer_start\n"
        f"1,{NILE},How long is the Nile?,6650 km,9\n"
        f"2,{NILE},Where does it end?,Lake Victoria,\n"
        f"3,{NILE},Where does it flow?,north ,35\n"
        '4,"Första raden.\nAndra raden 😀 här.",Vilken rad?,andra raden,15\n'
        f"5,{NILE},How, long?,Nile,4\n"
        "6,The king met the king.,Who?,king,9\n"
    ),
    "clean.csv": (
        "context,question,answer,answer_start\n"
        f"{NILE},How long is the Nile?,6650 km,12\n"
        f"{NILE},How long is the Nile?,6650,12\n"
        "Oslo is cold.,What is cold?,Oslo,0\n"
        "Ån är lång.,Vad är lång?,Ån,0\n"
        "Bern is old.,What is new?,,\n"
    ),
    "one.json": json.dumps(
        [{"context": NILE, "question": "How?", "answers": {"text": ["Nile"], "answer_start": [3]}}]
    ),
    "long.jsonl": json.dumps({"context": LONG, "question": "How long?", "answers": "6650 KM"}) + "\n",
    "hostile.csv": (
        "context,question,answer,answer_start\n"
        "[/b] :100: [red]x[/red] \u202eabc,What?,:100:,1\n"
        '"A \x1b[31mred\x1b[0m\tthing \x07.",What?,\x1b[2Jblue,9\n'
        "[/b] :100: [red]x[/red] \u202eabc,What?,[/red] ,17\n"
    ),
    "warned.csv": f"context,question,answer\n{NILE} <br>,How long?,6650 km\n",
    "no_context.csv": "passage_of_text,question,answer\nThe Nile.,What?,Nile\n",
    "pair a.csv": f"context,question,answer,answer_start\n{NILE},How?,6650 km,9\n",
    "empty.csv": "",
    "header.csv": "context,question,answer\n",
    "corrections.csv": (
        "file,row,content_hash,answer,old_text,old_start,new_text,new_start,decision\n"
        f"mixed.csv,1,blake2b:{HOW_LONG},0,6650 km,9,6650 km long,12,accept\n"
        f"mixed.csv,3,blake2b:{WHERE_TO},0,north ,35,north,30,yes\n"
        f"mixed.csv,3,blake2b:{WHERE_TO},0,north ,35,north,35,\n"
        f"mixed.csv,3,blake2b:{WHERE_TO},0,north ,35,,,no\n"
        "mixed.csv,9,blake2b:0123456789abcdef,0,a,0,b,1,y\n"
        "other.csv,9,blake2b:0123456789abcdef,0,a,0,b,1,y\n"
        f"mixed.csv,1,blake2b:{HOW_LONG},0,6650 km,9,6650 km long,12,perhaps\n"
    ),
    "qatk.toml": '[rules]\ntoo-few-examples = "off"\n',
}  # fmt: skip

CASES = {
    "validate_mixed": "validate mixed.csv",
    "validate_concise": "validate mixed.csv --output-format concise --max-findings 2",
    "validate_statistics": "validate mixed.csv long.jsonl --statistics",
    "validate_statistics_json": "validate mixed.csv --statistics --output-format json",
    "validate_statistics_sarif": "validate mixed.csv --statistics --output-format sarif",
    "validate_header_only": "validate header.csv",
    "validate_encoding": "validate windows.csv --encoding windows-1252",
    "validate_encoding_unknown": "validate windows.csv --encoding windows-1",
    "validate_select": "validate mixed.csv --select QA203,QA2 --ignore QA201 --ignore answer-edge-whitespace",
    "validate_json_place": "validate one.json",
    "validate_long_context": "validate long.jsonl",
    "validate_hostile": "validate hostile.csv",
    "validate_warning": "validate warned.csv",
    "validate_strict": "validate warned.csv --strict",
    "validate_no_context": "validate no_context.csv",
    "validate_mapped": "validate no_context.csv --map passage_of_text=context",
    "validate_map_unknown_column": "validate no_context.csv --map passage=context",
    "validate_quoted_hint": "validate 'pair a.csv'",
    "validate_missing_file": "validate nowhere.csv",
    "validate_empty_file": "validate empty.csv",
    "validate_no_file": "validate",
    "validate_unknown_flag": "validate mixed.csv --selects QA2",
    "validate_unknown_choice": "validate mixed.csv --output-format [/b]",
    "unknown_command": "validat mixed.csv",
    "version": "--version",
    "fix_diff": "fix mixed.csv --diff",
    "fix_diff_clean": "fix clean.csv --diff",
    "fix_diff_hostile": "fix hostile.csv --diff",
    "fix_written": "fix mixed.csv -o mended.csv",
    "fix_unsafe": "fix mixed.csv -o mended.csv --unsafe-fixes",
    "fix_no_output": "fix 'pair a.csv'",
    "fix_in_place": "fix mixed.csv -o mixed.csv",
    "fix_apply": "fix mixed.csv --apply corrections.csv -o mended.csv",
    "fix_apply_diff": "fix mixed.csv --apply corrections.csv --diff",
    "fix_apply_no_output": "fix mixed.csv --apply corrections.csv",
    "fix_apply_unsafe": "fix mixed.csv --apply corrections.csv --diff --unsafe-fixes",
    "fix_apply_no_list": "fix mixed.csv --apply clean.csv --diff",
    "fix_two_files": "fix '*.json*' --diff",
    "convert_clean": "convert clean.csv",
    "convert_formats": "convert clean.csv -o out --to jsonl --to squad,csv --split train=0.5,validation=0.5",
    "convert_invalid": "convert mixed.csv",
    "convert_fixed": "convert mixed.csv --fix --drop-invalid -o out",
    "convert_unsafe": "convert mixed.csv --unsafe-fixes",
    "convert_hostile": "convert hostile.csv",
    "convert_bad_split": "convert mixed.csv --split train:0.8",
    "convert_exists": "convert clean.csv -o pair",
    "convert_not_ours": "convert clean.csv -o pair --overwrite",
    "convert_header_only": "convert header.csv",
    "rule_one": "rule QA208",
    "rule_all": "rule --all",
    "rule_json": "rule QA208 --output-format json",
    "rule_unknown": "rule answer-not-in-contxt",
    "rule_nothing": "rule",
}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    windows = (
        "context,question,answer,answer_start\nDer Fluß fließt über Köln nach Norden.,Wohin?,nach Süden,0\n"
    )
    (tmp_path / "windows.csv").write_bytes(windows.encode("cp1252"))
    (tmp_path / "pair").mkdir()
    (tmp_path / "pair" / "mine.txt").write_text("mine", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_snapshot(qatk, folder, name):
    ran = qatk(*shlex.split(CASES[name]), cwd=folder)
    found = f"$ qatk {CASES[name]}\nexit {ran.code}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    found = found.replace(str(folder), "FOLDER")
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("QATK_UPDATE_SNAPSHOTS"):
        path.write_text(found, encoding="utf-8", newline="")
    assert found == path.read_bytes().decode("utf-8")


def test_every_snapshot_belongs_to_a_case():
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(CASES)


def test_nothing_that_a_text_says_to_the_terminal_is_passed_on():
    """All snapshots hold printable characters and line breaks only."""
    for path in SNAPSHOTS.iterdir():
        text = path.read_bytes().decode("utf-8")
        assert [c for c in text if not c.isprintable() and c != "\n"] == [], path.name


# Machines read it too


def test_json_is_one_document_with_every_finding(qatk, sample_data, folder):
    ran = qatk(
        "validate", "mixed.csv", "hostile.csv", "--output-format", "json", "--max-findings", 1, cwd=folder
    )
    found = json.loads(ran.out)
    assert (ran.code, ran.err, found["version"]) == (1, "", 1)
    assert found["summary"]["by_code"] == {"QA107": 1, "QA201": 2, "QA202": 1, "QA203": 2, "QA204": 2,
                                           "QA208": 1, "QA302": 1}  # fmt: skip
    assert len(found["findings"]) == sum(found["summary"]["by_code"].values())
    assert [f["line"] for f in found["findings"] if f["file"] == "mixed.csv"] == [2, 3, 4, 5, 7, 8]


def test_piped_output_is_not_wrapped(qatk, folder):
    question = "Why " + "very " * 60 + "long?"
    (folder / "wide.csv").write_text(
        f"context,question,answer\nA b.,{question},{question}\n", encoding="utf-8"
    )
    ran = qatk("validate", "wide.csv", cwd=folder, env={"COLUMNS": "40"})
    assert f'wide.csv:2  QA203     answer "{question}" is not in the context' in ran.out.splitlines()


def test_json_has_stdout_to_itself(qatk, folder):
    """Whatever there is to say beside it: guesses, what a baseline knows, that there are no records."""
    (folder / "known.json").write_text('{"version": 1, "findings": {}}', encoding="utf-8")
    for files in ("windows.csv", "header.csv", "windows.csv header.csv"):
        ran = qatk(
            "validate", *files.split(), "--baseline", "known.json", "--output-format", "json", cwd=folder
        )
        assert json.loads(ran.out)["version"] == 1
        assert "known to known.json left out" in ran.err
    assert len(json.loads(qatk("rule", "--all", "--output-format", "json").out)) > 20


def test_every_rule_is_described_by_its_parts(qatk):
    rules = json.loads(qatk("rule", "--all", "--output-format", "json").out)
    names = ["code", "name", "severity", "scope", "default", "what", "why", "bad", "good", "fixes"]
    assert [list(rule) for rule in rules] == [names] * len(rules)
    listed = qatk("rule", "--all").out.splitlines()
    assert [rule["code"] for rule in rules] == [line.split()[0] for line in listed]
    assert all(
        rule["severity"] in ("error", "warning", "info") and rule["what"] and rule["why"] for rule in rules
    )


# What is suggested can be typed

MAPPED = f"text_of_it,question,answer,answer_start\n{NILE},How long is the Nile?,6650 km,9\n"


def test_of_a_file_that_is_not_edited_the_repaired_dataset_is_suggested(qatk, folder):
    polars.read_csv(FILES["pair a.csv"].encode()).write_parquet(folder / "pair a.parquet")
    ran = qatk("validate", "pair a.parquet", cwd=folder)
    suggested = ran.out.splitlines()[-1]
    assert suggested == "[*] 1 fixable: write with: qatk convert 'pair a.parquet' -o fixed --fix"
    assert qatk(*shlex.split(suggested.partition("qatk ")[2]), cwd=folder).code == 0


def test_suggestions_repeat_how_the_file_is_read(qatk, folder):
    (folder / "mapped.csv").write_text(MAPPED, encoding="utf-8")
    fix = ["fix", "mapped.csv", "--map", "text_of_it=context", "--apply", "corrections.csv"]
    looked = qatk(*fix, cwd=folder)
    assert looked.err == (
        "qatk: name the copy with -o, or look first: "
        "qatk fix mapped.csv --map text_of_it=context --apply corrections.csv --diff\n"
    )
    written = qatk(*fix, "-o", "b.csv", cwd=folder)
    suggested = written.out.splitlines()[-1]
    assert suggested == "Next: qatk validate b.csv --map text_of_it=context"
    assert qatk(*shlex.split(suggested.partition("qatk ")[2]), cwd=folder).code == 0


def test_the_demo_quotes_its_folder(tmp_path, monkeypatch):
    commands = []

    def run(command, **options):
        commands.append(shlex.split(command))
        (tmp_path / "my demo" / "run").mkdir(exist_ok=True)
        (tmp_path / "my demo" / "run" / "report.html").touch()

    monkeypatch.setattr(demo, "_run", run)
    monkeypatch.setattr(demo, "_tell", lambda folder, seconds: None)
    monkeypatch.setattr(demo, "_require_packages", lambda model: None)
    demo.demo(str(tmp_path / "my demo"))
    places = [[word for word in command if "my demo" in word] for command in commands]
    assert [len(words) for words in places] == [1, 2, 2, 2, 1, 1]
    assert all(word.startswith(str(tmp_path / "my demo")) for words in places for word in words)


@pytest.mark.parametrize("form", ["full", "jsonl", "github", "json", "sarif"])
def test_what_the_terminal_has_no_letters_for_is_written_out(qatk, folder, form):
    name = os.fsdecode(b"caf\xe9.csv")
    (folder / name).write_text("context,question,answer\nÅn är lång.,Hur?,kort😀\n", encoding="utf-8")
    for encoding in ("utf-8", "ascii"):
        env = {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
        ran = qatk("validate", name, "--output-format", form, cwd=folder, env=env)
        assert ran.code == 1
        assert "Traceback" not in ran.err
        assert "caf" in ran.out


# Exit codes


def test_ctrl_c_ends_with_130_and_leaves_nothing(folder, sample_data):
    """The signal comes while the new folder is being written beside its place."""
    header, *rows = (sample_data / "clean.jsonl").read_text(encoding="utf-8").splitlines()
    with (folder / "big.jsonl").open("w", encoding="utf-8") as stream:
        for copy in range(15):
            stream.writelines(row.replace('"id": "', f'"id": "{copy}-', 1) + "\n" for row in [header, *rows])
    before = set(folder.iterdir())
    command = [
        sys.executable,
        "-m",
        "qatoolkit",
        "convert",
        "big.jsonl",
        "-o",
        "out",
        "--to",
        "csv,squad,arrow",
    ]
    with subprocess.Popen(command, cwd=folder, stdout=-1, stderr=-1, text=True) as process:
        while process.poll() is None and set(folder.iterdir()) == before:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "qatk: interrupted\n")
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(
    "command", ["validate mixed.csv", "validate mixed.csv --output-format json", "rule --all", "--help"]
)
def test_a_closed_pipe_is_silent(folder, command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "qatoolkit", *shlex.split(command)],
        cwd=folder, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141


def test_head_takes_the_first_line_only(sample_data, folder):
    qatk = shlex.join([sys.executable, "-m", "qatoolkit", "validate", str(sample_data / "messy.csv")])
    done = subprocess.run(
        f"{qatk} | head -1", shell=True, cwd=folder, capture_output=True, text=True, check=True
    )
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_with_2_and_one_line(folder):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qatoolkit", "rule", "--all"],
            cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "qatk: No space left on device\n")


def test_a_defect_ends_with_3(qatk, folder):
    """`sitecustomize` breaks a function that nothing of ours expects to fail."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(
        "import json, builtins\n"
        "def broken(*a, **k): raise RuntimeError('broken on purpose')\n"
        "json.dumps = broken\n",
        encoding="utf-8",
    )  # fmt: skip
    ran = qatk(
        "validate", "mixed.csv", "--output-format", "json", cwd=folder, env={"PYTHONPATH": folder / "site"}
    )
    assert (ran.code, ran.out) == (3, "")
    assert "RuntimeError: broken on purpose" in ran.err
    assert ran.err.endswith("this is a defect of qatk; please report it with the lines above\n")
