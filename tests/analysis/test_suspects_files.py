"""Files of suspects: texts survive spreadsheets and do them no harm, and marks stand in the right places."""

import csv
import io
import json
import os
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.suspects.files import LABEL_STUDIO_CONFIG, check_target, write_suspects
from qatoolkit.analysis.suspects.suspects import SCHEMA
from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.validation.corrections import COLUMNS, read_corrections
from qatoolkit.validation.spreadsheet import plain, shielded

CONTEXT = "😀 Åre: the café is =open= from 9 to 5,\nsay 9–17."
FORMULAS = tuple("=+-@\t\r")


def suspects(**changes):
    """One suspect, which proposes "9 to 5" instead of "café"."""
    row = {
        "index": 0,
        "strong": False,
        "file": "cafés.csv",
        "row": 1,
        "line": 2,
        "id": "q1",
        "content_hash": "blake2b:0123456789abcdef",
        "answer": 0,
        "old_text": "café",
        "old_start": CONTEXT.index("café"),
        "new_text": "9 to 5",
        "new_start": CONTEXT.index("9 to 5"),
        "reason": "because, as it is",
        "confidence": 0.8765,
        "decision": "",
    }
    return pl.DataFrame([row | changes], SCHEMA)


def cases():
    asked = Example("q1", "", CONTEXT, "When is it open?", ("café",), (13,), "cafés.csv", 2)
    return [Case(asked, Prediction("9 to 5"), 0.0, 0.0, "wrong-sentence")]


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_the_list_has_the_columns_of_a_list_of_corrections_and_a_byte_order_mark(tmp_path):
    write_suspects(suspects(), cases(), tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes().startswith(b"\xef\xbb\xbffile,row,")
    header, row = rows_of(tmp_path / "s.csv")
    assert header == list(COLUMNS)
    start, new = str(CONTEXT.index("café")), str(CONTEXT.index("9 to 5"))
    assert row == [
        "cafés.csv", "1", "2", "q1", "blake2b:0123456789abcdef", "0", "café", start, "9 to 5", new,
        "because, as it is", "0.88", "",
    ]  # fmt: skip


def test_what_is_unknown_is_an_empty_cell(tmp_path):
    nothing = suspects(row=None, line=None, old_start=None, new_text="", new_start=None)
    write_suspects(nothing, cases(), tmp_path / "s.csv")
    row = dict(zip(*rows_of(tmp_path / "s.csv"), strict=True))
    assert [row[name] for name in ("row", "line", "old_start", "new_text", "new_start")] == [""] * 5


def test_no_suspects_are_a_list_with_a_header(tmp_path):
    write_suspects(pl.DataFrame(schema=SCHEMA), [], tmp_path / "s.csv")
    write_suspects(pl.DataFrame(schema=SCHEMA), [], tmp_path / "s.json")
    assert rows_of(tmp_path / "s.csv") == [list(COLUMNS)]
    assert json.loads((tmp_path / "s.json").read_text()) == []


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text("=+-@'\t\r\n 0123456789.,:/%$eE" + "aApPmMyYjJnN"),
    st.builds("{}{}".format, st.sampled_from(["=", "'=", "''@", "-", "May ", "0"]), st.text("1a '")),
)


@given(TEXTS)
@example("=cmd|' /C calc'!A0")
@example("'=1+1")
@example("''5/6")
@example("007")
@example("May 5, 1912")
def test_every_text_comes_back_from_its_cell_and_none_is_a_formula(text):
    cell = shielded(text)
    assert plain(cell) == text
    assert not cell.startswith(FORMULAS)


@pytest.mark.parametrize(
    "text", ["=1+1", "-5 °C", "+47", "@home", "May 5", "1/2", "6,650", "12:30", "50%", "007"]
)
def test_an_apostrophe_that_a_spreadsheet_drops_is_not_missed(text):
    assert shielded(text) == f"'{text}"
    assert plain(text) == text


@pytest.mark.parametrize(
    "text", ["6650 km", "1912", "two delegates", "'90s", "in May", "331 BC", "5 elephants", ""]
)
def test_an_ordinary_text_stays_as_it_is(text):
    assert shielded(text) == text
    assert plain(text) == text


@given(TEXTS, TEXTS)
def test_a_list_is_read_as_it_was_written(tmp_path_factory, old, new):
    path = tmp_path_factory.mktemp("lists") / "s.csv"
    write_suspects(suspects(old_text=old, new_text=new, file=new, decision="accept"), cases(), path)
    [read] = read_corrections(path)
    assert (read.old_text, read.new_text, read.file) == (old, new, new)
    assert (read.decision, read.problem, read.row, read.new_start) == (
        "accepted",
        "",
        1,
        CONTEXT.index("9 to 5"),
    )


def test_label_studio_marks_what_is_annotated_and_what_is_proposed(tmp_path):
    write_suspects(suspects(), cases(), tmp_path / "s.json")
    [task] = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert task["data"] == {
        "text": CONTEXT,
        "question": "When is it open?",
        "id": "q1",
        "source": "cafés.csv:2",
        "content_hash": "blake2b:0123456789abcdef",
        "reason": "because, as it is",
    }
    [prediction] = task["predictions"]
    assert prediction["score"] == 0.8765
    marked = {span["value"]["labels"][0]: span["value"] for span in prediction["result"]}
    assert {label: value["text"] for label, value in marked.items()} == {
        "annotated": "café",
        "proposed": "9 to 5",
    }
    for value in marked.values():  # Label Studio counts code points too
        assert CONTEXT[value["start"] : value["end"]] == value["text"]


def test_what_stands_nowhere_is_not_marked(tmp_path):
    lost = suspects(old_text="not there", new_text="", new_start=None)
    write_suspects(lost, cases(), tmp_path / "s.json")
    [task] = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert task["predictions"][0]["result"] == []


def test_the_tasks_fit_the_labeling_interface(tmp_path):
    write_suspects(suspects(), cases(), tmp_path / "s.json")
    [task] = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    view = ElementTree.fromstring(LABEL_STUDIO_CONFIG)
    control, texts = view.find("Labels"), {text.get("name"): text.get("value") for text in view.iter("Text")}
    shown = [element.get("value") for element in (*view.iter("Text"), *view.iter("Header"))]
    assert {name.removeprefix("$") for name in shown} <= task["data"].keys()
    for span in task["predictions"][0]["result"]:
        assert (span["from_name"], span["to_name"]) == (control.get("name"), control.get("toName"))
        assert texts[span["to_name"]] == "$text"
        assert span["value"]["labels"][0] in {label.get("value") for label in control}


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv.*\.json"):
        check_target(tmp_path / "s.xlsx", overwrite=True)


def test_a_list_that_is_there_is_kept_unless_told_otherwise(tmp_path):
    there = tmp_path / "s.csv"
    check_target(there, overwrite=False)
    there.write_text("decisions")
    with pytest.raises(DestinationError, match="exists already; add --overwrite"):
        check_target(there, overwrite=False)
    check_target(there, overwrite=True)


@pytest.mark.skipif(os.name == "nt", reason="paths")
def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(DestinationError, match=r"nowhere/s\.csv: cannot be written"):
        write_suspects(suspects(), cases(), tmp_path / "nowhere" / "s.csv")
