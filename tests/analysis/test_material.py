"""What a report is made of: which predictions, which training split, which others to compare with."""

import json
import shutil

import polars as pl
import pytest

from qatoolkit.analysis import report
from qatoolkit.analysis.material import against, of_predictions, of_run
from qatoolkit.analysis.render_text import render_text
from qatoolkit.conversion.convert import convert
from qatoolkit.errors import UsageError

TOWN = "Brandsund has a harbour, which opened in 1931. Its first keeper was Ida Holm."


@pytest.fixture
def crossfit(tmp_path, write_predictions, row):
    """A run that holds nothing but a cross-fit."""
    rows = [
        row(1, "When did it open?", [("1931", TOWN.index("1931"))], "1931", TOWN.index("1931"), TOWN),
        row(2, "Who kept it?", [("harbour", TOWN.index("harbour"))], "Ida Holm", TOWN.index("Ida"), TOWN),
    ]
    path = write_predictions(tmp_path / "cross" / "crossfit.parquet", rows)
    measured = {"confidence": [0.8, 0.001], "variability": [0.1, 0.0], "correctness": [1.0, 0.0]}
    pl.read_parquet(path).with_columns(
        pl.Series(name, held) for name, held in measured.items()
    ).write_parquet(path)
    return path.parent


def test_a_cross_fit_is_a_run_of_the_training_split(crossfit):
    found = report(crossfit)
    assert found.split == "train"
    assert found.notes[0].startswith("These are the answers of a cross-fit")
    assert found.data_map.to_dicts() == [
        {"index": 0, "confidence": 0.8, "variability": 0.1, "correctness": 1.0},
        {"index": 1, "confidence": 0.001, "variability": 0.0, "correctness": 0.0},
    ]
    assert found.suspects["index"].to_list() == [1]


def test_predictions_of_a_model_come_before_a_cross_fit(crossfit, write_predictions, rows):
    write_predictions(crossfit / "predictions-validation.parquet", rows)
    found = of_run(crossfit, None)
    assert found.split == "validation"
    assert found.notes[-1] == "The run also holds predictions for crossfit (--split)."
    assert of_run(crossfit, "crossfit").split == "train"


def test_scores_of_the_validation_split_are_told_to_be_too_good(write_run, rows):
    assert "a little too good" in of_run(write_run(validation=rows), None).notes[0]
    assert of_run(write_run(test=rows), None).notes == [
        "The run also holds predictions for validation (--split)."
    ]


@pytest.fixture
def trained(tmp_path, write_run, row, monkeypatch):
    """A run beside the dataset it was trained on, which has one of the questions that were predicted."""
    monkeypatch.chdir(tmp_path)
    records = [
        {
            "id": f"t{number}", "title": f"{number}", "question": question,
            "context": f"{TOWN} Number {number}.",
            "answers": {"text": ["Ida Holm"], "answer_start": [TOWN.index("Ida")]},
        }
        for number, question in enumerate(["Who was the first keeper of the harbour?", "Who came first?"])
    ]  # fmt: skip
    source = tmp_path / "train.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    convert(source, "dataset", split="train=1")
    questions = (
        "Who was the first keeper of the harbour?",
        "Who keeps the harbour now?",
        "When did it open?",
    )
    rows = [
        row(number, question, [(text, TOWN.index(text))], text, TOWN.index(text), TOWN)
        for number, (question, text) in enumerate(
            zip(questions, ("Ida Holm", "Ida Holm", "1931"), strict=True)
        )
    ]
    folder = write_run(validation=rows)
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    facts |= {"dataset": "dataset", "counts": {"train": {"examples": 2}}}
    (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def test_questions_are_held_against_those_that_were_learnt(trained):
    found = report(trained)
    assert found.facets["training overlap"].to_list() == ["question seen", "answer seen", "neither"]


def test_training_data_that_is_gone_or_another_is_told(trained):
    (trained.parent / "dataset").rename(trained.parent / "elsewhere")
    found = report(trained)
    assert "training overlap" not in found.facets.columns
    assert any("is not at dataset as it was" in note for note in found.notes)


def test_others_are_a_run_a_file_that_carries_its_questions_or_one_of_ids(
    tmp_path, write_run, write_predictions, write_json, rows
):
    material = of_run(write_run(validation=rows), None)
    parquet = write_predictions(tmp_path / "other.parquet", rows[:3])
    official = write_json("other.json", {"q1": "6650 km", "zz": "x"})
    assert against(tmp_path / "run", material).subject == str(tmp_path / "run")
    assert len(against(parquet, material).examples) == 3
    joined = against(official, material)
    assert [prediction.text for prediction in joined.predictions] == ["6650 km", *[None] * 5]
    assert joined.unknown == ["zz"]
    with pytest.raises(UsageError, match="no id in common"):
        against(write_json("wrong.json", {"zz": "x"}), material)


def test_the_language_is_asked_for_known_or_detected(write_run, write_squad, write_json, row):
    text = "Die Fähre nach Vik fährt jeden Morgen um neun Uhr ab und kommt am späten Nachmittag zurück."
    german = [row(1, "Wann fährt die Fähre nach Vik ab?", [("neun Uhr", 43)], "um die neun Uhr", None, text)]
    run = write_run(validation=german)
    assert report(run).language == "en"  # as the run was scored
    assert report(run, language="de").signature.split("|")[3] == "norm:de"
    with pytest.raises(UsageError, match="no answer normalisation for language 'xx'"):
        report(run, language="xx")
    official = write_json("p.json", {"q1": "die neun Uhr"})
    found = report(predictions=official, dataset=write_squad(german))
    assert (found.language, found.metrics["exact"]) == ("de", 100.0)
    assert "norm:de" in found.notes[0]
    assert report(predictions=official, dataset=write_squad(german), language="en").metrics["exact"] == 0.0


def test_a_file_of_predictions_is_scored_with_its_own_questions(tmp_path, write_predictions, rows):
    found = of_predictions(write_predictions(tmp_path / "p.parquet", rows), None, None, None)
    assert (found.split, len(found.examples), found.training) == (None, 6, None)


@pytest.mark.parametrize("broken", ["empty", "unreadable"])
def test_training_data_that_cannot_be_read_does_not_stop_the_report(trained, broken):
    dataset = trained.parent / "dataset"
    shutil.rmtree(dataset)
    dataset.mkdir()
    if broken == "unreadable":
        (dataset / "train.json").write_bytes(b"\x00\xff\x00")
    assert any("is not at dataset as it was" in note for note in report(trained).notes)


def test_both_sides_are_scored_by_one_reference(tmp_path, write_predictions, write_run, row):
    rows = [
        row(i, f"Which {i}?", [("The", 0)], "The", 0, context=f"The {i}.", title=f"{i}") for i in range(20)
    ]
    run = write_run(validation=rows)  # squad_v2, where an answer that normalises to nothing is none
    other = tmp_path / "other"
    shutil.copytree(run, other)
    facts = (other / "run.json").read_text(encoding="utf-8").replace("squad_v2", "squad")
    (other / "run.json").write_text(facts, encoding="utf-8")
    assert report(run, against=other).comparison.scores["difference"].to_list() == [0.0, 0.0]


def test_one_question_can_be_compared_on_a_page(tmp_path, write_predictions, rows):
    path = write_predictions(tmp_path / "one.parquet", rows[:1])
    found = report(predictions=path, against=path, output=tmp_path / "r.html")
    assert found.comparison.scores["low"].to_list() == [None, None]
    assert "no interval" in render_text(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_fold_that_diverged_leaves_the_data_map_without_its_questions(crossfit):
    path = crossfit / "crossfit.parquet"
    pl.read_parquet(path).with_columns(confidence=pl.Series([float("nan"), 0.5])).write_parquet(path)
    found = report(crossfit, output=crossfit / "r.html")
    assert found.data_map["index"].to_list() == [1]
