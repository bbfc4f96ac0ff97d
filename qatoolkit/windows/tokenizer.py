"""Loads a fast tokenizer that behaves the same wherever it came from, and checks its room.

Does not tokenize examples; that is `featurize`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qatoolkit.errors import MissingExtraError, ModelError, UsageError
from qatoolkit.windows.cut import MIN_ADVANCE, advances
from qatoolkit.windows.locate import resolve_model

if TYPE_CHECKING:
    # Exported, because the rooms beside this one and training import no model library.
    from transformers import PreTrainedTokenizerFast as PreTrainedTokenizerFast

# transformers' stand-in for "no limit known" is 1e30.
NO_LIMIT = 1_000_000


def load_tokenizer(model: str | Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a model, without truncation and padding of its own.

    A `tokenizer.json` may carry a fixed length (sentence encoders often do); saved again, it would
    cut every context of the fine-tuned model at that length. `model_max_length` is set to what the
    model's positions can hold.

    Args:
        model: a folder, "pkg:NAME" or a hub id. Code that a model brings along is never run.

    Raises:
        ModelError: no tokenizer there, or none with character offsets (a "fast" one).
    """
    if find_spec("transformers") is None:
        raise MissingExtraError("tokenizing", "train")
    folder = resolve_model(model)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, trust_remote_code=False)
    except Exception as error:  # any library may fail in its own way on a folder of unknown content
        raise ModelError(f"{model}: its tokenizer cannot be loaded: {_first_line(error)}") from error
    # Where the vocabulary's files are missing, transformers makes one of special tokens alone.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError(f"{model}: holds no tokenizer (no tokenizer.json or vocabulary)")
    settle(tokenizer, json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")), str(model))
    return tokenizer


def settle(tokenizer: PreTrainedTokenizerFast, config: Mapping[str, Any], name: str) -> None:
    """Rids a tokenizer of truncation and padding of its own, and tells it what the model can take.

    Args:
        tokenizer: is changed.
        config: the model's configuration.
        name: of the model, for messages.

    Raises:
        ModelError: it gives no character offsets.
    """
    if not tokenizer.is_fast:
        raise ModelError(
            f"{name}: its tokenizer gives no character offsets (it is not a fast tokenizer), "
            "so answers could not be found in the context; choose another model"
        )
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for setting in ("max_length", "stride", "truncation_strategy", "pad_to_multiple_of"):
        tokenizer.init_kwargs.pop(setting, None)  # their copies, which would be saved again
    limit = min(tokenizer.model_max_length, _positions(config))
    tokenizer.model_max_length = limit if limit < NO_LIMIT else int(1e30)
    names = tokenizer.model_input_names
    # A tokenizer saved under no family's name forgets that its model tells two texts apart by types.
    if "token_type_ids" not in names and config.get("type_vocab_size", 0) > 1 and _gives_types(tokenizer):
        tokenizer.model_input_names = [*names, "token_type_ids"]


def _gives_types(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether what it puts around two texts gives them different token types."""
    return len(set(tokenizer.backend_tokenizer.encode("a", "a").type_ids)) > 1


def _positions(config: Mapping[str, Any]) -> int:
    """How many tokens the model has positions for, or a very large number where it has no limit."""
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return int(1e30)
    # RoBERTa and its kin number their positions from the padding id onwards.
    if config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "longformer", "mpnet"):
        positions -= (config.get("pad_token_id") or 1) + 1
    return positions


def check_room(
    ids: Sequence[str],
    question_tokens: Sequence[int] | NDArray[np.int64],
    contexts: Sequence[str],
    tokenizer: PreTrainedTokenizerFast,
    max_seq_length: int,
    doc_stride: int,
) -> None:
    """Makes sure that every question leaves room for context windows that advance.

    Past that point a context would be cut into as many windows as it has tokens, or into no end of
    them. Only the contexts of suspicious questions are tokenized.

    Args:
        ids: of the examples.
        question_tokens: how many tokens each question has, without special ones.
        contexts: of the examples.
        tokenizer: from `load_tokenizer`.
        max_seq_length: as for `featurize`.
        doc_stride: as for `featurize`.

    Raises:
        UsageError: names the longest such question, and how many there are.
    """
    check_lengths(tokenizer, max_seq_length, doc_stride)
    encode = tokenizer.backend_tokenizer.encode_batch_fast
    special = tokenizer.num_special_tokens_to_add(pair=True)
    refused = []
    for i, tokens in enumerate(question_tokens):
        room = max_seq_length - special - int(tokens)
        if advances(room, doc_stride):
            continue
        needed = len(encode([contexts[i]], add_special_tokens=False)[0])
        if needed > room:
            refused.append((int(tokens), ids[i]))
    if refused:
        tokens, longest = max(refused, key=lambda pair: pair[0])
        others = f" (and {len(refused) - 1:,} more questions are too long)" if len(refused) > 1 else ""
        _refuse(longest, others, tokens, max_seq_length - special - tokens, max_seq_length, doc_stride)


def check_lengths(tokenizer: PreTrainedTokenizerFast, max_seq_length: int, doc_stride: int) -> None:
    """Makes sure that a window of this length can be, whatever the texts are.

    Raises:
        UsageError: says which number is off, and what is possible.
    """
    if doc_stride < 0:
        raise UsageError(f"doc_stride is the overlap of two windows and cannot be {doc_stride}")
    special = tokenizer.num_special_tokens_to_add(pair=True)
    if max_seq_length <= special:
        holds = f"holds nothing beside the {special} special tokens" if special else "holds nothing"
        raise UsageError(f"a window of max_seq_length {max_seq_length} {holds}; raise --max-seq-length")
    if max_seq_length > tokenizer.model_max_length:
        raise UsageError(
            f"max_seq_length {max_seq_length} is more than the {tokenizer.model_max_length} tokens "
            f"that this model can take; set --max-seq-length {tokenizer.model_max_length} or less"
        )


def _refuse(
    example_id: str, others: str, tokens: int, room: int, max_seq_length: int, doc_stride: int
) -> None:
    start = f"question {example_id} has {tokens} tokens{others}; max_seq_length {max_seq_length} leaves "
    if room <= 0:
        raise UsageError(f"{start}no room for the context. Raise --max-seq-length or shorten the question")
    most = int(room * (1 - MIN_ADVANCE)) if room > 1 else 0
    raise UsageError(
        f"{start}{room} for the context, and an overlap (doc_stride) of {doc_stride} makes "
        f"the windows hardly advance. Set --doc-stride {most} or less, or raise --max-seq-length"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
