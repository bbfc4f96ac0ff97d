"""Whichever format a dataset is written in, it holds the same: from each to each nothing is lost or changed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qatoolkit.conversion.convert import write_dataset
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.corpus.reader import read

Rows = dict[str, list[dict]]

FORMATS = ("arrow", "parquet", "squad", "squad1.1", "squad2.0", "jsonl", "csv")
SPLITS = ("train", "validation", "test")


def convert(paths, output: Path, to, **options) -> ConversionReport:
    """Writes a dataset and does not open it, which would take most of the time."""
    return write_dataset(read(paths), output, Options(tuple(to), **options))


def formats_for(rows: Rows) -> tuple[str, ...]:
    """The formats that can say it: all of them, unless a question has no answer."""
    answered = all(row["answers"]["text"] for part in rows.values() for row in part)
    nul = "\\u0000" in json.dumps(rows)
    cannot = {"squad1.1": not answered, "csv": nul}
    return tuple(name for name in FORMATS if not cannot.get(name))


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
    rows = []
    for article in file["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = {name: [a[name] for a in qa["answers"]] for name in ("text", "answer_start")}
                if file["version"] == "v2.0":
                    assert qa["is_impossible"] is (not qa["answers"])
                else:
                    assert "is_impossible" not in qa
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


def data(folder: Path, form: str) -> dict[str, bytes]:
    """The files of one format."""
    root = place(folder, form)
    files = [p for split in SPLITS for p in (*root.glob(f"{split}.*"), *root.glob(f"{split}/*"))]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def prove(folder: Path, rows: Rows, **options) -> None:
    """From each format to each: what is written first is the rows, and what is written next is the same bytes.

    One conversion writes all formats, so a round through all pairs takes one from each.
    """
    forms = formats_for(rows)
    first = folder / "first"
    convert(folder / "source", first, forms, **options)
    for form in forms:
        for split, part in rows.items():
            assert READERS[form](place(first, form), split) == part, (form, split)
    for form in forms:
        again = folder / form
        report = convert(place(first, form), again, forms, **options)
        assert (report.merged, report.rejected) == (0, 0), form
        for other in forms:
            assert data(again, other) == data(first, other), (form, other)


# Made-up records

ODD = ["\r", "\r\n", "\n", "\0", '"', '""', "'", ",", "\t", " ", "  ", "\u2028", "\u2029", "\x85", "\x0b", "\x1f",
       "\ufeff", "\u200d", "\u202e", "\u200f", "\u0301", "e\u0301", "😀", "𝔘", "\\", "\\n", "\\u0041", "{", "]",
       "[1]", "{}", "<b>", "&amp;", "\x7f", "\ufffd", "\uffff", "﷽", "क्ष", "ﬁ", "İ", "ß"]  # fmt: skip
LOOKS_LIKE = ["1", "007", "1.0", "1e5", "-1", "NA", "N/A", "NaN", "nan", "null", "None", "true", "False", "[1]",
              "{}", '{"a": 1}', '["x"]', "inf", "0x1f", "2020-01-01", "a,b", 'a"b', "=1+1", "id", "é", "e\u0301",
              "\u2028", "a\rb", "a\nb", " x", "x ", "#", "'", "\\", "\0x", "data", "context"]  # fmt: skip
characters = st.characters(exclude_categories=["Cs"])
pieces = st.one_of(
    st.sampled_from(ODD), st.text(characters, max_size=12), st.sampled_from(["Nile", "wide ", "6650"])
)
texts = st.lists(pieces, min_size=1, max_size=6).map("".join).filter(bool)
filled = texts.filter(
    lambda text: text.strip(" \t\r\n\0\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\ufeff\u200b") != ""
)


@st.composite
def records(draw, answered: bool):
    contexts = draw(st.lists(st.one_of(texts, st.sampled_from(LOOKS_LIKE)), min_size=1, max_size=3))
    titles = draw(st.lists(st.one_of(st.sampled_from(["", *LOOKS_LIKE]), texts), min_size=1, max_size=3))
    ids = draw(st.lists(st.one_of(st.sampled_from(LOOKS_LIKE), texts), min_size=3, max_size=7, unique=True))
    rows = []
    for id in ids:
        context = draw(st.sampled_from(contexts))
        rows.append({
            "id": id,
            "title": draw(st.sampled_from(titles)),
            "context": context,
            "question": draw(st.one_of(st.sampled_from(LOOKS_LIKE), texts)),
            "answers": draw(answers(context, answered)),
        })  # fmt: skip
    return rows


@st.composite
def answers(draw, context: str, answered: bool):
    found = {"text": [], "answer_start": []}
    for _ in range(draw(st.integers(int(answered), 3))):
        start = draw(st.integers(0, len(context) - 1))
        found["text"].append(context[start : draw(st.integers(start + 1, len(context)))])
        found["answer_start"].append(start)
    if found["text"] and draw(st.booleans()):  # the same one twice
        for values in found.values():
            values.append(values[0])
    return found


def dealt(rows: list[dict]) -> Rows:
    return {split: rows[number::3] for number, split in enumerate(SPLITS)}


def valid(folder: Path, rows: list[dict]) -> list[dict]:
    """Those that are not rejected, with the codes of the others."""
    return rows


@pytest.mark.parametrize("answered", [True, False])
def test_every_format_to_every_format(tmp_path_factory, answered):
    codes = set()

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(rows=records(answered))
    def run(rows):
        folder = tmp_path_factory.mktemp("trip")
        source_folder(folder / "all", {"train": rows})
        from qatoolkit.errors import NotACorpusError

        try:
            convert(folder / "all", folder / "some", ["jsonl"], drop_invalid=True, split="train=1")
        except NotACorpusError:
            return
        kept = read_jsonl(folder / "some", "train")
        if (folder / "some/rejected.jsonl").exists():
            for l in (folder / "some/rejected.jsonl").read_bytes().split(b"\n")[:-1]:
                l = json.loads(l)
                for c, m in zip(l["codes"], l["messages"]):
                    if c not in codes:
                        codes.add(c)
                        print(c, m, l["record"][:200])
        if len(kept) < 3:
            return
        source_folder(folder / "source", dealt(kept))
        prove(folder, dealt(kept))

    run()
    print(codes)
