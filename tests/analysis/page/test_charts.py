"""The charts draw what their frames say, in colours that both schemes define, and can be described."""

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import qatoolkit.analysis.page
from qatoolkit.analysis.page import charts
from qatoolkit.analysis.page.chart_kit import CONFIG
from qatoolkit.analysis.page.drawn import profile_charts, report_charts

STYLE = Path(qatoolkit.analysis.page.__file__).parent / "templates" / "page.css"


@pytest.fixture
def drawn(small_report):
    return report_charts(small_report)


def every(charts):
    for name, drawn in charts.items():
        for specification in drawn if isinstance(drawn, list) else [drawn]:
            yield name, specification


def rows_of(specification):
    """The rows that a chart is about, not those of its guides."""
    about = {"class", "facet", "other_class"}
    return [rows for rows in specification["datasets"].values() if about & rows[0].keys()]


def test_a_report_that_knows_everything_has_all_charts(drawn):
    assert list(drawn) == [
        "epochs-scores", "epochs-losses", "classes", "worst", "slices", "reliability", "coverage",
        "thresholds", "data-map", "transitions", "won-lost",
    ]  # fmt: skip


def test_every_chart_is_described_and_fits_its_place(drawn, made_profile):
    for name, specification in every({**drawn, **profile_charts(made_profile)}):
        assert len(specification["description"]) > 15, name
        assert specification["width"] == "container"
        assert isinstance(specification["height"], int)


def test_colours_are_variables_that_both_schemes_define(drawn, made_profile):
    said = json.dumps([CONFIG, list(every({**drawn, **profile_charts(made_profile)}))])
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", said)
    light, dark = STYLE.read_text(encoding="utf-8").split("prefers-color-scheme: dark", 1)
    for name in set(re.findall(r"var\((--[\w-]+)\)", said)):
        assert f"{name}:" in light, name
        assert f"{name}:" in dark, name


def test_no_chart_links_or_loads_anything(drawn):
    for _, specification in every(drawn):
        assert not {"url", "href", "image"} & set(
            re.findall(r'"(\w+)":', json.dumps({**specification, "datasets": 0}))
        )


def test_the_bars_of_the_classes_add_up(drawn, small_report):
    (rows,) = rows_of(drawn["classes"])
    assert {row["class"]: row["total"] for row in rows} == {
        name: total for name, total in small_report.classes.items() if total and name != "exact"
    }


def test_each_facet_has_its_own_chart_in_the_order_of_the_slices(drawn, small_report):
    facets = small_report.slices["facet"].unique(maintain_order=True).to_list()
    assert [rows_of(each)[0][0]["facet"] for each in drawn["slices"]] == facets


def test_of_many_values_those_are_drawn_on_which_most_is_lost(small_report):
    many = pl.DataFrame(
        {"facet": ["title"] * 50, "value": [f"t{i}" for i in range(50)], "total": [9] * 50,
         "exact": [50.0] * 50, "f1": [60.0] * 50, "lost": [float(i) for i in range(50)]}
    )  # fmt: skip
    (found,) = report_charts(replace(small_report, slices=many))["slices"]
    assert [row["value"] for row in rows_of(found)[0]] == [f"t{i}" for i in range(49, 29, -1)]


def test_the_best_epoch_is_marked_and_missing_figures_are_no_points(drawn, small_report):
    said = list(drawn["epochs-losses"]["datasets"].values())
    assert [{"x": 3.0, "word": "best"}] in said
    (points,) = [rows for rows in said if "series" in rows[0]]
    assert len(points) == 9  # the first epoch has no training loss
    unmarked = report_charts(replace(small_report, best_epoch=None))["epochs-losses"]
    assert "word" not in json.dumps(unmarked)


def test_one_epoch_is_no_curve(small_report):
    found = report_charts(replace(small_report, epochs=small_report.epochs[:1]))
    assert "epochs-scores" not in found


def test_a_large_data_map_is_a_fixed_sample_of_points_that_open_their_example(big_report):
    (first,) = charts.data_map(big_report.data_map).to_dict()["datasets"].values()
    (again,) = charts.data_map(big_report.data_map).to_dict()["datasets"].values()
    assert first == again
    assert len({row["open"] for row in first}) == charts.MAX_POINTS
    known = big_report.data_map.rows_by_key("index", unique=True)
    words = {0: "never right", 1: "always right"}
    for row in first[:200]:
        confidence, _, correctness = known[row["open"]]
        assert row["confidence"] == round(confidence, 3)
        assert row["right"] == words.get(correctness, "sometimes right")


def test_transitions_tell_better_from_worse(drawn):
    (rows,) = rows_of(drawn["transitions"])
    told = {(row["other_class"], row["this_class"]): row["change"] for row in rows}
    assert told["exact", "wrong-sentence"] == "became wrong"
    assert told["wrong-sentence", "exact"] == "became right"
    assert told["exact", "exact"] == told["wrong-sentence", "boundary-long"] == "as before"


def test_a_profile_draws_shares_of_each_split(made_profile):
    found = profile_charts(made_profile)["profile-0"]
    (rows,) = found["datasets"].values()
    shares = {(row["value"], row["split"]): row["share"] for row in rows}
    assert shares["who", "train"] == 60
    assert shares["how many", "validation"] == 5
    assert sum(value for (_, split), value in shares.items() if split == "train") == pytest.approx(100)


@pytest.mark.parametrize("name", ["split", "total", "share", "variable", "literal", "^.*$"])
def test_the_shares_of_a_split_of_any_name_are_drawn(name):
    frame = pl.DataFrame({"value": ["a", "b"], "train": [1, 3], name: [4, 1]})
    (rows,) = charts.shares(frame, ["train", name]).to_dict()["datasets"].values()
    assert [(row["split"], row["value"], row["total"], row["share"]) for row in rows] == [
        ("train", "a", 1, 25), ("train", "b", 3, 75), (name, "a", 4, 80), (name, "b", 1, 20),
    ]  # fmt: skip
