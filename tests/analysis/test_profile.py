"""The profile of a dataset: counts are right, tables add up, notes say what a reader must know."""

import csv
import json

import datasets
import pytest

from qatoolkit.analysis.profile.profile import profile
from qatoolkit.conversion.convert import convert
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError

HARBOUR = "The harbour of Brandsund opened in 1931. Its first keeper was Ida Holm, who came from Vik."
FERRY = "The ferry to Vik leaves every morning at nine o'clock, and it comes back late in the afternoon."
CAFE = "Das Café am Hafen hat im Sommer jeden Tag geöffnet und im Winter nur am Wochenende. 😀"


def row(id, context, question, *answers, title="Brandsund", **more):
    return {
        "id": id,
        "title": title,
        "context": context,
        "question": question,
        "answers": {"text": list(answers), "answer_start": [context.find(text) for text in answers]},
        **more,
    }


TRAIN = [
    row("1", HARBOUR, "When did the harbour open?", "1931"),
    row("2", HARBOUR, "Who was the first keeper?", "Ida Holm"),
    row("3", HARBOUR, "Who was the last keeper?"),
    row("4", FERRY, "When does the ferry leave?", "nine o'clock", title="Vik"),
    row("5", FERRY, "When does the ferry leave?", "nine", title="Vik"),
]
VALIDATION = [
    row("6", FERRY, "When does the ferry leave?", "nine", "nine o'clock", title="Vik"),
    row("7", CAFE, "Wann hat das Café geöffnet?", "im Sommer", title="Café"),
]


def write(folder, **splits):
    folder.mkdir(exist_ok=True)
    for name, rows in splits.items():
        lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def data(tmp_path):
    return write(tmp_path / "data", validation=VALIDATION, train=TRAIN)


def test_totals_are_those_counted_by_hand(data):
    found = profile(data)
    assert found.subject == str(data)
    assert found.splits == ["train", "validation"]
    train, validation = found.totals.to_dicts()
    assert train == {
        "split": "train",
        "questions": 5,
        "answerable": 4,
        "unanswerable": 1,
        "answers": 4,
        "answers a question": 1.0,
        "contexts": 2,
        "titles": 2,
        "duplicate questions": 1,
        "language": "en",
    }
    assert (validation["questions"], validation["answers"], validation["answers a question"]) == (2, 3, 1.5)


def test_every_table_adds_up_to_the_questions(data):
    found = profile(data)
    assert found.tables.keys() >= {
        "question word",
        "answers a question",
        "questions a context",
        "shared contexts",
    }
    for facet, table in found.tables.items():
        assert table.columns == ["value", "train", "validation"]
        if facet == "overlap with train":  # train is not held against itself
            assert (table["train"].sum(), table["validation"].sum()) == (0, 2)
        else:
            assert (table["train"].sum(), table["validation"].sum()) == (5, 2)


def test_tables_are_in_natural_order_or_the_most_frequent_first(data):
    tables = profile(data).tables
    assert tables["answers a question"].rows() == [
        ("no answer", 1, 0),
        ("1 answer", 4, 1),
        ("2 answers", 0, 1),
    ]
    assert tables["questions a context"].rows() == [("1 question", 0, 2), ("2 to 4", 5, 0)]
    assert tables["shared contexts"].rows() == [("in this split only", 3, 1), ("in another split too", 2, 1)]
    totals = [sum(row[1:]) for row in tables["question word"].rows()]
    assert totals == sorted(totals, reverse=True)


def test_what_was_seen_in_training_is_told(data):
    strata = profile(data).tables["overlap with train"]
    assert dict(strata.select("value", "validation").rows()) == {"question seen": 1, "neither": 1}


def test_notes_say_what_makes_splits_hard_to_compare(data):
    notes = profile(data).notes
    assert (
        "train and validation share 1 context and 1 question on it: a score on one of them flatters a model "
        "that learnt the other."
    ) in notes
    assert "validation has no unanswerable questions, train has: abstaining is not measured alike." in notes
    assert any(
        note.startswith("validation accepts several answers to a question, train one") for note in notes
    )


def test_a_clean_single_file_needs_no_notes(tmp_path):
    path = write(tmp_path, whole=TRAIN[:2]) / "whole.jsonl"
    found = profile(path)
    assert (found.splits, found.notes) == (["all"], [])
    assert "shared contexts" not in found.tables
    assert "overlap with train" not in found.tables


def test_answers_that_stand_elsewhere_and_splits_without_answers_are_noted(tmp_path):
    wrong = row("1", HARBOUR, "When?", "1931")
    wrong["answers"]["answer_start"] = [0]
    empty = row("2", HARBOUR, "Who?", "")
    notes = profile(write(tmp_path / "d", train=[wrong, empty], test=[row("3", FERRY, "When?")])).notes
    assert "train: 2 answers do not stand where the source says; qatk validate lists what is wrong." in notes
    assert "test has no answer to any question, so it may not be annotated at all." in notes


def test_splits_in_different_languages_are_noted(tmp_path):
    german = [
        row(str(i), CAFE, f"Wann hat das Café am Hafen geöffnet, Nummer {i}?", "im Sommer") for i in range(3)
    ]
    found = profile(write(tmp_path / "d", train=TRAIN, test=german))
    assert found.totals["language"].to_list() == ["en", "de"]
    assert "The splits are not in one language: train in en, test in de." in found.notes


def test_records_that_cannot_be_read_are_counted(tmp_path):
    path = write(tmp_path, train=TRAIN) / "train.jsonl"
    with path.open("a", encoding="utf-8") as out:
        out.write('{"id": "half\n')
    found = profile(path)
    assert found.totals["questions"].to_list() == [5]
    assert (
        "train: 1 record that cannot be read is left out here; qatk validate lists what is wrong."
        in found.notes
    )


def test_rows_of_one_question_are_one_with_all_their_answers(tmp_path):
    path = tmp_path / "harbour.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "context", "question", "answer", "answer_start", "source"])
        for answer in ("1931", "in 1931", "1931"):
            writer.writerow(["1", HARBOUR, "When did it open?", answer, HARBOUR.index(answer), "archive"])
    [totals] = profile(path).totals.to_dicts()
    assert (totals["questions"], totals["answers"], totals["duplicate questions"]) == (1, 2, 0)


def test_a_converted_folder_is_profiled_by_its_splits(tmp_path, sample_data):
    convert(sample_data / "clean.csv", tmp_path / "dataset", split="train=0.7,test=0.3")
    whole, found = profile(sample_data / "clean.csv"), profile(tmp_path / "dataset")
    assert found.splits == ["train", "test"]
    assert found.totals["questions"].sum() == whole.totals["questions"].item()
    assert profile(tmp_path / "dataset", split="test").totals.rows() == found.totals.tail(1).rows()


def test_columns_of_the_source_are_told_too(tmp_path):
    rows = [asked | {"kind": "old" if i % 2 else "new"} for i, asked in enumerate(TRAIN[:4])]
    found = profile(write(tmp_path, train=rows) / "train.jsonl")
    assert found.tables["kind"].rows() == [("new", 2), ("old", 2)]


def test_windows_are_counted_with_a_tokenizer(data):
    tokenizer = word_tokenizer()
    small = profile(data, tokenizer=tokenizer, max_seq_length=25, doc_stride=4)
    assert small.tables["windows"].select("train", "validation").sum().row(0) == (5, 2)
    large = profile(data, tokenizer=tokenizer)
    assert "windows" not in large.tables
    assert "Every context fits one window of 384 tokens." in large.notes
    none = profile(data, tokenizer=tokenizer, max_seq_length=8, doc_stride=4)
    assert "7 questions leave a window of 8 tokens no room for the context." in none.notes


def word_tokenizer():
    """A tokenizer of words, so that tokens can be counted by hand."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[PAD]": 3}, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
    )


def test_a_profile_is_ready_for_json(data):
    found = profile(data)
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read["version"] == 1
    assert read["totals"][0]["questions"] == 5
    assert read["tables"]["answers a question"][0] == {"value": "no answer", "train": 1, "validation": 0}


def test_what_cannot_be_profiled_is_said(tmp_path, data):
    with pytest.raises(UsageError, match="no split 'dev'; it has train, validation"):
        profile(data, split="dev")
    with pytest.raises(UnreadableError):
        profile(tmp_path / "nowhere.csv")
    (tmp_path / "note.json").write_text('{"a": 1}')
    with pytest.raises((NotACorpusError, UsageError)):
        profile(tmp_path / "note.json")


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("name", "language", "questions"),
    [("jaquad", "ja", 3939), ("squad-es", "es", 7134), ("squadshifts/new_wiki_v1.0.json", "en", 7938)],
)
def test_published_corpora(corpora, name, language, questions):
    [totals] = profile(corpora / name).totals.to_dicts()
    assert (totals["language"], totals["questions"]) == (language, questions)


@pytest.mark.parametrize("name", ["value", "split", "total", "share", "all", "literal", "count"])
def test_a_split_may_have_any_name(tmp_path, name):
    convert(write(tmp_path / "data", train=TRAIN), tmp_path / "set", split=f"{name}=0.5,other=0.5")
    found = profile(tmp_path / "set", output=tmp_path / "profile.html")
    (shown,) = set(found.splits) - {"other"}
    assert shown == ("split value" if name == "value" else name)
    assert set(found.totals["split"]) == set(found.splits)
    sizes = dict(found.totals.select("split", "questions").rows())
    table = found.tables["question word"]
    assert table.columns == ["value", *found.splits]
    assert {split: table[split].sum() for split in found.splits} == sizes


def test_a_split_called_value_is_told_from_one_called_by_its_new_name(tmp_path):
    names = {"value": TRAIN[:3], "split value": TRAIN[3:4], "train": TRAIN[4:]}
    dataset = datasets.DatasetDict({name: datasets.Dataset.from_list(rows) for name, rows in names.items()})
    dataset.save_to_disk(tmp_path / "set")
    found = profile(tmp_path / "set")
    assert dict(found.totals.select("split", "questions").rows()) == {
        "train": 1,
        "split value": 1,
        "split split value": 3,
    }


def test_a_column_of_the_source_does_not_lose_its_place_to_a_facet(tmp_path):
    rows = [
        asked | {"question length": "old" if i % 2 else "new", "overlap with train": "ab"[i % 2]}
        for i, asked in enumerate(TRAIN[:4])
    ]
    rows[2]["question"] = "Who was the last keeper of the harbour?"
    found = profile(write(tmp_path / "d", train=rows, test=rows[:2]))
    assert found.tables["column question length"].select("value", "train").rows() == [("new", 2), ("old", 2)]
    assert found.tables["column overlap with train"].select("value", "train").rows() == [("a", 2), ("b", 2)]
    assert "under 30 characters" in found.tables["question length"]["value"]
    assert "question seen" in found.tables["overlap with train"]["value"]
