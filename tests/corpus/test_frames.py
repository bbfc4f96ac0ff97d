"""Parquet and Arrow files in the shapes people write them, and datasets addressed as on the Hub."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qatoolkit.corpus import arrow, read
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

BASE = {"id": ["1", "2"], "context": ["The Nile.", "x y"], "question": ["q", "r"]}
TEXTS, STARTS = [["Nile"], []], [[4], []]
NONE: dict[str, list[Any]] = {"text": [], "answer_start": []}
#: Ways to hold the same two records: one answer at 4, and none.
SHAPES: dict[str, dict[str, Any]] = {
    "struct of lists": {"answers": [{"text": ["Nile"], "answer_start": [4]}, NONE]},
    "list of structs": {"answers": [[{"text": "Nile", "answer_start": 4}], []]},
    "lists and a column of lists": {"answers": TEXTS, "answer_start": STARTS},
    "texts and a column of numbers": {"answers": ["Nile", None], "answer_start": [4, None]},
    "texts, floats and empty texts": {"answer": ["Nile", ""], "start": [4.0, float("nan")]},
    "text and a column of lists": {"answer": ["Nile", None], "answer_start": STARTS},
    "literals": {"answers": ['{"text": ["Nile"], "answer_start": [4]}', "[]"]},
    "numbers as texts": {"answers": ["Nile", None], "answer_start": ["4", None]},
    "null structs": {"answers": [{"text": ["Nile"], "answer_start": [4]}, None]},
    "other names": {"answers": [{"start": [4], "text": ["Nile"]}, {"start": [], "text": []}]},
}  # fmt: skip


def write(path: Path, table: pl.DataFrame, form: str) -> Path:
    match form:
        case "parquet":
            table.write_parquet(path)
        case "file":
            table.write_ipc(path)
        case "stream":
            table.write_ipc_stream(path)
    return path


@pytest.mark.parametrize("form", ["parquet", "file", "stream"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_records(tmp_path, form, shape):
    path = write(tmp_path / "train.bin", pl.DataFrame({**BASE, **SHAPES[shape]}, strict=False), form)
    corpus = read(path)
    (source,) = corpus.sources
    assert (source.layout, source.split) == ("parquet" if form == "parquet" else "arrow", "train")
    (batch,) = corpus
    assert (batch.records["text"].to_list(), batch.records["answer_start"].to_list()) == (TEXTS, STARTS)
    assert batch.notes == []
    assert batch.records.select("id", "row", "line", "byte_start", "pointer").rows() == [
        ("1", 1, None, None, None),
        ("2", 2, None, None, None),
    ]


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_packed_table(tmp_path, packing):
    plain = write(tmp_path / "x.parquet", pl.DataFrame({**BASE, **SHAPES["struct of lists"]}), "parquet")
    packed = tmp_path / "packed"
    with pa.CompressedOutputStream(str(packed), {"gz": "gzip", "zst": "zstd"}[packing]) as stream:
        stream.write(plain.read_bytes())
    assert read(packed).to_polars().drop("source").equals(read(plain).to_polars().drop("source"))


def test_numbers_as_ids_flags_and_what_goes_beside_the_record(tmp_path):
    table = pl.DataFrame({
        **BASE, **SHAPES["struct of lists"], "id": [7, 8], "is_impossible": [False, True],
        "mood": [1, None], "picture": [b"\xff", None], "when": ["2024-05-31", None],
    }).with_columns(pl.col("when").str.to_date(), pl.col("context").cast(pl.Categorical))  # fmt: skip
    records = read(write(tmp_path / "x", table, "parquet")).to_polars()
    assert records["id"].to_list() == ["7", "8"]
    assert records["is_impossible"].to_list() == [False, True]
    assert records["context"].to_list() == BASE["context"]
    assert [json.loads(extra) for extra in records["extra"]] == [
        {"mood": 1, "when": "2024-05-31"},
        {"mood": None, "when": None},
    ]


def test_what_pandas_writes(tmp_path):
    frame = pd.DataFrame({**BASE, "answers": [{"text": ["Nile"], "answer_start": [4]}, NONE]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet").to_polars()["text"].to_list() == TEXTS


def test_wrong_types_are_noted_and_uneven_lists_too(tmp_path):
    answers = [[{"text": "Nile", "answer_start": "4"}], [{"text": "x", "answer_start": "no"}]]
    (batch,) = read(write(tmp_path / "x", pl.DataFrame({**BASE, "answers": answers}), "parquet"))
    assert [(n.kind, n.place.row, n.field, n.value, n.meant) for n in batch.notes] == [
        ("wrong-type", 1, "answer_start", "4", 4),
        ("wrong-type", 2, "answer_start", "no", None),
    ]
    uneven = pl.DataFrame({**BASE, "answers": [["a", "b"], ["c"]], "answer_start": [[0], [1]]})
    (batch,) = read(write(tmp_path / "y", uneven, "parquet"))
    assert [(n.kind, n.place.row, n.detail) for n in batch.notes] == [
        ("lengths-differ", 1, "2 texts and 1 starts")
    ]


def test_a_large_table_is_read_in_pieces_with_rising_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(arrow, "BATCH_RECORDS", 400)
    table = pl.concat([pl.DataFrame({**BASE, **SHAPES["struct of lists"]})] * 500)
    batches = list(read(write(tmp_path / "x", table, "parquet")))
    assert len(batches) > 1
    assert [row for batch in batches for row in batch.records["row"]] == list(range(1, 1001))


def test_a_table_without_rows_still_needs_its_columns(tmp_path):
    empty = pl.DataFrame({**BASE, **SHAPES["struct of lists"]}).clear()
    assert read(write(tmp_path / "x", empty, "parquet")).to_polars().height == 0
    with pytest.raises(NotACorpusError, match="no column for question"):
        read(write(tmp_path / "y", empty.drop("question"), "stream")).to_polars()


@pytest.mark.parametrize("form", ["parquet", "file", "stream"])
def test_a_damaged_table_is_refused(tmp_path, form):
    path = write(tmp_path / "x", pl.DataFrame({**BASE, **SHAPES["struct of lists"]}), form)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnreadableError, match="x: cannot be read as"):
        read(path).to_polars()


def test_a_layout_that_the_file_has_not(tmp_path):
    path = write(tmp_path / "x", pl.DataFrame({**BASE, **SHAPES["struct of lists"]}), "parquet")
    assert read(path, format="parquet").to_polars().height == 2
    for layout in ("csv", "arrow", "squad"):
        with pytest.raises(UsageError, match=f"--format {layout}: .*x is a Parquet file"):
            read(path, format=layout)


@pytest.fixture
def hub_folder(tmp_path, monkeypatch):
    """A folder laid out like a dataset of the Hub, with nothing of it in any cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    folder = Path("nile")
    (folder / "data").mkdir(parents=True)
    table = pl.DataFrame({**BASE, **SHAPES["struct of lists"]})
    table.write_parquet(folder / "data" / "train-00000-of-00001.parquet")
    table.head(1).write_parquet(folder / "data" / "validation-00000-of-00001.parquet")
    yield folder
    datasets.enable_progress_bars()


def test_splits_of_a_dataset_like_one_of_the_hub(hub_folder):
    corpus = read("hub:nile")
    assert [(s.name, s.split, s.layout) for s in corpus.sources] == [
        ("hub:nile[train]", "train", "hub"),
        ("hub:nile[validation]", "validation", "hub"),
    ]
    assert corpus.to_polars()["text"].to_list() == [*TEXTS, ["Nile"]]
    (source,) = read("hub:nile[train[1:]]").sources
    assert (source.name, source.split) == ("hub:nile[train[1:]]", "train")
    assert [batch.records["id"].to_list() for batch in source.batches()] == [["2"]]


def test_a_configuration_follows_the_name(hub_folder):
    (hub_folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: small\n  data_files: data/validation*\n- config_name: big\n"
        "  data_files: data/train*\n---\n",
        encoding="utf-8",
    )
    assert read("hub:nile/small[train]").to_polars().height == 1
    assert read("hub:nile/big").to_polars().height == 2
    with pytest.raises(UnreadableError, match=r"hub:nile: .*small"):
        read("hub:nile")


@pytest.mark.parametrize(
    ("address", "message"),
    [("hub:nile[test]", 'Unknown split "test"'), ("hub:nobody/nothing", "hf download"),
     ("hub:nobody/nothing[train]", "save_to_disk")],
)  # fmt: skip
def test_a_dataset_that_is_not_there_says_how_to_go_on(hub_folder, monkeypatch, address, message):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UnreadableError) as caught:
        read(address)
    assert str(caught.value).startswith(f"{address}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("address", ["hub:", "hub:nile[", "hub:[train]"])
def test_what_is_no_address(address):
    with pytest.raises(UsageError, match=r"expected hub:NAME"):
        read(address)


def test_parquet_written_in_row_groups(tmp_path):
    table = pa.Table.from_pylist(pl.DataFrame({**BASE, **SHAPES["list of structs"]}).to_dicts() * 10)
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=3)
    assert read(tmp_path / "x.parquet").to_polars()["row"].to_list() == list(range(1, 21))


@pytest.mark.parametrize(
    ("column", "values"),
    [("title", [["a"], ["b"]]), ("id", [b"\xff", b"a"]), ("is_impossible", [[True], [False]])],
)
def test_columns_of_lists_or_bytes_where_single_values_belong(tmp_path, column, values):
    table = pl.DataFrame({**BASE, **SHAPES["struct of lists"], column: values}, strict=False)
    with pytest.raises(NotACorpusError, match=f"--map YOUR_COLUMN={column}"):
        list(read(write(tmp_path / "x.parquet", table, "parquet")))


def test_flags_that_are_floats_because_some_are_missing(tmp_path):
    base = {"context": ["c"] * 3, "question": ["q"] * 3, "answers": ["c", "", ""]}
    table = pl.DataFrame({**base, "is_impossible": [0.0, 1.0, None]})
    (batch,) = read(write(tmp_path / "x.parquet", table, "parquet"))
    assert (batch.records["is_impossible"].to_list(), batch.notes) == ([False, True, None], [])


def test_answers_that_are_no_texts_are_noted(tmp_path):
    day = dt.timedelta(days=1)
    table = pl.DataFrame({**BASE, "answers": [day, None]})
    (batch,) = read(write(tmp_path / "x.parquet", table, "parquet"))
    assert [(note.kind, note.field, note.value) for note in batch.notes] == [("wrong-type", "text", day)]


def test_a_damaged_arrow_file_is_refused_before_polars_sees_it(tmp_path):
    path = tmp_path / "a.arrow"
    frame = pl.DataFrame(
        {"context": ["Ån är lång och bred."] * 30, "question": [f"Vad {i}?" for i in range(30)]}
    )
    frame.write_ipc(path)
    whole = path.read_bytes()
    code = "import sys; from qatoolkit.cli.app import main; main()"
    for at in range(0, len(whole), max(8, len(whole) // 12)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        done = subprocess.run(
            [sys.executable, "-c", code, "validate", str(path)], capture_output=True, check=False
        )
        assert done.returncode in (0, 1, 2), done.stderr


def test_a_damaged_description_of_a_table_is_no_harm(tmp_path):
    table = pa.table({"context": ["Ån är lång."], "question": ["Vad?"]}).replace_schema_metadata(
        {"note": "harmless"}
    )
    path = tmp_path / "a.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    path.write_bytes(path.read_bytes().replace(b"harmless", b"\xffarmless"))
    assert read(path).to_polars()["question"].to_list() == ["Vad?"]


@pytest.mark.parametrize("name", [b"context", b"answer_start"])
def test_a_damaged_name_of_a_column_is_refused_before_polars_sees_it(tmp_path, name):
    answers = {"text": ["Ån"], "answer_start": [0]}
    rows = [{"context": "Ån är lång.", "question": "Vad?", "answers": answers}]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(name, b"\xff" + name[1:]))
    with pytest.raises(UnreadableError, match=r"a\.parquet: cannot be read as Parquet"):
        read(path).to_polars()
