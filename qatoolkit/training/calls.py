"""Reads the many forms in which transformers' former question-answering pipeline could be called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qatoolkit.errors import UsageError
from qatoolkit.training.answering import require_count

_CALL = (
    "top_k", "topk", "max_answer_len", "max_seq_len", "max_question_len", "doc_stride",
    "handle_impossible_answer", "align_to_words", "batch_size",
)  # fmt: skip
# What made no difference to answers, or says what is so anyway.
_WITHOUT_EFFECT = ("padding", "truncation", "num_workers", "use_fast")
_SO_ANYWAY = {"framework": "pt", "trust_remote_code": False}
_UNKNOWN = object()
_LOADING = (
    "revision", "torch_dtype", "dtype", "device_map", "model_kwargs", "config", "token", "use_auth_token",
    "trust_remote_code",
)  # fmt: skip
_COUNTS = ("top_k", "topk", "max_answer_len", "max_seq_len", "batch_size")


def read_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call that were given, under their present names."""
    for name, value in arguments.items():
        if name in _COUNTS and value is not None:
            require_count(name, value)
        if name in _CALL or name in _WITHOUT_EFFECT or value == _SO_ANYWAY.get(name, _UNKNOWN):
            continue
        if name in _LOADING:
            raise UsageError(
                f"{name}={value!r} is about loading, which is done before: load the model with transformers, "
                "and give it as model= with its tokenizer="
            )
        raise UsageError(f"{name}={value!r} is not known here; known are {', '.join(_CALL)}")
    given = {name: value for name, value in arguments.items() if name in _CALL and value is not None}
    if "topk" in given:
        given.setdefault("top_k", given.pop("topk"))
    return given


def read_inputs(inputs: Sequence[Any]) -> tuple[Any, Any]:
    """Questions and contexts of positional arguments: dictionaries, a list of them, or two texts."""
    if len(inputs) == 2 and all(isinstance(text, str) for text in inputs):
        return inputs[0], inputs[1]
    items = inputs[0] if len(inputs) == 1 else inputs
    items = [items] if isinstance(items, Mapping) else items
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise UsageError("a call needs both question= and context=, or a dictionary that holds both")
    items = list(items)
    for item in items:
        if not isinstance(item, Mapping) or "question" not in item or "context" not in item:
            raise UsageError(f"expected a dictionary with question and context, found {item!r:.80}")
    if not items:
        raise UsageError("the list of questions is empty")
    return [item["question"] for item in items], [item["context"] for item in items]
