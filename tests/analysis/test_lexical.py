import json
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis import lexical_baseline
from qatoolkit.metrics import score

CONTEXT = (
    "The Nile is 6650 km long and flows north. The Amazon is longer than most rivers. "
    "Alexandria was founded in 331 BC by Alexander of Macedon."
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was Alexandria founded?", "331 BC"),
        ("Who founded Alexandria?", "Alexander of Macedon"),
        ("How many km is the Nile long?", "6650"),
    ],
)
def test_picks_the_kind_of_word_that_is_asked_for(question, answer):
    assert lexical_baseline([question], [CONTEXT]) == [answer]


def test_a_context_without_words_has_no_answer():
    assert lexical_baseline(["What?", "What?"], ["", " ... "]) == ["", ""]


def test_an_answer_is_never_longer_than_asked():
    context = "Hello " + "word " * 40
    (answer,) = lexical_baseline(["What follows hello?"], [context], max_words=3)
    assert answer == "word word word"


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=120)), max_size=4))
def test_answers_are_pieces_of_their_contexts_and_do_not_depend_on_chance(pairs):
    questions, contexts = [q for q, _ in pairs], [c for _, c in pairs]
    answers = lexical_baseline(questions, contexts)
    assert len(answers) == len(pairs)
    assert all(answer in context for answer, context in zip(answers, contexts, strict=True))
    assert answers == lexical_baseline(questions, contexts)


@pytest.mark.corpora
def test_is_a_floor_worth_clearing_on_real_questions(corpora):
    """Above picking at random (F1 4 on SQuAD 1.1), far below any trained model (above 75)."""
    data = json.loads((corpora / "xquad" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    triples = [
        (qa["question"], part["context"], [answer["text"] for answer in qa["answers"]])
        for article in data
        for part in article["paragraphs"]
        for qa in part["qas"]
    ]
    questions, contexts, answers = (list(column) for column in zip(*triples, strict=True))
    summary = score(lexical_baseline(questions, contexts), answers).summary()
    assert 20 < summary["f1"] < 35
    assert 10 < summary["exact"] < 20


def test_equally_good_sentences_are_the_same_in_every_process():
    """Sets of words come in another order with every hash seed, and sums of floats with them."""
    code = (
        "import random\n"
        "from qatoolkit.analysis import lexical_baseline\n"
        "draw = random.Random(0)\n"
        "words = [f'w{i}' for i in range(60)]\n"
        "groups = [[w for i, w in enumerate(words) if draw.random() < 6 / (6 + i)] for _ in range(100)]\n"
        "shuffled = [draw.sample(group, len(group)) for group in 3 * groups]\n"
        "lines = ['X ' + ' '.join(group) + f' Y{i}.' for i, group in enumerate(shuffled)]\n"
        "questions = [' '.join(draw.sample(words, 40)) for _ in range(60)]\n"
        "print(lexical_baseline(questions, [' '.join(lines)] * 60))\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(answers) == 1


def test_a_long_text_without_a_full_stop_takes_no_longer_than_one_with():
    """Transcripts have none; comparing all runs with all shared words took minutes."""
    context = " ".join(f"word{i % 50} other{i}" for i in range(20_000))
    started = time.process_time()
    (answer,) = lexical_baseline([" ".join(f"word{i}" for i in range(50))], [context])
    assert answer == "other0"
    assert time.process_time() - started < 10
