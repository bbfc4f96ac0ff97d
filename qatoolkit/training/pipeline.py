"""`pipeline("question-answering")`, which transformers removed in 5.3, with its call and its results.

Reads the many forms of the old call and ranks by the old score; answering itself is `answering`, the same as
for `predict`. A model that is no run of ours gets the old defaults, a run keeps its own settings.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import ModelError, UsageError
from qatoolkit.training.answerer import adapted, as_columns
from qatoolkit.training.answering import answer, load_answering_model
from qatoolkit.training.calls import read_arguments, read_inputs
from qatoolkit.training.chances import chances
from qatoolkit.training.former import as_decided, as_formerly, n_spans
from qatoolkit.training.model import LoadedModel, load_model, require_training
from qatoolkit.training.settings import Mode, Settings, read_run

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TASK = "question-answering"

# What the former pipeline took when no model was named.
_USUAL_MODEL = "distilbert/distilbert-base-cased-distilled-squad"

# Its defaults, in tokens.
_SEQUENCE, _STRIDE, _ANSWER = 384, 128, 15

# Questions of an endless input that are answered together.
_AT_ONCE = 64


def pipeline(
    task: str | None = None,
    model: str | Path | PreTrainedModel | None = None,
    *,
    tokenizer: str | Path | PreTrainedTokenizerFast | None = None,
    device: object = None,
    **arguments: Any,
) -> QuestionAnswering:
    """What `transformers.pipeline` gave for "question-answering", before it was removed.

        from qatoolkit import pipeline

        qa = pipeline("question-answering", model="run")
        qa(question="How long is the Nile?", context="The Nile is 6650 km long.")

    Args:
        task: "question-answering", or nothing.
        model: the folder of a run or model, "pkg:NAME", a hub id, or a model that is loaded already. By
            default the hub's distilbert/distilbert-base-cased-distilled-squad, as it was.
        tokenizer: the folder or name of a tokenizer, or one that is loaded already; needed beside a loaded
            model. It is not changed.
        device: -1 for the CPU, the number of a GPU, or a device as torch names it. By default the fastest
            one that is here; a loaded model stays where it is.
        arguments: defaults of the arguments of a call, see `QuestionAnswering`.

    Raises:
        UsageError: another task, an argument that is not known here, or no such device.
        ModelError: the model cannot be loaded, or does not answer by pointing at a span.
        MissingExtraError: torch or transformers are not installed.
    """
    if task not in (None, TASK):
        raise UsageError(
            f'pipeline("{task}"): this one brings back "{TASK}", which transformers removed; '
            "the other tasks are in transformers.pipeline"
        )
    require_training("answering questions")
    from qatoolkit.training.batches import best_device

    usual = read_arguments(arguments)
    model = _USUAL_MODEL if model is None else model
    run = None
    if isinstance(model, str | Path):
        run = read_run(Path(model))
        loaded = load_model(model)
        device = best_device() if device is None else device
    else:
        loaded = _as_loaded(model, tokenizer)
    if tokenizer is not None:
        loaded = replace(loaded, tokenizer=_fitting(tokenizer, loaded))
    if isinstance(device, int):
        device = "cpu" if device < 0 else f"cuda:{device}"
    return QuestionAnswering(load_answering_model(loaded, device=device), run, usual)


class QuestionAnswering:
    """What `pipeline` returns.

    Each of these asks one question, or several:

        qa(question="...", context="...")            # one text may serve a list of questions
        qa({"question": "...", "context": "..."})
        qa([{"question": "...", "context": "..."}, ...])

    Further arguments, of a call or as defaults of `pipeline`:
        top_k: how many answers per question, best first; `topk` is the same.
        max_answer_len: longest answer in tokens; 15.
        max_seq_len: tokens of a window; 384, or what the model can take if that is less.
        doc_stride: tokens that neighbouring windows share; 128, or half a window if that is less.
        handle_impossible_answer: whether "" may be the answer; False.
        align_to_words: whether answers are widened to whole words; True.
        batch_size: windows at a time; 32.
        max_question_len: without effect, as it was with fast tokenizers: no question is cut.

    With a run of ours these defaults are the run's own settings, and answers are as the run gave them.

    Returns:
        Per question {"score", "start", "end", "answer"} with `answer == context[start:end]`, or a list of
        them if `top_k` is more than 1. A list for several questions, an iterator for an iterator of
        dictionaries, and one result for a single question, even if it was in a list.

    Raises:
        UsageError: a text is empty, the numbers of texts differ, a question is too long, or an argument
            is not known.
    """

    task = TASK

    def __init__(self, loaded: LoadedModel, run: Mapping[str, Any] | None, usual: Mapping[str, Any]) -> None:
        self._loaded = loaded
        self._run = run
        self._usual = dict(usual)

    @property
    def model(self) -> PreTrainedModel:
        """The model that answers."""
        return self._loaded.model

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Its tokenizer."""
        return self._loaded.tokenizer

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self._loaded.model.device

    def __call__(self, *inputs: Any, question: Any = None, context: Any = None, **arguments: Any) -> Any:
        """Answers; see the class for what may be given."""
        chosen = self._usual | read_arguments(arguments)
        if len(inputs) == 1 and isinstance(inputs[0], Iterator):
            return self._stream(inputs[0], chosen)
        if inputs and (question is not None or context is not None):
            raise UsageError("give either question= and context=, or dictionaries that hold both")
        if inputs:
            question, context = read_inputs(inputs)
        if question is None or context is None:
            raise UsageError("a call needs both question= and context=, or a dictionary that holds both")
        columns = as_columns(question, context)
        answers = self._answers(columns, chosen)
        return answers[0] if len(answers) == 1 else answers

    def _stream(self, items: Iterator[Any], chosen: Mapping[str, Any]) -> Iterator[Any]:
        while portion := list(islice(items, _AT_ONCE)):
            yield from self._answers(as_columns(*read_inputs([portion])), chosen)

    def _answers(self, columns: dict[str, list[Any]], chosen: Mapping[str, Any]) -> list[Any]:
        top_k = chosen.get("top_k") or 1
        settings = self._settings(chosen, top_k)
        impossible = chosen.get("handle_impossible_answer")
        if impossible is None:
            impossible = self._run is not None and self._run["mode"] == "squad_v2"
        align = chosen.get("align_to_words")
        mode: Mode = "squad_v2" if impossible else "squad"
        batch_size = chosen.get("batch_size") or 32
        found = []
        for part in answer(self._loaded, columns, settings, mode, batch_size):
            for context, prediction, odds in zip(
                part.columns["context"], part.predictions, chances(part), strict=True
            ):
                if self._run is None:
                    ranked = as_formerly(context, prediction, odds, impossible, align is not False, top_k)
                else:
                    ranked = as_decided(context, prediction, odds, bool(align))
                found.append(ranked[0] if top_k == 1 else ranked[:top_k])
        return found

    def _settings(self, chosen: Mapping[str, Any], top_k: int) -> Settings:
        length, stride, answer_length = (
            chosen.get(name) for name in ("max_seq_len", "doc_stride", "max_answer_len")
        )
        if self._run is not None:
            return adapted(Settings(**self._run["settings"]), length, stride, answer_length, n_spans(top_k))
        length = length or min(_SEQUENCE, self.tokenizer.model_max_length)
        stride = min(_STRIDE, length // 2) if stride is None else stride
        return adapted(Settings(), length, stride, answer_length or _ANSWER, n_spans(top_k))


def _as_loaded(model: PreTrainedModel, tokenizer: object) -> LoadedModel:
    """A model that the caller has loaded; its tokenizer is seen to by `_fitting`."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES

    name = type(model).__name__
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if not kinds & set(MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES.values()):
        raise ModelError(
            f"{name}: does not answer questions by pointing at a span; load it with "
            "transformers.AutoModelForQuestionAnswering, or give its name"
        )
    if tokenizer is None:
        raise UsageError("a model that is loaded already needs its tokenizer: add tokenizer=")
    return LoadedModel(name, Path(), model, tokenizer, new_head=False)


def _fitting(tokenizer: Any, loaded: LoadedModel) -> PreTrainedTokenizerFast:
    """The tokenizer, loaded or copied, as the model needs it."""
    from transformers import PreTrainedTokenizerBase

    from qatoolkit.windows import load_tokenizer
    from qatoolkit.windows.tokenizer import settle

    if isinstance(tokenizer, str | Path):
        tokenizer = load_tokenizer(tokenizer)
    elif isinstance(tokenizer, PreTrainedTokenizerBase):
        tokenizer = copy.deepcopy(tokenizer)
    else:
        kind = type(tokenizer).__name__
        raise UsageError(f"tokenizer= is {kind}; give a tokenizer of transformers, or its name")
    settle(tokenizer, loaded.model.config.to_dict(), loaded.name)
    return tokenizer
