"""One training step and one prediction with every family of models that can point at a span.

The models are tiny and random; the tokenizers are trained here on a few sentences, with the special tokens
and templates that the families have.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoModelForQuestionAnswering, PreTrainedTokenizerFast

from qatoolkit import Answerer
from qatoolkit.training.finetune import finetune
from qatoolkit.training.model import load_model, quiet

TEXTS = [
    "The Nile is 6650 km long and flows north.",
    "Ada Lovelace wrote the first program in 1843.",
    "Cafe\u0301 Müller 😀 opened in 1990 near the harbour.",
    "How long is the river, who wrote it, and when did the café open?",
]
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def _tokenizer(kind: str, cls: str, sep: str, pad: str, *, doubled: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer of that kind; `cls` "" puts no special tokens around a pair, as decoders have it."""
    special = [token for token in dict.fromkeys((cls, pad, sep, "<unk>", "<mask>")) if token]
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer: Any = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    elif kind == "bpe":
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=150, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if cls:
        middle = f"{sep} {sep}" if doubled else sep
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{cls} $A {sep}",
            pair=f"{cls} $A {middle} $B {sep}" if doubled else f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
            special_tokens=[(token, tokenizer.token_to_id(token)) for token in (cls, sep)],
        )
    names = {"cls_token": cls, "sep_token": sep} if cls else {"eos_token": pad}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad, unk_token="<unk>", **names)


def bert_like() -> PreTrainedTokenizerFast:
    return _tokenizer("wordpiece", "[CLS]", "[SEP]", "[PAD]")


def roberta_like() -> PreTrainedTokenizerFast:
    return _tokenizer("bpe", "<s>", "</s>", "<pad>", doubled=True)


def xlmr_like() -> PreTrainedTokenizerFast:
    return _tokenizer("unigram", "<s>", "</s>", "<pad>", doubled=True)


def sentencepiece_like() -> PreTrainedTokenizerFast:
    return _tokenizer("unigram", "[CLS]", "[SEP]", "[PAD]")


def mpnet_like() -> PreTrainedTokenizerFast:
    return _tokenizer("wordpiece", "<s>", "</s>", "<pad>", doubled=True)


def modernbert_like() -> PreTrainedTokenizerFast:
    return _tokenizer("bpe", "[CLS]", "[SEP]", "[PAD]")


def xlnet_like() -> PreTrainedTokenizerFast:
    """The context comes first, the CLS token last, and padding goes to the left."""
    tokenizer = _tokenizer("unigram", "<cls>", "<sep>", "<pad>")
    backend = tokenizer.backend_tokenizer
    backend.post_processor = processors.TemplateProcessing(
        single="$A <sep> <cls>:2",
        pair="$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2",
        special_tokens=[(token, backend.token_to_id(token)) for token in ("<cls>", "<sep>")],
    )
    tokenizer.padding_side = "left"
    return tokenizer


def decoder_like() -> PreTrainedTokenizerFast:
    return _tokenizer("bpe", "", "", "<|end|>")


FAMILIES: dict[str, tuple[Callable[[], PreTrainedTokenizerFast], dict[str, Any]]] = {
    "bert": (bert_like, SMALL),
    "distilbert": (bert_like, {"dim": 32, "hidden_dim": 64, "n_heads": 2, "n_layers": 2}),
    "roberta": (roberta_like, {**SMALL, "max_position_embeddings": 130, "type_vocab_size": 1}),
    "xlm-roberta": (xlmr_like, {**SMALL, "max_position_embeddings": 130, "type_vocab_size": 1}),
    "deberta-v2": (
        sentencepiece_like,
        {**SMALL, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 0},
    ),
    "electra": (bert_like, {**SMALL, "embedding_size": 16}),
    "albert": (sentencepiece_like, {**SMALL, "embedding_size": 16}),
    "mpnet": (mpnet_like, {**SMALL, "max_position_embeddings": 130}),
    "modernbert": (modernbert_like, {**SMALL, "global_attn_every_n_layers": 2, "local_attention": 16}),
    "longformer": (
        roberta_like,
        {**SMALL, "attention_window": 16, "max_position_embeddings": 130, "type_vocab_size": 1},
    ),
    "xlnet": (
        xlnet_like,
        {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64},
    ),
    "qwen3": (decoder_like, {**SMALL, "num_key_value_heads": 2, "head_dim": 16}),
    "llama": (decoder_like, {**SMALL, "num_key_value_heads": 2}),
}


@pytest.fixture(params=list(FAMILIES))
def untrained(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a model of the family that has no question-answering head, as one downloads it."""
    make, settings = FAMILIES[request.param]
    tokenizer = make()
    torch.manual_seed(1)
    ids = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.cls_token_id,
        "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.eos_token_id or tokenizer.sep_token_id,
    }
    config = AutoConfig.for_model(request.param, **{**ids, **settings})
    folder = tmp_path / "base"
    with quiet():
        AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_one_step_and_one_prediction(
    untrained: Path, make_dataset: Callable[..., datasets.DatasetDict], tmp_path: Path
) -> None:
    assert load_model(untrained).new_head
    steps: list[int] = []
    facts = make_dataset(repeat=1, unanswerable=True)
    long = facts.map(lambda row: {"context": row["context"] * 6}, load_from_cache_file=False)
    result = finetune(
        long,
        tmp_path / "run",
        model=untrained,
        max_seq_length=64,
        doc_stride=8,
        batch_size=8,
        learning_rate=1e-2,
        settings={"max_steps": 1, "bf16": False},
        on_step=lambda done, total: steps.append(done),
    )
    assert steps == [1]
    assert result.counts["train"]["features"] > result.counts["train"]["examples"]  # contexts were cut

    before, after = load_file(untrained / "model.safetensors"), load_file(result.path / "model.safetensors")
    encoder = [name for name in after if any(name.endswith(key) for key in before)]
    assert any(not torch.equal(after[name], before[_same(name, before)]) for name in encoder)
    with quiet():
        plain = AutoModelForQuestionAnswering.from_pretrained(result.path)
    assert {name for name, _ in plain.named_parameters()} <= set(after)

    answerer = Answerer(result.path)
    for text in TEXTS[:3]:
        answers = answerer(question="Who wrote it?", context=text * 3, top_k=3)
        assert len(answers) == 3
        for answer in answers:
            assert answer["answer"] == (text * 3)[answer["start"] : answer["end"]]


def _same(name: str, before: dict[str, torch.Tensor]) -> str:
    """The encoder's own name of a parameter, which has the family's prefix in a whole model."""
    return max((key for key in before if name.endswith(key)), key=len)
