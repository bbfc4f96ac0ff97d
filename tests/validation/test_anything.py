"""Whatever stands in a file: it is read whole, reported by the schema, and repaired, once and for all."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Corpus, Source, from_text
from qatoolkit.resources import resource
from qatoolkit.validation.fix import fix
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.validate import validate

CHECK = jsonschema.Draft202012Validator(
    json.loads(resource("schemas/validation.schema.json").read_text(encoding="utf-8"))
)
EVERY = [rule.code for rule in RULES]
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, -1, 4, 4.0, 2.5, 2**31, 2**63 - 1, -(2**63), 2**63, 10**30, 10**400,
     float("nan"), float("inf"), "", " ", "4", "-1", "x", "Nile", " Nile ", "ile", "The Nile is long.",
     "<b>", "\x1c", "\x00", "\ud83d", "😀", "[1]", "{}", "true", "no", "1e5", "nan", "a\r\nb", 'a"b']
)  # fmt: skip
KEYS = st.sampled_from(["text", "answer_start", "start", "answer_end", "x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
ANSWERS = VALUES | st.fixed_dictionaries(
    {"text": st.lists(SCALARS, max_size=3), "answer_start": st.lists(SCALARS, max_size=3) | SCALARS}
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"context": st.just("The Nile is long, the Nile.") | SCALARS | VALUES, "question": SCALARS},
        optional={"id": SCALARS, "title": SCALARS, "answers": ANSWERS, "is_impossible": SCALARS,
                  "extra": VALUES, "answer_start": VALUES, "answer_end": VALUES},
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def check(corpus: Corpus, rows: int) -> None:
    report = validate(corpus, select=EVERY)
    assert report.tally.records == rows
    CHECK.validate(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert report.to_polars().height == len(report.findings)
    source = corpus.sources[0]
    mended = fix(corpus, unsafe=True).content
    again = Corpus([Source(source.name, None, source.layout, "utf-8", source.delimiter, content=mended)])
    assert validate(again).tally.records == rows
    second = fix(again, unsafe=True)
    assert (second.content, second.fixed) == (mended, [])


@given(RECORDS, st.sampled_from(["rows", "jsonl", "squad"]))
@settings(max_examples=40, deadline=None)
def test_json_of_any_values(records, layout):
    text = json.dumps(records)
    if layout == "jsonl":
        text = "\n".join(json.dumps(record) for record in records)
    elif layout == "squad":
        paragraphs = [{"context": record.pop("context"), "qas": [record]} for record in records]
        text = json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]})
    check(from_text(text, format=layout), len(records))


@given(RECORDS, st.sampled_from(",\t"), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
@settings(max_examples=40, deadline=None)
def test_tables_of_any_values(records, delimiter, quoting):
    columns = ["id", "context", "question", "answers", "answer_start", "is_impossible"]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    writer.writerow(columns)
    for record in records:
        cells = [record.get(column, "") for column in columns]
        writer.writerow([cell if isinstance(cell, str) else str(cell)[:300] for cell in cells])
    text = out.getvalue().replace("\ud83d", "?").replace("\r", "")
    check(from_text(text, format="csv"), len(records))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_columns_of_any_values(data):
    records: list[dict[str, Any]] = data.draw(RECORDS)
    keys = ["context", "question", "answers", "is_impossible"]
    document = {key: [record.get(key) for record in records] for key in keys}
    check(from_text(json.dumps(document), format="columns"), len(records))
