"""A converted dataset is tampered with in every way we could think of; each has exactly its findings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import datasets
import jsonschema
import polars as pl
import pytest
import xxhash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qatoolkit.cli import formats
from qatoolkit.conversion.convert import convert
from qatoolkit.corpus.record import content_hash
from qatoolkit.errors import NotACorpusError, UnreadableError
from qatoolkit.resources import resource
from qatoolkit.validation.manifest import Manifest, Split
from qatoolkit.validation.validate import Verdict, validate

SCHEMA = json.loads(resource("schemas/validation.schema.json").read_text(encoding="utf-8"))
NILE, ÅN = "The Nile is 6650 km long and flows north.", "Ån är lång 😀 och bred."
TRAIN = [
    ("nile-1", NILE, "How long is it?", "6650 km", "12"),
    ("nile-1", NILE, "How long is it?", "6650", "12"),
    ("nile-2", NILE, "Where to?", "north", "35"),
    ("nile-3", NILE, "Why?", "", ""),
    ("nile-4", NILE, "Who?", "Lake Victoria", "3"),
    ("å-1", ÅN, "Hur?", "lång", "6"),
]
TEST = [
    ("bern-1", "Bern is old.", "What is old?", "Bern", "0"),
    ("bern-2", "Bern is old.", "How?", "old", "8"),
]
CHANGED = "changed since the conversion: "
OTHERWISE = "context and question are not those that lineage.parquet has the hash of"
TWICE = "lineage.parquet has one row for this id in train, and this is its second example"
FORMATS = ["arrow", "parquet", "squad", "jsonl", "csv"]
LAYOUTS = [*([name] for name in FORMATS), FORMATS, ["squad", "csv"]]


def write_csv(path: Path, rows: list[tuple[str, ...]]) -> None:
    lines = ["id,context,question,answer,answer_start", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A folder for each list of formats; the sources are gone when it is looked at."""
    base = tmp_path_factory.mktemp("converted")
    sources = [base / "train.csv", base / "test.csv"]
    for path, rows in zip(sources, (TRAIN, TEST), strict=True):
        write_csv(path, rows)
    for to in LAYOUTS:
        convert(sources, base / "-".join(to), to=to, drop_invalid=True)
    for path in sources:
        path.unlink()
    return base


@pytest.fixture
def folder(converted, tmp_path, monkeypatch):
    """Makes a copy of one, which may be spoilt; findings name it `d`."""
    monkeypatch.chdir(tmp_path)

    def copy(*to: str) -> Path:
        shutil.copytree(converted / "-".join(to or ("arrow",)), "d")
        return Path("d")

    return copy


def said(place: Path | str, **options) -> list[tuple]:
    """Every finding of a grave kind: code, file, row, id and message."""
    report = validate(place, **options)
    jsonschema.validate(report.to_dict(), SCHEMA)
    grave = [f for f in report.findings if f.severity == "error"]
    assert report.certificate is None or report.certificate.holds == (not grave)
    return [(f.code, f.file, f.place.row, f.id, f.message) for f in grave]


def edit_json(path: Path, *keys, to) -> None:
    content = inner = json.loads(path.read_text(encoding="utf-8"))
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = to
    path.write_text(json.dumps(content), encoding="utf-8")


def save_again(split: Path, change) -> None:
    """What somebody does who loads a split, changes its rows and saves it in its place."""
    loaded = datasets.load_from_disk(str(split), keep_in_memory=True)
    changed = datasets.Dataset.from_list(change(loaded.to_list()), features=loaded.features)
    shutil.rmtree(split)
    changed.save_to_disk(str(split))


@pytest.mark.parametrize("to", LAYOUTS, ids="-".join)
def test_what_nobody_touched_holds(folder, to):
    d = folder(*to)
    assert said(d) == []
    report = validate(d)
    assert report.certificate == Verdict(True, 6, 6)
    assert report.to_dict()["certificate"] == "holds"


@pytest.mark.parametrize("to", FORMATS)
def test_splits_of_any_name_hold(tmp_path, sample_data, to):
    convert(
        sample_data / "messy.csv",
        tmp_path / "d",
        to=[to],
        split="fold_2=0.4,fold_1=0.3,train=0.3",
        fix=True,
        drop_invalid=True,
        rows="fold_2[:50]",
    )
    proved = validate(tmp_path / "d").certificate
    assert proved is not None
    assert proved.holds
    lineage = pl.read_parquet(tmp_path / "d" / "lineage.parquet")
    assert (proved.examples, proved.answers) == (lineage.height, lineage["proof"].list.len().sum())


def test_the_manifest_names_only_rules_that_a_conversion_can_run(converted):
    manifest = json.loads((converted / "arrow" / "manifest.json").read_text(encoding="utf-8"))
    assert {code[:3] for code in manifest["rules"]} == {"QA1", "QA2", "QA3"}


def test_a_byte_of_a_context(folder):
    d = folder()
    path = d / "test" / "data-00000-of-00001.arrow"
    content = path.read_bytes()
    assert content.count(b"Bern is old.") == 2
    path.write_bytes(content.replace(b"Bern is old.", b"Bern is old!", 1))
    assert said(d) == [
        ("QA601", "d/test", None, None, f"{CHANGED}data-00000-of-00001.arrow has other bytes"),
        ("QA602", "d/test", 1, "bern-1", OTHERWISE),
    ]  # fmt: skip


def test_a_start_edited_and_the_split_saved_again(folder):
    d = folder()

    def move(rows):
        rows[1]["answers"]["answer_start"] = [34]
        return rows

    save_again(d / "train", move)
    first, (code, file, row, id, _) = said(d)
    assert first[:2] == ("QA601", "d/train")
    assert first[4].startswith(f"{CHANGED}data-00000-of-00001.arrow has ")
    assert (code, file, row, id) == ("QA201", "d/train", 2, "nile-2")


def test_a_wrong_start_breaks_the_certificate_even_if_somebody_counted_the_bytes_anew(folder):
    d = folder("jsonl")
    path = d / "test.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"answer_start":[8]', b'"answer_start":[7]'))
    changed, wrong = said(d)
    message = f"{CHANGED}test.jsonl has other bytes"
    assert changed == ("QA601", "d/test.jsonl", None, None, message)
    anew = xxhash.xxh3_128(path.read_bytes()).hexdigest()
    edit_json(d / "manifest.json", "files", "test.jsonl", "xxh3_128", to=anew)
    assert said(d) == [wrong]
    assert wrong[:4] == ("QA201", "d/test.jsonl", 2, "bern-2")
    report = validate(d)
    assert report.certificate is not None
    assert not report.certificate.holds


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda rows: rows[:2] + rows[3:],
            ("d/lineage.parquet", 3, "nile-3", "this row of lineage.parquet has no example in train"),
        ),
        (
            lambda rows: [*rows, rows[0]],
            ("d/train", 5, "nile-1", TWICE),
        ),
        (
            lambda rows: [*rows, rows[0] | {"id": "new", "question": "And now?"}],
            ("d/train", 5, "new", "lineage.parquet has no row for this id in train"),
        ),
        (
            lambda rows: [rows[0] | {"id": "new"}, *rows[1:]],
            ("d/train", 1, "new", 'lineage.parquet knows this question by the id "nile-1"'),
        ),
        (
            lambda rows: [*rows[:3], rows[3] | {"question": "Hur då?"}],
            ("d/train", 4, "å-1", OTHERWISE),
        ),
        (
            lambda rows: [rows[0] | {"answers": {"text": ["6650"], "answer_start": [12]}}, *rows[1:]],
            ("d/train", 1, "nile-1", "number of answers: 1; number of proofs in lineage.parquet: 2"),
        ),
        (lambda rows: rows[::-1], None),
    ],
    ids=["dropped", "repeated", "added", "renamed", "asked otherwise", "answer dropped", "reversed"],
)  # fmt: skip
def test_rows_changed_and_the_split_saved_again(folder, change, expected):
    d = folder()
    save_again(d / "train", change)
    first, *others = sorted(said(d), key=lambda finding: finding[0])
    assert first[:4] == ("QA601", "d/train", None, None)
    assert others == ([("QA602", *expected)] if expected else [])


def test_two_ids_swapped(folder):
    d = folder("csv")
    path = d / "test.csv"
    text = path.read_text(encoding="utf-8")
    swapped = text.replace('"bern-1"', '"x"').replace('"bern-2"', '"bern-1"').replace('"x"', '"bern-2"')
    path.write_text(swapped, encoding="utf-8")
    message = OTHERWISE
    assert said(d) == [
        ("QA601", "d/test.csv", None, None, f"{CHANGED}test.csv has other bytes"),
        ("QA602", "d/test.csv", 1, "bern-2", message),
        ("QA602", "d/test.csv", 2, "bern-1", message),
    ]


def test_an_id_that_takes_anothers_place(folder):
    d = folder("jsonl")
    path = d / "test.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"bern-1"', b'"bern-2"'))
    codes = [(code, row, id, message) for code, _, row, id, message in said(d)]
    assert codes == [
        ("QA601", None, None, f"{CHANGED}test.jsonl has other bytes"),
        ("QA602", 1, "bern-2", 'lineage.parquet knows this question by the id "bern-1"'),
        ("QA104", 2, "bern-2", "id 'bern-2' also names another question, in record 1"),
    ]


def test_rows_of_the_lineage_deleted(folder):
    d = folder("parquet")
    path = d / "lineage.parquet"
    then = path.stat().st_size
    pl.read_parquet(path).filter(pl.col("id") != "nile-2", pl.col("id") != "bern-1").write_parquet(path)
    now = path.stat().st_size
    change = f"lineage.parquet has {now:,} bytes, not {then:,}"
    assert said(d) == [
        ("QA601", "d/lineage.parquet", None, None, f"{CHANGED}{change}"),
        ("QA602", "d/test.parquet", 1, "bern-1", "lineage.parquet has no row for this id in test"),
        ("QA602", "d/train.parquet", 2, "nile-2", "lineage.parquet has no row for this id in train"),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"PAR1 nonsense PAR1"])
def test_a_lineage_that_cannot_be_read(folder, content):
    d = folder()
    then = (d / "lineage.parquet").stat().st_size
    (d / "lineage.parquet").write_bytes(content)
    change = f"lineage.parquet has {len(content)} bytes, not {then:,}"
    assert said(d) == [("QA601", "d/lineage.parquet", None, None, f"{CHANGED}{change}")]


def test_a_lineage_of_something_else(folder):
    d = folder()
    pl.DataFrame({"id": ["nile-1"]}).write_parquet(d / "lineage.parquet")
    ((code, file, *_),) = said(d)
    assert (code, file) == ("QA601", "d/lineage.parquet")
    content = (d / "lineage.parquet").read_bytes()
    now = {"bytes": len(content), "xxh3_128": xxhash.xxh3_128(content).hexdigest()}
    edit_json(d / "manifest.json", "files", "lineage.parquet", to=now)
    message = f"{CHANGED}lineage.parquet cannot be read"
    assert said(d) == [("QA601", "d/lineage.parquet", None, None, message)]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("train/data-00000-of-00001.arrow", "d/train"),
        ("train/state.json", "d/train"),
        ("lineage.parquet", "d/lineage.parquet"),
        ("rejected.jsonl", "d/rejected.jsonl"),
        ("split.json", "d/split.json"),
        ("csv/test.csv", "d/csv/test.csv"),
    ],
)
def test_a_file_is_missing(folder, name, unit):
    d = folder(*FORMATS)
    (d / name).unlink()
    message = f"{CHANGED}{Path(name).name} is missing"
    assert said(d) == [("QA601", unit, None, None, message)]


def test_a_file_that_is_read_is_missing(folder):
    d = folder("squad")
    (d / "train.json").unlink()
    assert said(d) == [("QA601", "d/train.json", None, None, f"{CHANGED}train.json is missing")]


@pytest.mark.parametrize("length", [0, 100, 1200])
def test_an_arrow_file_cut_short(folder, length):
    d = folder()
    path = d / "train" / "data-00000-of-00001.arrow"
    then = path.stat().st_size
    path.write_bytes(path.read_bytes()[:length])
    change = f"data-00000-of-00001.arrow has {length:,} bytes, not {then:,}"
    assert said(d) == [("QA601", "d/train", None, None, f"{CHANGED}{change}")]


def test_a_file_is_added(folder):
    d = folder("csv")
    shutil.copy(d / "test.csv", d / "more.csv")
    assert said(d) == [("QA601", "d/more.csv", None, None, f"{CHANGED}more.csv was added")]


def test_a_folder_is_added_that_is_read_instead(folder):
    d = folder("squad", "csv")
    (d / "parquet").mkdir()
    for split in ("train", "test"):
        pl.DataFrame({"context": [NILE], "question": [f"{split}?"], "answer": ["Nile"]}).write_parquet(
            d / "parquet" / f"{split}.parquet"
        )
    assert [(code, file) for code, file, *_ in said(d)] == [
        ("QA601", "d/parquet/test.parquet"),
        ("QA601", "d/parquet/train.parquet"),
    ]


@pytest.mark.parametrize("name", ["more.csv", "more.parquet"])
def test_an_empty_file_is_added(folder, name):
    d = folder("csv")
    (d / name).touch()
    assert said(d) == [("QA601", f"d/{name}", None, None, f"{CHANGED}{name} was added")]
    with pytest.raises(NotACorpusError, match=f"d/{name}: the file is empty"):
        validate(d, ignore=["QA6"])


def test_a_file_is_emptied(folder):
    d = folder("csv")
    size = (d / "test.csv").stat().st_size
    (d / "test.csv").write_bytes(b"")
    assert said(d) == [("QA601", "d/test.csv", None, None, f"{CHANGED}test.csv has 0 bytes, not {size:,}")]


def test_what_is_laid_beside_the_data_and_is_none_or_not_read_is_no_matter(folder):
    d = folder("csv")
    (d / "notes.txt").write_text("x", "utf-8")
    (d / "run").mkdir()
    shutil.copy(d / "test.csv", d / "run" / "test.csv")
    assert said(d) == []


def test_rejected_records_that_nobody_rejected(folder):
    d = folder()
    edit_json(d / "manifest.json", "counts", "rejected", to=0)
    edit_json(d / "manifest.json", "counts", "merged", to=2)
    files = json.loads((d / "manifest.json").read_text(encoding="utf-8"))["files"]
    edit_json(d / "manifest.json", "files", to={n: f for n, f in files.items() if n != "rejected.jsonl"})
    assert said(d) == [("QA601", "d/rejected.jsonl", None, None, f"{CHANGED}rejected.jsonl was added")]


def test_rejected_records_cut_short(folder):
    d = folder()
    path = d / "rejected.jsonl"
    then = path.stat().st_size
    path.write_bytes(path.read_bytes()[:40])
    change = f"rejected.jsonl has 40 bytes, not {then:,}"
    assert said(d) == [("QA601", "d/rejected.jsonl", None, None, f"{CHANGED}{change}")]


def test_what_may_be_edited_or_left_beside_the_data(folder):
    d = folder()
    (d / "README.md").write_text("Ours.", encoding="utf-8")
    (d / "notes.txt").write_text("Ours too.", encoding="utf-8")
    loaded = datasets.load_from_disk(str(d))
    loaded.map(lambda row: {"length": len(row["context"])}).cleanup_cache_files()
    loaded["train"].map(lambda row: {"length": len(row["context"])})
    assert list((d / "train").glob("cache-*.arrow"))
    assert said(d) == []
    (d / "README.md").unlink()
    assert validate(d).certificate == Verdict(True, 6, 6)


@pytest.mark.parametrize(
    ("keys", "to", "statements"),
    [
        (
            ("counts", "read"), 9,
            [
                "9 read, which is not 6 written, 1 merged, 1 rejected and 0 left out",
                "9 read, and 8 in the sources",
            ],
        ),
        (("sources", 0, "records"), 7, ["8 read, and 9 in the sources"]),
        (
            ("counts", "rejected"), 2,
            [
                "8 read, which is not 6 written, 1 merged, 2 rejected and 0 left out",
                "2 rejected, and 1 in rejected.jsonl",
            ],
        ),
        (
            ("splits", "train", "rows"), 5,
            ["6 written, and 7 in the splits", "5 examples in train, and 4 found"],
        ),
        (("splits", "train", "unanswerable"), 0, ["0 unanswerable in train, and 1 found"]),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_a_count_of_the_manifest_edited(folder, keys, to, statements):
    d = folder()
    edit_json(d / "manifest.json", *keys, to=to)
    message = f"its counts do not agree: {'; '.join(statements)}"
    assert said(d) == [("QA603", "d/manifest.json", None, None, message)]


def test_a_manifest_of_a_newer_version(folder):
    d = folder()
    edit_json(d / "manifest.json", "version", to=2)
    with pytest.raises(UnreadableError, match=r"d/manifest\.json: is of version 2, and this qatk knows 1"):
        validate(d)
    assert said(d, ignore=["QA6"]) == []
    assert validate(d / "train").certificate is None


@pytest.mark.parametrize("content", ["{", "[]", "7", "null", '{"version": 1}', '{"version": "new"}', "\x00"])
def test_a_damaged_manifest(folder, content):
    d = folder()
    (d / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"d/manifest\.json: .*--ignore QA6"):
        validate(d)
    (d / "lineage.parquet").unlink()  # then it is not known to be a manifest of ours
    assert said(d) == []
    assert validate(d).certificate is None


def test_a_dataset_that_somebody_else_saved(folder):
    d = folder()
    datasets.load_from_disk(str(d)).save_to_disk("theirs")
    report = validate("theirs")
    assert report.certificate is None
    assert report.to_dict()["certificate"] is None
    (Path("theirs") / "manifest.json").write_text('{"name": "an app"}', encoding="utf-8")
    assert validate("theirs").certificate is None
    (d / "manifest.json").unlink()
    assert validate(d).certificate is None


def test_only_a_folder_that_is_named_is_proved(folder):
    d = folder("csv")
    (d / "train.csv").unlink()
    assert validate(d / "test.csv").certificate is None
    assert said(d / "test.csv") == []
    assert validate(d).to_dict()["certificate"] == "broken"


def test_rules_that_do_not_run(folder):
    d = folder()
    assert validate(d, select=["QA601"]).certificate is None
    assert validate(d, ignore=["QA6"]).certificate is None
    assert validate(d, select=["QA6"]).certificate == Verdict(True, 6, 6)
    (d / "split.json").unlink()
    assert validate(d, select=["QA602"]).findings == []
    report = validate(d, severities={"QA601": "warning"})
    assert [f.severity for f in report.findings if f.code == "QA601"] == ["warning"]
    assert report.to_dict()["certificate"] == "broken"


def test_several_folders(folder, converted):
    d = folder()
    other = converted / "csv"
    assert validate([d, other]).certificate == Verdict(True, 12, 12)
    (d / "split.json").unlink()
    assert [f.file for f in validate([other, d]).findings if f.code == "QA601"] == ["d/split.json"]


def test_shards_belong_to_their_split():
    names = [
        "train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "csv/fold_1.csv", "test/state.json",
        "test/data-00000-of-00001.arrow", "README.md", "lineage.parquet",
    ]  # fmt: skip
    splits = dict.fromkeys(("train", "fold_1", "test"), Split(1, 0))
    manifest = Manifest(dict.fromkeys(names, (1, "")), {}, 0, splits, frozenset())
    assert manifest.splits_by_unit == {
        "train-00000-of-00002.parquet": "train",
        "train-00001-of-00002.parquet": "train",
        "csv/fold_1.csv": "fold_1",
        "test": "test",
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(converted, tmp_path, data):
    d = tmp_path / "d"
    shutil.rmtree(d, ignore_errors=True)
    shutil.copytree(converted / data.draw(st.sampled_from(["csv", "jsonl", "squad", "parquet"])), d)
    files = sorted(path for path in d.iterdir() if path.name not in ("README.md", "manifest.json"))
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        report = validate(d)
    except UnreadableError:
        return
    assert ("QA601", str(path)) in [(f.code, f.file) for f in report.findings]
    assert report.to_dict()["certificate"] == "broken"


def test_hashes_in_the_lineage_are_those_of_the_one_way_to_make_them(converted):
    lineage = pl.read_parquet(converted / "arrow" / "lineage.parquet", columns=["id", "content_hash"])
    assert ("å-1", content_hash(ÅN, "Hur?")) in list(lineage.iter_rows())


def test_the_command_says_so(folder, qatk, tmp_path):
    d = folder()
    ran = qatk("validate", d)
    assert ran.out.splitlines()[-2:] == [
        "Certificate holds: 6 examples and 6 answers are as manifest.json and lineage.parquet say.",
        "6 records in 2 arrow splits: 0 errors, 0 warnings, 1 note.",
    ]
    assert ran.code == 0
    (d / "rejected.jsonl").unlink()
    ran = qatk("validate", d, "--output-format", "concise")
    assert "d/rejected.jsonl  QA601     changed since the conversion: rejected.jsonl is missing" in ran.out
    assert "Certificate" not in ran.out
    assert ran.code == 1


def test_findings_in_the_formats_for_machines(folder):
    d = folder()
    save_again(d / "test", lambda rows: rows[1:])
    (d / "split.json").unlink()
    report = validate(d, select=["QA6"])
    github = list(formats.github(report))
    assert github[0] == (
        "::error file=d/split.json,title=QA601 changed-since-conversion::"
        "d/split.json: changed since the conversion: split.json is missing"
    )
    results = formats.sarif(report)["runs"][0]["results"]
    assert [
        (r["ruleId"], r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for r in results
    ] == [
        ("QA601", "d/split.json"),
        ("QA602", "d/lineage.parquet"),
        ("QA601", "d/test"),
    ]
    assert [json.loads(line)["code"] for line in formats.json_lines(report)] == ["QA601", "QA602", "QA601"]
