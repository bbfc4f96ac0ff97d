"""Changed values go back into the bytes, and every other byte stays as it was."""

from __future__ import annotations

import codecs
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Place, Source, read
from qatoolkit.corpus.record import places
from qatoolkit.corpus.splice import Edit, cell_spans, splice
from qatoolkit.errors import UsageError

CELLS = st.lists(st.text(st.sampled_from('ab,;"\r\n é😀'), max_size=6), min_size=1, max_size=5)


def unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


@settings(deadline=None)
@given(
    CELLS,
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", ""]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_cell_spans_are_the_cells_that_csv_reads(cells, delimiter, line_break, quoting):
    out = io.StringIO(newline="")
    plain = csv.QUOTE_ALL if any("\r" in cell or "\n" in cell for cell in cells) else quoting
    csv.writer(out, delimiter=delimiter, lineterminator=line_break, quoting=plain).writerow(cells)
    record = out.getvalue()
    spans = cell_spans(record, delimiter)
    assert [unquoted(record[a:b]) for a, b in spans] == cells
    assert record[spans[-1][1] :] == line_break


def source(content: bytes, tmp_path: Path, name: str = "x.txt") -> Source:
    path = tmp_path / name
    path.write_bytes(content)
    (opened,) = read(path).sources
    return opened


def records(opened: Source) -> list[tuple[Place, dict[str, Any]]]:
    found = []
    for batch in opened.batches():
        found += zip(places(batch.records), batch.records.iter_rows(named=True), strict=True)
    return found


TABLE = (
    "id,context,question,answer,answer_start,is_impossible\r\n"
    '1,"The ""Nile"",\r\nis long.",Was?,Nile,9,false\r\n'
    "\r\n"
    "2,Ån är 😀 lång.,\"Vad?\",\"lång\", 9,FALSE\r\n"
    "3,x y,q,,,1"
)  # fmt: skip
ROWS = [
    {
        "id": "1",
        "context": 'The "Nile"',
        "question": "Was?",
        "answers": {"text": ["Nile"], "answer_start": [9]},
    },
    {
        "id": "2",
        "context": "Ån är 😀 lång.",
        "question": "Vad?",
        "answers": [{"text": "lång", "answer_start": "9"}],
    },
    {"id": "3", "context": "x y", "question": "q", "answers": ["x"], "answer_start": [5]},
]
DATA = [{"title": "é", "paragraphs": [{"context": row["context"], "qas": [row]}]} for row in ROWS]
COLUMNS = {key: [row[key] for row in ROWS] for key in ("id", "context", "question", "answers")}
CONTENTS = {
    "csv": TABLE.encode(),
    "csv with a mark": codecs.BOM_UTF8 + TABLE.encode(),
    "csv below blank lines": b"\n\r\n" + TABLE.encode(),
    "tsv": TABLE.replace(",", "\t").encode(),
    "utf-16": TABLE.encode("utf-16"),
    "utf-16, big end first": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "careful csv": TABLE.replace("x y", 'x "y"').encode(),
    "rows": json.dumps(ROWS).encode(),
    "rows, utf-16": json.dumps(ROWS, ensure_ascii=False).encode("utf-16"),
    "rows with a mark": codecs.BOM_UTF8 + json.dumps(ROWS, ensure_ascii=False).encode(),
    "rows, pretty": json.dumps(ROWS, indent="\t").replace("\n", "\r\n").encode(),
    "lines": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode(),
    "squad": json.dumps({"version": "2", "data": DATA}, ensure_ascii=False, indent=2).encode(),
    "columns": json.dumps(COLUMNS, ensure_ascii=False).encode(),
    "columns, escaped": json.dumps(COLUMNS, indent=1).encode(),
}
KINDS = sorted(CONTENTS)


@pytest.mark.parametrize("kind", KINDS)
def test_no_change_is_the_identity(tmp_path, kind):
    opened = source(CONTENTS[kind], tmp_path)
    assert splice(opened, {}, []) == CONTENTS[kind]
    assert splice(opened, {}, [(place, []) for place, _ in records(opened)]) == CONTENTS[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("new", ["Ån", 'a "quoted", é\n text', "plain"])
def test_one_change_changes_one_value_and_no_other_byte(tmp_path, kind, new):
    content = CONTENTS[kind]
    opened = source(content, tmp_path)
    before = records(opened)
    for row, start in ((0, 77), (1, 0)):
        place, record = before[row]
        edits = [
            Edit("text", 0, record["text"][0], new),
            Edit("answer_start", 0, record["answer_start"][0], start),
        ]
        changed = splice(opened, {}, [(place, edits)])
        after = records(source(changed, tmp_path, "y.txt"))
        for i, ((_, was), (_, now)) in enumerate(zip(before, after, strict=True)):
            expected = {**was, "text": [new], "answer_start": [start]} if i == row else was
            for name in (
                "id",
                "title",
                "context",
                "question",
                "text",
                "answer_start",
                "is_impossible",
                "extra",
            ):
                assert now[name] == expected[name]
        # What is common at both ends leaves only the two values and what stands between them.
        same = next(
            (i for i, (a, b) in enumerate(zip(content, changed, strict=False)) if a != b), len(content)
        )
        tail = next(
            (i for i, (a, b) in enumerate(zip(content[::-1], changed[::-1], strict=False)) if a != b), 0
        )
        touched = len(content) - tail - same
        room = 400 if kind.startswith("columns") else 90
        assert touched <= room * (2 if "16" in kind else 1)


def test_numbers_and_strings_keep_their_own_dress(tmp_path):
    opened = source(CONTENTS["lines"], tmp_path)
    place, _ = records(opened)[1]
    changed = splice(opened, {}, [(place, [Edit("answer_start", 0, 9, 8)])])
    assert changed == CONTENTS["lines"].replace(b'"answer_start": "9"', b'"answer_start": 8')


@pytest.mark.parametrize(
    ("content", "edit", "expected"),
    [
        ('[{"context": "\\u00c5n", "question": "q", "answers": ["\\u00c5"]}]', "Ån",
         '[{"context": "\\u00c5n", "question": "q", "answers": ["\\u00c5n"]}]'),
        ('[{"context": "Ån", "question": "q", "answers": ["Å"]}]', "Ån",
         '[{"context": "Ån", "question": "q", "answers": ["Ån"]}]'),
        ("context,question,answer\nÅn,q,Å\n", "Ån", "context,question,answer\nÅn,q,Ån\n"),
        ('context,question,answer\nÅn,q,"Å"\n', "Ån", 'context,question,answer\nÅn,q,"Ån"\n'),
        ("context;question;answer\na;q;b\n", "a;b", 'context;question;answer\na;q;"a;b"\n'),
        ("context,question,answer\n[1],q, [1]\nb,q,b", "[1]", "context,question,answer\n[1],q,[1]\nb,q,b"),
        ('context,question,answers\na,q,"[""b""]"\n', "a", 'context,question,answers\na,q,"[""a""]"\n'),
        ("context,question,answers\na,q,\"{'text': array(['b'])}\"\n", "a",
         'context,question,answers\na,q,"{""text"": [""a""]}"\n'),
    ],
)  # fmt: skip
def test_escapes_and_quotes_are_those_that_stood_there(tmp_path, content, edit, expected):
    opened = source(content.encode(), tmp_path)
    (place, record), *_ = records(opened)
    changed = splice(opened, {}, [(place, [Edit("text", 0, record["text"][0], edit)])])
    assert changed.decode() == expected


@pytest.mark.parametrize(
    ("old", "new"), [("1", "0"), ("TRUE", "FALSE"), ("True", "False"), ("yes", "no"), ("true", "false")]
)
def test_a_flag_is_written_as_flags_are_written_there(tmp_path, old, new):
    opened = source(f"context,question,is_impossible\na,q,{old}\n".encode(), tmp_path)
    ((place, _),) = records(opened)
    changed = splice(opened, {}, [(place, [Edit("is_impossible", None, True, False)])])
    assert changed.decode().splitlines()[1] == f"a,q,{new}"


@pytest.mark.parametrize(
    ("answers", "start", "expected"),
    [
        ('"[""a""]"', "7", '"[""a""]",0'),
        ('"[""a"", ""b""]"', '"[7, 8]"', '"[""a"", ""b""]","[0, 8]"'),
        (
            '"{""text"": [""a""], ""answer_start"": [7]}"',
            "3",
            '"{""text"": [""a""], ""answer_start"": [0]}",3',
        ),
        ("a", "7", "a,0"),
    ],
)
def test_a_start_is_changed_where_it_was_read(tmp_path, answers, start, expected):
    opened = source(f"context,question,answers,answer_start\na,q,{answers},{start}\n".encode(), tmp_path)
    ((place, record),) = records(opened)
    assert record["answer_start"][0] == 7
    changed = splice(opened, {}, [(place, [Edit("answer_start", 0, 7, 0)])])
    assert changed.decode().splitlines()[1] == f"a,q,{expected}"


def test_of_repeated_keys_the_one_that_counts_is_changed(tmp_path):
    content = b'[{"context": "a", "question": "q", "answers": ["x"], "answers": ["b"]}]'
    opened = source(content, tmp_path)
    ((place, record),) = records(opened)
    assert record["text"] == ["b"]
    changed = splice(opened, {}, [(place, [Edit("text", 0, "b", "a")])])
    assert changed == content.replace(b'["b"]', b'["a"]')


def test_a_value_that_stands_outside_the_record_is_for_a_person(tmp_path):
    qa = {"question": "q", "answers": []}
    document = {"data": [{"paragraphs": [{"context": "a", "is_impossible": "true", "qas": [qa]}]}]}
    opened = source(json.dumps(document).encode(), tmp_path)
    ((place, _),) = records(opened)
    with pytest.raises(UsageError, match="is_impossible of record 1 stands outside it"):
        splice(opened, {}, [(place, [Edit("is_impossible", None, "true", True)])])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.text("ab é", min_size=1, max_size=4), st.integers(-5, 99)), min_size=1, max_size=6),
    st.data(),
)
def test_many_changes_at_once(values, data):
    rows = [
        {"context": "ab é", "question": "q", "answers": [{"text": text, "answer_start": start}]}
        for text, start in values
    ]
    chosen = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    opened = Source("x", None, "rows", "utf-8", content=json.dumps(rows).encode())
    found = records(opened)
    changes = [(found[i][0], [Edit("answer_start", 0, values[i][1], 1000 + i)]) for i in chosen]
    changed = json.loads(splice(opened, {}, changes))
    for i in chosen:
        rows[i]["answers"][0]["answer_start"] = 1000 + i
    assert changed == rows
