"""Questions and answers of published corpora, counted against their manifest."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from qatoolkit.corpus import read
from qatoolkit.errors import NotACorpusError, UnreadableError

#: Files whose counts differ from the manifest's, with what is read instead and why.
OTHERWISE = {
    # Five questions stand in an article whose paragraphs are an object; the manifest leaves them out.
    "amqa/dev_data.json": (600, 600),
    # The manifest counts answers with a start; these are bare strings.
    "cmrc2018/original_trial.json": (1002, 1002),
    # Layouts of annotation tools that keep their answers under names of their own, not read yet.
    "sweqquad-mc/dev.json": (126, 0),
    "sweqquad-mc/training.json": (962, 0),
    "qed/qed-dev.jsonlines": (1355, 0),
}
#: Files that hold questions in a layout which is not read yet: refused, never read in part.
REFUSED = {
    "afriqa/gold_span_passages.afriqa.swa.en.test.json": NotACorpusError,
    "afriqa/gold_span_passages.afriqa.fon.fr.test.json": NotACorpusError,
    "tydiqa/tiny_dev.jsonl.gz": UnreadableError,
}


def manifest() -> list[dict[str, str]]:
    folder = os.environ.get("QATK_CORPORA")
    if not folder:
        return []
    with (Path(folder) / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


FILES = manifest()


@pytest.mark.corpora
@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in FILES])
def test_questions_and_answers_equal_the_manifest(corpora, row):
    path = corpora / row["file"]
    if not row["questions"]:  # predictions, documents, tables without a context
        with pytest.raises(NotACorpusError, match="no column for"):
            read(path).to_polars()
    elif row["file"] in REFUSED:
        with pytest.raises(REFUSED[row["file"]]):
            read(path).to_polars()
    else:
        batches = list(read(path))
        assert not any(batch.unreadable for batch in batches)
        questions = sum(batch.records.height for batch in batches)
        answers = sum(batch.records["text"].list.len().sum() for batch in batches)
        listed = (int(row["questions"]), int(row["answers"]))
        assert (questions, answers) == OTHERWISE.get(row["file"], listed)


@pytest.mark.corpora
def test_every_exception_is_in_the_manifest(corpora):
    assert corpora.is_dir()
    assert {*OTHERWISE, *REFUSED} <= {row["file"] for row in FILES}
