"""Answers single questions, with the call and the results of transformers' former pipeline.

transformers 5.3 removed `pipeline("question-answering")`; code written for it keeps working when
it builds an `Answerer` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import UsageError
from qatoolkit.training.model import require_training
from qatoolkit.training.predict import load_answering_model
from qatoolkit.training.settings import read_run, run_settings

if TYPE_CHECKING:
    from qatoolkit.training.settings import Settings
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

    Raises:
        MissingExtraError: torch or transformers are not installed.
        ModelError: the model cannot be loaded, or has not learnt to answer questions.
    """

    def __init__(self, model: str | Path) -> None:
        require_training("answering questions")
        run = read_run(Path(model))
        self._loaded = load_answering_model(model)
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
            no answer is "" with start and end 0, as in the pipeline. A single dict for a single
            question, a list for a list.

        Raises:
            UsageError: a text is empty, the numbers of texts differ, or a question is too long.
        """
        single = isinstance(question, str) and isinstance(context, str)
        questions, contexts = _align(question, context)
        if top_k is not None and top_k < 1:
            raise UsageError(f"top_k must be 1 or more, not {top_k}")
        ours = self._settings
        settings = replace(
            ours,
            max_seq_length=ours.max_seq_length if max_seq_len is None else max_seq_len,
            doc_stride=ours.doc_stride if doc_stride is None else doc_stride,
            max_answer_length=ours.max_answer_length if max_answer_len is None else max_answer_len,
            n_best_size=max(ours.n_best_size, top_k or 1),
        )
        impossible = (
            self._handle_impossible_answer if handle_impossible_answer is None else handle_impossible_answer
        )
        predictions = self._predict(questions, contexts, settings, impossible, batch_size)
        answers = [_ranked(prediction) for prediction in predictions]
        picked = [ranked[0] if top_k is None else ranked[:top_k] for ranked in answers]
        return picked[0] if single else picked

    def _predict(
        self, questions: list[str], contexts: list[str], settings: Settings, impossible: bool, batch_size: int
    ) -> list[Prediction]:
        from qatoolkit.training.batches import forward
        from qatoolkit.windows import decode, featurize

        columns: dict[str, list[Any]] = {
            "id": [f"number {i + 1}" for i in range(len(questions))],
            "question": questions,
            "context": contexts,
            "answers": [{"text": [], "answer_start": []}] * len(questions),
        }
        tokenizer = self._loaded.tokenizer
        features = featurize(columns, tokenizer, settings.max_seq_length, settings.doc_stride)
        logits = forward(self._loaded.model, features, batch_size, pad_token_id=tokenizer.pad_token_id)
        return decode(
            *logits,
            features,
            columns,
            settings.n_best_size,
            settings.max_answer_length,
            settings.null_score_diff_threshold,
            version_2=impossible,
        )


def _align(question: str | Sequence[str], context: str | Sequence[str]) -> tuple[list[str], list[str]]:
    questions = [question] if isinstance(question, str) else list(question)
    contexts = [context] if isinstance(context, str) else list(context)
    if len(contexts) == 1:
        contexts *= len(questions)
    elif len(questions) == 1:
        questions *= len(contexts)
    if len(questions) != len(contexts):
        raise UsageError(f"{len(questions)} questions and {len(contexts)} contexts; give as many of both")
    if not all(questions) or not all(contexts):
        raise UsageError("a question or a context is empty")
    return questions, contexts


def _ranked(prediction: Prediction) -> list[Answer]:
    """The answer first, then the other spans; a rejected best span comes second."""
    spans = [
        {"score": span["score"], "start": span["start"], "end": span["end"], "answer": span["text"]}
        for span in prediction.n_best
    ]
    if prediction.answer:
        return spans
    return [{"score": prediction.score, "start": 0, "end": 0, "answer": ""}, *spans]
