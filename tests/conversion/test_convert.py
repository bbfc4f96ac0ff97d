"""What a conversion does with records, options and splits, and what its functions return.

Formats, shards, lineage, rejected records and places have files of their own.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import datasets
import polars as pl
import pytest

from qatoolkit.conversion.convert import check_options, from_dict, write_dataset
from qatoolkit.conversion.convert import convert as convert_here
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.place import check_destination
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.conversion.write import FORMATS
from qatoolkit.corpus.reader import Corpus, from_text, read
from qatoolkit.corpus.record import content_hash
from qatoolkit.errors import (
    DestinationError,
    InvalidRecordsError,
    NotACorpusError,
    UsageError,
)
from qatoolkit.validation.fix import fix
from qatoolkit.validation.validate import validate

#: What `datasets.load_dataset("squad")["train"].features` and squad_v2's print.
HUB_FEATURES = (
    "{'id': Value('string'), 'title': Value('string'), 'context': Value('string'), "
    "'question': Value('string'), 'answers': {'text': List(Value('string')), "
    "'answer_start': List(Value('int32'))}}"
)


@dataclass(frozen=True)
class Made:
    """The dataset that was written, and the report on it."""

    dataset: datasets.DatasetDict
    report: ConversionReport


def convert(paths, output=None, *, to=("arrow",), overwrite=False, **options) -> Made:
    """Writes a dataset, somewhere if it is not said where, and reads it again."""
    with tempfile.TemporaryDirectory() as scratch:
        chosen = Options(tuple(dict.fromkeys(to)), **options)
        check_options(chosen)
        if output is not None:
            check_destination(output, overwrite=overwrite)
        corpus = paths if isinstance(paths, Corpus) else read(paths)
        arrow = Path(scratch) / "arrow"
        output = output or Path(scratch) / "dataset"
        report = write_dataset(corpus, output, chosen, overwrite=overwrite, arrow=arrow)
        return Made(datasets.load_from_disk(str(arrow), keep_in_memory=True), report)


def written(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rejected(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "rejected.jsonl").read_text("utf-8").splitlines()]


def lineage(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "lineage.parquet")


def row(id, context="The Nile is 6650 km long.", question="How long?", *answers, title=""):
    texts, starts = [text for text, _ in answers], [start for _, start in answers]
    return {"id": id, "title": title, "context": context, "question": question,
            "answers": {"text": texts, "answer_start": starts}}  # fmt: skip


def lines(*rows: dict) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


# The shape


def test_one_format_lies_at_the_root_and_several_in_folders(sample_data, tmp_path):
    convert(sample_data / "ten.json", tmp_path / "one", to=["csv", "csv"], split="train=1")
    convert(sample_data / "ten.json", tmp_path / "all", to=list(FORMATS), split="train=1")
    beside = {"README.md", "lineage.parquet", "manifest.json", "split.json"}
    assert set(written(tmp_path / "one")) == beside | {"train.csv"}
    assert set(written(tmp_path / "all")) == beside | {
        "dataset_dict.json", "train/data-00000-of-00001.arrow", "train/dataset_info.json", "train/state.json",
        "parquet/train.parquet", "squad/train.json", "jsonl/train.jsonl", "csv/train.csv",
        "squad1.1/train.json", "squad2.0/train.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    "to",
    [["arrow"], ["parquet"], ["jsonl"], ["csv"], ["squad"], ["squad2.0"], ["squad", "csv"],
     ["squad", "squad2.0"]],
    ids="-".join,
)  # fmt: skip
def test_what_the_card_says_on_loading_works(tmp_path, to):
    rows = [
        row("007", 'NA is\r\nno "answer", 😀.', "null", ("NA", 0), ("😀", 20), title="None"),
        row("8", "The Nile.", "What?"),
    ]
    convert(from_text(lines(*rows)), tmp_path / "dataset", to=to, split="test=1")
    card = (tmp_path / "dataset" / "README.md").read_text("utf-8")
    code = card.partition("```python\n")[2].partition("```")[0]
    assert code
    assert "\n\n\n" not in card
    found: dict = {}
    exec(code.replace("PATH", str(tmp_path / "dataset")), found)
    dataset = found["dataset"]
    if isinstance(dataset, datasets.DatasetDict):
        assert dataset["test"].to_list() == rows
    elif to[-1] == "csv":
        assert dataset.to_dict("records") == rows
    else:
        [first, second] = dataset["data"]
        assert first["title"] == "None"
        assert first["paragraphs"][0]["context"] == rows[0]["context"]
        assert first["paragraphs"][0]["qas"][0]["answers"][1] == {"text": "😀", "answer_start": 20}
        assert second["paragraphs"][0]["qas"][0]["id"] == "8"


# Nothing is lost


def test_invalid_records_stop_it_and_nothing_is_written(sample_data, tmp_path):
    with pytest.raises(InvalidRecordsError, match=r"2\d of 595 records are invalid .*QA201 6") as caught:
        convert(sample_data / "messy.csv", tmp_path / "dataset")
    assert "messy.csv:2 QA201 answer_start" in str(caught.value)
    assert caught.value.exit_code == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["messy.csv", "messy.json"])
@pytest.mark.parametrize(("fix", "unsafe"), [(False, False), (True, False), (True, True)])
def test_every_record_that_was_read_is_accounted_for(sample_data, tmp_path, name, fix, unsafe):
    folder = tmp_path / "dataset"
    report = convert(
        sample_data / name, folder, fix=fix, unsafe_fixes=unsafe, drop_invalid=True, rows="train[3:200],test"
    ).report
    whole = convert(sample_data / name, fix=fix, unsafe_fixes=unsafe, drop_invalid=True).report
    assert report.read == validate(sample_data / name).tally.records
    assert report.read == report.written + report.merged + report.rejected + report.left_out
    assert report.written == sum(report.splits.values()) == lineage(folder).height
    assert report.splits == {"train": 197, "test": whole.splits["test"]}
    assert report.left_out == whole.written - report.written
    assert len(rejected(folder)) == report.rejected
    counts = json.loads((folder / "manifest.json").read_text("utf-8"))["counts"]
    assert counts.pop("fixed") == len(report.fixed)
    assert counts == {name: getattr(report, name) for name in counts}
    assert len(counts) == 5


def test_what_each_repair_flag_saves(sample_data):
    plain, safe, unsafe = (
        convert(sample_data / "messy.csv", drop_invalid=True, **flags).report
        for flags in ({}, {"fix": True}, {"unsafe_fixes": True})
    )
    assert Counter(finding.code for finding in safe.fixed) == {
        "QA102": 1, "QA201": 6, "QA204": 3, "QA205": 1, "QA206": 2, "QA208": 2,
    }  # fmt: skip
    assert plain.rejected - safe.rejected == 13  # QA208 is a warning, and rejects nothing
    assert {f.code for f in unsafe.fixed} - {f.code for f in safe.fixed} == set()
    assert safe.rejected - unsafe.rejected == 1  # the other letter case


NOWHERE = row("n", "The Nile.", "What?", ("Amazon", 3))
SAFE = row("s", "The Nile is long.", "What?", ("Nile", 5))
UNSAFE = row("u", "The Nile is long.", "How?", ("LONG", 12))


@pytest.mark.parametrize(
    ("rows", "flags", "ways"),
    [
        ([NOWHERE], {}, "--drop-invalid moves it to rejected.jsonl"),
        ([NOWHERE, NOWHERE | {"id": "m", "question": "Where?"}], {}, "--drop-invalid moves them to"),
        ([SAFE], {}, "--fix repairs what is safe, --drop-invalid moves the rest to"),
        ([UNSAFE], {}, "--unsafe-fixes repairs what a person should look at, --drop-invalid moves the"),
        ([UNSAFE], {"fix": True}, "--unsafe-fixes repairs what a person should look at, --drop-invalid"),
        ([SAFE, UNSAFE], {}, "--fix repairs what is safe, --unsafe-fixes what a person should look at too, "),
        ([SAFE, NOWHERE], {"fix": True}, "--drop-invalid moves it to"),
        ([UNSAFE, NOWHERE], {"unsafe_fixes": True}, "--drop-invalid moves it to"),
    ],
)  # fmt: skip
def test_only_what_would_help_is_offered(rows, flags, ways):
    with pytest.raises(InvalidRecordsError) as error:
        convert(from_text(lines(*rows)), **flags)
    assert str(error.value).splitlines()[-1].startswith(ways)


def test_large_numbers_of_invalid_records_can_be_read():
    rows = [row(str(i), f"Text {i}.", "What?", ("Amazon", 3)) for i in range(1200)]
    with pytest.raises(InvalidRecordsError, match=r"^1,200 of 1,200 records are invalid \(QA203 1,200\)"):
        convert(from_text(lines(*rows)))
    with pytest.raises(NotACorpusError, match=r"^none of 1,200 records is valid \(QA203 1,200\)"):
        convert(from_text(lines(*rows)), drop_invalid=True)


def test_files_without_records_are_named(tmp_path):
    names = [tmp_path / f"{name}.csv" for name in "abcd"]
    for name in names:
        name.write_text("context,question,answer\n", encoding="utf-8")
    with pytest.raises(NotACorpusError) as error:
        convert(names[0])
    assert str(error.value) == f"{names[0]}: there are no records to convert"
    with pytest.raises(NotACorpusError) as error:
        convert(names)
    assert str(error.value) == f"{', '.join(map(str, names[:3]))} and 1 more: there are no records to convert"


def test_when_nothing_is_left_nothing_is_written(tmp_path):
    text = lines(row("a", "The Nile.", "What?", ("Amazon", 3)))
    with pytest.raises(NotACorpusError, match="none of 1 records is valid"):
        convert(from_text(text), tmp_path / "data", drop_invalid=True)
    assert not (tmp_path / "data").exists()


# Rows become examples


def test_rows_of_one_question_become_one_example_with_all_answers(tmp_path):
    rows = [
        row("a", "The Nile is long.", "What?", ("Nile", 4)),
        row("b", "The Nile is long.", "How?", ("long", 12)),
        row("a", "The Nile is long.", "What?", ("The Nile", 0), ("Nile", 4), ("The Nile", 0)),
        row("a", "The Nile is long.", "What?"),
    ]
    made = convert(from_text(lines(*rows)), tmp_path / "data", split="train=1")
    assert [(e["id"], e["answers"]) for e in made.dataset["train"]] == [
        ("a", {"text": ["Nile", "The Nile"], "answer_start": [4, 0]}),
        ("b", {"text": ["long"], "answer_start": [12]}),
    ]
    assert made.report.merged == 2
    joined = [{"source": "<text>", "row": 3, "line": 3}, {"source": "<text>", "row": 4, "line": 4}]
    assert lineage(tmp_path / "data")["merged"].to_list() == [joined, []]


def test_rows_of_one_question_that_differ_in_whether_it_has_an_answer_are_told_of():
    rows = [
        row("a", "The Nile is long.", "What?"),
        row("a", "The Nile is long.", "What?", ("Nile", 4)),
        row("a", "The Nile is long.", "What?"),
        row("b", "The Nile is long.", "How?", ("long", 12)),
        row("b", "The Nile is long.", "How?", ("Nile", 4)),
        row("c", "The Nile is long.", "Why?"),
        row("c", "The Nile is long.", "Why?"),
    ]
    made = convert(from_text(lines(*rows)), split="train=1")
    assert made.report.warnings == [
        "1 question has an answer in one row and none in another; it is written as answerable "
        "(qatk validate --select QA402 shows them)"
    ]
    assert [len(example["answers"]["text"]) for example in made.dataset["train"]] == [1, 2, 0]
    assert convert(from_text(lines(*rows[3:])), split="train=1").report.warnings == []


def test_answers_that_one_record_repeats_stay_as_they_are():
    twice = row("a", "The Nile is long.", "What?", ("Nile", 4), ("Nile", 4))
    assert convert(from_text(lines(twice)), split="train=1").dataset["train"].to_list() == [twice]


def test_one_id_for_two_questions_is_not_merged_but_rejected():
    rows = [row("a", "The Nile is long.", "What?"), row("a", "The Nile is long.", "How?")]
    report = convert(from_text(lines(*rows)), drop_invalid=True, split="train=1").report
    assert (report.written, report.merged, report.rejected) == (1, 0, 1)


def test_a_missing_start_is_filled_where_the_text_occurs_once():
    columns = {"context": ["The Nile is 6650 km long."], "question": ["How long?"], "answers": ["6650 km"]}
    assert from_dict(columns)["answers"][0] == {"text": ["6650 km"], "answer_start": [12]}
    twice = {"context": ["A king met a king."], "question": ["Who?"], "answers": ["king"]}
    with pytest.raises(InvalidRecordsError, match=r"QA202 .*occurs 2 times"):
        from_dict(twice)


def test_ids_are_made_from_content_where_there_are_none(sample_data):
    columns = json.loads((sample_data / "ten.json").read_text("utf-8"))
    made = from_dict(columns)
    assert made["id"] == [content_hash(c, q) for c, q in zip(made["context"], made["question"], strict=True)]
    assert str(made.features) == HUB_FEATURES
    assert {name: list(made[name]) for name in columns} == columns


def test_from_dict_takes_arrays_and_series():
    import numpy as np

    columns = {
        "context": pl.Series(["The Nile is long."]),
        "question": np.array(["What?"]),
        "answers": [{"text": np.array(["Nile"]), "answer_start": np.array([4])}],
    }
    assert from_dict(columns)["answers"][0] == {"text": ["Nile"], "answer_start": [4]}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"context": ["a"]}, "no column for question"),
        ({"context": ["a", "b"], "question": ["c"]}, "different lengths: context 2, question 1"),
        ({}, "no records"),
    ],
)
def test_from_dict_says_what_is_missing(columns, message):
    with pytest.raises(NotACorpusError, match=message):
        from_dict(columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([1], "from_dict takes a dictionary of columns, not a list"),
        (None, "from_dict takes a dictionary of columns, not a NoneType"),
        ({"context": "The Nile.", "question": ["What?"], "answers": ["Nile"]}, "column context is a str;"),
        ({"context": ["The Nile."], "question": 4, "answers": ["Nile"]}, "column question is a int; make it"),
    ],
)  # fmt: skip
def test_from_dict_says_what_it_takes(columns, message):
    with pytest.raises(UsageError, match=message):
        from_dict(columns)


def test_warnings_point_at_whoever_called(sample_data):
    columns = {"context": ["The Nile."], "question": ["What?"], "answers": [[]]}
    with pytest.warns(UserWarning, match="no record has an answer") as warned:
        from_dict(columns)
    with pytest.warns(UserWarning, match="groups are too few") as others:
        convert_here(read(sample_data / "ten.json"), split="train=0.998,test=0.001,x=0.001")
    assert {Path(w.filename) for w in [*warned, *others]} == {Path(__file__)}


@pytest.mark.parametrize("to", ["csv, jsonl", ["csv", "jsonl"], ("csv", "jsonl", "csv")])
def test_formats_may_be_one_text(sample_data, tmp_path, to):
    convert_here(sample_data / "ten.json", tmp_path / "out", to=to, split="train=1")
    assert {path.name for path in (tmp_path / "out").iterdir()} > {"csv", "jsonl"}


# The manifest


def test_the_manifest_says_what_was_read(sample_data, tmp_path):
    import hashlib

    source = sample_data / "clean.csv"
    convert(source, tmp_path / "data", to=["arrow", "csv"])
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text("utf-8"))
    assert manifest["sources"] == [
        {"name": str(source), "path": os.path.relpath(source, tmp_path / "data"), "layout": "csv",
         "encoding": "utf-8", "delimiter": ",", "packing": None, "member": None, "split": None,
         "records": 593, "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}
    ]  # fmt: skip
    assert (manifest["features"], manifest["options"]["to"]) == ("squad_v2", ["arrow", "csv"])
    assert sum(split["rows"] for split in manifest["splits"].values()) == 567
    assert sum(split["unanswerable"] for split in manifest["splits"].values()) == 56
    newest = max(written(tmp_path / "data"), key=lambda p: (tmp_path / "data" / p).stat().st_mtime_ns)
    assert newest == "manifest.json"


# Splits and slices


def test_the_files_own_splits_are_kept_and_their_leaks_counted(tmp_path):
    (tmp_path / "train.jsonl").write_text(lines(row("a", "A b.", "x?"), row("b", "C d.", "x?")), "utf-8")
    (tmp_path / "dev.jsonl").write_text(lines(row("c", "A b.", "y?")), "utf-8")
    made = convert([tmp_path / "train.jsonl", tmp_path / "dev.jsonl"])
    assert made.report.splits == {"train": 2, "validation": 1}
    assert made.report.assignment.crossing == {"title": 0, "context": 1, "near-duplicate": 0}
    assert "in more than one of the files' own splits (context 1)" in made.report.warnings[-1]


def test_shards_of_one_split_are_split_like_one_file(tmp_path):
    shards = []
    for number in (0, 1):
        rows = [row(f"{number}-{i}", f"Text {number} {i}.", "x?") for i in range(20)]
        shards.append(tmp_path / f"train_{number}.jsonl")
        shards[-1].write_text(lines(*rows), "utf-8")
    assert set(convert(shards).dataset) == {"train", "validation", "test"}


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        ("train[:2]", "01"), ("train[2:3]", "2"), ("train[3:]", "34"), ("train", "01234"),
        ("train[ : 1 ]", "0"), ("train[4:99]", "4"),
    ],
)  # fmt: skip
def test_slices(rows, ids):
    text = lines(*(row(str(i), f"Text {i}.", "x?") for i in range(5)))
    made = convert(from_text(text), split="train=1", rows=rows)
    assert "".join(made.dataset["train"]["id"]) == ids
    assert made.report.left_out == 5 - len(ids)


@pytest.mark.parametrize(
    "rows", ["dev[:2]", "train[2]", "train[-1:]", "train[:1],train[1:]", "train[:0]", ""]
)
def test_slices_that_mean_nothing(rows):
    with pytest.raises(UsageError, match=r"--rows"):
        convert(from_text(lines(row("a"))), split="train=1", rows=rows)


@pytest.mark.parametrize("rows", ["train[10%:]", "train[:-5]", "train[-1:]", "train[:50%],test"])
def test_slices_by_percentages_or_from_the_end_are_not_taken(rows):
    with pytest.raises(UsageError) as error:
        convert(from_text(lines(row("a"))), split="train=1", rows=rows)
    assert str(error.value) == (
        f"--rows {rows}: percentages and negative numbers are not taken; "
        "write the rows to keep as numbers, e.g. train[:5000]"
    )


def test_shares_are_read_before_the_files(tmp_path):
    with pytest.raises(UsageError, match=r"--split train"):
        convert(tmp_path / "no-such-file.csv", split="train")


def test_unknown_formats(sample_data):
    for to in (["xml"], []):
        with pytest.raises(
            UsageError, match=r"formats are arrow, parquet, squad, squad1.1, squad2.0, jsonl, csv"
        ):
            convert(sample_data / "ten.json", to=to)


# The destination


def test_overwrite_replaces_the_whole_folder(sample_data, tmp_path):
    convert(sample_data / "clean.csv", tmp_path / "out", to=["csv", "jsonl"])
    convert(sample_data / "ten.json", tmp_path / "out", to=["squad"], split="test=1", overwrite=True)
    assert {"test.json", "README.md"} < set(written(tmp_path / "out"))
    assert not (tmp_path / "out" / "csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("paths", "documents", "name"),
    [
        ("own", None, "own/train"), ("./own/", None, "./own/train"), ("own/train", None, "own/train"),
        ("link", None, "link/train"), (["other.csv", "own/csv/train.csv"], None, "own/csv/train.csv"),
        ("other.csv", "own/csv/train.csv", "own/csv/train.csv"),
    ],
)  # fmt: skip
def test_what_is_read_is_not_replaced_by_what_comes_of_it(
    sample_data, tmp_path, monkeypatch, paths, documents, name
):
    monkeypatch.chdir(tmp_path)
    convert(sample_data / "ten.json", Path("own"), to=["arrow", "csv"], split="train=1")
    Path("link").symlink_to("own")
    Path("other.csv").write_text("id,context,question,answer\nk,The Nile.,What?,Nile\n", encoding="utf-8")
    before = written(Path("own"))
    corpus = read(paths, documents=documents, on="id" if documents else None)
    with pytest.raises(DestinationError) as error:
        convert(corpus, Path("own"), split="train=1", overwrite=True)
    assert str(error.value) == (
        f"own: is, or holds, what is read ({name}), and would be replaced with its lineage and rejected "
        "records; choose another folder with -o"
    )
    assert written(Path("own")) == before


def test_a_dataset_may_be_made_anew_with_its_splits_and_below_what_is_read(sample_data, tmp_path):
    convert(sample_data / "clean.csv", tmp_path / "own")
    before = lineage(tmp_path / "own").select("id", "split").rows()
    again = convert(
        sample_data / "clean.csv", tmp_path / "own", split_from=str(tmp_path / "own"), overwrite=True
    )
    assert again.report.assignment.moved == []
    assert lineage(tmp_path / "own").select("id", "split").rows() == before
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_bytes((sample_data / "clean.csv").read_bytes())
    assert convert(tmp_path / "data", tmp_path / "data" / "dataset").report.written == 567


def test_a_corpus_that_is_open_already_can_be_converted(sample_data):
    corpus = read(sample_data / "ten.json")
    assert convert(corpus, split="train=1").report.written == 10


def test_a_dictionary_without_answers_is_refused_and_not_taken_for_unanswerable():
    with pytest.raises(
        NotACorpusError, match="no column for answers; columns found: 'context', 'question', 'anwsers'"
    ):
        from_dict({"context": ["The Nile."], "question": ["What?"], "anwsers": ["Nile"]})


def test_a_corpus_without_any_answer_is_pointed_out(tmp_path):
    source = tmp_path / "data.csv"
    source.write_text("context,question,Antwort\nThe Nile is long.,What is long?,Nile\n", encoding="utf-8")
    report = convert(source, split="train=1").report
    assert [warning[:26] for warning in report.warnings] == ["no record has an answer, s"]


def test_what_a_broken_file_lost_is_pointed_out(tmp_path):
    record = {"context": "The Nile is long.", "question": "What is long?", "answers": ["Nile"]}
    source = tmp_path / "data.json"
    source.write_text(f"[{json.dumps(record)} {json.dumps(record)}]", encoding="utf-8")
    report = convert(source, split="train=1", drop_invalid=True).report
    assert (report.written, report.rejected) == (1, 1)
    assert "nothing after it was read" in report.warnings[0]


@pytest.mark.parametrize("formats", [["arrow", "csv"], ["csv"], ["squad", "jsonl"]])
def test_the_manifest_has_a_fingerprint_of_every_split(sample_data, tmp_path, formats):
    def fingerprints(name, **options):
        convert(sample_data / "clean.csv", tmp_path / name, to=formats, **options)
        manifest = json.loads((tmp_path / name / "manifest.json").read_text("utf-8"))
        return {split: facts["fingerprint"] for split, facts in manifest["splits"].items()}

    found = fingerprints("a")
    assert len(set(found.values())) == 3
    assert found == fingerprints("b") != fingerprints("c", seed=7)
    if "arrow" in formats:
        states = {
            name: json.loads((tmp_path / "a" / name / "state.json").read_text("utf-8")) for name in found
        }
        assert found == {name: state["_fingerprint"] for name, state in states.items()}


def test_the_manifest_tells_the_options(tmp_path):
    source = tmp_path / "data.csv"
    source.write_text("context,question,answer\nThe Nile is long.,What is long?,Nile\n", encoding="utf-8")
    convert(source, tmp_path / "out", split="train=1", rows="train[:1]", seed=7)
    options = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["options"]
    assert (options["split"], options["rows"], options["seed"]) == ("train=1", "train[:1]", 7)


@pytest.mark.corpora
def test_bare_answers_get_the_starts_that_the_same_corpus_has_elsewhere(corpora, tmp_path):
    folder = corpora / "cmrc2018"
    fix(folder / "squad-style_trial.json", tmp_path / "mended.json")
    mended = read(tmp_path / "mended.json").to_polars().iter_rows(named=True)
    known = {r["id"]: (r["answer_start"][0], r["text"][0]) for r in mended}
    made = convert(folder / "original_trial.json", tmp_path / "data", split="train=1", drop_invalid=True)
    # 925 answers occur once; one of them answers a blank question, and is rejected for that.
    assert made.dataset["train"].num_rows == 924
    for row in made.dataset["train"]:
        (start,), (text,) = row["answers"]["answer_start"], row["answers"]["text"]
        # The mended file has its three answers with blanks at the edges trimmed.
        assert (start + len(text) - len(text.lstrip()), text.strip()) == known[row["id"]]
