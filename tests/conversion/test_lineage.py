"""lineage.parquet says of every example where it came from, and of every answer how its place is known."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import datasets
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.corpus.reader import Corpus, from_text, read
from qatoolkit.corpus.record import content_hash

NILE = "The Nile is 6650 km long."


def convert(paths, output: Path, **options) -> ConversionReport:
    corpus = paths if isinstance(paths, Corpus) else read(paths)
    return write_dataset(corpus, output, Options(**{"split": "train=1", **options}))


def lineage(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "lineage.parquet")


def rejected(folder: Path) -> list[dict]:
    path = folder / "rejected.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def examples(folder: Path) -> list[dict]:
    return datasets.load_from_disk(str(folder), keep_in_memory=True)["train"].to_list()


def row(id, context=NILE, question="How long?", *answers):
    texts, starts = [text for text, _ in answers], [start for _, start in answers]
    return {"id": id, "context": context, "question": question,
            "answers": {"text": texts, "answer_start": starts}}  # fmt: skip


def lines(*rows: dict) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def lone(tmp_path, *rows: dict, **options) -> dict:
    """What the lineage says of the first record, and the answers it has in the end, as `answers`."""
    convert(from_text(lines(*rows)), tmp_path / "out", **options)
    return lineage(tmp_path / "out").row(0, named=True) | {
        "answers": examples(tmp_path / "out")[0]["answers"]
    }


def proofs(entry: dict) -> list[tuple]:
    """Method, original start, candidates and distance of each answer."""
    names = ("proof", "original_start", "candidates", "distance")
    return list(zip(*(entry[name] for name in names), strict=True))


# How the place of an answer is known

KINGS = "A king met a king, and the king fled."
FILLER = "and so on " * 12


@pytest.mark.parametrize(
    ("context", "answer", "found", "proof"),
    [
        (NILE, ("6650 km", 12), ("6650 km", 12), ("exact", 12, 1, 0)),
        (NILE, ("6650 km", "12"), ("6650 km", 12), ("exact", 12, 1, 0)),
        (NILE, ("6650 km", 9), ("6650 km", 12), ("single", 9, 1, 3)),
        (NILE, ("6650 km", "9"), ("6650 km", 12), ("single", 9, 1, 3)),
        (NILE, ("6650 km", -1), ("6650 km", 12), ("single", -1, 1, 13)),
        (NILE, ("6650 km", None), ("6650 km", 12), ("single", None, 1, None)),
        (NILE, ("6650 km", "n/a"), ("6650 km", 12), ("single", None, 1, None)),
        (f"King A. {FILLER} King B.", ("King", 2), ("King", 0), ("nearest", 2, 2, 2)),
        (NILE, ("6650  km", 12), ("6650 km", 12), ("normalised", 12, 1, 0)),
        (NILE, ("6650  km", 9), ("6650 km", 12), ("normalised", 9, 1, 3)),
        ("Cafe\u0301 au lait.", ("Café", 0), ("Cafe\u0301", 0), ("normalised", 0, 1, 0)),
        (NILE, ("6650  km", None), ("6650 km", 12), ("normalised", None, 1, None)),
        (NILE, (" 6650 km ", 11), ("6650 km", 12), ("normalised", 11, 1, 1)),
        (NILE, (" 6650 km ", 3), ("6650 km", 12), ("normalised", 3, 1, 1)),
    ],
)  # fmt: skip
def test_safe_repairs(tmp_path, context, answer, found, proof):
    entry = lone(tmp_path, row("a", context, "?", answer), fix=True)
    assert entry["answers"] == {"text": [found[0]], "answer_start": [found[1]]}
    assert proofs(entry) == [proof]


@pytest.mark.parametrize("start", [11, None])
def test_an_unsafe_repair_to_nearly_the_same_text(tmp_path, start):
    context = "The expedition reached the southern summit in 1911."
    entry = lone(tmp_path, row("a", context, "?", ("the southern sumit in 1911", start)), unsafe_fixes=True)
    [(proof, original, candidates, distance)] = proofs(entry)
    assert entry["answers"] == {"text": ["the southern summit in 1911"], "answer_start": [23]}
    # The distance is the letter that is missing, not how far the answer moved.
    assert (proof, original, candidates, distance) == ("fuzzy", start, 1, 1)


def test_a_way_of_counting_of_the_whole_file(tmp_path):
    """Starts in UTF-16 units; the answer occurs twice, so that only the habit of the file tells which."""
    rows = [row(str(i), f"😀😀 {i} A ram and a ram.", "?", ("ram", 8 + len(f"{i}"))) for i in range(12)]
    entry = lone(tmp_path, *rows, fix=True)
    at = rows[0]["context"].index("ram")
    assert entry["answers"] == {"text": ["ram"], "answer_start": [at]}
    assert proofs(entry) == [("hypothesis", at + 2, 2, 2)]


def test_what_is_right_needs_no_proof_beyond_itself(tmp_path):
    for number, options in enumerate(({}, {"fix": True}, {"unsafe_fixes": True})):
        rows = [row("a", KINGS, "?", ("king", 13), ("A king", 0)), row("b")]
        convert(from_text(lines(*rows)), tmp_path / str(number), **options)
        found = lineage(tmp_path / str(number))
        names = ("proof", "original_start", "candidates", "distance")
        assert found.select(names).rows() == [(["exact", "exact"], [13, 0], [1, 1], [0, 0]), ([], [], [], [])]
        assert found["repairs"].to_list() == [None, None]
        assert found["merged"].to_list() == [[], []]


def test_several_repairs_of_one_answer_beside_another_that_is_right(tmp_path):
    entry = lone(tmp_path, row("a", NILE, "?", ("Nile", 4), (" 6650 km", "9"), ("long", None)), fix=True)
    assert entry["answers"] == {"text": ["Nile", "6650 km", "long"], "answer_start": [4, 12, 20]}
    assert [proof[:2] for proof in proofs(entry)] == [("exact", 4), ("normalised", 9), ("single", None)]
    repairs = json.loads(entry["repairs"])
    assert {edit["answer"] for repair in repairs for edit in repair["edits"]} == {1}
    assert [repair["code"] for repair in repairs] == ["QA102", "QA201", "QA208"]
    edits = [(edit["field"], edit["old"], edit["new"]) for repair in repairs for edit in repair["edits"]]
    assert edits == [("answer_start", "9", 9), ("answer_start", 9, 11), ("text", " 6650 km", "6650 km"),
                     ("answer_start", 11, 12)]  # fmt: skip


def test_a_repair_is_told_with_its_code_safety_method_and_edits(tmp_path):
    entry = lone(tmp_path, row("a", NILE, "?", ("6650 km", 9)), fix=True)
    assert json.loads(entry["repairs"]) == [
        {"source": "<text>", "row": 1, "code": "QA201", "safety": "safe", "method": "single",
         "candidates": 1, "distance": 3,
         "edits": [{"field": "answer_start", "answer": 0, "old": 9, "new": 12}]}
    ]  # fmt: skip


def test_a_start_that_is_missing_is_found_before_the_text_is_repaired(tmp_path):
    # " 6650 km" occurs once, "6650 km" twice: the blank goes from where the whole text was found.
    record = {"id": "a", "context": "From6650 km on: 6650 km.", "question": "?", "answers": [" 6650 km"]}
    found = lone(tmp_path, record, fix=True)
    assert (found["original_start"], found["proof"], found["candidates"]) == ([None], ["normalised"], [1])


# Rows that became one example


def test_rows_of_two_files_become_one_example(tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.csv"
    one.write_text(lines(row("b"), row("a", NILE, "?", ("6650 km", 9), ("Nile", 4))), "utf-8")
    two.write_text(
        f"id,context,question,answer,answer_start\nc,{NILE},?,long,20\na,{NILE},?,long,\na,{NILE},?,Nile,4\n"
        f"a,{NILE},?,The Nile,0\n",
        "utf-8",
    )
    report = convert([one, two], tmp_path / "out", fix=True)
    assert (report.read, report.written, report.merged) == (6, 3, 3)
    entry = lineage(tmp_path / "out").row(1, named=True)
    assert examples(tmp_path / "out")[1]["answers"] == {
        "text": ["6650 km", "Nile", "long", "The Nile"], "answer_start": [12, 4, 20, 0],
    }  # fmt: skip
    assert proofs(entry) == [
        ("single", 9, 1, 3), ("exact", 4, 1, 0), ("single", None, 1, None), ("exact", 0, 1, 0),
    ]  # fmt: skip
    assert (entry["source"], entry["row"], entry["line"]) == (str(one), 2, 2)
    assert entry["merged"] == [{"source": str(two), "row": n, "line": n + 1} for n in (2, 3, 4)]
    assert [repair["code"] for repair in json.loads(entry["repairs"])] == ["QA201"]


def test_rows_that_were_both_repaired_tell_both_repairs(tmp_path):
    rows = [
        row("a", NILE, "?", ("6650 km", 9)),
        row("a", NILE, "?", ("Nile", 0)),
        row("a", NILE, "?", ("Nile", 4)),
    ]
    entry = lone(tmp_path, *rows, fix=True)
    assert entry["answers"] == {"text": ["6650 km", "Nile"], "answer_start": [12, 4]}
    assert proofs(entry) == [("single", 9, 1, 3), ("single", 0, 1, 4)]
    found = [(repair["code"], repair["edits"][0]["new"]) for repair in json.loads(entry["repairs"])]
    assert found == [("QA201", 12), ("QA206", 4)]
    assert entry["merged"] == [{"source": "<text>", "row": n, "line": n} for n in (2, 3)]


def test_a_repair_of_a_row_that_joined_an_unrepaired_one(tmp_path):
    entry = lone(tmp_path, row("a", NILE, "?"), row("a", NILE, "?", ("Nile", 1)), fix=True)
    assert entry["answers"] == {"text": ["Nile"], "answer_start": [4]}
    assert proofs(entry) == [("single", 1, 1, 3)]
    assert [repair["code"] for repair in json.loads(entry["repairs"])] == ["QA201"]


# Places and hashes


@pytest.mark.parametrize("name", ["clean.csv", "clean.jsonl", "clean.json"])
def test_the_bytes_of_the_lineage_are_the_source_record(sample_data, tmp_path, name):
    raw = (sample_data / name).read_bytes()
    convert(sample_data / name, tmp_path / "out")
    header = raw.split(b"\n")[0].decode() + "\n"
    found = lineage(tmp_path / "out")
    for entry, made in zip(found.iter_rows(named=True), examples(tmp_path / "out"), strict=True):
        text = raw[entry["byte_start"] : entry["byte_end"]].decode("utf-8")
        table = csv.DictReader(io.StringIO(header + text, newline=""))
        record = next(table) if name.endswith("csv") else json.loads(text)
        assert (record["id"], record["question"]) == (made["id"], made["question"])
        assert entry["id"] == made["id"]
        assert entry["content_hash"] == content_hash(made["context"], made["question"])
        assert entry["line"] == raw[: entry["byte_start"]].count(b"\n") + 1


def test_the_columns_and_their_types(tmp_path):
    convert(from_text(lines(row("a"))), tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "lineage.parquet")
    kinds = {field.name: str(field.type).replace("large_", "") for field in schema}
    assert list(kinds) == [
        "id", "split", "source", "row", "line", "line_end", "byte_start", "byte_end", "pointer",
        "content_hash", "proof", "original_start", "candidates", "distance", "merged", "repairs", "extra",
    ]  # fmt: skip
    assert {kinds[name] for name in ("row", "line", "line_end", "byte_start", "byte_end")} == {"int64"}
    assert {
        kinds[name] for name in ("id", "split", "source", "pointer", "content_hash", "repairs", "extra")
    } == {"string"}
    assert kinds["proof"] == "list<element: string>"
    assert {kinds[name] for name in ("original_start", "candidates", "distance")} == {"list<element: int64>"}
    assert kinds["merged"] == "list<element: struct<source: string, row: int64, line: int64>>"


def test_other_columns_of_the_source_are_kept_beside_the_dataset(tmp_path):
    text = lines(row("a", NILE, "What?", ("Nile", 4)) | {"difficulty": "høy", "n": [1, None]})
    convert(from_text(text), tmp_path / "out")
    assert set(examples(tmp_path / "out")[0]) == {"id", "title", "context", "question", "answers"}
    assert json.loads(lineage(tmp_path / "out")["extra"][0]) == {"difficulty": "høy", "n": [1, None]}


# Every record is somewhere, and once

KINDS = ("valid", "unanswerable", "repeated", "further answer", "same id", "moved", "absent", "unplaced",
         "broken", "no question")  # fmt: skip


def corpus_of(kinds: list[str], start: int) -> list[dict | None]:
    """A row of each kind; None is one that cannot be read."""
    rows: list[dict | None] = []
    whole: list[dict] = []
    for number, kind in enumerate(kinds, start):
        fresh = row(str(number), f"Tower {number} is {number} m high.", "How high?", ("Tower", 0))
        before = whole[-1] if whole else fresh
        made = {
            "valid": fresh,
            "unanswerable": row(str(number), f"Tower {number} stands.", "How high?"),
            "repeated": before,
            "further answer": row(before["id"], before["context"], before["question"], ("is", None)),
            "same id": row(before["id"], before["context"], f"How wide {number}?"),
            "moved": row(str(number), f"The tower {number}.", "What?", ("tower", 1)),
            "absent": row(str(number), "The tower.", "What?", ("bridge", 4)),
            "unplaced": row(str(number), f"The tower {number}.", "What?", ("tower", None)),
            "broken": None,
            "no question": row(str(number), "The tower.", "", ("tower", 4)),
        }[kind]
        rows.append(made)
        whole += [made] if kind in ("valid", "unanswerable") else []
    return rows


def as_jsonl(rows: list[dict | None]) -> str:
    return "".join('{"context": \n' if row is None else json.dumps(row) + "\n" for row in rows)


def as_csv(rows: list[dict | None]) -> str:
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(["id", "context", "question", "answer", "answer_start"])
    for one in rows:
        answers = one["answers"] if one else {}
        first = [answers["text"][0], answers["answer_start"][0]] if answers.get("text") else ["", ""]
        table.writerow(["ragged"] if one is None else [one["id"], one["context"], one["question"], *first])
    return out.getvalue()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.tuples(*[st.lists(st.sampled_from(KINDS), min_size=1, max_size=12)] * 2),
    write=st.sampled_from([as_jsonl, as_csv]),
    fix=st.booleans(),
    rows=st.booleans(),
)
@example(kinds=([*KINDS, *reversed(KINDS)], ["valid", *KINDS]), write=as_csv, fix=True, rows=False)
@example(kinds=([*KINDS, *reversed(KINDS)], ["valid", *KINDS]), write=as_jsonl, fix=False, rows=True)
def test_every_record_is_written_joined_rejected_or_left_out(tmp_path_factory, kinds, write, fix, rows):
    folder = tmp_path_factory.mktemp("messy")
    sources = [folder / "one", folder / "two"]
    for number, source in enumerate(sources):
        made = corpus_of(["valid", *kinds[number]], 100 * number * fix)  # ids of both files clash if not
        source.write_bytes(write(made).encode())
    report = convert(sources, folder / "out", fix=fix, drop_invalid=True, rows="train[:3]" if rows else None)
    told = lineage(folder / "out")
    left = rejected(folder / "out")
    assert report.read == 2 + sum(map(len, kinds))
    assert report.read == report.written + report.merged + report.rejected + report.left_out
    assert (report.written, report.rejected) == (told.height, len(left))
    assert report.left_out == 0 or rows
    places = Counter((item["source"], item["row"]) for item in left)
    for entry in told.iter_rows(named=True):
        places.update([(entry["source"], entry["row"])])
        places.update((other["source"], other["row"]) for other in entry["merged"])
    every = {(str(source), n + 1) for s, source in enumerate(sources) for n in range(1 + len(kinds[s]))}
    assert set(places.values()) == {1}
    assert places.keys() == every if not rows else places.keys() <= every
    # What is written is right, and each id is there once.
    found = examples(folder / "out")
    assert [made["id"] for made in found] == told["id"].to_list()
    assert len({made["id"] for made in found}) == len(found)
    for made in found:
        for text, start in zip(*made["answers"].values(), strict=True):
            assert made["context"][start : start + len(text)] == text
