import json
from pathlib import Path

import polars as pl
import pytest
from datasets import Dataset, DatasetDict

from qatoolkit.analysis.load.source import load_examples
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

SQUAD_COLUMNS = ("id", "title", "context", "question", "answers")
CONTEXT = "The Nile is 6650 km long."
QUESTION = "How long is the Nile?"
ANSWERS = {"text": ["6650 km"], "answer_start": [12]}


@pytest.fixture
def write_dataset(tmp_path, rows):
    def write(*splits):
        plain = [{name: row[name] for name in SQUAD_COLUMNS} for row in rows]
        folder = tmp_path / "dataset"
        DatasetDict({split: Dataset.from_list(plain) for split in splits}).save_to_disk(folder)
        return folder

    return write


def test_squad_json_comes_with_pointers(write_squad, rows):
    path = write_squad(rows)
    split, examples = load_examples(path)
    assert split is None
    assert [example.id for example in examples] == [f"q{i}" for i in range(1, 7)]
    assert examples[1].origin == f"{path}#/data/0/paragraphs/1/qas/0"
    assert (examples[0].answers, examples[0].answer_starts) == (("6650 km",), (12,))
    assert examples[4].answers == ()


def test_a_plain_dataset_dict_works_without_origins(write_dataset):
    split, examples = load_examples(write_dataset("train", "validation"))
    assert split == "validation"
    assert {example.origin for example in examples} == {""}
    assert examples[0].answers == ("6650 km",)


def test_a_converted_folder_comes_with_lines_of_the_chosen_split(write_dataset, rows):
    folder = write_dataset("train", "test")
    lineage = [
        {
            "id": row["id"],
            "split": split,
            "source": f"{split}.csv",
            "row": 1,
            "line": row["line"],
            "pointer": None,
        }
        for split in ("train", "test")
        for row in rows
    ]
    pl.DataFrame(lineage).write_parquet(folder / "lineage.parquet")
    assert load_examples(folder)[1][0].origin == "test.csv:2"
    assert load_examples(folder, "train")[1][0].origin == "train.csv:2"


def test_an_unlabelled_split_is_not_chosen(write_dataset):
    folder = write_dataset("test", "validation")
    manifest = {"version": 1, "splits": {"test": {"labelled": False}, "validation": {"labelled": True}}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert load_examples(folder)[0] == "validation"
    assert load_examples(folder, "test")[0] == "test"


def test_a_split_that_is_not_there_names_those_that_are(write_dataset):
    with pytest.raises(UsageError, match="no split 'dev'; it has"):
        load_examples(write_dataset("train", "test"), "dev")


def test_the_lineage_goes_before_what_the_folder_itself_says(tmp_path):
    folder = tmp_path / "splits"
    folder.mkdir()
    for split in ("train", "test"):
        text = f"id,context,question,answer,answer_start\nq1,{CONTEXT},{QUESTION},6650 km,12\n"
        (folder / f"{split}.csv").write_text(text, encoding="utf-8")
    assert load_examples(folder, "train")[1][0].origin == f"{folder}/train.csv:2"
    pl.DataFrame(
        [{"id": "q1", "split": "train", "source": "mine.csv", "row": 7, "line": 8, "pointer": None}]
    ).write_parquet(folder / "lineage.parquet")
    assert load_examples(folder, "train")[1][0].origin == "mine.csv:8"


def test_a_split_without_any_answer_is_not_chosen_where_no_manifest_says_so(tmp_path, rows):
    blind = [{**row, "answers": {"text": [], "answer_start": []}} for row in rows]
    folder = tmp_path / "dataset"
    splits = {"test": blind, "validation": rows}
    DatasetDict(
        {
            name: Dataset.from_list([{column: row[column] for column in SQUAD_COLUMNS} for row in found])
            for name, found in splits.items()
        }
    ).save_to_disk(folder)
    assert load_examples(folder)[0] == "validation"
    assert load_examples(folder, "test")[0] == "test"


@pytest.mark.parametrize(
    ("name", "content", "origin"),
    [
        (
            "d.csv",
            f"id,context,question,answer,answer_start\n7,{CONTEXT},{QUESTION},6650 km,12\n",
            ":2",
        ),
        (
            "d.tsv",
            f"id\tcontext\tquestion\tanswer\tanswer_start\n7\t{CONTEXT}\t{QUESTION}\t6650 km\t12\n",
            ":2",
        ),
        (
            "d.jsonl",
            json.dumps({"id": "6", "context": CONTEXT, "question": "Why?", "answers": ANSWERS})
            + "\n"
            + json.dumps({"id": "7", "context": CONTEXT, "question": QUESTION, "answers": ANSWERS})
            + "\n",
            ":2",
        ),
        (
            "d.json",
            json.dumps([{"id": "7", "context": CONTEXT, "question": QUESTION, "answers": ANSWERS}]),
            "#/0",
        ),
    ],
)
def test_every_layout_that_can_be_read_can_be_scored(tmp_path, name, content, origin):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    split, examples = load_examples(path)
    found = examples[-1]
    assert (split, found.id, found.question) == (None, "7", QUESTION)
    assert (found.answers, found.answer_starts) == (("6650 km",), (12,))
    assert found.origin == f"{path}{origin}"


def test_rows_that_repeat_a_question_are_one_example_with_all_answers(tmp_path):
    path = tmp_path / "d.csv"
    rows = "".join(f"1,{CONTEXT},{QUESTION},{answer}\n" for answer in ("6650 km,12", "6650,12", "6650 km,12"))
    path.write_text(f"id,context,question,answer,answer_start\n{rows}", encoding="utf-8")
    (found,) = load_examples(path)[1]
    assert (found.answers, found.answer_starts, found.line) == (("6650 km", "6650"), (12, 12), 2)


def test_columns_of_other_names_are_read_when_they_are_named(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(f"Nr,Absatz,Frage,answer\n1,{CONTEXT},{QUESTION},6650 km\n", encoding="utf-8")
    with pytest.raises(NotACorpusError, match="no column for context and question"):
        load_examples(path)
    (found,) = load_examples(path, fields={"Nr": "id", "Absatz": "context", "Frage": "question"})[1]
    assert (found.id, found.context, found.answer_starts) == ("1", CONTEXT, (-1,))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "no records found"),
        ('{"data": [{"paragraphs": [{"context": "x"}]}]}', "qatk validate"),
        ("id,context,question\n1,x,y\n1,x,y,z\n", "qatk validate"),
    ],
)
def test_what_cannot_be_read_in_full_is_not_scored(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotACorpusError, match=rf"bad\.json: .*{message}"):
        load_examples(path)


def test_what_is_not_there_says_so(tmp_path):
    with pytest.raises(UnreadableError, match="no such file"):
        load_examples(tmp_path / "none.json")
    with pytest.raises(UnreadableError, match="neither a saved dataset nor a file"):
        load_examples(tmp_path)


def test_a_file_has_no_splits(write_squad, rows):
    with pytest.raises(UsageError, match="leave --split out"):
        load_examples(write_squad(rows), "test")


@pytest.mark.parametrize("form", [str, Path])
def test_the_source_is_named_as_it_was_typed(form, write_squad, rows, monkeypatch):
    path = write_squad(rows)
    monkeypatch.chdir(path.parent)
    assert load_examples(form(path.name))[1][0].source == "dev.json"


@pytest.mark.corpora
def test_real_squad_json_keeps_every_question_and_answer(corpora):
    path = corpora / "squad2-cs224n" / "dev-v2.0.json"
    split, examples = load_examples(path)
    data = json.loads(path.read_text(encoding="utf-8"))["data"]
    expected = [
        (
            qa["id"],
            tuple(answer["text"] for answer in qa["answers"]),
            f"/data/{a}/paragraphs/{p}/qas/{q}",
            article["title"],
            part["context"],
        )
        for a, article in enumerate(data)
        for p, part in enumerate(article["paragraphs"])
        for q, qa in enumerate(part["qas"])
    ]
    assert split is None
    assert [(e.id, e.answers, e.pointer, e.title, e.context) for e in examples] == expected
