"""Answers single questions, or lists of them, from Python.

What it gives is what `predict` writes: the same answers with the same scores. `pipeline` is beside it for
code that was written for transformers' former pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import UsageError
from qatoolkit.training.answering import answer, load_answering_model, require_count
from qatoolkit.training.data import Columns
from qatoolkit.training.model import require_training
from qatoolkit.training.settings import Mode, Settings, read_run, run_settings

if TYPE_CHECKING:
    from qatoolkit.windows import Prediction

Answer = dict[str, Any]


class Answerer:
    """Answers questions about texts.

        answerer = Answerer("run")
        answerer(question="How long is the Nile?", context="The Nile is 6650 km long.")
        # {'score': 0.98, 'start': 12, 'end': 19, 'answer': '6650 km'}

    The settings of a run hold by default: lengths, the no-answer threshold, and whether there may
    be no answer at all.

    Args:
        model: the folder of a run, or any question-answering model: a folder, "pkg:NAME" or a
            hub id.
        int8: run it with weights of eight bits, on the CPU.
        device: where it runs, as torch names it; by default the fastest device that is here.

    Raises:
        MissingExtraError: torch or transformers are not installed.
        ModelError: the model cannot be loaded, or has not learnt to answer questions.
        UsageError: there is no such device.
    """

    def __init__(self, model: str | Path, *, int8: bool = False, device: object = None) -> None:
        require_training("answering questions")
        run = read_run(Path(model))
        self._loaded = load_answering_model(model, int8=int8, device=device)
        self._settings, mode = run_settings(run, self._loaded.tokenizer.model_max_length)
        self._handle_impossible_answer = mode == "squad_v2"

    def __call__(
        self,
        question: str | Sequence[str],
        context: str | Sequence[str],
        *,
        top_k: int | None = None,
        max_answer_len: int | None = None,
        handle_impossible_answer: bool | None = None,
        doc_stride: int | None = None,
        max_seq_len: int | None = None,
        batch_size: int = 32,
    ) -> Any:
        """Answers one question, or several.

        Args:
            question: a text, or a list of texts.
            context: a text, or a list of as many texts; one text serves all questions.
            top_k: return a list of this many answers per question, best first. The default None
                returns the best one, not in a list.
            max_answer_len: longest answer in tokens.
            handle_impossible_answer: whether "" may be the answer.
            doc_stride: tokens that two neighbouring windows of a long context share.
            max_seq_len: tokens of a window.
            batch_size: windows at a time.

        Returns:
            Per question {"score", "start", "end", "answer"} with `answer == context[start:end]`;
            no answer is "" with start and end 0. The score is the probability among the best spans
            and, where there may be none, "no answer". A single dict for a single question, a list
            for a list.

        Raises:
            UsageError: a text is blank or no text, the numbers of texts differ, a question is too long, or
                a number is out of range.
        """
        single = isinstance(question, str) and isinstance(context, str)
        columns = as_columns(question, context)
        for name, value in {
            "top_k": 1 if top_k is None else top_k,
            "max_answer_len": 1 if max_answer_len is None else max_answer_len,
            "max_seq_len": 1 if max_seq_len is None else max_seq_len,
            "batch_size": batch_size,
        }.items():
            require_count(name, value)
        settings = adapted(self._settings, max_seq_len, doc_stride, max_answer_len, top_k or 1)
        if handle_impossible_answer is None:
            handle_impossible_answer = self._handle_impossible_answer
        mode: Mode = "squad_v2" if handle_impossible_answer else "squad"
        ranked = [
            _ranked(prediction)
            for part in answer(self._loaded, columns, settings, mode, batch_size)
            for prediction in part.predictions
        ]
        picked = [answers[0] if top_k is None else answers[:top_k] for answers in ranked]
        return picked[0] if single else picked


def as_columns(question: str | Sequence[str], context: str | Sequence[str]) -> Columns:
    """Questions and contexts as examples without annotation.

    Raises:
        UsageError: a text is blank or no text, or the numbers of texts differ.
    """
    questions, contexts = _texts("question", question), _texts("context", context)
    if len(contexts) == 1:
        contexts *= len(questions)
    elif len(questions) == 1:
        questions *= len(contexts)
    if len(questions) != len(contexts):
        raise UsageError(f"{len(questions)} questions and {len(contexts)} contexts; give as many of both")
    for name, texts in (("question", questions), ("context", contexts)):
        for i, text in enumerate(texts):
            if not isinstance(text, str) or not text.strip():
                found = "is empty" if isinstance(text, str) else f"is {type(text).__name__}, not a text"
                raise UsageError(f"{name} {i + 1} of {len(texts)} {found}")
    return {
        "id": [f"number {i + 1}" for i in range(len(questions))],
        "question": questions,
        "context": contexts,
        "answers": [{"text": [], "answer_start": []}] * len(questions),
    }


def _texts(name: str, given: object) -> list[Any]:
    """One text or several, as a list; what is in it is not looked at."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, bytes | Mapping):
        raise UsageError(f"{name}= is {type(given).__name__}; give a text, or a list of texts")
    return list(given)


def adapted(
    settings: Settings,
    max_seq_len: int | None,
    doc_stride: int | None,
    max_answer_len: int | None,
    top_k: int,
) -> Settings:
    """Settings with what a call asks for; None leaves a setting as it is."""
    return replace(
        settings,
        max_seq_length=settings.max_seq_length if max_seq_len is None else max_seq_len,
        doc_stride=settings.doc_stride if doc_stride is None else doc_stride,
        max_answer_length=settings.max_answer_length if max_answer_len is None else max_answer_len,
        n_best_size=max(settings.n_best_size, top_k),
    )


def _ranked(prediction: Prediction) -> list[Answer]:
    """The answer first, then the other spans; a rejected best span comes second."""
    spans = [
        {"score": span["score"], "start": span["start"], "end": span["end"], "answer": span["text"]}
        for span in prediction.n_best
    ]
    if prediction.answer:
        return spans
    return [{"score": prediction.score, "start": 0, "end": 0, "answer": ""}, *spans]
