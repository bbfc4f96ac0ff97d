"""A report as large as a page has to bear, made up: 10,000 questions in several scripts, some hostile."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
from collections import Counter

import numpy as np
import polars as pl
import pytest

from qatoolkit.analysis.calibration import Calibration
from qatoolkit.analysis.cases import Candidate, Case, Example, Prediction, Span
from qatoolkit.analysis.comparison import Comparison
from qatoolkit.analysis.profile.profile import Profile
from qatoolkit.analysis.result import Report

EVIL = "</script><script>window.hit = 1; alert(1)</script><img src=http://192.0.2.1/x onerror=window.hit=1>"
MARKDOWN = "[press here](javascript:window.hit=1) **bold** <b>bold</b> &amp; @{{ 7*7 }}"

# Words of our own in several scripts, one of them written from the right.
_WORDS = {
    "en": "river stone lamp market winter garden bridge copper engine letter harbour island paper wheel "
    "morning teacher silver copper window thousand village northern quiet ancient built carried opened",
    "de": "Fluss Brücke Straße Müller Gärten Schlüssel Winter öffnete größte Kupfer Hafen Brief Lehrer",
    "ar": "نهر جسر مدينة كتاب شارع بحر حديقة معلم رسالة ميناء قديم جديد",
    "hi": "नदी पुल शहर किताब सड़क समुद्र बगीचा शिक्षक पत्र बंदरगाह",
    "zh": "河流 橋樑 城市 書本 街道 海洋 花園 老師 信件 港口",
    "emoji": "😀 lamp 🚀 river 🎉 stone café",
}
_QUESTION_WORDS = ("who", "what", "when", "where", "how many", "why")
_LENGTHS = ("1 word", "2 words", "3 to 5 words", "6 words or more")


def _text(chance, language, characters):
    words = _WORDS[language].split()
    parts, size = [], 0
    while size < characters:
        word = chance.choice(words)
        if len(parts) % 14 == 13:
            word += "."
        parts.append(word)
        size += len(word) + 1
    return " ".join(parts)


def _case(chance, index, title, context, words):
    """A question about a stretch of words of its context, predicted rightly or in one of the wrong ways."""
    first = chance.randrange(len(words) - 12)
    start = sum(len(word) + 1 for word in words[:first])
    answer = " ".join(words[first : first + chance.randint(1, 5)])
    longer = " ".join(words[first : first + 7])
    elsewhere = chance.randrange(len(words) - 6)
    other = " ".join(words[elsewhere : elsewhere + 3])
    place = sum(len(word) + 1 for word in words[:elsewhere])
    name = chance.choices(
        ["exact", "boundary-long", "wrong-sentence", "false-abstention", "other-occurrence", "false-answer"],
        [60, 14, 12, 8, 3, 3],
    )[0]
    told, at = {
        "boundary-long": (longer, start),
        "wrong-sentence": (other, place),
        "false-abstention": ("", None),
        "false-answer": (other, place),
    }.get(name, (answer, start))
    answers = () if name == "false-answer" else (answer,)
    score = round(chance.betavariate(5 if name == "exact" else 2, 2), 4)
    candidates = (
        Candidate(told, at or 0, (at or 0) + len(told), score),
        Candidate(other, place, place + len(other), round((1 - score) / 2, 4)),
        Candidate("", 0, 0, round((1 - score) / 3, 4)),
    )
    asked = chance.choice(_QUESTION_WORDS)
    example = Example(
        f"{index:06x}", title, context, f"{asked} {_text(chance, 'en', 45)}?", answers,
        (start,) * len(answers), "corpus/dev.jsonl", index + 1, extra={"annotator": f"person {index % 7}"},
    )  # fmt: skip
    exact = 1.0 if name in ("exact", "other-occurrence") else 0.0
    end = None if at is None else at + len(told)
    return Case(
        example,
        Prediction(told, at, end, score, candidates=candidates, gold_rank=chance.randrange(4)),
        exact,
        exact or (0.5 if name == "boundary-long" else 0.0),
        name,
        Span(start, start + len(answer)) if answers else None,
        Span(at, at + len(told)) if told else None,
    )  # fmt: skip


def make_cases(total, *, characters=800, each=5, hostile=True):
    """Cases whose contexts are shared by `each` questions; the first few carry hostile texts."""
    chance = random.Random(20)
    cases = []
    languages = list(_WORDS)
    for number in range((total + each - 1) // each):
        language = "en" if number % 4 else languages[number // 4 % len(languages)]
        context = _text(chance, language, characters)
        if hostile and number < 3:
            context = f"{EVIL} {MARKDOWN} {context}"
        title = EVIL if hostile and number == 1 else f"Document {number // 40}"
        words = context.split(" ")
        for index in range(len(cases), min(len(cases) + each, total)):
            cases.append(_case(chance, index, title, context, words))
    return cases


def make_facets(cases):
    lengths = [_LENGTHS[min(3, sum(map(len, case.example.answers)) // 12)] for case in cases]
    return pl.DataFrame(
        {
            "question word": [case.example.question.rsplit(" ")[0] for case in cases],
            "answer length": pl.Series(lengths, dtype=pl.Enum(_LENGTHS)),
            "title": [case.example.title for case in cases],
            "annotator": [case.example.extra["annotator"] for case in cases],
            MARKDOWN: [EVIL if number % 3 == 0 else "plain" for number in range(len(cases))],
        }
    )


def make_slices(cases, facets):
    scores = pl.DataFrame({"exact": [case.exact for case in cases], "f1": [case.f1 for case in cases]})
    tables = []
    for name in facets.columns:
        table = pl.concat([facets.select(value=name), scores], how="horizontal").group_by("value")
        tables.append(
            table.agg(pl.len().alias("total"), pl.mean("exact") * 100, pl.mean("f1") * 100)
            .sort("value")
            .select(pl.lit(name).alias("facet"), pl.col("value").cast(pl.String), "total", "exact", "f1")
        )
    lost = (pl.col("total") * (100 - pl.col("f1")) / len(cases)).alias("lost")
    return pl.concat(tables).with_columns(lost)


def make_calibration(cases):
    score = np.array([case.prediction.score for case in cases])
    exact = np.array([case.exact for case in cases])
    edges = np.linspace(0, 1, 11)
    place = np.clip(np.digitize(score, edges) - 1, 0, 9)
    bins = pl.DataFrame(
        [
            {"low": edges[i], "high": edges[i + 1], "total": int((place == i).sum()),
             "confidence": float(score[place == i].mean()) if (place == i).any() else None,
             "exact": float(exact[place == i].mean()) if (place == i).any() else None}
            for i in range(10)
        ]
    )  # fmt: skip
    share = np.arange(1, 101)
    curve = 100 * np.exp(-share / 180)
    return Calibration(
        bins=bins,
        ece=0.0731,
        aurc=0.142,
        coverage=pl.DataFrame({"coverage": share, "exact": curve, "f1": curve + 3}),
    )


def make_thresholds():
    share = np.arange(1, 101)
    curve = 100 * np.exp(-share / 180)
    columns = {"threshold": share / 10 - 5, "exact": curve, "f1": curve + 2, "answered": share}
    return pl.DataFrame(columns)


def make_comparison(cases, slices):
    others = [*cases[1:], cases[0]]
    moves = Counter((was.error_class, now.error_class) for was, now in zip(others, cases, strict=True))
    pairs = [(*move, total) for move, total in moves.items()]
    difference = pl.col("f1") - pl.col("other_f1")
    return Comparison(
        against="runs/before",
        total=len(cases),
        only_this=0,
        only_other=12,
        scores=pl.DataFrame(
            {"metric": ["exact", "f1"], "this": [63.1, 70.2], "other": [60.0, 68.0], "difference": [3.1, 2.2],
             "low": [1.9, 1.1], "high": [4.2, 3.3], "p": [0.0004, 0.002]}
        ),
        right_only_this=720,
        right_only_other=410,
        mcnemar=1.2e-9,
        transitions=pl.DataFrame(pairs, schema=["other_class", "this_class", "total"], orient="row"),
        slices=slices.filter(pl.col("total") > len(cases) / 100)
        .with_columns((pl.col("f1") - 4 + pl.int_range(pl.len()) % 9).alias("other_f1"))
        .with_columns(difference.alias("difference"), p=pl.lit(0.02), p_adjusted=pl.lit(0.04)),
        verdict="better",
        sentence="Better than runs/before: F1 is 2.2 points higher (1.1 to 3.3).",
        others=others,
    )  # fmt: skip


def make_suspects(cases):
    wrong = [index for index, case in enumerate(cases) if case.error_class == "wrong-sentence"][:120]
    return pl.DataFrame(
        [
            {"index": index, "strong": rank < 40, "reason": f"other annotators agree on another span {EVIL}",
             "confidence": 0.99 - rank / 300, "file": "corpus/dev.jsonl", "row": index, "line": index + 1,
             "id": cases[index].example.id, "content_hash": "blake2b:00", "answer": 0,
             "old_text": cases[index].example.answers[0], "old_start": 0,
             "new_text": cases[index].prediction.text, "new_start": 0, "decision": ""}
            for rank, index in enumerate(wrong)
        ]
    )  # fmt: skip


def make_worst(slices):
    worst = slices.filter(pl.col("total") > pl.col("total").max() / 33).sort("f1").head(8)
    return worst.with_columns(
        facet_2=pl.when(pl.int_range(pl.len()) == 1).then(pl.lit("annotator")),
        value_2=pl.when(pl.int_range(pl.len()) == 1).then(pl.lit("person 3")),
        rest_f1=pl.col("f1") + 5,
        difference=pl.lit(-5.0) - pl.int_range(pl.len()) / 3,
        low=pl.lit(-9.0),
        high=pl.lit(-2.0),
        p=pl.lit(0.0001),
        p_adjusted=pl.lit(0.004),
    )


def make_data_map(total):
    chance = np.random.default_rng(0)
    confidence = chance.beta(4, 2, total)
    variability = 0.4 * confidence * (1 - confidence) + 0.1 * chance.random(total)
    right = chance.integers(0, 4, total) / 3
    columns = {"confidence": confidence, "variability": variability, "correctness": right}
    return pl.DataFrame({"index": range(total), **columns})


def make_report(total=10_000, **how):
    """A report with something in every one of its fields."""
    cases = make_cases(total, **how)
    facets = make_facets(cases)
    slices = make_slices(cases, facets)
    scores = {name: 100 * float(np.mean([getattr(case, name) for case in cases])) for name in ("exact", "f1")}
    floors = [
        ("lexical", "word overlap, no model", 4.2, 11.0),
        ("blind", "never looks at the question", 9.1, 14.2),
    ]
    figures = [(epoch, 3 / epoch if epoch else None, (epoch - 3) ** 2) for epoch in range(5)]
    epochs = [
        {"epoch": epoch, "train_loss": loss, "validation_loss": 2.4 + off / 10,
         "exact": 60.0 - off, "f1": 70.0 - off}
        for epoch, loss, off in figures
    ]  # fmt: skip
    return Report(
        subject="runs/first",
        split="validation",
        language="en",
        metrics={**scores, "total": total},
        signature=f"squad|n:{total}|refs:max|norm:en|missing:wrong|null:0.0|nbest:20|maxans:30|ver:0.1.0",
        intervals={name: (value - 1.1, value + 1.3) for name, value in scores.items()},
        clusters="title",
        floors=pl.DataFrame(floors, schema=["name", "label", "exact", "f1"], orient="row"),
        cases=cases,
        facets=facets,
        slices=slices,
        worst=make_worst(slices),
        calibration=make_calibration(cases),
        thresholds=make_thresholds(),
        suspects=make_suspects(cases),
        comparison=make_comparison(cases, slices),
        data_map=make_data_map(total),
        epochs=epochs,
        best_epoch=3.0,
        missing=[],
        unknown=[],
        dropped=[(index, "-") for index, case in enumerate(cases) if case.exact][:12],
        notes=[f"A note that quotes {EVIL}"],
    )


def make_profile():
    counts = {"value": ["who", EVIL, "how many"], "train": [120, 60, 20], "validation": [10, 9, 1]}
    totals = {"split": ["train", "validation"], "questions": [200, 20], "answers a question": [1.0, 2.5]}
    tables = {
        "question word": pl.DataFrame(counts),
        MARKDOWN: pl.DataFrame({**counts, "value": ["", "b", "c"]}),
    }
    return Profile(f"data/{EVIL}", ["train", "validation"], pl.DataFrame(totals), tables, [f"Note {EVIL}"])


@pytest.fixture(scope="session")
def big_report():
    """10,000 predictions about contexts of 800 characters, five questions each."""
    return make_report()


@pytest.fixture
def small_report():
    return make_report(60)


@pytest.fixture
def build_report():
    return make_report


@pytest.fixture
def made_profile():
    return make_profile()


@pytest.fixture
def hostile():
    return EVIL


@pytest.fixture
def unpacked():
    """What a page carries for its scripts."""

    def unpack(page):
        (data,) = re.findall(r'id="data">([^<]*)<', page)
        return json.loads(gzip.decompress(base64.b64decode(data)))

    return unpack
