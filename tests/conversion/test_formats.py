"""Whichever format a dataset is written in, it holds the same: nothing is lost from each to each."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.conversion.write import FORMATS
from qatoolkit.corpus.reader import read
from qatoolkit.errors import UsageError

Rows = dict[str, list[dict]]

SPLITS = ("train", "validation", "test")


def convert(paths, output: Path, to, **options) -> ConversionReport:
    """Writes a dataset and does not open it, which would take most of the time."""
    return write_dataset(read(paths), output, Options(tuple(to), **options))


def row(id, context="The Nile is 6650 km long.", question="How long?", *answers, title=""):
    texts, starts = [text for text, _ in answers], [start for _, start in answers]
    return {"id": id, "title": title, "context": context, "question": question,
            "answers": {"text": texts, "answer_start": starts}}  # fmt: skip


def is_blind(part: list[dict]) -> bool:
    return not any(row["answers"]["text"] for row in part)


def formats_for(rows: Rows) -> list[str]:
    """The formats that can say it."""
    lacking = any(not row["answers"]["text"] for part in rows.values() if not is_blind(part) for row in part)
    nul = "\\u0000" in json.dumps(rows)
    cannot = {"squad1.1": lacking, "csv": nul}
    return [name for name in FORMATS if not cannot.get(name)]


def source_folder(folder: Path, rows: Rows) -> Path:
    """The rows as files of lines, one a split."""
    folder.mkdir()
    for split, part in rows.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (folder / f"{split}.jsonl").write_bytes(text.encode("utf-8"))
    return folder


# Readers that share nothing with the package


def read_arrow(folder: Path, split: str) -> list[dict]:
    return datasets.load_from_disk(str(folder / split), keep_in_memory=True).to_list()


def read_parquet(folder: Path, split: str) -> list[dict]:
    return pq.read_table(folder / f"{split}.parquet").to_pylist()


def read_squad(folder: Path, split: str) -> list[dict]:
    file = json.loads((folder / f"{split}.json").read_bytes())
    flagged = "is_impossible" in str(file)
    rows = []
    for article in file["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = {name: [a[name] for a in qa["answers"]] for name in ("text", "answer_start")}
                assert qa.get("is_impossible", False) is (flagged and not qa["answers"])
                row = {"id": qa["id"], "title": article["title"], "context": paragraph["context"]}
                rows.append(row | {"question": qa["question"], "answers": answers})
    return rows


def read_jsonl(folder: Path, split: str) -> list[dict]:
    content = (folder / f"{split}.jsonl").read_bytes()
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content[:-1].split(b"\n")]


def read_csv(folder: Path, split: str) -> list[dict]:
    csv.field_size_limit(2**31 - 1)
    with (folder / f"{split}.csv").open(encoding="utf-8", newline="") as lines:
        return [row | {"answers": json.loads(row["answers"])} for row in csv.DictReader(lines)]


READERS = {
    "arrow": read_arrow, "parquet": read_parquet, "squad": read_squad, "squad1.1": read_squad,
    "squad2.0": read_squad, "jsonl": read_jsonl, "csv": read_csv,
}  # fmt: skip


def place(folder: Path, form: str) -> Path:
    """Where a format lies when all are asked for."""
    return folder if form == "arrow" else folder / form


def content(folder: Path, form: str, split: str) -> bytes | pa.Table:
    """The file of one split; of Arrow and Parquet the table, which may lie in other pieces."""
    if form == "parquet":
        return pq.read_table(folder / f"{split}.parquet")
    if form != "arrow":
        [path] = folder.glob(f"{split}.*")
        return path.read_bytes()
    with pa.memory_map(str(folder / split / "data-00000-of-00001.arrow")) as source:
        return pa.ipc.open_stream(source).read_all()


def prove(folder: Path, rows: Rows, forms: list[str] | None = None) -> None:
    """From each format to each: what is written first is the rows, and what is written next is the same.

    One conversion writes all formats, so one from each of them is a round through all pairs.
    """
    forms = forms or formats_for(rows)
    split = None if len(rows) > 1 else f"{next(iter(rows))}=1"
    first = folder / "first"
    convert(source_folder(folder / "source", rows), first, forms, split=split)
    for form in forms:
        for name, part in rows.items():
            assert READERS[form](place(first, form), name) == part, (form, name)
    prove_pairs(folder, first, list(rows), forms, split)


def prove_pairs(folder: Path, first: Path, splits: list[str], forms: list[str], split: str | None) -> None:
    for form in forms:
        again = folder / form
        report = convert(place(first, form), again, forms, split=split)
        assert (report.merged, report.rejected, report.left_out) == (0, 0, 0), form
        for other in forms:
            for name in splits:
                now, before = (content(place(at, other), other, name) for at in (again, first))
                assert now == before, (form, other, name)


# Made-up records

ODD = [
    "\r", "\r\n", "\n", "\0", '"', '""', "'", ",", "\t", " ", "  ", "\u2028", "\u2029", "\x85", "\x0b",
    "\x1f", "\ufeff", "\u200d", "\u202e", "\u200f", "\u0301", "e\u0301", "😀", "𝔘", "\\", "\\n", "\\u0041",
    "{", "]", "[1]", "{}", "<b>", "&amp;", "\x7f", "\ufffd", "\uffff", "﷽", "क्ष", "ﬁ", "İ", "ß",
]  # fmt: skip
LOOKS_LIKE = [
    "1", "007", "1.0", "1e5", "-1", "NA", "N/A", "NaN", "nan", "null", "None", "true", "False", "[1]", "{}",
    '{"a": 1}', '["x"]', "inf", "0x1f", "2020-01-01", "a,b", 'a"b', "=1+1", "id", "é", "e\u0301",
    "a\u2028b", "a\rb", "a\nb", " x", "x ", "#", "'", "\\", "\0x", "data", "context",
]  # fmt: skip
pieces = st.one_of(
    st.sampled_from([*ODD, "Nile", "wide "]), st.text(st.characters(exclude_categories=["Cs"]))
)
texts = st.lists(pieces, min_size=1, max_size=5).map("".join)


@st.composite
def records(draw, answered: bool):
    contexts = draw(st.lists(filled(), min_size=1, max_size=3))
    titles = draw(st.lists(st.just("") | filled(), min_size=1, max_size=3))
    ids = draw(st.lists(filled(), min_size=3, max_size=9, unique=True))
    rows = []
    for id in ids:
        context = draw(st.sampled_from(contexts))
        spans = draw(answers(context, answered))
        rows.append(row(id, context, draw(filled()), *spans, title=draw(st.sampled_from(titles))))
    return rows


def filled() -> st.SearchStrategy[str]:
    """Texts that are not blank, which no rule would let pass."""
    return st.one_of(st.sampled_from(LOOKS_LIKE), texts.filter(str.strip))


@st.composite
def answers(draw, context: str, answered: bool):
    spans = []
    for _ in range(draw(st.integers(int(answered), 3))):
        start = draw(st.integers(0, len(context) - 1))
        text = context[start : draw(st.integers(start + 1, len(context)))]
        assume(text.strip())
        spans.append((text, start))
    return spans * draw(st.integers(1, 2))  # the same ones twice, in some


def dealt(rows: list[dict]) -> Rows:
    return {split: part for number, split in enumerate(SPLITS) if (part := rows[number::3])}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(rows=st.booleans().flatmap(records))
@example(rows=[row("1", "\r\rNile\r", "\rWhat?\r", ("\rN", 1))])
@example(rows=[row('"', '"Nile", "', '"', ('"N', 0), ("e", 4)), row("2")])
@example(rows=[row("1", "\0N\0", "\0?", ("\0N", 0)), row("2", "\0N\0", "\0?", ("\0N", 0), title="\0")])
@example(rows=[row(n, c, "?", title=t) for n, c, t in ("1ab", "2aa", "3ba", "4ab", "5ab", "6bb", "7aa")])
def test_every_format_to_every_format(tmp_path_factory, rows):
    prove(tmp_path_factory.mktemp("trip"), dealt(rows))


@pytest.mark.parametrize("field", ["id", "title", "context", "question"])
def test_values_longer_than_what_is_looked_at_to_know_a_file(tmp_path, field):
    long = "Ein langer Fluß 😀. " * 15_000  # files are known by their first 256 kB
    first = row("a", "short", "?", ("or", 2)) | {field: long}
    if field == "context":
        first["answers"] = {"text": [long], "answer_start": [0]}
    rows = {"train": [first, row("b", "short", "?", ("short", 0))]}
    # A title of this length before all else of a nested file leaves nothing to know it by.
    prove(tmp_path, rows, [name for name in formats_for(rows) if field != "title" or "squad" not in name])


def test_a_context_longer_than_a_block_of_a_table(tmp_path):
    long = "The Nile flows,\r\nand flows. " * 700_000
    rows = [row("a"), row("b", long, "?", ("flows", 9)), row("c")]
    prove(tmp_path, {"train": rows}, ["squad", "jsonl", "csv"])


@pytest.mark.parametrize("names", [("first", "second"), ("train", "train_extra"), ("exam", "fold_2")])
def test_splits_keep_names_of_their_own(tmp_path, names):
    """Read by themselves these files would be of no split, or two of them of one."""
    rows = [row(str(n), f"Tower {n}.", "What?", ("Tower", 0)) for n in range(40)]
    source_folder(tmp_path / "in", {"all": rows})
    first = tmp_path / "first"
    convert(tmp_path / "in", first, FORMATS, split=f"random,{names[0]}=0.7,{names[1]}=0.3")
    assert sorted(json.loads((first / "dataset_dict.json").read_bytes())["splits"]) == sorted(names)
    prove_pairs(tmp_path, first, list(names), list(FORMATS), None)
    convert(first / "csv", tmp_path / "alone", ["jsonl"])  # manifest.json beside the files
    convert(tmp_path / "alone", tmp_path / "last", FORMATS)
    for name in names:
        assert content(tmp_path / "last/squad", "squad", name) == content(first / "squad", "squad", name)


def test_the_sample_data(sample_data, tmp_path):
    rows = [json.loads(line) for line in (sample_data / "clean.jsonl").read_bytes().splitlines()]
    joined: dict[str, dict] = {}
    for one in rows:
        first = joined.setdefault(one["id"], one)
        for text, start in zip(*one["answers"].values(), strict=True):
            if (text, start) not in zip(*first["answers"].values(), strict=True):
                first["answers"]["text"].append(text)
                first["answers"]["answer_start"].append(start)
    prove(tmp_path, dealt(list(joined.values())))


#: Some of each layout, script and fault; all of the manifest if the environment names QATK_ALL_CORPORA.
CHOSEN = (
    "xquad/xquad.ar.json", "cmrc2018/squad-style_trial.json", "cmrc2018/original_trial.json",
    "idk-mrc/valid.json", "norquad/validation_flattened.json", "iapp-thai/test.jsonl",
    "kazqad/validation.jsonl", "sweqquad-mc/dev.json", "qed/qed-dev.jsonlines", "tydiqa/tiny_dev.jsonl.gz",
    "allennlp-fixtures/squad2.json", "haystack-samples/small.jsonl", "amqa/dev_data.json",
    "afriqa/gold_span_passages.afriqa.fon.fr.test.json",
)  # fmt: skip


def chosen() -> list[str]:
    if not os.environ.get("QATK_ALL_CORPORA"):
        return list(CHOSEN)
    listed = pl.read_csv(Path(os.environ["QATK_CORPORA"]) / "MANIFEST.csv", infer_schema=False)
    files = set(listed.filter(pl.col("questions") > "")["file"])
    files -= {"farm-samples/answer-wrong.json"}  # of which no record is valid
    files -= {"farm-samples/noanswer.json"}  # a flag says that it is not blind, which is_impossible alone can
    return sorted(files)


@pytest.mark.corpora
@pytest.mark.parametrize("path", chosen())
def test_real_corpora(corpora, tmp_path, path):
    first = tmp_path / "first"
    options = {"split": "train=1", "fix": True, "drop_invalid": True}
    report = convert(corpora / path, tmp_path / "arrow-first", ["arrow"], **options)
    rows = {"train": read_arrow(tmp_path / "arrow-first", "train")}
    assert report.read == sum(batch.records.height + len(batch.unreadable) for batch in read(corpora / path))
    assert_as_read(corpora / path, rows["train"], tmp_path / "arrow-first" / "lineage.parquet")
    forms = formats_for(rows)
    convert(corpora / path, first, forms, **options)
    for form in forms:
        assert READERS[form](place(first, form), "train") == rows["train"], form
    prove_pairs(tmp_path, first, ["train"], forms, "train=1")


def assert_as_read(path: Path, rows: list[dict], lineage: Path) -> None:
    """What was written is what the reader has, but for what the lineage says was repaired or joined."""
    told = pl.read_parquet(lineage)
    assert told["id"].to_list() == [row["id"] for row in rows]
    read_rows = {record["row"]: record for record in read(path).to_polars().iter_rows(named=True)}
    for row, entry in zip(rows, told.iter_rows(named=True), strict=True):
        record = read_rows[entry["row"]]
        assert row["context"] == record["context"]
        assert (row["title"], row["question"]) == (record["title"] or "", record["question"])
        if entry["repairs"] is None and not entry["merged"]:
            assert row["answers"]["text"] == record["text"]
            assert entry["original_start"] == record["answer_start"]
            found = zip(record["answer_start"], row["answers"]["answer_start"], strict=True)
            assert all(start in (None, now) for start, now in found)


# What a format cannot say


def test_version_1_1_refuses_a_question_without_an_answer_in_any_split(tmp_path, qatk):
    answered = [row("a", "The Nile.", "What?", ("Nile", 4))]
    rows = {"train": answered, "test": [row("b", "The Amazon.", "What?", ("Amazon", 4)), row("c", "The Po.")]}
    source_folder(tmp_path / "in", rows)
    ran = qatk("convert", "in", "-o", "out", "--to", "arrow,squad1.1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        "qatk: --to squad1.1: 1 of the questions in test has no answer, which version 1.1 cannot say; "
        "--to squad2.0 can, --to squad takes the version that fits\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    convert(tmp_path / "in", tmp_path / "out", ["squad"])
    versions = {p.stem: json.loads(p.read_bytes())["version"] for p in (tmp_path / "out").glob("t*.json")}
    assert versions == {"train": "1.1", "test": "v2.0"}


def test_nobody_says_of_a_blind_split_that_its_questions_are_impossible(tmp_path):
    rows = {"train": [row("a", "The Nile.", "What?", ("Nile", 4))], "test": [row("b", "The Po.")]}
    prove(tmp_path, rows)
    for form in FORMATS:
        manifest = json.loads((tmp_path / form / "manifest.json").read_bytes())
        assert {name: split["labelled"] for name, split in manifest["splits"].items()} == {
            "train": True, "test": False,
        }  # fmt: skip
        assert b"is_impossible" not in (tmp_path / form / "squad" / "test.json").read_bytes()


@pytest.mark.parametrize("field", ["id", "title", "context", "question"])
def test_a_table_refuses_nul(tmp_path, field):
    rows = [row("a"), row("b", "The Nile.", "What?", ("Nile", 4)) | {field: "The Nile\0."}]
    source_folder(tmp_path / "in", {"train": rows})
    with pytest.raises(UsageError) as caught:
        convert(tmp_path / "in", tmp_path / "out", ["jsonl", "csv"], split="train=1")
    named = "'The Nile\\x00.'" if field == "id" else "'b'"
    assert str(caught.value) == (
        f"--to csv: {field} of {named} holds a NUL character, which no table of text can hold; "
        "--to parquet, jsonl or squad can, and so can Arrow"
    )
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


# The same input gives the same bytes


def written(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_input_gives_the_same_bytes(sample_data, tmp_path):
    """Twice, in another process, with other hashes of Python's and another number of threads."""
    for name in ("messy.csv", "messy.json"):
        (tmp_path / name).write_bytes((sample_data / name).read_bytes())
    made = []
    for environment in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"POLARS_MAX_THREADS": "1"}):
        command = [sys.executable, "-m", "qatoolkit", "convert", "messy.csv", "messy.json", "-o", "out",
                   "--overwrite", "--fix", "--drop-invalid",
                   "--to", "arrow,parquet,squad,squad2.0,jsonl,csv"]  # fmt: skip
        subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **environment}, check=True, capture_output=True
        )
        made.append(written(tmp_path / "out"))
    assert len(made[0]) > 20
    assert "rejected.jsonl" in made[0]
    assert made[0] == made[1] == made[2]
