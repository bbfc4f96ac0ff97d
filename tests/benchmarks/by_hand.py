"""What people write instead: a `csv.DictReader` loop that makes the same checks, one row at a time.

Run with the path of a CSV file; prints the counts by code.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

from qatoolkit.corpus.offsets import on_word_boundaries
from qatoolkit.validation.diagnosis import diagnose

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|td|tr|table|h[1-6])(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,6});"
)
_CODES = {
    "mismatch": "QA201", "ambiguous": "QA202", "absent": "QA203", "normalised": "QA204",
    "out-of-range": "QA205", "sentinel": "QA206", "empty": "QA207",
}  # fmt: skip


def check(path: str) -> Counter[str]:
    found: Counter[str] = Counter()
    ids: dict[str, tuple[str, str]] = {}
    asked: dict[tuple[str, str], str] = {}
    csv.field_size_limit(2**31 - 1)
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if None in row or None in row.values():
                found["QA107"] += 1
                continue
            context, question, answer = row["context"], row["question"], row["answer"]
            if not row["id"] or not context or not question:
                found["QA103"] += 1
            if not question.strip():
                found["QA301"] += 1
            pair = (context, question)
            if ids.setdefault(row["id"], pair) != pair:
                found["QA104"] += 1
            if asked.setdefault(pair, row["id"]) != row["id"]:
                found["QA401"] += 1
            found["QA302"] += bool(_CONTROL.search(context))
            found["QA303"] += "\ufffd" in context
            found["QA305"] += bool(_MARKUP.search(context))
            try:
                start = int(row["answer_start"])
            except ValueError:
                found["QA102"] += 1
                continue
            if not answer.strip():
                found["QA207"] += 1
            elif start >= 0 and context[start : start + len(answer)] == answer:
                found["QA208"] += answer != answer.strip()
                found["QA209"] += not on_word_boundaries(context, start, start + len(answer))
            else:
                found[_CODES[diagnose(context, answer, start).kind]] += 1
    return +found


if __name__ == "__main__":
    print(json.dumps(dict(sorted(check(sys.argv[1]).items()))))
