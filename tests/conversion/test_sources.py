"""A source is found again, at its name or beside the dataset, and is read as it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import datasets
import polars as pl
import pytest

from qatoolkit.conversion import sources
from qatoolkit.conversion.sources import describe, file_hash, find_source, reopen, sniffed_again
from qatoolkit.corpus.reader import from_text, read
from qatoolkit.errors import UnreadableError

TEXT = "id,context,question,answer\n1,Der Fluß fließt.,Was?,Fluß\n2,Oslo is cold.,What?,Oslo\n"
SEMICOLONS = "context;question;answer\nSão Tomé, an island.;What is it?;an island\n"


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)
    return out.getvalue()


def workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["context", "question", "answer"], ["Oslo is cold.", "What?", "Oslo"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FILES = {
    "plain.csv": TEXT.encode(),
    "tabs.tsv": TEXT.replace(",", "\t").encode(),
    "marked.csv": TEXT.encode("utf-8-sig"),
    "wide.csv": TEXT.encode("utf-16"),
    "western.csv": SEMICOLONS.encode("cp1252"),
    "packed.csv.gz": gzip.compress(SEMICOLONS.encode("utf-16-le")),
    "train.json": json.dumps([{"context": "Oslo.", "question": "What?", "answers": ["Oslo"]}]).encode(),
    "two.zip": zipped(dev_csv=TEXT, train_csv=SEMICOLONS),
    "book.xlsx": workbook(),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with all kinds of sources, in which the commands are typed."""
    (tmp_path / "data").mkdir()
    for name, content in FILES.items():
        (tmp_path / "data" / name).write_bytes(content)
    pl.read_csv(TEXT.encode(), infer_schema=False).write_parquet(tmp_path / "data" / "table.parquet")
    rows = datasets.Dataset.from_dict({"context": ["Oslo."], "question": ["What?"], "answers": [["Oslo"]]})
    datasets.DatasetDict({"train": rows}).save_to_disk(str(tmp_path / "data" / "saved"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = [*FILES, "table.parquet", "saved"]


def entries(name: str, folder: Path = Path("dataset")) -> list[dict]:
    """As they come back from manifest.json."""
    made = [describe(source, 1, folder, file_hash(source)) for source in read(name).sources]
    return json.loads(json.dumps(made))


def content(source) -> list[dict]:
    return pl.concat([batch.records for batch in source.batches()]).to_dicts()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["at home", "from elsewhere"])
def test_a_source_comes_back_as_it_was(home, monkeypatch, name, elsewhere):
    before = read(f"data/{name}").sources
    told = entries(f"data/{name}")
    (home / "dataset").mkdir()
    (home / "other").mkdir()
    read_before = [content(source) for source in before]
    if elsewhere:
        monkeypatch.chdir(home / "other")
    again = [reopen(entry, home / "dataset") for entry in told]
    assert [content(source) for source in again] == read_before
    for old, new, entry in zip(before, again, told, strict=True):
        for part in ("name", "layout", "encoding", "delimiter", "packing", "member", "split"):
            assert getattr(old, part) == getattr(new, part), part
        assert describe(new, 1, home / "dataset", file_hash(new)) == entry


def test_an_entry_is_the_one_of_the_contract(home):
    (entry,) = entries("data/packed.csv.gz", Path("out/dataset"))
    assert entry == {
        "name": "data/packed.csv.gz",
        "path": "../../data/packed.csv.gz",
        "layout": "csv",
        "encoding": "utf-16-le",
        "delimiter": ";",
        "packing": "gz",
        "member": None,
        "split": None,
        "records": 1,
        "sha256": hashlib.sha256(FILES["packed.csv.gz"]).hexdigest(),
    }
    dev, train = entries("data/two.zip")
    assert (dev["name"], dev["packing"], dev["member"], dev["split"]) == (
        "data/two.zip/dev.csv", "zip", "dev.csv", "validation",
    )  # fmt: skip
    assert dev["path"] == train["path"] == "../data/two.zip"
    (book,) = entries("data/book.xlsx")
    assert (book["encoding"], book["delimiter"], book["packing"]) == (None, None, None)


def test_the_hash_is_that_of_the_file_and_never_holds_all_of_it(home, monkeypatch):
    (source,) = read("data/plain.csv").sources
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("read at once"))
    assert file_hash(source) == hashlib.sha256(FILES["plain.csv"]).hexdigest()
    assert file_hash(read("data/saved").sources[0]) is None
    assert file_hash(from_text(TEXT).sources[0]) is None


def test_a_dataset_behind_a_link_still_finds_its_files(home, tmp_path_factory, monkeypatch):
    real = tmp_path_factory.mktemp("disk") / "deep" / "dataset"
    real.mkdir(parents=True)
    (home / "dataset").symlink_to(real)
    (entry,) = entries("data/plain.csv", home / "dataset")
    monkeypatch.chdir(real)
    assert reopen(entry, home / "dataset").path.samefile(home / "data" / "plain.csv")


def test_of_two_files_the_unchanged_one_is_taken(home, monkeypatch):
    (entry,) = entries("data/plain.csv")
    (home / "dataset").mkdir()
    other = home / "project"
    (other / "data").mkdir(parents=True)
    (other / "data" / "plain.csv").write_text("another project's", encoding="utf-8")
    monkeypatch.chdir(other)
    assert reopen(entry, home / "dataset").path.samefile(home / "data" / "plain.csv")
    with (home / "data" / "plain.csv").open("a") as stream:
        stream.write("3,Rome.,What?,Rome\n")
    assert reopen(entry, home / "dataset").path == Path("data/plain.csv")


def test_a_file_that_is_gone_is_named_with_both_places(home, monkeypatch):
    (entry,) = entries("data/plain.csv")
    (home / "dataset").mkdir()
    (home / "other").mkdir()
    (home / "data" / "plain.csv").unlink()
    monkeypatch.chdir(home / "other")
    with pytest.raises(UnreadableError) as error:
        reopen(entry, Path("../dataset"))
    assert str(error.value) == (
        f"data/plain.csv: the file is not there any more, neither as data/plain.csv in {home / 'other'} "
        f"nor as {home / 'data' / 'plain.csv'}.\nPut it back at one of these places, or go to the folder "
        "in which it was converted and try again."
    )


@pytest.mark.parametrize(("name", "what"), [("-", "standard input"), ("<text>", "held in memory")])
def test_there_is_no_way_back_to_what_was_no_file(name, what):
    (source,) = from_text(TEXT, name=name).sources
    for again in (lambda: reopen(describe(source, 2, Path("d"), None), Path("d")), lambda: find_source(name)):
        with pytest.raises(UnreadableError, match=f"(?s)^{name}: was .*{what}.*Save the data to a file"):
            again()


# By the name alone


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_found_by_its_name(home, name):
    for source in read(f"data/{name}").sources:
        found = find_source(source.name)
        assert (found.name, found.layout, content(found)) == (source.name, source.layout, content(source))


def test_a_name_that_leads_nowhere_opens_no_folder_above_it(home, monkeypatch):
    monkeypatch.setattr(sources, "open_path", lambda *_: pytest.fail("opened something"))
    with pytest.raises(UnreadableError, match=r"^data/nowhere\.csv: no such file in "):
        find_source("data/nowhere.csv")


# As it looks now


def test_a_file_that_was_saved_in_another_form_is_looked_at_anew(home):
    (source,) = read("data/plain.csv").sources
    assert sniffed_again(source) is None
    (home / "data" / "plain.csv").write_bytes(TEXT.replace(",", ";").encode("utf-16"))
    again = sniffed_again(source)
    assert (again.name, again.encoding, again.delimiter) == ("data/plain.csv", "utf-16", ";")
    assert [row["id"] for row in content(again)] == ["1", "2"]
    (home / "data" / "plain.csv").write_bytes(b"")
    assert sniffed_again(source) is None
    assert sniffed_again(from_text(TEXT).sources[0]) is None


def test_a_member_that_left_its_archive_is_not_mixed_up_with_another(home):
    dev, _ = read("data/two.zip").sources
    (home / "data" / "two.zip").write_bytes(zipped(train_csv=SEMICOLONS))
    assert sniffed_again(dev) is None
