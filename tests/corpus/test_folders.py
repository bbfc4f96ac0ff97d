"""Of a folder what holds data is read, once, whatever else lies in it."""

from __future__ import annotations

import gzip
from pathlib import Path

import datasets
import polars as pl
import pytest

from qatoolkit.conversion.convert import convert
from qatoolkit.corpus import Corpus, read
from qatoolkit.errors import NotACorpusError, UnreadableError

CSV = "id,context,question,answer\n{},The Nile is long.,What?,Nile\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    datasets.disable_progress_bars()
    monkeypatch.chdir(tmp_path)


def lay(*names: str) -> None:
    for number, name in enumerate(names):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = CSV.format(number).encode()
        if path.suffix == ".parquet":
            pl.read_csv(content, infer_schema=False).write_parquet(path)
        else:
            path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def names(corpus: Corpus) -> list[str]:
    return [source.name for source in corpus.sources]


def test_what_is_hidden_or_no_data_is_left_out():
    lay("d/a.csv", "d/b.csv.gz", "d/c.parquet", "d/README.md", "d/x.py", "d/lineage.parquet")
    lay("d/manifest.json", "d/split.json", "d/dataset_infos.json", "d/.hidden.csv", "d/__MACOSX/a.csv")
    lay("d/sub/e.csv")
    corpus = read("d")
    assert names(corpus) == ["d/a.csv", "d/b.csv.gz", "d/c.parquet"]
    said = "d: sub/ is not read, because files lie beside it; name it too"
    assert [source.remark for source in corpus.sources] == [said, "", ""]


def test_shards_of_one_split():
    lay("d/train-00000-of-00002.parquet", "d/train-00001-of-00002.parquet", "d/test-00000-of-00001.parquet")
    assert [(s.name, s.split) for s in read("d").sources] == [
        ("d/test-00000-of-00001.parquet", "test"),
        ("d/train-00000-of-00002.parquet", "train"),
        ("d/train-00001-of-00002.parquet", "train"),
    ]


def test_folders_in_a_folder_are_read_where_nothing_else_is():
    lay("d/train/part.csv", "d/validation/part.csv", "d/.git/x.csv")
    assert [(s.name, s.split) for s in read("d").sources] == [
        ("d/train/part.csv", "train"),
        ("d/validation/part.csv", "validation"),
    ]
    lay("d/all.csv")
    assert names(read("d")) == ["d/all.csv"]


def test_a_saved_dataset_further_down():
    Path("d").mkdir()
    data = {"context": ["c"], "question": ["q"], "answers": [{"text": ["c"], "answer_start": [0]}]}
    datasets.DatasetDict({"train": datasets.Dataset.from_dict(data)}).save_to_disk("d/saved")
    assert names(read("d")) == ["d/saved/train"]


@pytest.mark.parametrize(
    ("to", "read_from"),
    [(["arrow", "parquet", "csv"], ""), (["parquet", "squad", "jsonl", "csv"], "parquet/"),
     (["squad", "csv"], "squad/"), (["csv"], "")],
)  # fmt: skip
def test_what_convert_writes_is_read_once(to, read_from):
    header, row = CSV.splitlines(keepends=True)
    Path("x.csv").write_text(header + "".join(row.format(i) for i in range(9)), encoding="utf-8")
    convert("x.csv", "d", to=to, split="train=1")
    corpus = read("d")
    (source,) = corpus.sources
    assert corpus.to_polars().height == 9
    assert (source.split, source.name.startswith(f"d/{read_from}train")) == ("train", True)
    others = [
        f"{form}/" for form in ("parquet", "squad", "jsonl", "csv") if form in to and f"{form}/" != read_from
    ]
    said = f"d: {read_from} is read; {', '.join(others)} hold{'s' * (len(others) == 1)} the same data"
    assert source.remark == (said if read_from else "")
    if read_from:
        assert read("d", format="csv" if read_from != "csv" else None).sources[0].name == "d/csv/train.csv"


def test_formats_that_hold_other_files_are_all_read():
    lay("d/csv/a.csv", "d/parquet/b.parquet")
    assert names(read("d")) == ["d/csv/a.csv", "d/parquet/b.parquet"]


def test_an_empty_folder():
    lay("d/sub/x.py")
    with pytest.raises(UnreadableError, match=r"d: holds neither a saved dataset nor a file ending in \.csv"):
        read("d")


def test_a_pattern_for_folders_and_files_reads_each_file_once():
    lay("d/a.csv", "d/README.md", "d/sub/e.csv", "d/sub/deep/f.csv")
    assert names(read("d/**")) == ["d/a.csv", "d/sub/deep/f.csv", "d/sub/e.csv"]
    assert names(read("d/**/*.csv")) == names(read("d/**"))


def test_a_saved_dataset_without_splits():
    datasets.DatasetDict({}).save_to_disk("d")
    with pytest.raises(NotACorpusError, match="without any split"):
        read("d")
