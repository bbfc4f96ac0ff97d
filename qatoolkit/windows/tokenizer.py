"""Loads a fast tokenizer that behaves the same wherever it came from, and checks its room.

Does not tokenize examples; that is `featurize`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.errors import MissingExtraError, ModelError, UsageError
from qatoolkit.windows.locate import resolve_model

if TYPE_CHECKING:
    # Exported, because the rooms beside this one and training import no model library.
    from transformers import PreTrainedTokenizerFast as PreTrainedTokenizerFast

# Every window has to bring at least this share of new context. With less, a long context turns
# into hundreds of windows that hardly differ; with nothing at all the tokenizer crashes.
_MIN_ADVANCE = 1 / 8

# transformers' stand-in for "no limit known" is 1e30.
_NO_LIMIT = 1_000_000


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
    if not tokenizer.is_fast:
        raise ModelError(
            f"{model}: its tokenizer gives no character offsets (it is not a fast tokenizer), "
            "so answers could not be found in the context; choose another model"
        )
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for name in ("max_length", "stride", "truncation_strategy", "pad_to_multiple_of"):
        tokenizer.init_kwargs.pop(name, None)  # their copies, which would be saved again
    limit = min(tokenizer.model_max_length, _positions(Path(folder)))
    tokenizer.model_max_length = limit if limit < _NO_LIMIT else int(1e30)
    return tokenizer


def _positions(folder: Path) -> int:
    """How many tokens the model has positions for, or a very large number where it has no limit."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return int(1e30)
    # RoBERTa and its kin number their positions from the padding id onwards.
    if config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "longformer", "mpnet"):
        positions -= (config.get("pad_token_id") or 1) + 1
    return positions


def advances(room: int, doc_stride: int) -> bool:
    """Whether windows with this room for the context each bring enough of it that is new.

    Args:
        room: tokens of the context that a window can hold, beside the question and special tokens.
        doc_stride: tokens that neighbouring windows share.
    """
    return room > 0 and room - doc_stride >= max(1, room * _MIN_ADVANCE)


def check_room(
    ids: Sequence[str],
    questions: Sequence[str],
    contexts: Sequence[str],
    tokenizer: PreTrainedTokenizerFast,
    max_seq_length: int,
    doc_stride: int,
) -> None:
    """Makes sure that every question leaves room for context windows that advance.

    Past that point the tokenizer's Rust code panics, or cuts a context into as many windows as it
    has tokens. Only questions are tokenized, and the contexts of those that are suspicious.

    Raises:
        UsageError: names the question and the numbers.
    """
    if doc_stride < 0:
        raise UsageError(f"doc_stride is the overlap of two windows and cannot be {doc_stride}")
    if max_seq_length > tokenizer.model_max_length:
        raise UsageError(
            f"max_seq_length {max_seq_length} is more than the {tokenizer.model_max_length} tokens "
            f"that this model can take; set --max-seq-length {tokenizer.model_max_length} or less"
        )
    encode = tokenizer.backend_tokenizer.encode_batch_fast
    tokenizer.backend_tokenizer.no_truncation()
    special = tokenizer.num_special_tokens_to_add(pair=True)
    for i, encoding in enumerate(encode(list(questions), add_special_tokens=False)):
        room = max_seq_length - special - len(encoding)
        if advances(room, doc_stride):
            continue
        needed = len(encode([contexts[i]], add_special_tokens=False)[0])
        if needed > room:
            _refuse(ids[i], len(encoding), room, max_seq_length, doc_stride)


def _refuse(example_id: str, tokens: int, room: int, max_seq_length: int, doc_stride: int) -> None:
    start = f"question {example_id} has {tokens} tokens; max_seq_length {max_seq_length} leaves "
    if room <= 0:
        raise UsageError(f"{start}no room for the context. Raise --max-seq-length or shorten the question")
    most = int(room * (1 - _MIN_ADVANCE)) if room > 1 else 0
    raise UsageError(
        f"{start}{room} for the context, and an overlap (doc_stride) of {doc_stride} makes "
        f"the windows hardly advance. Set --doc-stride {most} or less, or raise --max-seq-length"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
