"""Reviewed corrections: made where they prove themselves, left out with a reason where they do not."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.corpus import Corpus, Source, from_text, read
from qatoolkit.corpus.record import content_hash
from qatoolkit.errors import DestinationError, UnreadableError, UsageError
from qatoolkit.resources import resource
from qatoolkit.validation.apply import apply_corrections
from qatoolkit.validation.corrections import COLUMNS, HASH_PREFIX, Correction, read_corrections

NILE = "The Nile is 6650 km long, and the Nile flows north."
HEADER = "id,context,question,answer,answer_start,answer_end,is_impossible\n"
ROWS = (
    f'1,"{NILE}",How long?,6650 km,12,19,false\n'
    f'2,"{NILE}",What flows?,Nile,4,8,false\n'
    f'3,"{NILE}",Who knows?,,,,true\n'
    '4,"Ån 😀 är lång.",Vad?,Ån,0,2,false\n'
)
TABLE = HEADER + ROWS


def correct(question, old_text, old_start, new_text, new_start, *, context=NILE, **rest) -> Correction:
    return Correction(
        content_hash(context, question), old_text, new_text, old_start=old_start, new_start=new_start, **rest
    )


FLOWS = correct("What flows?", "Nile", 4, "the Nile", 30)


def outcome_of(text, *corrections):
    report = apply_corrections(from_text(text, name="data.csv"), corrections)
    return report, [(outcome.verdict, outcome.reason) for outcome in report.outcomes]


def table_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


# What is made


def test_a_correction_changes_its_values_and_no_other_byte():
    report, told = outcome_of(TABLE, FLOWS)
    assert told == [("made", "")]
    assert report.content.decode("utf-8") == TABLE.replace("Nile,4,8", "the Nile,30,38")
    assert report.original.decode("utf-8") == TABLE


def test_an_empty_answer_beside_a_placeholder_gets_its_text():
    rows = [
        {"context": NILE, "question": "What flows?", "answers": [{"text": "", "answer_start": -1}]},
        {"context": NILE, "question": "How long?", "answers": [{"text": "6650 km", "answer_start": 12}]},
    ]
    report, told = outcome_of(json.dumps(rows), correct("What flows?", "", -1, "Nile", 4))
    assert told == [("made", "")]
    assert json.loads(report.content)[0]["answers"] == [{"text": "Nile", "answer_start": 4}]
    assert json.loads(report.content)[1] == rows[1]


def test_a_start_that_the_list_leaves_out_is_found_if_there_is_one_place():
    report, told = outcome_of(
        TABLE, correct("How long?", "6650 km", None, "6650 km long", None),
        correct("What flows?", "Nile", None, "Nile flows", None),
    )  # fmt: skip
    assert told == [("made", ""), ("made", "")]
    assert "6650 km long,12,24" in report.content.decode("utf-8")
    assert "Nile flows,34,44" in report.content.decode("utf-8")


def test_a_table_without_starts_gets_none():
    text = f'context,question,answer\n"{NILE}",How long?,6650\n'
    report, told = outcome_of(text, correct("How long?", "6650", 12, "6650 km", 12))
    assert told == [("made", "")]
    assert report.content.decode("utf-8") == text.replace(",6650\n", ",6650 km\n")


def test_an_answer_can_be_taken_from_a_table_and_put_into_it():
    report, told = outcome_of(
        TABLE,
        correct("What flows?", "Nile", 4, "", None),
        correct("Who knows?", "", None, "Nile", 34),
    )
    assert told == [("made", ""), ("made", "")]
    rows = table_of(report.content)
    names = ("answer", "answer_start", "answer_end", "is_impossible")
    assert [rows[1][name] for name in names] == ["", "", "", "true"]
    assert [rows[2][name] for name in names] == ["Nile", "34", "", "false"]


@pytest.mark.parametrize("layout", ["squad", "rows", "jsonl", "columns"])
def test_every_text_layout(layout):
    answers = {"text": ["6650", "km"], "answer_start": [12, 17]}
    row = {"context": NILE, "question": "How long?", "answers": answers}
    listed = [{"text": t, "answer_start": s} for t, s in zip(*answers.values(), strict=True)]
    texts = {
        "squad": {"data": [{"paragraphs": [{"context": NILE, "qas": [
            {"id": "1", "question": "How long?", "answers": listed}]}]}]},
        "rows": [row],
        "jsonl": row,
        "columns": {name: [value] for name, value in row.items()},
    }  # fmt: skip
    text = json.dumps(texts[layout], ensure_ascii=False)
    report, told = outcome_of(text, correct("How long?", "km", 17, "long", 20))
    assert told == [("made", "")]
    assert report.content.decode("utf-8") == text.replace('"km"', '"long"').replace("17", "20")
    _, refused = outcome_of(text, correct("How long?", "km", 17, "", None))
    assert refused == [("skipped", "an answer cannot be added or removed here; do it by hand")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_stays(tmp_path, encoding):
    path, output = tmp_path / "x.csv", tmp_path / "y.csv"
    path.write_bytes(TABLE.replace("\n", "\r\n").encode(encoding))
    apply_corrections(path, [FLOWS], output)
    wanted = TABLE.replace("Nile,4,8", "the Nile,30,38").replace("\n", "\r\n")
    assert output.read_bytes() == wanted.encode(encoding)


def test_a_packed_file_stays_packed(tmp_path):
    path, output = tmp_path / "x.csv.gz", tmp_path / "y.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode("utf-8")))
    apply_corrections(path, [FLOWS], output)
    wanted = TABLE.replace("Nile,4,8", "the Nile,30,38")
    assert gzip.decompress(output.read_bytes()).decode("utf-8") == wanted


def test_a_workbook(tmp_path):
    path, output = tmp_path / "x.xlsx", tmp_path / "y.xlsx"
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(TABLE)):
        book.active.append(row)
    book.save(path)
    taken = correct("How long?", "6650 km", 12, "", None)
    report = apply_corrections(path, [FLOWS, taken], output)
    assert {outcome.verdict for outcome in report.outcomes} == {"made"}
    records = read(output).to_polars()
    assert records["text"].to_list() == [[], ["the Nile"], [], ["Ån"]]
    assert records["answer_start"].to_list() == [[], [30], [], [0]]


# What is not


@pytest.mark.parametrize(
    ("correction", "verdict", "reason"),
    [
        (replace(FLOWS, decision="rejected"), "rejected", ""),
        (replace(FLOWS, decision="undecided"), "undecided", ""),
        (correct("What flew?", "Nile", 4, "x", 0, file="data.csv"), "skipped",
         "no record has this context and question any more"),
        (correct("What flew?", "Nile", 4, "x", 0, file="far/other.csv"), "of another file", ""),
        (correct("What flows?", "Nil", 4, "the Nile", 30), "skipped",
         "the answer is not the old one any more; it is 'Nile' at 4"),
        (correct("What flows?", "Nile", 34, "the Nile", 30), "skipped",
         "the answer is not the old one any more; it is 'Nile' at 4"),
        (correct("What flows?", "Nile", 4, "the Nile", 31), "skipped",
         "at 31 the context has 'he Nile ', not 'the Nile'"),
        (correct("What flows?", "Nile", 4, "the Nile", -1), "skipped",
         "at -1 the context has '', not 'the Nile'"),
        (correct("How long?", "6650 km", 12, "Nile", None), "skipped",
         "the context has 'Nile' 2 times, and the list gives no start"),
        (correct("How long?", "6650 km", 12, "Rhine", None), "skipped",
         "the context has 'Rhine' 0 times, and the list gives no start"),
        (correct("Who knows?", "Nile", 4, "Nile", 34), "skipped",
         "the answer is not the old one any more; it is none"),
        (correct("Vad?", "Ån", 0, "😀", 3, context="Ån 😀 är lång.", problem="row 'x' is no number"),
         "skipped", "row 'x' is no number"),
    ],
)  # fmt: skip
def test_what_does_not_prove_itself_is_left_out(correction, verdict, reason):
    report, told = outcome_of(TABLE, correction)
    assert told == [(verdict, reason)]
    assert not report.changed


def test_of_two_corrections_of_one_answer_the_first_holds():
    first, same = replace(FLOWS, line=2), replace(FLOWS, line=3)
    other = correct("What flows?", "Nile", 4, "Nile flows", 34, line=4)
    report, told = outcome_of(TABLE, first, same, other)
    why = "line 2 of the list makes something else of this answer"
    assert told == [("made", ""), ("already so", ""), ("skipped", why)]
    assert b"the Nile,30,38" in report.content


def test_equal_records_are_told_apart_by_row_and_else_not_touched():
    text = TABLE + ROWS.replace("1,", "5,", 1)
    _, told = outcome_of(text, FLOWS)
    why = "the old answer is found 2 times (records 2, 6), and the list does not say which"
    assert told == [("skipped", why)]
    report, told = outcome_of(text, replace(FLOWS, row=6))
    assert told == [("made", "")]
    assert report.content.decode("utf-8") == "the Nile,30,38".join(text.rsplit("Nile,4,8", 1))


def test_a_question_with_other_answers_does_not_lose_one():
    text = TABLE + f'2,"{NILE}",What flows?,the Nile,30,38,false\n'
    _, told = outcome_of(text, correct("What flows?", "Nile", 4, "", None))
    assert told == [("skipped", "the question has other answers, so it does not come to have none")]


def test_a_cell_that_holds_a_list_of_answers_keeps_their_number():
    cell = "\"{'text': ['Nile'], 'answer_start': [4]}\""
    text = f'context,question,answers\n"{NILE}",What flows?,{cell}\n"{NILE}",How long?,{cell}\n'
    report, told = outcome_of(
        text, correct("How long?", "Nile", 4, "", None), correct("What flows?", "Nile", 4, "Nile", 34)
    )
    assert told == [("skipped", "an answer cannot be added or removed here; do it by hand"), ("made", "")]
    (batch,) = from_text(report.content.decode("utf-8"))
    assert batch.records["answer_start"].to_list() == [[34], [4]]
    assert batch.records["text"].to_list() == [["Nile"], ["Nile"]]


def test_lines_that_moved_are_no_hindrance():
    moved = HEADER + "9,Oslo is cold.,What is cold?,Oslo,0,4,false\n" + ROWS
    _, told = outcome_of(moved, replace(FLOWS, row=2))
    assert told == [("made", "")]


# Properties, over a real file of the sample

CLEAN = (resource("sample_data") / "clean.json").read_bytes()
JSON = Corpus([Source("clean.json", None, "squad", "utf-8", content=CLEAN)])
CSV = read(resource("sample_data") / "clean.csv")


def corrections_for(corpus: Corpus):
    """Some other span of the context, for some answers of the corpus that nothing else is equal to."""
    records = corpus.to_polars().filter(pl_answered()).to_dicts()
    pairs = [(record["context"], record["question"]) for record in records]
    alone = [r for r in records if pairs.count((r["context"], r["question"])) == 1][:150]

    @st.composite
    def draw_one(draw):
        record = draw(st.sampled_from(alone))
        answer = draw(st.integers(0, len(record["text"]) - 1))
        start = draw(st.integers(0, len(record["context"]) - 1))
        end = draw(st.integers(start + 1, min(start + 80, len(record["context"]))))
        return Correction(
            content_hash(record["context"], record["question"]),
            record["text"][answer],
            record["context"][start:end],
            row=record["row"],
            answer=answer,
            old_start=record["answer_start"][answer],
            new_start=start,
        )

    return st.lists(draw_one(), min_size=1, max_size=8, unique_by=lambda c: (c.row, c.answer))


def pl_answered():
    import polars as pl

    return pl.col("text").list.len() > 0


def in_memory(corpus: Corpus, content: bytes) -> Corpus:
    return replace(corpus, sources=[replace(corpus.sources[0], path=None, content=content)])


@given(corrections_for(JSON))
@settings(max_examples=15, deadline=None)
def test_applying_twice_is_applying_once_and_the_inverse_takes_it_back(listed):
    once = apply_corrections(JSON, listed)
    assert {o.verdict for o in once.outcomes} <= {"made", "already so"}
    twice = apply_corrections(in_memory(JSON, once.content), listed)
    assert [o.verdict for o in twice.outcomes] == ["already so"] * len(listed)
    assert twice.content == once.content
    inverse = [
        replace(c, old_text=c.new_text, new_text=c.old_text, old_start=c.new_start, new_start=c.old_start)
        for c in listed
    ]
    back = apply_corrections(in_memory(JSON, once.content), inverse)
    assert json.loads(back.content) == json.loads(CLEAN)


@given(corrections_for(CSV))
@settings(max_examples=15, deadline=None)
def test_only_the_named_answers_of_a_table_change(listed):
    once = apply_corrections(CSV, listed)
    twice = apply_corrections(in_memory(CSV, once.content), listed)
    assert {o.verdict for o in twice.outcomes} == {"already so"}
    assert not twice.changed
    before = CSV.to_polars().drop("line", "line_end", "byte_start", "byte_end").to_dicts()
    after = in_memory(CSV, once.content).to_polars().drop("line", "line_end", "byte_start", "byte_end")
    for correction in listed:
        record = before[correction.row - 1]
        record["text"][correction.answer] = correction.new_text
        record["answer_start"][correction.answer] = correction.new_start
    assert after.to_dicts() == before


# The list as a file


def listed(tmp_path, *rows: dict[str, str], delimiter=",", encoding="utf-8"):
    path = tmp_path / "corrections.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


ROW = {
    "file": "data.csv", "row": "2", "line": "3", "id": "2", "answer": "0",
    "content_hash": HASH_PREFIX + FLOWS.content_hash, "old_text": "Nile", "old_start": "4.0",
    "new_text": "the Nile", "new_start": "30", "reason": "half of it", "confidence": "0.9", "decision": "Yes",
}  # fmt: skip


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")]
)
def test_a_list_is_read_as_spreadsheets_write_it(tmp_path, delimiter, encoding):
    path = listed(tmp_path, ROW, delimiter=delimiter, encoding=encoding)
    assert read_corrections(path) == [replace(FLOWS, line=2, file="data.csv", row=2, answer=0)]


@pytest.mark.parametrize(
    ("said", "decision"),
    [("accept", "accepted"), ("YES", "accepted"), (" y ", "accepted"), ("Apply", "accepted"),
     ("reject", "rejected"), ("No", "rejected"), ("n", "rejected"), ("", "undecided"), ("  ", "undecided")],
)  # fmt: skip
def test_decisions(tmp_path, said, decision):
    [correction] = read_corrections(listed(tmp_path, ROW | {"decision": said}))
    assert (correction.decision, correction.problem) == (decision, "")


def test_a_row_that_cannot_be_understood_says_why(tmp_path):
    [one, two] = read_corrections(listed(tmp_path, ROW | {"decision": "perhaps"}, ROW | {"new_start": "x"}))
    assert one.problem == "decision 'perhaps' is none of accept, reject or nothing"
    assert two.problem == "new_start 'x' is no number"
    path = tmp_path / "ragged.csv"
    path.write_text("content_hash,old_text,new_text,decision\na,b,c,yes,more\na,b\n", encoding="utf-8")
    assert {c.problem for c in read_corrections(path)} == {"it has more or fewer fields than the header"}


def test_what_is_no_list(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        read_corrections(tmp_path / "none.csv")
    path = tmp_path / "other.csv"
    path.write_text("old_text,new_text\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no column content_hash, decision; a list of corrections has: file"):
        read_corrections(path)
    path.write_bytes(b"PK\0\0\x03\x04")
    with pytest.raises(UnreadableError, match="it is no text"):
        read_corrections(path)


def test_the_copy_goes_where_nothing_is(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(TABLE, encoding="utf-8")
    with pytest.raises(DestinationError, match="is the file itself"):
        apply_corrections(path, [FLOWS], path, overwrite=True)
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(DestinationError, match="exists already"):
        apply_corrections(path, [FLOWS], tmp_path / "there.csv")
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"
    assert path.read_text(encoding="utf-8") == TABLE


def test_two_corrections_of_one_record_turn_its_flag_once():
    record = {"context": NILE, "question": "What?", "is_impossible": True}
    text = json.dumps([{**record, "answers": {"text": ["The", "long"], "answer_start": [0, 20]}}])
    first = correct("What?", "The", 0, "Nile", 4, answer=0)
    second = correct("What?", "long", 20, "north", 45, answer=1)
    report, told = outcome_of(text, first, second)
    assert told == [("made", "")] * 2
    (mended,) = json.loads(report.content)
    assert mended["is_impossible"] is False
    assert mended["answers"] == {"text": ["Nile", "north"], "answer_start": [4, 45]}


@pytest.mark.parametrize("cell", ['"{""text"": [], ""answer_start"": []}"', "[]", ""])
def test_an_answer_is_not_added_to_a_cell_that_holds_a_list(cell):
    other = '"{""text"": [""Nile""], ""answer_start"": [4]}"'
    text = f'context,question,answers\n"{NILE}",What?,{cell}\n"{NILE}",Which?,{other}\n'
    report, told = outcome_of(text, correct("What?", "", None, "long", 20))
    assert told == [("skipped", "an answer cannot be added or removed here; do it by hand")]
    assert not report.changed


def test_a_list_with_a_very_long_note(tmp_path, monkeypatch):
    limit = csv.field_size_limit(131_072)
    path = tmp_path / "list.csv"
    path.write_text(f"content_hash,old_text,new_text,decision,note\nx,a,b,yes,{'n' * 200_000}\n", "utf-8")
    try:
        assert [row.new_text for row in read_corrections(path)] == ["b"]
    finally:
        csv.field_size_limit(limit)


@pytest.mark.parametrize("text", ["007", "--5", "-0", "1905", "-12", "٣"])
def test_answers_that_look_like_numbers_go_into_an_empty_cell_as_they_are(tmp_path, text):
    book = openpyxl.Workbook()
    context = f"It is {text} here."
    for row in (["context", "question", "answer"], [context, "What?", None], [context, "Which?", "It"]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    correction = correct("What?", "", None, text, 6, context=context)
    report = apply_corrections(tmp_path / "x.xlsx", [correction], tmp_path / "y.xlsx")
    assert [outcome.verdict for outcome in report.outcomes] == ["made"]
    assert read(tmp_path / "y.xlsx").to_polars()["text"].to_list() == [[text], ["It"]]
