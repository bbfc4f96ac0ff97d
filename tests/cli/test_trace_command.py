"""`qatk trace` as it is typed: the record alone on stdout, all else on stderr, an exit code."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import jsonschema
import pytest

from qatoolkit.conversion.convert import convert
from qatoolkit.resources import resource

CHANGED = "rivers.csv has changed since it was converted: "
HEADER = "id,context,question,answer,answer_start\n"
NILE = "The Nile is 6650 km long.,How long is it?"
RECORDS = {
    "n1": f"n1,{NILE},6650 km,9\n",
    "n1 again": f"n1,{NILE},6650,12\n",
    "n2": 'n2,"Ån är\n\x1b[31mlång ""här"".",Vad?,Ån,0\n',
    "n3": "n3,Bern is old.,What is new?,,\n",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with a file and the dataset that was made of it."""
    (tmp_path / "rivers.csv").write_bytes((HEADER + "".join(RECORDS.values())).encode())
    monkeypatch.chdir(tmp_path)
    convert("rivers.csv", "dataset", fix=True, split="train=1")
    return tmp_path


def test_the_record_has_stdout_to_itself(qatk, home):
    ran = qatk("trace", "dataset", "n1")
    assert (ran.code, ran.out, ran.err.splitlines()) == (0, RECORDS["n1"], [
        "rivers.csv:2 (row 1, bytes 40 to 95), split train",
        "repaired  QA201 answer_start of answer 1: 9 -> 12 (single, safe)",
        "answer 1  single, start given as 9, 1 candidate, distance 3",
        "answer 2  exact, start given as 12, 1 candidate",
        'merged    rivers.csv:3 (row 2): "6650" at 12',
        "rivers.csv is unchanged since it was converted.",
    ])  # fmt: skip
    ran = qatk("trace", "dataset", "n2")
    assert (ran.code, ran.out, ran.err.splitlines()) == (0, RECORDS["n2"], [
        "rivers.csv:4 (row 3, lines 4 to 5, bytes 148 to 193), split train",
        "answer 1  exact, start given as 0, 1 candidate",
        "rivers.csv is unchanged since it was converted.",
    ])  # fmt: skip
    ran = qatk("trace", "dataset", "n3")
    assert (ran.out, ran.err.splitlines()[1]) == (RECORDS["n3"], "no answer")


def test_a_pointer_is_told_once_and_bytes_are_the_records_own(qatk, home):
    rows = [{"id": i, "context": "Oslo.", "question": f"{i}?", "answers": []} for i in "ab"]
    text = json.dumps(rows)
    (home / "one.json").write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing has an answer
        convert("one.json", "from json", split="train=1")
    ran = qatk("trace", "from json", "b")
    assert ran.out == json.dumps(rows[1])
    start = text.index(ran.out)
    (home / "pretty.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    told = f"one.json#/1 (row 2, bytes {start} to {start + len(ran.out)}), split train"
    assert ran.err.splitlines()[0] == told
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        convert("pretty.json", "pretty", split="train=1")
    assert " (row 2, /1, lines 8 to 13, " in qatk("trace", "pretty", "b").err  # which is not said before


def test_a_file_that_has_changed(qatk, home):
    text = (home / "rivers.csv").read_text(encoding="utf-8")
    (home / "rivers.csv").write_text(text.replace(HEADER, f"{HEADER}n0,a,b,a,0\n"), encoding="utf-8")
    ran = qatk("trace", "dataset", "n1")
    assert (ran.code, ran.out) == (0, RECORDS["n1"])
    assert ran.err.splitlines()[-2:] == [
        "merged    rivers.csv:3 (row 2): not read again, for the file has changed",
        f"{CHANGED}this question and its context now stand at rivers.csv:3.",
    ]
    (home / "rivers.csv").write_text(
        text.replace("Vad?", "Vem?").replace(RECORDS["n3"], ""), encoding="utf-8"
    )
    ran = qatk("trace", "dataset", "n2")
    assert (ran.code, ran.out, ran.err.splitlines()[-3:]) == (1, "", [
        f"{CHANGED}the record with this id now has another question or context, at rivers.csv:4:",
        '  | n2,"Ån är',
        '  | \\u001b[31mlång ""här"".",Vem?,Ån,0',
    ])  # fmt: skip
    ran = qatk("trace", "dataset", "n3")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (
        1, "", f"{CHANGED}this question and its context are not in it any more."
    )  # fmt: skip


def test_json_has_it_all(qatk, home):
    ran = qatk("trace", "dataset", "n1", "--output-format", "json")
    found = json.loads(ran.out)
    jsonschema.validate(found, json.loads(resource("schemas/trace.schema.json").read_text(encoding="utf-8")))
    assert (ran.code, ran.err, found["version"]) == (0, "", 1)
    assert (found["record"], found["merged"][0]["record"]) == (RECORDS["n1"], RECORDS["n1 again"])
    (home / "rivers.csv").write_text(HEADER + RECORDS["n3"], encoding="utf-8")
    ran = qatk("trace", "dataset", "n1", "--output-format", "json")
    assert (ran.code, ran.err, json.loads(ran.out)["state"]) == (1, "", "gone")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["dataset", "n4"], 1, "qatk: dataset: no example has the id n4\n"),
        (["nowhere", "n1"], 2, "qatk: nowhere: no such folder; qatk convert FILE -o nowhere writes one\n"),
        (
            ["rivers.csv", "n1"],
            2,
            "qatk: rivers.csv: is a file; name the folder that qatk convert wrote of it\n",
        ),
    ],
)
def test_what_cannot_be_traced(qatk, home, arguments, code, message):
    ran = qatk("trace", *arguments)
    assert (ran.code, ran.out, ran.err) == (code, "", message)


def test_the_file_is_found_from_another_folder(qatk, home):
    (home / "other").mkdir()
    ran = qatk("trace", Path("..", "dataset"), "n3", cwd=home / "other")
    assert (ran.code, ran.out) == (0, RECORDS["n3"])
