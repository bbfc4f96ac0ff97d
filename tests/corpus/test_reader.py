"""What may be named: files, globs, folders, saved datasets; and what is said when it cannot be read."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest

from qatoolkit.conversion.convert import convert
from qatoolkit.corpus import from_text, read
from qatoolkit.corpus.reader import split_of
from qatoolkit.corpus.record import UNREADABLE
from qatoolkit.corpus.sniff import sniff_layout
from qatoolkit.errors import NotACorpusError, QatkError, UnreadableError, UsageError

CSV = "context,question,answer\nThe Nile is long.,What?,Nile\n"
BASE = {"id": ["1", "2"], "title": ["", ""], "context": ["The Nile.", "x y"], "question": ["q", "r"]}
ANSWERS: list[Any] = [{"text": ["Nile"], "answer_start": [4]}, {"text": [], "answer_start": []}]


@pytest.fixture(autouse=True)
def quiet():
    datasets.disable_progress_bars()
    logging.getLogger("datasets").setLevel(logging.ERROR)


def save(folder: Path, columns: dict[str, list[Any]]) -> Path:
    datasets.Dataset.from_dict(columns).save_to_disk(str(folder))
    return folder


def test_files_globs_and_folders_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.csv", "a.csv", "notes.txt", "sub/c.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(CSV, encoding="utf-8")
    names = {
        what: [source.name for source in read(what).sources] for what in (".", "*.csv", "**/*.csv", "b.csv")
    }
    assert names["*.csv"] == ["a.csv", "b.csv"]
    assert names["**/*.csv"] == ["a.csv", "b.csv", "sub/c.csv"]
    assert names["b.csv"] == ["b.csv"]
    assert [Path(name).name for name in names["."]] == ["a.csv", "b.csv"]
    assert [source.name for source in read(["b.csv", Path("a.csv")]).sources] == ["b.csv", "a.csv"]
    assert read(["a.csv", "b.csv"]).to_polars()["source"].to_list() == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "message"), [("none.csv", "no such file"), ("*.csv", "no such file"), (".", "neither")]
)
def test_what_is_not_there(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableError, match=message):
        read(name)


def test_nothing_named():
    with pytest.raises(UsageError, match="no file"):
        read([])


@pytest.mark.parametrize(
    "open_it", [lambda path: read(path, format="xml"), lambda path: from_text(CSV, format="xml")]
)
def test_an_unknown_format_names_the_known_ones(tmp_path, open_it):
    with pytest.raises(
        UsageError,
        match="--format xml: unknown; formats are csv, squad, rows, jsonl, columns, xlsx, parquet, arrow",
    ):
        open_it(tmp_path)


@pytest.mark.parametrize("layout", ["arrow", "parquet", "xlsx"])
def test_text_is_read_as_no_layout_that_is_not_text(tmp_path, layout):
    (tmp_path / "x.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(UsageError, match=f"--format {layout}: .*x.csv is not an? "):
        read(tmp_path / "x.csv", format=layout)
    with pytest.raises(UsageError, match="is text"):
        from_text(CSV, format=layout)


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (CSV, "csv"),
        ('{"data": [{"paragraphs": [', "squad"),
        ('{"version": "1", "data": [{"title": "x", "paragraphs": ', "squad"),
        ('[{"context": "x", "qas": []}]', "squad"),
        ('{"paragraphs": []}', "squad"),
        ('[{"context": "x", "question": "y"', "rows"),
        ('{"data": [{"context": "x", "question": "y"}]}', "rows"),
        ('{"context": "x", "question": "y"}\n', "jsonl"),
        ('{"context": ["x"], "question": ["y"]}', "columns"),
        ("[", "rows"),
        ("[" * 50_000, "rows"),
        ("{", "jsonl"),
    ],
)
def test_layouts_are_told_by_their_beginning(text, layout):
    assert sniff_layout(text, "x") == layout


@pytest.mark.parametrize(
    ("name", "split"),
    [("train.csv", "train"), ("dev-v2.0.json", "validation"), ("x_val.json", "validation"),
     ("my-test.csv", "test"), ("latest.csv", None), ("training_data.json", "train"), ("corpus.csv", None)],
)  # fmt: skip
def test_splits_are_told_by_the_name(name, split):
    assert split_of(name) == split


def test_a_saved_dataset_dict_gives_its_splits(tmp_path):
    train = datasets.Dataset.from_dict({**BASE, "answers": ANSWERS, "mood": [1, None]})
    splits = datasets.DatasetDict({"train": train, "test": train.filter(lambda row: row["id"] == "2")})
    splits.save_to_disk(str(tmp_path / "d"))
    corpus = read(tmp_path / "d")
    assert [(s.name, s.split, s.layout) for s in corpus.sources] == [
        (f"{tmp_path}/d/train", "train", "arrow"),
        (f"{tmp_path}/d/test", "test", "arrow"),
    ]
    records = corpus.to_polars()
    assert records["id"].to_list() == ["1", "2", "2"]
    assert records["row"].to_list() == [1, 2, 1]
    assert records["text"].to_list() == [["Nile"], [], []]
    assert records["answer_start"].to_list() == [[4], [], []]
    assert [json.loads(extra) for extra in records["extra"]] == [{"mood": 1}, {"mood": None}, {"mood": None}]


def test_a_split_whose_folder_is_gone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    split = datasets.Dataset.from_dict({**BASE, "answers": ANSWERS})
    datasets.DatasetDict({"train": split, "test": split}).save_to_disk("saved")
    shutil.rmtree("saved/test")
    with pytest.raises(UnreadableError) as error:
        read("saved").to_polars()
    assert str(error.value) == (
        "saved/test: no such folder, and dataset_dict.json beside it names the split test; put the folder "
        "back or save the dataset again"
    )


def test_what_is_named_twice_is_read_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "d" / name).write_text(CSV, encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("d/a.csv")
    corpus = read(["d/a.csv", "d/../d/a.csv", tmp_path / "d" / "b.csv", "link.csv", "d/*.csv"])
    assert [source.name for source in corpus.sources] == ["d/a.csv", str(tmp_path / "d" / "b.csv")]
    assert [source.remark for source in corpus.sources] == [
        "d/a.csv: named 4 times, read once",
        f"{tmp_path}/d/b.csv: named twice, read once",
    ]
    assert corpus.to_polars().height == 2
    # as part of its folder, which may have a certificate
    corpus = read(["d/b.csv", "d"])
    assert [(s.name, s.folder) for s in corpus.sources] == [("d/b.csv", Path("d")), ("d/a.csv", Path("d"))]
    # members of an archive are what they are called
    with zipfile.ZipFile("both.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, CSV)
    assert [s.name for s in read(["both.zip", "./both.zip"]).sources] == ["both.zip/a.csv", "both.zip/b.csv"]
    save(tmp_path / "saved", {**BASE, "answers": ANSWERS})
    assert len(read(["saved", "saved/"]).sources) == 1


def test_an_empty_split(tmp_path):
    folder = save(tmp_path / "d", {**BASE, "answers": ANSWERS})
    datasets.load_from_disk(str(folder)).select([]).save_to_disk(str(tmp_path / "e"))
    assert read(tmp_path / "e").to_polars().height == 0


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"answers": [None, ANSWERS[0]]}, {"text": [[], ["Nile"]], "answer_start": [[], [4]]}),
        ({"answers": ANSWERS, "is_impossible": [False, True]}, {"is_impossible": [False, True]}),
        ({"answers": ANSWERS, "is_impossible": ["no", "TRUE"]}, {"is_impossible": [False, True]}),
        ({"answers": ANSWERS, "id": [7, 8]}, {"id": ["7", "8"]}),
    ],
)
def test_shapes_of_saved_datasets(tmp_path, columns, expected):
    records = read(save(tmp_path / "d", {**BASE, **columns})).to_polars()
    assert {name: records[name].to_list() for name in expected} == expected


def test_a_saved_dataset_without_ids_gets_the_same_ids_as_a_file(tmp_path):
    columns = {name: BASE[name] for name in ("context", "question")}
    saved = read(save(tmp_path / "d", {**columns, "answers": ANSWERS})).to_polars()
    text = from_text(json.dumps(columns)).to_polars()
    assert saved["id"].to_list() == text["id"].to_list()


def test_uneven_lists_in_a_saved_dataset_are_noted(tmp_path):
    uneven = [{"text": ["Nile"], "answer_start": [4, 5]}, {"text": ["x", "y"], "answer_start": [0]}]
    (batch,) = read(save(tmp_path / "d", {**BASE, "answers": uneven}))
    assert batch.records["answer_start"].to_list() == [[4], [0, None]]
    noted = [(n.kind, n.place.row, n.detail) for n in batch.notes]
    assert noted == [
        ("lengths-differ", 1, "1 texts and 2 starts"),
        ("lengths-differ", 2, "2 texts and 1 starts"),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"answers": ANSWERS, "context": [5, 6]}, "context holds Int64, not strings"),
        ({"answers": ANSWERS, "question": [["x"], []]}, r"question holds List\(String\), not strings"),
    ],
)
def test_saved_datasets_of_another_shape_are_refused(tmp_path, columns, message):
    folder = save(tmp_path / "d", {**BASE, **columns})
    with pytest.raises(NotACorpusError, match=message):
        read(folder).to_polars()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "state.json").write_text("{}", encoding="utf-8"),
        lambda folder: (folder / "state.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "dataset_dict.json").write_text('{"splits": ["gone"]}', encoding="utf-8"),
        lambda folder: (folder / "dataset_dict.json").write_text("[]", encoding="utf-8"),
        lambda folder: next(folder.glob("*.arrow")).write_bytes(b""),
        lambda folder: next(folder.glob("*.arrow")).write_bytes(
            next(folder.glob("*.arrow")).read_bytes()[:500]
        ),
        lambda folder: next(folder.glob("*.arrow")).unlink(),
    ],
)
def test_a_damaged_saved_dataset_cannot_be_read(tmp_path, damage):
    folder = save(tmp_path / "d", {**BASE, "answers": ANSWERS})
    damage(folder)
    with pytest.raises(UnreadableError, match="d"):
        read(folder).to_polars()


def test_half_a_surrogate_pair_in_a_text_costs_its_record_only():
    (batch,) = from_text('[{"context": "\ud83d", "question": "q"}, {"context": "c", "question": "q"}]')
    assert batch.records["context"].to_list() == ["c"]
    assert [(note.kind, note.place.row) for note in batch.notes] == [("undecodable-bytes", 1)]


#: Files on which a reader must neither break nor lose a row: content and number of rows, None where refused.
HOSTILE: list[tuple[bytes, int | None]] = [
    (b"", None), (b"\xef\xbb\xbf", None), (b"\xff\xfe", None), (b"x", None), (b"null", None), (b"5", None),
    (b"[]", None), (b"{}", None), (b"[[]]", 1), (b"context\nabc\n", None), (b"context,question\n", 0),
    (b"context,question\n,\n", 1), (b"context,question\na,b,c,d\n", 1), (b"context,question,\na,b,c\n", 1),
    (b"x" * 300_000, None), (b'context,question,"' + b"x" * 300_000 + b'"\na,b,c\n', 1),
    (b'"con\ntext",context,question\nx,a,b', 1), (b'context,question\n"a,b\nc,d\n', 1),
    ('context,question,"å"x\na,b,c\n'.encode("latin-1"), None), (b"context,question\na,b\n\0,c\n", None),
    (b"[" * 100_000, 1), (b'[{"context":"a","question":"b","x":' + b"[" * 9000 + b"]" * 9000 + b"}]", 1),
    (b'[{"context":"a","question":"b","id":' + b"9" * 5000 + b"}]", 1),
    (b'[{"context":5,"question":["b"],"answers":7},{"context":null,"question":"q"}]', 2),
    (b'[{"context":NaN,"question":Infinity,"answers":{"text":NaN}}]', 1),
    (b'[{"context":"a","context":"b","question":"q"}]', 1), (b'[{"context":"a\nb","question":"q"}]', 1),
    (b'[{"context":"a","question":"b"},]', 2), (b'{"context":{"0":"a"},"question":{"0":"b"}}', 1),
    (b'context,question,answers\na,b,"[[[1]]]"\na,b,"{1: 2}"\na,b,"[null]"\na,b,"[{}]"\na,b,"{[1]: 2}"\n', 5),
]  # fmt: skip


@pytest.mark.parametrize(("content", "rows"), HOSTILE)
def test_hostile_files_break_nothing_and_lose_nothing(tmp_path, content, rows):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    refusal = ""
    try:
        batches = list(read(path))
    except QatkError as error:
        refusal = str(error)
    if rows is None:
        assert refusal.startswith(f"{path}: ")
        assert len(refusal) < 2000
    else:
        assert not refusal
        unreadable = [note for batch in batches for note in batch.notes if note.kind in UNREADABLE]
        assert pl.concat([batch.records for batch in batches]).height + len(unreadable) == rows


def test_standard_input_and_pipes_are_read(qatk, tmp_path):
    content = b"context,question,answer\nThe Nile is long.,What is long?,Nile\n"
    for where in ("-", "/dev/stdin"):
        done = subprocess.run(
            [sys.executable, "-m", "qatoolkit", "validate", where],
            input=content, capture_output=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"1 record in 1 csv file: 0 errors" in done.stdout


def test_a_converted_folder_without_arrow_is_read_without_what_lies_beside_the_data(tmp_path):
    source = tmp_path / "data.csv"
    source.write_text("context,question,answer\nThe Nile is long.,What is long?,Nile\n", encoding="utf-8")
    convert(source, tmp_path / "out", to=["csv"], split="train=1")
    assert [Path(found.name).name for found in read(tmp_path / "out").sources] == ["train.csv"]


def test_a_mapping_for_one_file_does_no_harm_to_another_with_the_usual_names(tmp_path):
    usual, own = tmp_path / "usual.csv", tmp_path / "own.csv"
    usual.write_text("context,question\nThe Nile is long.,What is long?\n", encoding="utf-8")
    own.write_text("source text,question\nThe Nile is long.,What is long?\n", encoding="utf-8")
    records = read([usual, own], fields={"source text": "context"}).to_polars()
    assert records["context"].to_list() == ["The Nile is long."] * 2
