"""Gates, by the library and as a pipeline meets them."""

import json

import pytest

from qatoolkit.analysis import report
from qatoolkit.analysis.gates import failures, read_gates
from qatoolkit.errors import UsageError


def test_gates_are_read_and_refused():
    assert read_gates(["f1=70", "NoAns_exact = 62.5"]) == {"f1": 70.0, "NoAns_exact": 62.5}
    with pytest.raises(UsageError, match="in percent"):
        read_gates(["f1=0.7"])
    for wrong in ("f1", "f1=", "f1=much", "=70", "f1=101", "f1=-1", "f1=nan"):
        with pytest.raises(UsageError, match="METRIC=PERCENT"):
            read_gates([wrong])


def test_only_what_is_below_fails(write_run, rows):
    found = report(write_run(validation=rows))
    assert failures(found, {"exact": 50.0, "f1": 61.0}, worse_fails=False) == []
    assert failures(found, {"exact": 50.1, "f1": 61.0}, worse_fails=False) == ["exact is 50.00, below 50.1."]
    for metric in ("em", "total", "best_f1_thresh"):
        with pytest.raises(UsageError, match=f"{metric}: there is no such metric here; there is exact, f1, "):
            failures(found, {metric: 1.0}, worse_fails=False)


@pytest.fixture
def runs(tmp_path, write_predictions, row):
    """Two predictions files for the same 60 questions; the first knows half of them, the second all."""
    context = "The Nile flows north."
    for name, right in (("weak", 2), ("strong", 1)):
        rows = [
            row(i, f"What? {i}", [("Nile", 4)], *(("Nile", 4) if i % right == 0 else ("north", 15)),
                context=context, title=f"t{i}")
            for i in range(60)
        ]  # fmt: skip
        write_predictions(tmp_path / f"{name}.parquet", rows)
    return tmp_path


@pytest.mark.parametrize(
    ("these", "options", "code", "said"),
    [
        ("weak", ("--fail-under", "f1=50"), 0, ""),
        ("weak", ("--fail-under", "f1=50.5"), 1, "Gate not passed: f1 is 50.00, below 50.5."),
        (
            "weak",
            ("--fail-if-worse-than", "strong.parquet"),
            1,
            "Gate not passed: Compared with strong.parquet: Worse: F1 -50.0 (",
        ),
        ("weak", ("--fail-if-worse-than", "weak.parquet"), 0, ""),
        ("strong", ("--fail-if-worse-than", "weak.parquet"), 0, ""),
        ("weak", ("--against", "strong.parquet"), 0, ""),
        ("weak", ("--fail-under", "em=50"), 2, "no such metric"),
        ("weak", ("--against", "a", "--fail-if-worse-than", "b"), 2, "one at a time"),
    ],
)
def test_the_exit_code_is_for_pipelines(runs, qatk, these, options, code, said):
    ran = qatk("report", "--predictions", f"{these}.parquet", *options)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert (code == 2) == (ran.out == "")


def test_the_comparison_is_in_every_format(runs, qatk):
    arguments = ("report", "--predictions", "strong.parquet", "--against", "weak.parquet")
    text, markdown = qatk(*arguments), qatk(*arguments, "--output-format", "markdown")
    parsed = json.loads(qatk(*arguments, "--output-format", "json").out)["comparison"]
    assert parsed["verdict"] == "better"
    assert (parsed["right_only_this"], parsed["right_only_other"]) == (30, 0)
    assert parsed["sentence"].startswith("Better: F1 +50.0 (")
    assert "Better: F1 +50.0 (" in " ".join(text.out.split())
    assert "Better: F1 +50.0 (" in markdown.out
