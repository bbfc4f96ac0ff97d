import json
import subprocess
import sys

import pytest

from qatoolkit.analysis import report
from qatoolkit.errors import NotACorpusError, UnreadableError, UsageError


def test_a_run_is_judged_example_by_example(write_run, rows):
    found = report(write_run(validation=rows))
    assert found.split == "validation"
    assert [case.error_class for case in found.cases] == [
        "exact",
        "boundary-short",
        "other-occurrence",
        "false-abstention",
        "exact",
        "false-answer",
    ]
    assert [case.example.origin for case in found.wrong] == [f"messy.csv:{line}" for line in (3, 4, 5, 7)]
    assert found.metrics["exact"] == 50.0
    assert found.metrics["f1"] == pytest.approx(100 * (3 + 2 / 3) / 6)
    assert (found.metrics["HasAns_total"], found.metrics["NoAns_exact"]) == (4, 50.0)
    assert sum(found.classes.values()) == 6
    assert "missing" not in found.classes
    assert found.signature.startswith(
        "squad_v2|n:6|refs:max|norm:en|missing:wrong|null:0.0|nbest:20|maxans:30|"
    )
    assert [row["epoch"] for row in found.epochs] == [0, 1]
    assert found.html is None


def test_test_predictions_come_before_validation_predictions(write_run, rows):
    folder = write_run(validation=rows, test=rows[:3])
    assert (report(folder).split, len(report(folder).cases)) == ("test", 3)
    assert report(folder, split="validation").split == "validation"


def test_a_blind_test_split_is_passed_over(write_run, rows):
    blind = [{**row, "answers": {"text": [], "answer_start": []}} for row in rows]
    folder = write_run(validation=rows, test=blind)
    assert report(folder).split == "validation"
    asked = report(folder, split="test")
    assert "unlabelled" in asked.notes[0]


def test_baselines_are_scored_like_the_model(write_run, rows):
    found = report(write_run(validation=rows))
    floors = {row["name"]: row for row in found.floors.to_dicts()}
    assert list(floors) == ["lexical", "question-blind", "no-answer"]
    assert floors["no-answer"]["f1"] == floors["no-answer"]["exact"] == pytest.approx(100 / 3)
    assert floors["lexical"]["f1"] < 60
    answerable = report(write_run(validation=rows[:4]))
    assert answerable.floors["name"].to_list() == ["lexical", "question-blind"]


def test_few_documents_are_not_resampled_as_clusters(write_run, rows, row):
    assert report(write_run(validation=rows)).clusters == "question"
    many = [row(i, "What?", [("Nile", 4)], "Nile" if i % 2 else "", 4, title=f"t{i % 10}") for i in range(40)]
    found = report(write_run(validation=many))
    assert found.clusters == "title"
    low, high = found.intervals["exact"]
    assert low < found.metrics["exact"] < high


def test_predictions_of_the_official_kind_need_a_data_set(write_squad, write_json, rows):
    dataset = write_squad(rows)
    predictions = write_json("p.json", {row["id"]: row["answer"] for row in rows})
    found = report(predictions=predictions, dataset=dataset)
    assert [case.error_class for case in found.cases] == [
        "exact",
        "boundary-short",
        "exact",
        "false-abstention",
        "exact",
        "false-answer",
    ]
    assert found.signature.startswith("squad_v2|n:6|refs:max|norm:en|missing:wrong|ver:")
    with pytest.raises(UsageError, match="--dataset"):
        report(predictions=predictions)


def test_missing_ids_are_named_and_counted_wrong_and_unknown_ones_are_named(write_squad, write_json, rows):
    texts = {row["id"]: row["answer"] for row in rows}
    del texts["q1"], texts["q5"]
    found = report(
        predictions=write_json("p.json", {**texts, "zz": "?"}), dataset=write_squad(rows), output=None
    )
    assert found.missing == ["q1", "q5"]
    assert found.unknown == ["zz"]
    assert found.classes["missing"] == 2
    assert found.metrics["total"] == 6
    assert found.metrics["exact"] == pytest.approx(100 / 6)


def test_predictions_that_carry_their_questions_need_no_data_set(tmp_path, write_predictions, rows):
    parquet = write_predictions(tmp_path / "p.parquet", rows)
    lines = tmp_path / "p.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    classes = [case.error_class for case in report(predictions=parquet).cases]
    assert classes.count("other-occurrence") == 1
    assert [case.error_class for case in report(predictions=lines).cases] == classes


def test_null_odds_bring_the_best_thresholds(write_squad, write_json, rows):
    predictions = write_json("p.json", {row["id"]: row["answer"] or "x" for row in rows})
    odds = write_json("n.json", {"q1": -3, "q2": -2, "q3": -2.5, "q4": 0.5, "q5": 0.75, "q6": 0.875})
    found = report(predictions=predictions, dataset=write_squad(rows), null_odds=odds)
    assert found.metrics["best_exact"] == pytest.approx(100 * 4 / 6)
    assert found.metrics["best_exact_thresh"] == -2.5
    assert found.metrics["best_f1_thresh"] == -2
    assert not found.notes


def test_null_odds_above_one_count_as_no_answer_and_the_report_says_so(write_squad, write_json, rows):
    predictions = write_json("p.json", {row["id"]: row["answer"] for row in rows})
    odds = write_json("n.json", {row["id"]: 1.5 if row["id"] == "q6" else 0 for row in rows})
    found = report(predictions=predictions, dataset=write_squad(rows), null_odds=odds)
    assert found.cases[-1].error_class == "exact"
    assert found.notes[0].endswith("by default: 1.")


def test_null_odds_must_know_every_predicted_id(write_squad, write_json, rows):
    predictions = write_json("p.json", {row["id"]: row["answer"] for row in rows})
    with pytest.raises(UsageError, match="5 predicted ids have no null odds; the first is 'q2'"):
        report(predictions=predictions, dataset=write_squad(rows), null_odds=write_json("n.json", {"q1": 1}))


def test_what_does_not_go_together_is_refused(write_run, write_squad, write_json, rows):
    run, dataset = write_run(validation=rows), write_squad(rows)
    predictions = write_json("p.json", {"other": "x"})
    for arguments, message in (
        ({}, "give one of them"),
        ({"run": run, "predictions": predictions}, "give one of them"),
        ({"run": run, "dataset": dataset}, "carries its questions"),
        ({"run": run, "split": "train"}, r"no predictions for train \(it has validation\)"),
        ({"predictions": predictions, "dataset": dataset}, "no id in common"),
    ):
        with pytest.raises(UsageError, match=message):
            report(**arguments)


def test_files_of_another_kind_are_refused(tmp_path, write_json, write_squad, write_predictions, rows):
    with pytest.raises(UnreadableError, match="no such run"):
        report(tmp_path / "nowhere")
    with pytest.raises(NotACorpusError, match="not predictions"):
        report(predictions=write_json("p.json", ["x"]), dataset=write_squad(rows))
    with pytest.raises(NotACorpusError, match="not null odds"):
        report(
            predictions=write_json("p.json", {"q1": "x"}),
            dataset=write_squad(rows),
            null_odds=write_json("n.json", {"q1": "x"}),
        )
    (tmp_path / "p.parquet").write_bytes(b"PAR0")
    with pytest.raises(UnreadableError, match="not a readable parquet file"):
        report(predictions=tmp_path / "p.parquet")
    (tmp_path / "p.jsonl").write_text('{"id": "q1", "answer": ""}\nnothing\n', encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"p.jsonl:2: not JSON Lines"):
        report(predictions=tmp_path / "p.jsonl", dataset=write_squad(rows))


def test_the_dictionary_is_json_and_keeps_its_shape(write_run, rows):
    found = report(write_run(validation=rows)).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["version"] == 1
    assert list(found) == [
        "version", "subject", "split", "language", "signature", "metrics", "intervals", "clusters", "floors",
        "classes", "slices", "worst", "calibration", "thresholds", "suspects", "comparison", "epochs",
        "best_epoch", "missing", "unknown", "dropped", "notes", "examples",
    ]  # fmt: skip
    assert found["examples"][0] == {
        "id": "q2",
        "title": "Rivers",
        "source": "messy.csv:3",
        "question": "How far does it go?",
        "answers": ["6650 km"],
        "prediction": "6650",
        "start": 12,
        "end": 16,
        "score": 0.5,
        "exact": 0.0,
        "f1": pytest.approx(2 / 3),
        "class": "boundary-short",
        "reason": "",
        "gold_rank": 2,
    }


def test_the_verdict_is_a_sentence(write_run, rows):
    found = report(write_run(validation=rows))
    assert found.verdict == (
        "F1 between 27.8 and 94.4 (95%); here 61.1, exact match 50.0. 4 of 6 validation questions are "
        "not exact, most often boundary-short (1)."
    )
    assert report(write_run(validation=rows[:1])).finding == "All of 1 validation question is exact."


def test_analysis_imports_neither_torch_nor_transformers(write_run, rows):
    code = (
        "import sys, qatoolkit; qatoolkit.report(sys.argv[1], output=sys.argv[2]); "
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    folder = write_run(validation=rows)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(folder / "r.html")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.corpora
def test_real_predictions_agree_with_the_official_scripts(corpora):
    folder = corpora / "squad2-cs224n"
    found = report(
        predictions=folder / "predictions.json",
        dataset=folder / "dev-v2.0.json",
        null_odds=folder / "null_odds.json",
    )
    assert found.metrics == {
        "exact": 71.09246462652189,
        "f1": 74.15364798295602,
        "total": 6078,
        "HasAns_exact": 74.22680412371135,
        "HasAns_f1": 80.6205747217895,
        "HasAns_total": 2910,
        "NoAns_exact": 68.21338383838383,
        "NoAns_f1": 68.21338383838383,
        "NoAns_total": 3168,
        "best_exact": 73.47811780190852,
        "best_exact_thresh": -3.623612880706787,
        "best_f1": 75.93172252069158,
        "best_f1_thresh": -3.6215174198150635,
    }
    right = found.classes["exact"] + found.classes["other-occurrence"]
    assert 100.0 * right / 6078 == 71.09246462652189
    assert sum(found.classes.values()) == 6078


@pytest.mark.corpora
def test_real_predictions_with_missing_ids(corpora):
    found = report(
        predictions=corpora
        / "squad-explorer-predictions"
        / "v1.1 Logistic Regression Baseline (Stanford University).json",
        dataset=corpora / "xquad" / "xquad.en.json",
    )
    assert found.metrics == {"exact": 34.53781512605042, "f1": 45.852334974514676, "total": 1190}
    assert found.missing == ["5726385e271a42140099d799", "5733f309d058e614000b664a"]
