"""What is written as Arrow and Parquet is what `datasets` itself writes, in one file or in several."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pyarrow as pa
import pytest

from qatoolkit.conversion import shards
from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.shards import FEATURES, SCHEMA
from qatoolkit.corpus.reader import read

#: What `datasets.load_dataset("squad")["train"].features` and squad_v2's print.
HUB_FEATURES = (
    "{'id': Value('string'), 'title': Value('string'), 'context': Value('string'), "
    "'question': Value('string'), 'answers': {'text': List(Value('string')), "
    "'answer_start': List(Value('int32'))}}"
)


def convert(paths, output: Path, *to: str, **options):
    return write_dataset(read(paths), output, Options(to, **options))


def rows(made: datasets.DatasetDict) -> dict[str, list[dict]]:
    return {split: part.to_list() for split, part in made.items()}


def loaded(folder: Path, scratch: Path) -> dict[str, list[dict]]:
    """By the dataset card, as from the Hub."""
    return rows(datasets.load_dataset(str(folder), cache_dir=str(scratch)))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory) -> list[Path]:
    """Six files, each of which is a batch."""
    folder = tmp_path_factory.mktemp("pieces")
    paths = [folder / f"piece{number}.jsonl" for number in range(6)]
    for number, path in enumerate(paths):
        lines = [
            {"id": f"{number}-{i}", "context": f"Tower {number} {i} is {i} m high.", "question": "How high?",
             "answers": {"text": [f"{i} m"], "answer_start": [len(f"Tower {number} {i} is ")]}}
            for i in range(20)
        ]  # fmt: skip
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def whole(pieces, tmp_path_factory) -> dict[str, list[dict]]:
    """The rows as they are written into one file."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    convert(pieces, folder, "arrow", split="random,train=0.5,train_extra=0.5")
    assert len(list(folder.rglob("*.arrow"))) == 2
    return rows(datasets.load_from_disk(str(folder)))


# The oracle


@pytest.mark.parametrize("name", ["clean.json", "clean.csv", "ten.json"])
def test_arrow_is_what_save_to_disk_writes(sample_data, tmp_path, name):
    convert(sample_data / name, tmp_path / "ours", "arrow")
    made = datasets.load_from_disk(str(tmp_path / "ours"))
    again = datasets.DatasetDict(
        {split: datasets.Dataset.from_list(part.to_list(), features=part.features)
         for split, part in made.items()}
    )  # fmt: skip
    again.save_to_disk(str(tmp_path / "theirs"))
    beside = {"README.md", "lineage.parquet", "manifest.json", "split.json"}
    assert files(tmp_path / "ours") - beside == files(tmp_path / "theirs")
    for file in files(tmp_path / "theirs"):
        ours, theirs = tmp_path / "ours" / file, tmp_path / "theirs" / file
        if file.endswith("state.json"):
            state = json.loads(ours.read_bytes())
            assert len(state.pop("_fingerprint")) == 16
            expected = json.loads(theirs.read_bytes())
            del expected["_fingerprint"]
            assert state == expected
        elif file.endswith(".json"):
            assert json.loads(ours.read_bytes()) == json.loads(theirs.read_bytes())
        else:
            table, expected = stream(ours), stream(theirs)
            assert table.equals(expected)
            assert table.schema == expected.schema
            assert json.loads(table.schema.metadata[b"huggingface"]) == json.loads(
                expected.schema.metadata[b"huggingface"]
            )


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def stream(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
        return reader.read_all()


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_features_are_those_of_the_hub(sample_data, tmp_path, form):
    convert(sample_data / "clean.json", tmp_path / "data", form)
    if form == "arrow":
        made = datasets.load_from_disk(str(tmp_path / "data"))
    else:
        made = datasets.load_dataset(str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))
    assert list(made) == ["train", "validation", "test"]
    assert {str(part.features) for part in made.values()} == {HUB_FEATURES}


def test_the_schema_is_that_of_the_features():
    features = datasets.Features.from_dict(FEATURES)
    assert str(features) == HUB_FEATURES
    assert features.arrow_schema == SCHEMA


def test_the_same_content_has_the_same_fingerprint_and_other_content_another(pieces, tmp_path):
    found = []
    for name, paths in {"a": pieces, "b": pieces, "c": pieces[:5]}.items():
        convert(paths, tmp_path / name, "arrow", split="train=1")
        found.append(datasets.load_from_disk(str(tmp_path / name))["train"]._fingerprint)
    assert found[0] == found[1] != found[2]


# Several files


@pytest.mark.parametrize(("limit", "counts"), [(100, [6]), (5_000, [2, 3, 4])])
def test_arrow_in_several_files(pieces, whole, tmp_path, monkeypatch, limit, counts):
    monkeypatch.setattr(shards, "SHARD_BYTES", limit)
    convert(pieces, tmp_path / "data", "arrow", split="random,train=0.5,train_extra=0.5")
    for split in ("train", "train_extra"):
        names = sorted(path.name for path in (tmp_path / "data" / split).glob("*.arrow"))
        count = len(names)
        assert count in counts
        assert names == [f"data-{number:05d}-of-{count:05d}.arrow" for number in range(count)]
    assert rows(datasets.load_from_disk(str(tmp_path / "data"))) == whole


@pytest.mark.parametrize("to", [["parquet"], ["csv", "parquet"]])
def test_parquet_in_several_files_loads_by_the_card(pieces, whole, tmp_path, monkeypatch, to):
    monkeypatch.setattr(shards, "SHARD_BYTES", 100)
    convert(pieces, tmp_path / "data", *to, split="random,train=0.5,train_extra=0.5")
    folder = tmp_path / "data" / ("parquet" if len(to) > 1 else ".")
    names = {f"{split}-{n:05d}-of-00006.parquet" for split in ("train", "train_extra") for n in range(6)}
    assert {path.name for path in folder.glob("train*.parquet")} == names
    assert loaded(tmp_path / "data", tmp_path / "cache") == whole


@pytest.mark.parametrize("to", [["parquet"], ["jsonl"], ["csv", "jsonl", "parquet"], ["arrow", "jsonl"]])
def test_the_card_names_the_files_of_a_split_and_not_of_another(pieces, whole, tmp_path, to):
    convert(pieces, tmp_path / "data", *to, split="random,train=0.5,train_extra=0.5")
    assert loaded(tmp_path / "data", tmp_path / "cache") == whole


def test_a_split_in_several_files_beside_one_in_one(pieces, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 100)
    convert(pieces, tmp_path / "data", "parquet", split="random,train=0.99,test=0.01")
    assert (tmp_path / "data" / "test.parquet").exists()
    assert not (tmp_path / "data" / "train.parquet").exists()
    found = loaded(tmp_path / "data", tmp_path / "cache")
    assert sum(map(len, found.values())) == 120


def test_a_folder_with_several_files_a_split_is_read_as_one(pieces, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 100)
    convert(pieces, tmp_path / "data", "parquet", "csv", split="random,train=0.5,test=0.5")
    corpus = read(tmp_path / "data")
    assert {source.layout for source in corpus.sources} == {"parquet"}  # and not csv/ besides
    convert(tmp_path / "data", tmp_path / "again", "parquet", "csv")
    both = [loaded(tmp_path / name, tmp_path / "cache") for name in ("data", "again")]
    assert both[0] == both[1]
