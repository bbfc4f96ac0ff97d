"""How `convert` splits: groups, an earlier dataset, a column of one's own, rows dealt one by one."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import polars as pl
import pytest

from qatoolkit import convert, validate
from qatoolkit.errors import UsageError

WORDS = ["harbour", "winter", "bridge", "market", "river", "island", "copper", "lantern", "orchard"]
WORDS += ["thunder", "village", "window", "summer", "mirror", "garden", "engine", "pepper", "signal"]
SHARES = "train=0.5,validation=0.25,test=0.25"


def context(number: int) -> str:
    """A text of its own, of some forty words."""
    return " ".join(f"{WORDS[(number * 7 + i * i) % len(WORDS)]}{number * 41 + i}" for i in range(40)) + "."


def row(number: int, text: str | None = None, *, title: str = "", question: str = "What?", **extra) -> dict:
    text = context(number) if text is None else text
    word = text.split()[2]
    answers = {"text": [word], "answer_start": [text.index(word)]}
    if number % 3 == 2:
        answers = {"text": [], "answer_start": []}
    return {"id": f"{number}-{question}", "title": title, "context": text, "question": question,
            "answers": answers, **extra}  # fmt: skip


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def homes(made: datasets.DatasetDict) -> dict[str, str]:
    return {identifier: name for name, split in made.items() for identifier in split["id"]}


def split_json(folder: Path) -> dict:
    return json.loads((folder / "split.json").read_text("utf-8"))


@pytest.fixture
def many(tmp_path) -> Path:
    return write(tmp_path / "many.jsonl", [row(i, question=q) for i in range(60) for q in ("What?", "Why?")])


def test_questions_on_one_context_or_nearly_one_stay_together_and_it_is_told(many, tmp_path):
    # The context of 1 again with another last word, and that of 2 in capitals and other white space.
    near = [row(100, context(1)[:-1] + "ly."), row(101, context(2).upper().replace(" ", "\n"))]
    with many.open("a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps(r) + "\n" for r in near))
    found = homes(convert(many, tmp_path / "data", split=SHARES))
    assert all(found[f"{i}-What?"] == found[f"{i}-Why?"] for i in range(60))
    assert found["100-What?"] == found["1-What?"]
    assert found["101-What?"] == found["2-What?"]
    told = split_json(tmp_path / "data")
    assert told["rule"] == "title, context and near-duplicate"
    assert (told["seed"], told["components"]) == (42, 60)
    assert told["crossing"] == {"title": 0, "context": 0, "near-duplicate": 0}
    assert sum(told["splits"].values()) == len(found) == 122


def test_both_kinds_of_questions_get_their_share_everywhere(many):
    made = convert(many, split=SHARES)
    for split in made.values():
        unanswerable = sum(not answers["text"] for answers in split["answers"]) / split.num_rows
        assert abs(unanswerable - 1 / 3) < 0.06


def test_the_same_rows_split_the_same_in_whatever_order_and_file_they_come(many, tmp_path):
    lines = many.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_text("".join(lines[:50:-1]), "utf-8")
    (tmp_path / "b.jsonl").write_text("".join(lines[:51]), "utf-8")
    assert homes(convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])) == homes(convert(many))
    assert homes(convert(many, seed=7)) != homes(convert(many))


def test_a_column_of_ones_own_tells_the_groups_instead_of_the_title(tmp_path):
    rows = [row(i, title=f"Report {i % 2}", ward=f"ward {i % 20}") for i in range(60)]
    source = write(tmp_path / "data.jsonl", rows)
    with pytest.warns(UserWarning, match="2 groups"):
        convert(source, split="train=0.8,validation=0.2")
    found = homes(convert(source, tmp_path / "data", group_by="ward", split="train=0.8,validation=0.2"))
    assert all(found[f"{i}-What?"] == found[f"{i % 20}-What?"] for i in range(60))
    assert split_json(tmp_path / "data")["rule"] == "ward, context and near-duplicate"
    assert split_json(tmp_path / "data")["components"] == 20
    with pytest.raises(UsageError, match=r"--group-by Ward: no record has a value .* are: ward"):
        convert(source, group_by="Ward")


def test_an_earlier_dataset_keeps_its_splits(many, tmp_path):
    before = homes(convert(many, tmp_path / "old", split=SHARES))
    more = [json.loads(line) for line in many.read_text("utf-8").splitlines()][30:]
    more += [row(i) for i in range(200, 220)] + [row(4, question="When?")]
    source = write(tmp_path / "more.jsonl", more)
    after = homes(convert(source, tmp_path / "new", split=SHARES, split_from=tmp_path / "old"))
    assert {i: after[i] for i in before.keys() & after.keys()} == {
        i: before[i] for i in before.keys() & after.keys()
    }
    assert after["4-When?"] == before["4-What?"]  # its context is only in the earlier dataset
    told = split_json(tmp_path / "new")
    assert (told["moved"], told["split_from"]) == ([], str(tmp_path / "old"))
    assert set(told["splits"]) == {"train", "validation", "test"}
    # What is new fills what the quotas lack.
    assert abs(told["splits"]["train"] / sum(told["splits"].values()) - 0.5) < 0.1


def test_new_data_that_links_what_was_apart_moves_it_and_says_so(many, tmp_path):
    before = homes(convert(many, tmp_path / "old", split=SHARES))
    train, test = (next(i for i in range(60) if before[f"{i}-What?"] == s) for s in ("train", "test"))
    rows = [json.loads(line) for line in many.read_text("utf-8").splitlines()]
    rows += [row(300, context(train), title="One", question="Who?")]
    rows += [row(301, context(test), title="One", question="Who?")]
    source = write(tmp_path / "linked.jsonl", rows)
    with pytest.warns(UserWarning, match="in another split now: 2,"):
        after = homes(convert(source, tmp_path / "new", split=SHARES, split_from=tmp_path / "old"))
    moved = [{"id": f"{test}-{q}", "from": "test", "to": "train"} for q in ("What?", "Why?")]
    assert split_json(tmp_path / "new")["moved"] == moved
    changed = {i for i in before if before[i] != after[i]}
    assert changed == {entry["id"] for entry in moved}


def test_groups_of_ones_own_hold_in_an_earlier_dataset_too(tmp_path):
    old = write(tmp_path / "old.jsonl", [row(i, ward=f"ward {i % 20}") for i in range(60)])
    before = homes(convert(old, tmp_path / "old", group_by="ward"))
    new = write(tmp_path / "new.jsonl", [row(i, ward=f"ward {i % 20}") for i in range(100, 140)])
    after = homes(convert(new, tmp_path / "new", split_from=tmp_path / "old"))  # grouped as the old one
    assert split_json(tmp_path / "new")["rule"] == "ward, context and near-duplicate"
    assert all(after[f"{i}-What?"] == before[f"{i % 20}-What?"] for i in range(100, 140))


def test_an_earlier_dataset_without_splits_is_refused(many, tmp_path):
    with pytest.raises(UsageError, match=r"--split-from: the earlier dataset has no splits"):
        convert(many, split_from=many)


def test_rows_dealt_one_by_one_leak_and_that_is_told(many, tmp_path):
    with pytest.warns(UserWarning, match=r"\d+ of 120 examples are outside of train while their context"):
        made = convert(many, tmp_path / "data", split="random")
    told = split_json(tmp_path / "data")
    assert (told["rule"], told["components"], told["seed"]) == ("random", None, 42)
    contexts = [set(split["context"]) for split in made.values()]
    crossing = sum(sum(text in held for held in contexts) > 1 for text in set().union(*contexts))
    assert told["crossing"]["context"] == crossing > 0
    assert told["splits"] == {"train": 96, "validation": 12, "test": 12}


def test_the_files_own_splits_are_kept_and_their_leaks_are_told(tmp_path):
    train = write(tmp_path / "train.jsonl", [row(i) for i in range(20)])
    dev = write(tmp_path / "dev.jsonl", [row(5, question="Why?"), row(400, context(6)[:-1] + "ly.")])
    with pytest.warns(UserWarning, match=r"more than one of the files' own splits \(context 1, near-dup"):
        made = convert([train, dev], tmp_path / "data")
    assert {name: split.num_rows for name, split in made.items()} == {"train": 20, "validation": 2}
    told = split_json(tmp_path / "data")
    assert (told["rule"], told["seed"], told["components"]) == ("the sources' own", None, None)
    assert told["crossing"] == {"title": 0, "context": 1, "near-duplicate": 1}


def test_a_question_in_two_of_the_files_own_splits_stays_in_both(tmp_path):
    train = write(tmp_path / "train.jsonl", [row(i) for i in range(20)])
    dev = write(tmp_path / "dev.jsonl", [row(5), row(5), row(90)])
    with pytest.warns(UserWarning, match=r"context 1"):
        made = convert([train, dev], tmp_path / "data")
    assert {name: split.num_rows for name, split in made.items()} == {"train": 20, "validation": 2}
    lineage = pl.read_parquet(tmp_path / "data" / "lineage.parquet").filter(id="5-What?")
    assert lineage.select("split", pl.col("merged").list.len()).rows() == [("train", 0), ("validation", 1)]
    certificate = validate(tmp_path / "data").certificate
    assert certificate is not None
    assert certificate.holds


def test_a_split_that_a_manifest_calls_labelled_stays_so(tmp_path):
    marked = [row(i) | {"answers": {"text": [], "answer_start": []}, "is_impossible": True} for i in range(5)]
    convert(write(tmp_path / "marked.jsonl", marked), tmp_path / "a", split="test=1")
    convert(tmp_path / "a", tmp_path / "b", split="test=1")
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text("utf-8"))
    assert manifest["splits"]["test"]["labelled"]


def test_whether_a_split_is_labelled_is_a_fact_of_its_source(tmp_path):
    train = write(tmp_path / "train.jsonl", [row(i) for i in range(20)])
    blind = [row(i) | {"answers": {"text": [], "answer_start": []}} for i in range(50, 60)]
    test = write(tmp_path / "test.jsonl", blind)
    convert([train, test], tmp_path / "data")
    splits = json.loads((tmp_path / "data" / "manifest.json").read_text("utf-8"))["splits"]
    assert {name: (s["rows"], s["unanswerable"], s["labelled"]) for name, s in splits.items()} == {
        "train": (20, 6, True), "test": (10, 10, False),
    }  # fmt: skip
    assert "| test | 10 | not annotated |" in (tmp_path / "data" / "README.md").read_text("utf-8")
    marked = write(tmp_path / "marked.jsonl", [row | {"is_impossible": True} for row in blind])
    convert(marked, tmp_path / "marked", split="test=1")
    splits = json.loads((tmp_path / "marked" / "manifest.json").read_text("utf-8"))["splits"]
    assert splits["test"]["labelled"]


def test_lineage_names_the_split_of_every_example(many, tmp_path):
    made = convert(many, tmp_path / "data", rows="train[5:20],test")
    lineage = pl.read_parquet(tmp_path / "data" / "lineage.parquet", columns=["id", "split"])
    assert dict(lineage.iter_rows()) == homes(made)
    assert made["train"].num_rows == 15


def test_own_splits_that_one_file_without_a_split_undoes_are_told_of(tmp_path, recwarn):
    files = [write(tmp_path / f"{name}.jsonl", [row(100 * i + j) for j in range(20)])
             for i, name in enumerate(["train", "test", "more"])]  # fmt: skip
    with pytest.warns(UserWarning, match=r"more\.jsonl names no split, so those of .* .test, train. are"):
        made = convert(files)
    assert set(made) == {"train", "validation", "test"}
    recwarn.clear()
    convert(files, split=SHARES)  # it was asked for
    convert([files[0], files[2]])  # one split, named by one file, tells nothing apart
    convert(files[:2])
    assert [str(warning.message) for warning in recwarn if "names no split" in str(warning.message)] == []
