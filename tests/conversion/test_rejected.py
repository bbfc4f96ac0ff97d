"""A record that is not written is in rejected.jsonl, with its place, the codes, and what its source says."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.corpus.reader import Corpus, from_text, read

HEADER = "id,context,question,answer,answer_start,topic\n"
GOOD = "1,Ån är lång.,Hur?,lång,6,vatten\n"
BAD = '2,"Ån är\r\nlång 😀\u2028.",Hur?,kort,6,"a ""b"""\n'
RAGGED = "3,Ån, är lång.,Hur?,lång,6,x\n"


def convert(source: Path | Corpus, output: Path, **options):
    corpus = source if isinstance(source, Corpus) else read(source)
    options = {"split": "train=1", "drop_invalid": True, **options}
    return write_dataset(corpus, output, Options(**options))


def rejected(folder: Path) -> list[dict]:
    """Lines end in a line feed and in nothing else, whatever texts hold."""
    lines = (folder / "rejected.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


def squad(*qas: dict, context="Ån är lång 😀.") -> dict:
    return {
        "version": "1.1",
        "data": [{"title": "Å", "paragraphs": [{"context": context, "qas": list(qas)}]}],
    }


def qa(id, text="lång", start=6) -> dict:
    return {"id": id, "question": "Hur?", "answers": [{"text": text, "answer_start": start}]}


def flat(id, text="lång", start=6) -> dict:
    return {"id": id, "context": "Ån är lång 😀.", "question": "Hur?",
            "answers": {"text": [text], "answer_start": [start]}}  # fmt: skip


# Texts: byte for byte


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_tables(tmp_path, delimiter, encoding, packed):
    header, good, bad, ragged = (line.replace(",", delimiter) for line in (HEADER, GOOD, BAD, RAGGED))
    content = (header + good + bad + ragged).encode(encoding)
    if encoding == "utf-16-be":
        content = b"\xfe\xff" + content
    source = tmp_path / ("data.csv.gz" if packed else "data.csv")
    source.write_bytes(gzip.compress(content) if packed else content)
    report = convert(source, tmp_path / "out")
    assert (report.read, report.written, report.rejected) == (3, 1, 2)
    mark = 3 if encoding == "utf-8-sig" else 0
    start, end = mark + len((header + good).encode()), mark + len((header + good + bad).encode())
    of_bad, of_ragged = rejected(tmp_path / "out")
    assert of_bad.pop("messages") == ['answer "kort" is not in the context']
    assert of_bad == {
        "source": str(source), "id": "2", "row": 2, "line": 3, "line_end": 4, "byte_start": start,
        "byte_end": end, "pointer": None, "codes": ["QA203"], "record": bad,
    }  # fmt: skip
    assert (of_ragged["id"], of_ragged["row"], of_ragged["line"]) == (None, 3, 5)
    assert (of_ragged["codes"], of_ragged["record"]) == (["QA107"], ragged)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "text", "record", "pointer"),
    [
        ("rows.json", [flat("1"), flat("2", "kort")], flat("2", "kort"), "/1"),
        ("squad.json", squad(qa("1"), qa("2", "kort")), qa("2", "kort"), "/data/0/paragraphs/0/qas/1"),
        ("lines.jsonl", [flat("1"), flat("2", "kort")], flat("2", "kort"), ""),
    ],
)  # fmt: skip
def test_json(tmp_path, name, text, record, pointer, encoding, packed):
    def written(value):
        return json.dumps(value, ensure_ascii=False).replace(": ", " :  ")  # as only this source spells it

    whole = "\n".join(map(written, text)) + "\n" if name.endswith("l") else written(text)
    source = tmp_path / (name + ".gz" if packed else name)
    content = whole.encode(encoding)
    source.write_bytes(gzip.compress(content) if packed else content)
    convert(source, tmp_path / "out")
    [item] = rejected(tmp_path / "out")
    assert item["record"] == written(record)
    mark = 3 if encoding == "utf-8-sig" else 0
    start = mark + len(whole[: whole.index(item["record"])].encode())
    assert (item["byte_start"], item["byte_end"]) == (start, start + len(item["record"].encode()))
    assert (item["id"], item["row"], item["pointer"], item["codes"]) == ("2", 2, pointer, ["QA203"])


@pytest.mark.parametrize(
    ("text", "record", "codes"),
    [
        ('{"context": "A \\ud83d.", "question": "?", "answers": []}',) * 2 + (["QA106"],),
        ('{"context": "A b.", "question": "\\u003f", "answers": "c"}',) * 2 + (["QA203"],),
        ('{"id": "\\ud83d", "context": "A", "question": "?", "answers": []}',) * 2 + (["QA106"],),
        ('{"context": "A b.", "question": ',) * 2 + (["QA108"],),
        ('["no object"]', '["no object"]', ["QA108"]),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_read(tmp_path, text, record, codes):
    source = tmp_path / "data.jsonl"
    source.write_text(json.dumps(flat("1")) + "\n" + text + "\n" + json.dumps(flat("3")) + "\n", "utf-8")
    report = convert(source, tmp_path / "out")
    assert (report.read, report.written) == (3, 2)
    [item] = rejected(tmp_path / "out")
    assert (item["line"], item["codes"], item["record"]) == (2, codes, record)


def test_bytes_that_are_no_text_are_spelled_out(tmp_path):
    source = tmp_path / "data.csv"
    good = "Ån är lång.,Vad?,Ån\n".encode()  # so that the file is UTF-8 but for one byte
    source.write_bytes(b"context,question,answer\nCaf\xe9 is open.,What?,open\n" + good)
    convert(source, tmp_path / "out")
    [item] = rejected(tmp_path / "out")
    assert (item["codes"], item["record"]) == (["QA106"], "Caf\\xe9 is open.,What?,open\n")


def test_far_into_a_packed_file(tmp_path):
    """Places that lie apart by more than a block, the last at the end of the file."""
    rows = [f"{i},Ån är lång {'å' * 300}.,Hur?,{'kort' if i in bad else 'lång'},6,\n"
            for bad in [{5, 4_000, 9_999}] for i in range(10_000)]  # fmt: skip
    source = tmp_path / "data.csv.gz"
    source.write_bytes(gzip.compress((HEADER + "".join(rows)).encode("utf-16"), 1))
    convert(source, tmp_path / "out")
    assert [item["record"] for item in rejected(tmp_path / "out")] == [rows[5], rows[4_000], rows[9_999]]


# What has no bytes of its own: its row, with the columns that the source has


def test_json_columns(tmp_path):
    rows = [flat("1"), flat("2", "kort")]
    columns = {name: [row[name] for row in rows] for name in rows[0]} | {"topic": ["a", "b"]}
    convert(from_text(json.dumps(columns), name="d.json"), tmp_path / "out")
    [item] = rejected(tmp_path / "out")
    assert item["record"] == flat("2", "kort") | {"topic": "b"}
    assert (item["row"], item["pointer"]) == (2, "/question/1")


@pytest.mark.parametrize("kind", ["parquet", "arrow", "saved"])
def test_typed_tables(tmp_path, kind):
    frame = pl.DataFrame([flat("1"), flat("2", "kort"), flat("3", "lång", 5)]).with_columns(
        topic=pl.Series([1, None, 3]), day=pl.lit(date(1969, 7, 20))
    )
    source = tmp_path / f"data.{kind}"
    if kind == "parquet":
        frame.write_parquet(source)
    elif kind == "arrow":
        frame.write_ipc(source)
    else:
        import datasets

        datasets.Dataset(frame.to_arrow()).save_to_disk(str(source))
    convert(source, tmp_path / "out")
    items = rejected(tmp_path / "out")
    assert [(item["row"], item["codes"], item["line"], item["byte_start"]) for item in items] == [
        (2, ["QA203"], None, None), (3, ["QA201"], None, None),
    ]  # fmt: skip
    assert [item["record"] for item in items] == [
        flat("2", "kort") | {"topic": None, "day": "1969-07-20"},
        flat("3", "lång", 5) | {"topic": 3, "day": "1969-07-20"},
    ]  # fmt: skip


def test_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for cells in (["id", "context", "question", "answer", "answer_start", "topic"],
                  [1, "Ån är lång 😀.", "Hur?", "lång", 6, "a"], [],
                  [2, "Ån är lång 😀.", "Hur?", "kort", 6, "b"]):  # fmt: skip
        sheet.append(cells)
    book.save(tmp_path / "data.xlsx")
    convert(tmp_path / "data.xlsx", tmp_path / "out")
    [item] = rejected(tmp_path / "out")
    assert item["record"] == {"id": "2", "context": "Ån är lång 😀.", "question": "Hur?", "answer": "kort",
                              "answer_start": "6", "topic": "b"}  # fmt: skip
    assert item["line"] == 4


# Repairs


def test_a_record_that_a_repair_does_not_save_is_shown_as_it_was(tmp_path):
    """The first answer is moved by --fix, the second is nowhere; what is shown is the source's."""
    record = {"id": "a", "context": "The Nile is 6650 km long.", "question": "How long?",
              "answers": {"text": ["6650 km", "Amazon"], "answer_start": [9, "4"]}}  # fmt: skip
    good = record | {"id": "b", "answers": {"text": ["6650 km"], "answer_start": [12]}}
    source = tmp_path / "data.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in (record, good)), "utf-8")
    convert(source, tmp_path / "out", fix=True)
    [item] = rejected(tmp_path / "out")
    assert (item["codes"], item["record"]) == (["QA203"], json.dumps(record))
    pl.DataFrame([record | {"answers": {"text": ["6650 km", "Amazon"], "answer_start": [9, 4]}}, good]
                 ).write_parquet(tmp_path / "data.parquet")  # fmt: skip
    convert(tmp_path / "data.parquet", tmp_path / "again", fix=True)
    [item] = rejected(tmp_path / "again")
    assert item["record"]["answers"]["answer_start"] == [9, 4]


def test_a_second_use_of_an_id_is_rejected_with_its_own_record(tmp_path):
    texts = [flat("a"), flat("a") | {"question": "Vad?"}, flat("b")]
    for number, name in enumerate(("one.jsonl", "two.jsonl")):
        rows = texts[:1] if number == 0 else texts[1:]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    write_dataset(read([tmp_path / "one.jsonl", tmp_path / "two.jsonl"]), tmp_path / "out",
                  Options(split="train=1", drop_invalid=True))  # fmt: skip
    [item] = rejected(tmp_path / "out")
    assert (item["source"], item["row"], item["id"]) == (str(tmp_path / "two.jsonl"), 1, "a")
    assert item["record"] == json.dumps(texts[1])


def test_there_is_no_file_where_nothing_is_rejected(tmp_path):
    convert(from_text(json.dumps(flat("1"))), tmp_path / "out")
    assert not (tmp_path / "out" / "rejected.jsonl").exists()


def test_what_is_rejected_can_be_mended_and_converted(tmp_path):
    """Lines of a table go below its header again."""
    source = tmp_path / "data.csv"
    source.write_text(HEADER + GOOD + BAD, "utf-8", newline="")
    convert(source, tmp_path / "out")
    mended = "".join(item["record"] for item in rejected(tmp_path / "out")).replace("kort,6", "lång,7")
    (tmp_path / "mended.csv").write_text(HEADER + mended, "utf-8", newline="")
    report = convert(tmp_path / "mended.csv", tmp_path / "again")
    assert (report.written, report.rejected) == (1, 0)
