import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from qatoolkit.analysis import CLASSES, report
from qatoolkit.resources import resource

SCHEMA = json.loads(resource("schemas/report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def parsed(found):
    """As a program on the other side of a pipe gets it."""
    return json.loads(json.dumps(found.to_dict(), allow_nan=False))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"] == {"const": 1}
    assert SCHEMA["$defs"]["class"]["enum"] == list(CLASSES)


def test_a_run_fits(write_run, rows):
    VALIDATOR.validate(parsed(report(write_run(validation=rows))))


def test_predictions_with_null_odds_missing_and_unknown_ids_fit(write_squad, write_json, rows):
    predictions = write_json("p.json", {"q1": "6650 km", "q3": "The Nile", "q6": "Nobody", "zz": "x"})
    odds = write_json("n.json", {"q1": -3, "q3": -2, "q6": -2.5})
    found = parsed(report(predictions=predictions, dataset=write_squad(rows), null_odds=odds))
    VALIDATOR.validate(found)
    assert found["missing"] == ["q2", "q4", "q5"]
    assert found["unknown"] == ["zz"]


def test_numbers_of_a_training_that_diverged_are_null(write_run, row, rows):
    folder = write_run(validation=[{**rows[0], "score": float("nan"), "answer": "x"}])
    metrics = (
        '{"epochs": [{"epoch": 0, "validation_loss": NaN, "train_loss": Infinity, "exact": 0, "f1": 0}]}'
    )
    (folder / "metrics.json").write_text(metrics, encoding="utf-8")
    found = parsed(report(folder))
    VALIDATOR.validate(found)
    assert (found["examples"][0]["score"], found["epochs"][0]["validation_loss"]) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"more": 1},
        {"classes": {"unheard-of": 1}},
        {"metrics": {"exact": 1.0, "f1": 101.0, "total": 1}},
        {"intervals": {"f1": [1.0]}},
        {"missing": [1]},
    ],
)
def test_what_is_no_report_does_not_fit(write_run, rows, change):
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**parsed(report(write_run(validation=rows))), **change})


@pytest.mark.corpora
def test_real_predictions_fit(corpora):
    folder = corpora / "squad-explorer-predictions"
    found = parsed(
        report(
            predictions=folder / "v1.1 BERT (ensemble) (Google AI Language).json",
            dataset=corpora / "xquad" / "xquad.en.json",
        )
    )
    VALIDATOR.validate(found)
    assert found["metrics"] == {"exact": 74.87394957983193, "f1": 86.32474793700983, "total": 1190}
    facets = {row["facet"] for row in found["slices"]}
    assert {"question word", "answer length", "answer type", "lexical overlap", "title"} <= facets
    for rows in ([row for row in found["slices"] if row["facet"] == facet] for facet in facets):
        assert sum(row["total"] for row in rows) == 1190
