"""Writes a large CSV corpus with a known number of faults of each kind.

Five questions share a context of about 800 characters; letters are not all ASCII, one context in ten
begins with an emoji; one row in a hundred has one fault, each kind as often as the others. Every
annotated answer holds a number that occurs once in its context, so nothing else is wrong.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path

HEADER = ["id", "title", "context", "question", "answer", "answer_start"]
_WORDS = (
    "Die Brücke über den Fluss wurde früher täglich von vielen Händlern überquert und später größer gebaut "
    "während die Straße nördlich davon über Äcker führte und Müller sowie Fährleute dort Zölle zahlten "
    "the old harbour kept its lights burning all winter while boats from far islands brought salt and wool "
    "Ångbåten gick söderut längs ön och förde råg smör och nät till byarna där fåglar häckar om våren"
)
_CODES = ("QA104", "QA107", "QA201", "QA203", "QA204", "QA206", "QA207", "QA208", "QA301", "QA401")


def write_corpus(path: Path, rows: int, *, seed: int = 7, faults: bool = True) -> dict[str, int]:
    """Writes the corpus, if wanted without any fault, and returns how often each code is to be found."""
    chance = random.Random(seed)
    planted: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        context, marks = "", []
        for i in range(rows):
            if i % 5 == 0:
                context, marks = _context(chance, i)
            start, answer = marks[i % 5]
            row = [f"q{i}", f"Band {i // 50}", context, f"Was steht an Stelle {i}, und warum?", answer, start]
            if faults and i % 100 == 99:
                code = _CODES[i // 100 % len(_CODES)]
                planted[code] += 1
                row = _broken(code, row, i)
            writer.writerow(row)
    return dict(sorted(planted.items()))


def _context(chance: random.Random, i: int) -> tuple[str, list[tuple[int, str]]]:
    """A context, and the start and text of five phrases in it."""
    words = chance.choices(_WORDS.split(), k=112)
    for k in range(5):
        words[8 + 22 * k] = f"Haus {1_000_000 + i + k}"
    if chance.random() < 0.1:
        words[0] = "😀 " + words[0]
    context = " ".join(words) + "."
    phrases = [f"Haus {1_000_000 + i + k}" for k in range(5)]
    return context, [(context.index(phrase), phrase) for phrase in phrases]


def _broken(code: str, row: list, i: int) -> list:
    id_, title, context, question, answer, start = row
    match code:
        case "QA104":
            id_ = f"q{i - 1}"
        case "QA107":
            return [*row, "one cell too many"]
        case "QA201":
            start += 3
        case "QA203":
            answer = "völlig anderes Ding"
        case "QA204":
            answer = answer.upper()
        case "QA206":
            start = -1
        case "QA207":
            answer = ""
        case "QA208":
            answer += " "
        case "QA301":
            question = "  "
        case "QA401":
            # The same question and answer as the row before, which asked of the same context.
            question = f"Was steht an Stelle {i - 1}, und warum?"
            answer = f"Haus {int(answer.split()[1]) - 1}"
            start = context.index(answer)
    return [id_, title, context, question, answer, start]
