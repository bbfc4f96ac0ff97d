"""Prints what validation and repair make of every published corpus, as a table in Markdown.

    QATK_CORPORA=FOLDER python tests/benchmarks/corpora.py

A repair is counted only if the mended file, read again, has its answer where it says.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from qatoolkit.corpus import read
from qatoolkit.errors import QatkError
from qatoolkit.validation.fix import fix
from qatoolkit.validation.hypotheses import winner
from qatoolkit.validation.validate import ValidationReport, validate

#: Questions whose contexts stand in another file: that file, the column on which the two meet, and names
#: that are not the usual ones.
DOCUMENTS = {
    "norquad/annotator1_news_questions.csv": ("annotator1_news_documents.csv", "document_identifier", {}),
    "covidqa-deepset/predictions.tsv": ("docs.tsv", "doc_id", {"real_answer": "answers"}),
}


def main() -> None:
    root = Path(os.environ["QATK_CORPORA"])
    print(
        "| file | layout | records | answers | misplaced | after safe repairs | after all | how | findings |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---|---|")
    with (root / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            print(f"| {row['file']} | " + " | ".join(cells(root, row["file"])) + " |", flush=True)


def cells(root: Path, name: str) -> list[str]:
    path = root / name
    documents, on, fields = DOCUMENTS.get(name, (None, None, {}))
    try:
        corpus = read(path, documents=documents and path.with_name(documents), on=on, fields=fields)
        found = validate(corpus)
    except QatkError as error:
        return ["", "", "", "", "", "", "", "refused: " + str(error).splitlines()[0].split(": ", 1)[-1]]
    safe = fix(corpus)
    every = fix(corpus, unsafe=True)
    counts = found.to_dict()["summary"]
    return [
        corpus.sources[0].layout,
        f"{counts['records']:,}",
        f"{counts['answers']:,}",
        f"{counts['mismatched_answers']:,}",
        f"{safe.left.tally.mismatched_answers:,}",
        f"{every.left.tally.mismatched_answers:,}",
        ", ".join(f"{method} {n:,}" for method, n in methods(every.fixed)) or "-",
        said(found) + (", ".join(f"{code} {n:,}" for code, n in counts["by_code"].items()) or "none"),
    ]


def methods(fixed: list) -> list[tuple[str, int]]:
    return Counter(finding.fix.method for finding in fixed).most_common()


def said(found: ValidationReport) -> str:
    """The way of counting that explains the file, if there is one."""
    chosen = [winner(evidence) for evidence in found.evidence.values()]
    return "".join(f"counted {hypothesis.what}; " for hypothesis in chosen if hypothesis)


if __name__ == "__main__":
    main()
