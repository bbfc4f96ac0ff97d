"""Times an official SQuAD script against `qatoolkit.metrics` on the same predictions, in one process.

    python tests/benchmarks/metrics.py evaluate-v2.0.py dev-v2.0.json predictions.json [--rounds 7]

Download the script (evaluate-v1.1.py or evaluate-v2.0.py) from rajpurkar.github.io/SQuAD-explorer. Timed
is what lies between files that have been read and figures: the scores of each question and the
aggregates, of the script in the order of its own `main`. The two take turns, by processor time, so a
busy machine slows both. Stops when they differ in any digit of any figure that the script has.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from qatoolkit.metrics import score

Figures = tuple[list[float], list[float], dict[str, float]]


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("script", type=Path)
    asked.add_argument("dataset", type=Path)
    asked.add_argument("predictions", type=Path)
    asked.add_argument("--rounds", type=int, default=7)
    options = asked.parse_args()
    official = load(options.script)
    data = json.loads(options.dataset.read_text(encoding="utf-8"))["data"]
    predictions = json.loads(options.predictions.read_text(encoding="utf-8"))
    asked_for = {qa["id"] for article in data for part in article["paragraphs"] for qa in part["qas"]}
    predictions = {key: text for key, text in predictions.items() if key in asked_for}
    rival = by_version_2 if hasattr(official, "get_raw_scores") else by_version_1
    theirs: list[float] = []
    ours: list[float] = []
    for _ in range(options.rounds):
        seconds, expected = timed(lambda: rival(official, data, predictions))
        theirs.append(seconds)
        seconds, got = timed(lambda: by_qatoolkit(data, predictions))
        ours.append(seconds)
        compare(expected, got)
    print(f"{len(got[0]):,} questions, equal to the last digit: {got[2]}\n")
    print("| | milliseconds (each round) | median |\n|---|---|---:|")
    for name, runs in ((options.script.name, theirs), ("qatoolkit.metrics", ours)):
        each = ", ".join(f"{run * 1e3:.1f}" for run in runs)
        print(f"| {name} | {each} | {statistics.median(runs) * 1e3:.1f} |")
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    print(f"\n{statistics.median(ratios):.1f} times faster ({min(ratios):.1f} to {max(ratios):.1f})")


def load(script: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("official", script)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def timed(work: Callable[[], Figures]) -> tuple[float, Figures]:
    gc.collect()  # what the other one left behind
    began = time.process_time()
    figures = work()
    return time.process_time() - began, figures


def by_version_1(official: ModuleType, data: list[Any], predictions: dict[str, str]) -> Figures:
    figures = official.evaluate(data, predictions)
    return [], [], {"exact": figures["exact_match"], "f1": figures["f1"]}


def by_version_2(official: ModuleType, data: list[Any], predictions: dict[str, str]) -> Figures:
    odds = dict.fromkeys(predictions, 0.0)
    has_answer = official.make_qid_to_has_ans(data)
    exact, overlap = official.get_raw_scores(data, predictions)
    exact, overlap = (
        official.apply_no_ans_threshold(values, odds, has_answer, 1.0) for values in (exact, overlap)
    )
    figures = official.make_eval_dict(exact, overlap)
    for prefix, wanted in (("HasAns", True), ("NoAns", False)):
        if ids := [key for key, value in has_answer.items() if value is wanted]:
            official.merge_eval(figures, official.make_eval_dict(exact, overlap, qid_list=ids), prefix)
    return list(exact.values()), list(overlap.values()), dict(figures)


def by_qatoolkit(data: list[Any], predictions: dict[str, str]) -> Figures:
    text_of = itemgetter("text")
    texts = []
    answers = []
    for article in data:
        for part in article["paragraphs"]:
            for qa in part["qas"]:
                texts.append(predictions.get(qa["id"]))
                answers.append([*map(text_of, qa["answers"])])
    scores = score(texts, answers)
    return scores.exact.tolist(), scores.f1.tolist(), scores.summary()


def compare(expected: Figures, got: Figures) -> None:
    """Stops at a difference; version 1.1 keeps no scores of single questions."""
    if expected[0]:
        assert expected[:2] == got[:2]
    for name, value in expected[2].items():
        # Where every question has an answer, HasAns_exact is exact once more, and left out here.
        ours = got[2].get(name, got[2].get(name.removeprefix("HasAns_")))
        assert ours == value, (name, value, ours)


if __name__ == "__main__":
    main()
