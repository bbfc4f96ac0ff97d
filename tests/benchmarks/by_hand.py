"""What people write instead: a `csv.DictReader` loop that makes the same checks, one row at a time.

The rules that run unless asked for are here, as far as the columns of the file give them something to do;
what is wrong with an answer is told by the same function. Run with the path of a CSV file; prints the
counts by code.
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
from qatoolkit.validation.hypotheses import Placed, weigh, winner
from qatoolkit.validation.rules import text

_PATTERNS = {
    "QA302": re.compile(text._CONTROL),
    "QA303": re.compile("\ufffd"),
    "QA304": re.compile(text._MOJIBAKE),
    "QA305": re.compile(text._MARKUP),
}
_CODES = {
    "mismatch": "QA201", "ambiguous": "QA202", "absent": "QA203", "normalised": "QA204",
    "out-of-range": "QA205", "sentinel": "QA206", "empty": "QA207", "nearly": "QA213", "joined": "QA214",
    "no-answer": "QA215",
}  # fmt: skip


def check(path: str) -> Counter[str]:
    found: Counter[str] = Counter()
    ids: dict[str, tuple[str, str]] = {}
    asked: dict[tuple[str, str], tuple[str, str]] = {}
    titles: dict[str, str] = {}
    wrong: list[Placed] = []
    right: list[Placed] = []
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
            first_id, first_answer = asked.setdefault(pair, (row["id"], answer))
            if first_id != row["id"]:
                found["QA401" if first_answer == answer else "QA402"] += 1
            if titles.setdefault(context, row["title"]) != row["title"]:
                found["QA404"] += 1
            for code, pattern in _PATTERNS.items():
                found[code] += bool(pattern.search(context))
            try:
                start = int(row["answer_start"])
            except ValueError:
                found["QA102"] += 1
                continue
            end = start + len(answer)
            if answer.strip() and start >= 0 and context[start:end] == answer:
                found["QA208"] += answer != answer.strip()
                found["QA209"] += not on_word_boundaries(context, start, end)
                found["QA306"] += answer.strip() == context.strip()
                if len(right) < 2000:
                    right.append(Placed(context, answer, start))
            else:
                found[_CODES[diagnose(context, answer, start).kind]] += 1
                wrong.append(Placed(context, answer, start))
    assert winner(weigh([answer for answer in wrong if answer.start >= 0], right)) is None
    return +found


if __name__ == "__main__":
    print(json.dumps(dict(sorted(check(sys.argv[1]).items()))))
