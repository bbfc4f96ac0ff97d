"""What speaks before the position: reach, a doubted annotation, nothing at all."""

import json

import pytest

from qatoolkit.analysis import report
from qatoolkit.analysis.cases import Case, Example, Prediction
from qatoolkit.analysis.judge import explained


def case(exact=0.0, error_class="wrong-sentence", text="x"):
    return Case(Example("1", "", "a b", "?", ("a",), (0,)), Prediction(text), exact, exact, error_class)


@pytest.mark.parametrize(
    ("judged", "beyond", "suspected", "name", "reason"),
    [
        (case(), None, None, "wrong-sentence", ""),
        (case(), "too long", None, "unreachable", "too long"),
        (case(), None, "odd", "suspected-annotation", "odd"),
        (case(), "too long", "odd", "unreachable", "too long"),
        (case(1.0, "exact"), "too long", "odd", "exact", ""),
        (case(1.0, "other-occurrence"), None, "odd", "other-occurrence", ""),
        (case(error_class="missing", text=None), "too long", "odd", "missing", ""),
    ],
)
def test_a_class_has_one_reason(judged, beyond, suspected, name, reason):
    index = {} if beyond is None else {0: beyond}
    [found] = explained([judged], index, {} if suspected is None else {0: suspected})
    assert (found.error_class, found.reason) == (name, reason)


def test_what_the_run_wrote_about_reach_is_believed(write_run, rows):
    folder = write_run(validation=rows)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    unreachable = [
        {"index": 1, "id": "q2", "cause": "no-token", "f1": 0.5, "detail": "answer of 41 tokens"},
        {"index": 3, "id": "another", "cause": "no-token", "f1": 0.5, "detail": "of other data"},
        {"index": 99, "id": "q2", "cause": "no-token", "f1": 0.5, "detail": "of other data"},
    ]
    metrics["ceiling"] = {"validation": {"unreachable": unreachable}}
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    found = report(folder)
    assert found.classes["unreachable"] == 1
    assert (found.cases[1].error_class, found.cases[1].reason) == ("unreachable", "answer of 41 tokens")
    assert found.cases[3].error_class == "false-abstention"


def test_an_annotation_that_stands_nowhere_is_suspected(tmp_path, write_predictions, row):
    rows = [row(1, "How long is it?", [("6650 miles", 12)], "6650 km", 12)]
    found = report(predictions=write_predictions(tmp_path / "p.parquet", rows))
    [judged] = found.cases
    assert judged.error_class == "suspected-annotation"
    assert "6650 miles" in judged.reason
