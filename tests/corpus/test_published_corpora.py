"""Questions and answers of published corpora, counted against their manifest."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from qatoolkit.corpus import read
from qatoolkit.errors import NotACorpusError

#: Files whose counts differ from the manifest's, with what is read instead and why.
OTHERWISE = {
    # Five questions stand in an article whose paragraphs are an object; the manifest leaves them out.
    "amqa/dev_data.json": (600, 600),
    # The manifest counts answers with a start; these are bare strings.
    "cmrc2018/original_trial.json": (1002, 1002),
    # The manifest counts a question for each of the three people who answered it.
    "tydiqa/tiny_dev.jsonl.gz": (11, 6),
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
    assert set(OTHERWISE) <= {row["file"] for row in FILES}
