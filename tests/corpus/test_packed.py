"""Compressed files read as what is in them, are packed again as they were, and say so when damaged."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import subprocess
import sys
import zipfile

import pyarrow as pa
import pytest

from qatoolkit.corpus import read
from qatoolkit.corpus.packed import repacked, sniff_packing, without_suffix
from qatoolkit.errors import QatkError, UnreadableError, UsageError
from qatoolkit.validation.fix import fix

TABLE = (
    "context,question,answer,answer_start\n"
    "Ån är lång.,Vad?,lång,0\n"
    "The Nile is long.,What?,Nile,4\n"
).encode()  # fmt: skip
MENDED = TABLE.replace("lång,0".encode(), "lång,6".encode())
ROWS = json.dumps([{"context": "The Nile.", "question": "q", "answers": ["Nile"]}]).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


PACK = {
    "gz": lambda content: gzip.compress(content[:30]) + gzip.compress(content[30:]),
    "zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
    "zip": lambda content: zipped({"train.csv": content}),
}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("suffix", ["", ".bin"])
def test_a_packed_file_is_told_by_its_bytes_and_read_like_the_file_in_it(tmp_path, packing, suffix):
    plain, path = tmp_path / "plain.csv", tmp_path / f"packed{suffix}"
    plain.write_bytes(TABLE)
    path.write_bytes(PACK[packing](TABLE))
    corpus = read(path)
    (source,) = corpus.sources
    assert (source.packing, source.layout) == (packing, "csv")
    records = corpus.to_polars()
    assert records.drop("source").equals(read(plain).to_polars().drop("source"))
    start, end = records.row(0, named=True)["byte_start"], records.row(0, named=True)["byte_end"]
    assert TABLE[start:end].decode() == "Ån är lång.,Vad?,lång,0\n"


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("name", ["utf-16", "cp1252", "utf-8-sig"])
def test_a_repair_is_packed_and_encoded_as_the_file_was(tmp_path, packing, name):
    path, copy, again = tmp_path / "x", tmp_path / "y", tmp_path / "z"
    path.write_bytes(PACK[packing](TABLE.decode().encode(name)))
    report = fix(path, copy)
    assert report.changed
    assert report.left.ok
    assert sniff_packing(copy.read_bytes()) == packing
    assert read(copy).sources[0].unpacked_bytes() == MENDED.decode().encode(name)
    assert not fix(copy, again).changed
    assert again.read_bytes() == copy.read_bytes()


def test_of_an_archive_every_file_with_data_is_read(tmp_path):
    path = tmp_path / "data.zip"
    beside = {"README.md": b"x", "__MACOSX/._train.csv": b"\0", ".DS_Store": b"\0", "sub/.x.csv": b""}
    path.write_bytes(zipped({"train.csv": TABLE, **beside, "sub/dev.json": ROWS, "old.zip": zipped({})}))
    corpus = read(path)
    assert [(s.name, s.split, s.layout) for s in corpus.sources] == [
        (f"{path}/train.csv", "train", "csv"),
        (f"{path}/sub/dev.json", "validation", "rows"),
    ]
    assert corpus.to_polars().height == 3
    with pytest.raises(UsageError, match="one at a time; unpack the archive first"):
        fix(path)


def test_what_else_is_in_an_archive_stays_in_it(tmp_path):
    path, copy = tmp_path / "x.zip", tmp_path / "y.zip"
    path.write_bytes(zipped({"README.md": b"read me", "train.csv": TABLE}))
    fix(path, copy)
    with zipfile.ZipFile(copy) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "README.md": b"read me", "train.csv": MENDED,
        }  # fmt: skip
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("files", [{}, {"README.md": b"x"}, {"word/document.xml": b"<x/>"}])
def test_an_archive_without_data_is_refused(tmp_path, files):
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(files))
    with pytest.raises(UnreadableError, match="holds no table or JSON file"):
        read(path)


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_damaged_file_is_named_and_never_read_in_part(tmp_path, packing, keep):
    path = tmp_path / "x.csv"
    long = TABLE + b"".join(b"The Nile is %d km long.,What?,Nile,4\n" % i for i in range(50_000))
    content = PACK[packing](long)
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableError, match=r"x\.csv.*: the .* is damaged or cut off") as caught:
        read(path).to_polars()
    assert "again" in str(caught.value)


def test_an_encrypted_archive_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    content = bytearray(zipped({"train.csv": TABLE}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="is encrypted"):
        read(path)


def test_standard_input_may_be_packed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "qatoolkit", "validate", "-", "--select", "QA2"],
        input=gzip.compress(MENDED), capture_output=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert b"2 records in 1 csv file: 0 errors" in done.stdout


@pytest.mark.parametrize("packing", PACK)
def test_packing_again_is_the_same_every_time(packing):
    original = PACK[packing](TABLE)
    assert repacked(MENDED, packing, "train.csv", original) == repacked(
        MENDED, packing, "train.csv", original
    )


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.csv.gz", "a.csv"), ("a.csv.ZST", "a.csv"), ("a.zip", "a"), ("a.csv", "a.csv"), ("gz", "gz")],
)
def test_the_name_before_packing(name, plain):
    assert without_suffix(name) == plain


@pytest.mark.corpora
def test_a_published_gzip_file(corpora):
    (source,) = read(corpora / "tydiqa" / "tiny_dev.jsonl.gz").sources
    assert (source.packing, source.split) == ("gz", "validation")
    assert source.unpacked_bytes().startswith(b"{")


def test_no_single_byte_that_is_wrong_ends_in_a_traceback(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["context", "question", "answer"], *[["Ån är lång.", f"Vad {i}?", "Ån"] for i in range(40)]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("å.csv", "context,question\nÅn är lång.,Vad?\n" * 20)
    for name in ("a.xlsx", "a.zip"):
        whole = (tmp_path / name).read_bytes()
        step = max(1, len(whole) // 150)
        for at in range(0, len(whole), step):
            wrong = tmp_path / f"wrong{at}{name[1:]}"
            wrong.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            with contextlib.suppress(QatkError):  # anything else is a traceback
                read(wrong).to_polars()
            wrong.unlink()
