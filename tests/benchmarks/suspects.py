"""Plants wrong answers in a corpus, and counts how many of them the list of suspects shows first.

    python tests/benchmarks/suspects.py plant SQUAD_FILE FOLDER [--questions 2000] [--wrong 100] [--seed 1]
    cd FOLDER
    qatk convert planted.csv -o dataset --split train=1
    qatk finetune dataset --model MODEL -o run --cross-fit 4 --epochs 2
    python .../tests/benchmarks/suspects.py count . [--first 200]

`plant` draws questions and gives some of them, as their only answer, another run of as many words of their
context, which no annotator chose. It writes clean.csv, planted.csv and planted.json. `count` makes the
suspects of the cross-fit, and those of the same predictions without its probabilities, and prints tables in
Markdown: the planted ones among the first rows (with the 95% interval over 1,000 resamplings of planted and
other questions) beside what chance would put there; and which share of the rows is planted, by confidence.
Then it accepts the planted ones among the first rows, mends a copy of planted.csv by that list, and holds
the copy against clean.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import classify
from qatoolkit.analysis.load.run import Run, load_run
from qatoolkit.analysis.suspects.files import write_suspects
from qatoolkit.analysis.suspects.findings import find_findings
from qatoolkit.analysis.suspects.suspects import find_suspects
from qatoolkit.metrics import score
from qatoolkit.validation.apply import apply_corrections

WORD = re.compile(r"\w+(?:[.,’'-]\w+)*")
HEADER = ("id", "title", "context", "question", "answer_text", "answer_start")
BANDS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)
RESAMPLINGS = 1000


def main() -> None:
    asked = argparse.ArgumentParser()
    steps = asked.add_subparsers(dest="step", required=True)
    planting = steps.add_parser("plant")
    planting.add_argument("file", type=Path)
    planting.add_argument("folder", type=Path)
    planting.add_argument("--questions", type=int, default=2000)
    planting.add_argument("--wrong", type=int, default=100)
    planting.add_argument("--seed", type=int, default=1)
    counting = steps.add_parser("count")
    counting.add_argument("folder", type=Path)
    counting.add_argument("--first", type=int, default=200)
    options = asked.parse_args()
    if options.step == "plant":
        plant(options.file, options.folder, options.questions, options.wrong, options.seed)
    else:
        count(options.folder, options.first)


def plant(file: Path, folder: Path, questions: int, wrong: int, seed: int) -> None:
    chance = random.Random(seed)
    rows = read_rows(file)
    rows = chance.sample(rows, min(questions, len(rows)))
    planted: dict[str, tuple[str, int]] = {}
    for row in rows:  # in random order already
        if len(planted) < wrong and (other := another_span(chance, row)):
            planted[row[0]] = other
    chance.shuffle(rows)
    folder.mkdir(parents=True, exist_ok=True)
    for name, changed in (("clean", {}), ("planted", planted)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(HEADER)
            for id, title, context, question, text, start, _ in rows:
                writer.writerow([id, title, context, question, *changed.get(id, (text, start))])
    (folder / "planted.json").write_text(json.dumps(planted, ensure_ascii=False), encoding="utf-8")
    print(f"{len(planted)} of {len(rows):,} answers are wrong")


def read_rows(file: Path) -> list[tuple]:
    """Id, title, context, question, the answer that most annotators chose, its start, and all their spans."""
    rows = []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = [(answer["text"], answer["answer_start"]) for answer in qa["answers"]]
                if answers:
                    (text, start), _ = Counter(answers).most_common(1)[0]
                    spans = [(begin, begin + len(chosen)) for chosen, begin in answers]
                    title, context = article.get("title", ""), paragraph["context"]
                    rows.append((qa["id"], title, context, qa["question"], text, start, spans))
    return rows


def another_span(chance: random.Random, row: tuple) -> tuple[str, int] | None:
    """A run of as many words as the answer has, that shares no character with an annotated one."""
    context, text, spans = row[2], row[4], row[6]
    words = [match.span() for match in WORD.finditer(context)]
    length = max(1, len(WORD.findall(text)))
    runs = [(words[i][0], words[i + length - 1][1]) for i in range(len(words) - length + 1)]
    free = [(s, e) for s, e in runs if all(e <= begin or s >= end for begin, end in spans)]
    if not free:
        return None
    start, end = chance.choice(free)
    return context[start:end], start


def count(folder: Path, first: int) -> None:
    planted = json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    run = load_run(folder / "run", "crossfit")
    cases, findings = judged(run), find_findings(run.examples)
    wrong = np.array([example.id in planted for example in run.examples])
    print(f"{len(wrong):,} questions, {wrong.sum()} of them planted; exact match {exact(cases):.1f}\n")
    print(f"| | planted in the first {first} | by chance | of those strong |\n|---|---|---:|---:|")
    suspects = find_suspects(cases, findings=findings, crossfit=run.crossfit)
    for name, found in (
        ("cross-fit", suspects),
        ("n-best alone", find_suspects(cases, findings=findings)),
    ):
        hits, (low, high) = among_first(found, wrong, first), interval(found, wrong, first)
        strong = wrong[found.filter("strong")["index"].to_numpy()]
        expected = first * wrong.mean()
        print(f"| {name} | {hits} ({low} to {high}) | {expected:.0f} | {strong.sum()} of {len(strong)} |")
    print("\n| confidence | rows | planted |\n|---|---:|---:|")
    for low, high in pairwise(BANDS):
        rows = wrong[suspects.filter(pl.col("confidence").is_between(low, high, "left"))["index"].to_numpy()]
        share = f"{100 * rows.mean():.0f}%" if len(rows) else "-"
        print(f"| {low:.2f} to {min(high, 1):.2f} | {len(rows)} | {share} |")
    mend(folder, suspects.head(first), cases, set(planted))


def judged(run: Run) -> list[Case]:
    texts = [prediction.text for prediction in run.predictions]
    scores = score(texts, [example.answers for example in run.examples], "en")
    cases = []
    for example, said, hit, f1 in zip(
        run.examples, run.predictions, scores.exact.tolist(), scores.f1.tolist(), strict=True
    ):
        span = (example.context, example.answers, example.answer_starts, said.text or "", said.start)
        found = classify(*span, right=hit == 1)
        cases.append(Case(example, said, hit, f1, found.error_class, found.annotated, found.predicted))
    return cases


def exact(cases: list[Case]) -> float:
    return 100 * float(np.mean([case.exact for case in cases]))


def among_first(suspects: pl.DataFrame, wrong: np.ndarray, first: int) -> int:
    return int(wrong[suspects["index"].head(first).to_numpy()].sum())


def interval(suspects: pl.DataFrame, wrong: np.ndarray, first: int) -> tuple[int, int]:
    """The same had other questions been drawn, as many of them planted."""
    ranked, chance = suspects["index"].to_numpy(), np.random.default_rng(0)
    hits = []
    for _ in range(RESAMPLINGS):
        drawn = [chance.choice(part, len(part)) for part in (np.flatnonzero(wrong), np.flatnonzero(~wrong))]
        times = np.bincount(np.concatenate(drawn), minlength=len(wrong))
        hits.append(int(wrong[np.repeat(ranked, times[ranked])[:first]].sum()))
    low, high = np.quantile(hits, [0.025, 0.975])
    return round(low), round(high)


def mend(folder: Path, suspects: pl.DataFrame, cases: list[Case], planted: set[str]) -> None:
    """Accepts the planted ones, applies the list, and compares with the corpus as it was."""
    accepted = pl.when(pl.col("id").is_in(list(planted))).then(pl.lit("accept")).otherwise(pl.lit("reject"))
    write_suspects(suspects.with_columns(decision=accepted), cases, folder / "suspects.csv")
    report = apply_corrections(
        folder / "planted.csv", folder / "suspects.csv", folder / "fixed.csv", overwrite=True
    )
    before, after, clean = (read_csv(folder / f"{name}.csv") for name in ("planted", "fixed", "clean"))
    changed = [id for id in before if before[id] != after[id]]
    assert set(changed) <= planted
    assert all(before[id][:4] == after[id][:4] for id in before)
    overlapping = sum(overlap(after[id], clean[id]) for id in changed)
    same = sum(after[id] == clean[id] for id in changed)
    print(
        f"\n{len(report.having('made'))} corrections made, {len(changed)} rows changed, all of them planted: "
        f"{same} are as they were, {overlapping} overlap what they were"
    )


def read_csv(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row[0]: row for row in list(csv.reader(file))[1:]}


def overlap(one: list[str], other: list[str]) -> bool:
    (text, start), (second, begin) = one[4:], other[4:]
    return int(start) < int(begin) + len(second) and int(begin) < int(start) + len(text)


if __name__ == "__main__":
    main()
