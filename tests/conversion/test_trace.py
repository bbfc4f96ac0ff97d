"""From an example back to its record: byte for byte, wherever it stands, or plainly not."""

from __future__ import annotations

import gzip
import io
import json
import os
import warnings
import zipfile
from pathlib import Path

import datasets
import jsonschema
import openpyxl
import polars as pl
import pyarrow as pa
import pytest

from qatoolkit.conversion.convert import convert
from qatoolkit.conversion.trace import trace
from qatoolkit.corpus.reader import Corpus, from_text, read
from qatoolkit.corpus.record import content_hash
from qatoolkit.errors import NotACorpusError, UnknownIdError, UnreadableError, UsageError
from qatoolkit.resources import resource

SCHEMA = json.loads(resource("schemas/trace.schema.json").read_text(encoding="utf-8"))
NILE = "The Nile is 6650 km long."
COLUMNS = ("id", "context", "question", "answer", "answer_start")
ROWS = [
    ("n1", NILE, "How long?", "6650 km", "12"),
    ("n2", 'Ån,\r\nis "lång".\n', "Vad är lång?", "Ån", "0"),
    ("n3", "São Tomé, an island", "What?", "São Tomé", "0"),
    ("n4", NILE, "Where is it?", "", ""),
]
RIVERS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def converted(corpus: Corpus, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing has an answer
        convert(corpus, folder, split="train=1", fix=True, overwrite=True)


# The layouts that are text: a text, and the piece of it that is each record


def delimited(delimiter: str):
    def write() -> tuple[str, list[str]]:
        def line(cells) -> str:
            return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"

        pieces = [line(row) for row in ROWS]
        return line(COLUMNS) + "".join(pieces), pieces

    return write


def flat(row: dict, **options) -> str:
    texts, starts = ([row["answer"]], [int(row["answer_start"])]) if row["answer"] else ([], [])
    record = {"id": row["id"], "context": row["context"], "question": row["question"],
              "answers": {"text": texts, "answer_start": starts}}  # fmt: skip
    return json.dumps(record, ensure_ascii=False, **options)


def json_lines() -> tuple[str, list[str]]:
    pieces = [flat(row) for row in RIVERS]
    return "\n".join(pieces), pieces


def one_line() -> tuple[str, list[str]]:
    pieces = [flat(row) for row in RIVERS]
    return f'{{"version": 1, "data": [{", ".join(pieces)}]}}', pieces


def indented() -> tuple[str, list[str]]:
    pieces = [flat(row, indent=2) for row in RIVERS]
    return "[\n" + ",\n".join(pieces) + "\n]\n", pieces


def nested() -> tuple[str, list[str]]:
    pieces, paragraphs = [], []
    for row in RIVERS:
        start = [{"text": row["answer"], "answer_start": int(row["answer_start"])}] if row["answer"] else []
        pieces.append(json.dumps({"id": row["id"], "question": row["question"], "answers": start}))
        context = json.dumps(row["context"], ensure_ascii=False)
        paragraphs.append(f'{{"context": {context}, "qas": [{pieces[-1]}]}}')
    return f'{{"data": [{{"title": "Å", "paragraphs": [{", ".join(paragraphs)}]}}]}}', pieces


TEXTS = {"csv": delimited(","), "tsv": delimited("\t"), "bars.csv": delimited("|"), "jsonl": json_lines,
         "one.json": one_line, "indented.json": indented, "squad.json": nested}  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"in/{name}", content)
        archive.writestr("in/other.csv", "context,question\nOslo.,What?\n")
    return out.getvalue()


def packed(name: str, content: bytes, packing: str) -> tuple[str, bytes]:
    if packing == "zip":
        return f"{name}.zip", zipped(name, content)
    if packing == "zst":
        return f"{name}.zst", pa.Codec("zstd").compress(content, asbytes=True)
    return (f"{name}.gz", gzip.compress(content)) if packing == "gz" else (name, content)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("encoding", "packing"),
    [*((encoding, "") for encoding in ENCODINGS), ("utf-8", "gz"), ("utf-8-sig", "zst"), ("utf-16", "zip")],
)
@pytest.mark.parametrize("layout", TEXTS)
def test_a_record_of_a_text_comes_back_byte_for_byte(home, layout, encoding, packing):
    text, pieces = TEXTS[layout]()
    name, content = packed(f"rivers.{layout}", text.encode(encoding), packing)
    Path(name).write_bytes(content)
    converted(read(name, encoding="cp1252" if encoding == "cp1252" else None), home / "dataset")
    for row, piece in zip(RIVERS, pieces, strict=True):
        traced = trace("dataset", row["id"])
        assert traced.record.decode("utf-8") == piece
        assert (traced.state, traced.changed, traced.is_found) == ("unchanged", False, True)
        assert traced.now == traced.place
    # and the same where the file has grown in front of each of them
    grown = text.replace("How long?", "How long is this?", 1)
    Path(name).write_bytes(packed(f"rivers.{layout}", grown.encode(encoding), packing)[1])
    for row, piece in list(zip(RIVERS, pieces, strict=True))[1:]:
        traced = trace("dataset", row["id"])
        assert (traced.record.decode("utf-8"), traced.state, traced.changed) == (piece, "here", True)
    assert trace("dataset", "n1").state == "edited"


# The layouts without bytes of a record


def tables() -> dict[str, object]:
    frame = pl.DataFrame(RIVERS).with_columns(when=pl.lit(1.5))
    book = openpyxl.Workbook()
    for values in (list(RIVERS[0]), [], *(list(row.values()) for row in RIVERS)):
        book.active.append(values)
    rows = datasets.Dataset.from_list([{**row, "when": 1.5} for row in RIVERS])
    return {
        "t.parquet": frame.write_parquet,
        "t.arrow": frame.write_ipc,
        "t.xlsx": book.save,
        "saved": lambda path: datasets.DatasetDict({"train": rows}).save_to_disk(str(path)),
        "alone": lambda path: rows.save_to_disk(str(path)),
        "t.json": lambda path: Path(path).write_text(
            json.dumps({name: [row[name] or None for row in RIVERS] for name in COLUMNS}), encoding="utf-8"
        ),
    }


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.xlsx", "saved", "alone", "t.json"])
def test_a_row_of_a_table_comes_back_with_its_own_columns(home, name):
    tables()[name](home / name)
    converted(read(name), home / "dataset")
    more = {} if name in ("t.xlsx", "t.json") else {"when": 1.5}
    for row in RIVERS:
        traced = trace("dataset", row["id"])
        expected = {**row, **more}
        if name == "t.json":
            expected = {key: value or None for key, value in expected.items()}
        if name == "t.xlsx":
            expected = {key: value.replace("\r\n", "\n") for key, value in expected.items()}
        assert json.loads(traced.record) == expected
        assert traced.record.endswith(b"}\n")
        known = ("here", None) if name in ("saved", "alone") else ("unchanged", False)
        assert (traced.state, traced.changed) == known


def test_a_row_of_a_dataset_of_the_hub(home, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "cache")
    (home / "hub").mkdir()
    pl.DataFrame(RIVERS).write_parquet(home / "hub" / "train.parquet")
    converted(read("hub:hub[train]"), home / "dataset")
    traced = trace("dataset", "n3")
    assert json.loads(traced.record) == RIVERS[2]
    assert (traced.state, traced.path, traced.changed) == ("here", None, None)


@pytest.mark.corpora
@pytest.mark.parametrize("file", ["xquad/xquad.th.json", "tydiqa/tiny_dev.jsonl.gz", "policyqa/dev.json"])
def test_records_of_published_corpora(corpora, home, file):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        convert(corpora / file, "dataset", split="train=1", unsafe_fixes=True, drop_invalid=True)
    kept = pl.read_parquet("dataset/lineage.parquet")
    with read(corpora / file).sources[0].as_utf8() as stream:
        text = stream.read()
    for row in kept.gather_every(max(1, kept.height // 7)).iter_rows(named=True):
        traced = trace("dataset", row["id"])
        assert traced.record == text[row["byte_start"] : row["byte_end"]]
        assert traced.state == "unchanged"
        if not file.startswith("tydiqa"):  # whose examples have another name
            assert json.loads(traced.record)["id"] == row["id"]


# What became of it


def lines(*rows: tuple[str, str, str]) -> str:
    return "id,context,question\n" + "".join(",".join(row) + "\n" for row in rows)


ABC = [("a", "Oslo.", "What?"), ("b", "Rome.", "What?"), ("c", "Bern.", "What?")]


@pytest.mark.parametrize(
    ("now", "id", "state", "record", "line"),
    [
        ([*ABC, ("d", "x", "y")], "b", "here", "b,Rome.,What?\n", 3),
        ([ABC[0], ("b", "Rome.", "What?  "), ABC[2]], "b", "edited", "b,Rome.,What?  \n", 3),
        ([("z", "New.", "?"), *ABC], "b", "moved", "b,Rome.,What?\n", 4),
        ([ABC[2], ABC[1], ABC[0]], "a", "moved", "a,Oslo.,What?\n", 4),
        ([("z", "New.", "?"), ABC[0], ("b", "Rome!", "What?")], "b", "edited", "b,Rome!,What?\n", 4),
        ([("x", "Rome.", "What?"), ABC[0], ABC[2]], "b", "moved", "x,Rome.,What?\n", 2),
        ([ABC[0], ABC[2]], "b", "gone", "c,Bern.,What?\n", 3),
        ([ABC[0]], "b", "gone", None, None),
    ],
)
def test_a_file_that_has_changed(home, now, id, state, record, line):
    path = Path("abc.csv")
    path.write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    path.write_text(lines(*now), encoding="utf-8")
    traced = trace("dataset", id)
    assert (traced.state, traced.changed, traced.is_found) == (state, True, state in ("here", "moved"))
    assert traced.record == (None if record is None else record.encode())
    assert (traced.now and traced.now.line) == line
    assert traced.place.line == [row[0] for row in ABC].index(id) + 2


def test_of_equal_records_the_nearest_is_taken(home):
    path = Path("abc.csv")
    path.write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    path.write_text(lines(ABC[2], ("x", "", ""), ("x", "", ""), ABC[2], ("x", "", "")))
    assert trace("dataset", "c").now.row == 4


VOTES = [("a", "Oslo is cold.", "What?", answer) for answer in ("Oslo", "cold", "is")]
OTHERS = [("x", "Rome.", "What?", "Rome"), ("y", "Bern.", "What?", "Bern")]


@pytest.mark.parametrize(
    ("now", "state", "row"),
    [
        ([OTHERS[1], *VOTES], "moved", 2),
        ([*VOTES, *OTHERS], "moved", 1),
        ([*OTHERS, ("z", "Paris.", "Where?", "Paris"), *VOTES], "moved", 4),
        ([*OTHERS, *VOTES, OTHERS[1]], "here", 3),
    ],
)
def test_of_rows_that_gave_an_answer_each_the_first_is_the_examples(home, now, state, row):
    """What stands at the old place may be a further answer to the same question."""

    def write(rows) -> None:
        text = "id,context,question,answer\n" + "".join(",".join(row) + "\n" for row in rows)
        Path("votes.csv").write_text(text, encoding="utf-8")

    write([*OTHERS, *VOTES])
    converted(read("votes.csv"), home / "dataset")
    write(now)
    traced = trace("dataset", "a")
    assert (traced.state, traced.now.row, traced.record) == (state, row, b"a,Oslo is cold.,What?,Oslo\n")


def test_a_file_that_was_saved_by_another_program_is_read_as_it_looks_now(home):
    path = Path("abc.csv")
    path.write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    path.write_bytes(lines(*ABC).replace(",", ";").replace("\n", "\r\n").encode("utf-16"))
    traced = trace("dataset", "b")
    assert (traced.state, traced.record) == ("here", b"b;Rome.;What?\r\n")


def test_a_file_that_is_no_corpus_any_more_is_an_error(home):
    Path("abc.csv").write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    Path("abc.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"(?s)^abc\.csv: .*The record was row 2, line 3 of it\.$"):
        trace("dataset", "b")
    Path("abc.csv").unlink()
    with pytest.raises(
        UnreadableError, match=r"(?s)not there any more.*The record was row 2, line 3 of it\.$"
    ):
        trace("dataset", "b")


def test_a_repaired_question_is_known_by_what_the_source_has(home):
    path = Path("abc.csv")
    path.write_text(lines(("a", "Oslo.", "What?"), ("b", "Rome.", " Which?")), encoding="utf-8")
    edit = {"field": "question", "answer": None, "old": " Which?", "new": "Which?"}
    repair = [{"code": "QA999", "safety": "safe", "method": "trim", "candidates": 1, "distance": None,
               "edits": [edit]}]  # fmt: skip
    converted(read("abc.csv"), home / "dataset")
    lineage = pl.read_parquet(home / "dataset" / "lineage.parquet")
    mended = {"content_hash": content_hash("Rome.", "Which?"), "repairs": json.dumps(repair)}
    changes = [
        pl.when(pl.col("id") == "b").then(pl.lit(new)).otherwise(name).alias(name)
        for name, new in mended.items()
    ]
    lineage.with_columns(changes).write_parquet(home / "dataset" / "lineage.parquet")
    path.write_text(lines(("z", "New.", "?"), ("b", "Rome.", " Which?")), encoding="utf-8")
    traced = trace("dataset", "b")
    assert (traced.state, traced.record) == ("here", b"b,Rome., Which?\n")
    assert traced.repairs == tuple(repair)


# Rows that were merged


def test_merged_rows_are_read_again(home):
    rows = [("a", "Oslo is cold.", "What?", answer) for answer in ("Oslo", "cold", "is")]
    text = "id,context,question,answer\n" + "".join(",".join(row) + "\n" for row in rows)
    Path("votes.csv").write_text(text, encoding="utf-8")
    converted(read("votes.csv"), home / "dataset")
    traced = trace("dataset", "a")
    assert traced.record == b"a,Oslo is cold.,What?,Oslo\n"
    assert [(row.source, row.row, row.line, row.record) for row in traced.merged] == [
        ("votes.csv", 2, 3, b"a,Oslo is cold.,What?,cold\n"),
        ("votes.csv", 3, 4, b"a,Oslo is cold.,What?,is\n"),
    ]
    assert [row.answers for row in traced.merged] == [(("cold", None),), (("is", None),)]
    Path("votes.csv").write_text(text + "b,x,y,x\n", encoding="utf-8")
    traced = trace("dataset", "a")
    assert (traced.state, traced.record) == ("here", b"a,Oslo is cold.,What?,Oslo\n")
    assert [(row.line, row.answers, row.record) for row in traced.merged] == [
        (3, None, None),
        (4, None, None),
    ]


# Contexts that stand apart, and columns of one's own


def test_a_mapping_is_used_again(home):
    text = "key,passage of text,ask\na,Oslo.,What?\nb,Rome.,What?\n"
    fields = {"key": "id", "passage of text": "context", "ask": "question"}
    Path("own.csv").write_text(text, encoding="utf-8")
    converted(read("own.csv", fields=fields), home / "dataset")
    assert trace("dataset", "b").record == b"b,Rome.,What?\n"
    Path("own.csv").write_text(text + "c,Bern.,What?\n", encoding="utf-8")
    assert trace("dataset", "b").state == "here"


@pytest.mark.parametrize("at_hand", [True, False])
def test_contexts_that_stand_apart_are_read_for_the_check_if_they_are_at_hand(home, at_hand):
    asked = [{"id": id, "doc": doc, "question": "What?"} for id, doc in (("a", 1), ("b", 2), ("c", 2))]
    told = [{"key": 1, "passage": "Oslo is cold."}, {"key": 2, "passage": "Rome is hot."}]
    for name, rows in (("asked.jsonl", asked), ("told.jsonl", told)):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    fields = {"passage": "context"}
    corpus = read("asked.jsonl", documents="told.jsonl", on="doc=key", fields=fields)
    converted(corpus, home / "dataset")
    assert trace("dataset", "b").record == json.dumps(asked[1]).encode()
    Path("asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (asked[0], asked[2], asked[1])))
    if not at_hand:
        Path("told.jsonl").unlink()
    traced = trace("dataset", "b")
    assert (traced.record, traced.state) == (json.dumps(asked[1]).encode(), "moved")
    assert [note[:48] for note in traced.notes] == (
        [] if at_hand else ["The contexts stand in told.jsonl, which cannot b"]
    )
    if at_hand:
        told[1]["passage"] = "Rome is hot in summer."
        Path("told.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
        assert trace("dataset", "b").state == "edited"


# Ids


def test_an_unknown_id_says_what_is_near_it_and_what_became_of_it(home):
    Path("abc.csv").write_text(lines(("nile-01", "a", "b"), ("nile-02", "c", "d"), ("rome", "e", "f")))
    converted(read("abc.csv"), home / "dataset")
    cases = {
        "nile": "dataset: no example has the id nile; near it: nile-01, nile-02",
        "nile-1": "dataset: no example has the id nile-1; near it: nile-01, nile-02",
        "oslo": "dataset: no example has the id oslo",
    }
    for id, message in cases.items():
        with pytest.raises(UnknownIdError) as error:
            trace("dataset", id)
        assert (str(error.value), error.value.exit_code) == (message, 1)
    rejected = {"source": "abc.csv", "row": 4, "line": 5, "pointer": None, "id": "oslo",
                "codes": ["QA203"], "messages": ['answer "x" is not in the context']}  # fmt: skip
    (home / "dataset" / "rejected.jsonl").write_text(json.dumps(rejected) + "\n", encoding="utf-8")
    manifest = json.loads((home / "dataset" / "manifest.json").read_text(encoding="utf-8"))
    manifest["options"]["rows"] = "train[:3]"
    (home / "dataset" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UnknownIdError) as error:
        trace("dataset", "oslo")
    assert str(error.value).splitlines() == [
        "dataset: no example has the id oslo",
        'It was rejected: abc.csv:5 QA203 answer "x" is not in the context',
        "--rows train[:3] kept records out of this dataset.",
    ]


def test_what_is_neither_a_dataset_nor_a_run_is_refused(home):
    with pytest.raises(
        UsageError, match=r"^nowhere: no such folder; qatk convert FILE -o nowhere writes one$"
    ):
        trace("nowhere", "a")
    (home / "empty").mkdir()
    with pytest.raises(UsageError, match=r"^empty: holds neither the lineage\.parquet"):
        trace("empty", "a")
    Path("abc.csv").write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    (home / "dataset" / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(NotACorpusError, match=r"^dataset/manifest\.json: is missing or damaged"):
        trace("dataset", "a")


def test_standard_input_cannot_be_gone_back_to(home):
    converted(from_text(lines(*ABC), name="-"), home / "dataset")
    with pytest.raises(
        UnreadableError, match=r"(?s)^-: was standard input.*The record was row 2, line 3 of it\.$"
    ):
        trace("dataset", "b")


# Runs


@pytest.fixture
def run(home):
    """A run that was trained on `data/dataset`, with the predictions of one split."""
    Path("abc.csv").write_text(lines(*ABC), encoding="utf-8")
    corpus = read("abc.csv")
    converted(corpus, home / "data" / "dataset")
    (home / "data" / "run").mkdir()
    (home / "data" / "run" / "run.json").write_text('{"dataset": "dataset"}', encoding="utf-8")
    predicted = corpus.to_polars().with_columns(answer=pl.lit("x")).drop("text", "answer_start")
    predicted.head(2).write_parquet(home / "data" / "run" / "predictions-validation.parquet")
    return home / "data" / "run"


def test_a_run_leads_through_its_dataset(home, run, monkeypatch):
    for folder in (home / "data", home):  # in which it was trained, and another
        monkeypatch.chdir(folder)
        traced = trace(os.path.relpath(run), "c")
        assert (traced.record, traced.state, traced.split) == (b"c,Bern.,What?\n", "unchanged", "train")
        assert traced.notes == ()


def test_without_its_dataset_a_run_leads_by_its_predictions(home, run):
    (home / "data" / "dataset" / "lineage.parquet").unlink()
    traced = trace(run, "b")
    assert (traced.record, traced.state, traced.changed) == (b"b,Rome.,What?\n", "here", None)
    assert (traced.split, traced.answers, traced.merged) == ("validation", None, ())
    assert traced.to_dict()["answers"] == []
    assert traced.notes == (
        f"dataset, on which {run} was trained, is not there any more. "
        "What predictions-validation.parquet says of the example is used.",
    )
    with pytest.raises(UnknownIdError, match=r"no example has the id c\n.*is not there any more"):
        trace(run, "c")


def test_an_id_that_the_dataset_has_lost_is_still_known_to_the_predictions(home, run):
    Path("abc.csv").write_text(lines(ABC[0], ABC[2]), encoding="utf-8")
    converted(read("abc.csv"), home / "data" / "dataset")
    traced = trace(run, "b")
    assert (traced.state, traced.record) == ("gone", b"c,Bern.,What?\n")
    assert "does not hold this id any more" in traced.notes[0]
    with pytest.raises(UnknownIdError, match=r"dataset: no example has the id bb"):
        trace(run, "bb")


# As JSON


def test_the_schema_is_a_strict_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    objects = [SCHEMA, SCHEMA["properties"]["merged"]["items"],
               *(SCHEMA["$defs"][name] for name in ("place", "proof", "repair"))]  # fmt: skip
    for one in objects:
        assert one["additionalProperties"] is False
        assert sorted(one["required"]) == sorted(one["properties"])


def test_traces_keep_to_the_schema(home):
    rows = [
        ("a", "Oslo is cold.", "What?", "Oslo"),
        ("a", "Oslo is cold.", "What?", "cold"),
        ("b", "x", "y", "x"),
    ]
    text = "id,context,question,answer\n" + "".join(",".join(row) + "\n" for row in rows)
    Path("votes.csv").write_text(text, encoding="utf-8")
    converted(read("votes.csv"), home / "dataset")
    check = jsonschema.Draft202012Validator(SCHEMA)
    for now in (text, text.replace("cold", "warm"), text.replace("a,", "c,"), "id,context,question\n"):
        Path("votes.csv").write_text(now, encoding="utf-8")
        for id in ("a", "b"):
            check.validate(json.loads(json.dumps(trace("dataset", id).to_dict(), allow_nan=False)))
    found = trace("dataset", "a").to_dict()
    assert (found["state"], found["record"], found["now"]) == ("gone", None, None)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"more": 1}, {"state": "lost"}, {"merged": [{}]}, {"place": None}]
)
def test_what_is_no_trace_does_not_fit(home, change):
    Path("abc.csv").write_text(lines(*ABC), encoding="utf-8")
    converted(read("abc.csv"), home / "dataset")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**trace("dataset", "a").to_dict(), **change}, SCHEMA)
