import base64
import hashlib
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import polars as pl
import pytest

from qatoolkit.analysis import report
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.page.class_groups import GROUPS
from qatoolkit.analysis.page.render import MAX_BYTES, render_html, render_summary, write_html
from qatoolkit.errors import DestinationError


class Attributes(HTMLParser):
    """All attributes of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += attrs


def shown_part(page):
    """The page up to its data and scripts."""
    return page[: page.index('<script type="application/octet-stream"')]


def text_of(page):
    body = shown_part(page)
    body = body[body.index("<body>") :]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def test_the_page_shows_score_floors_training_classes_slices_and_suspects(small_report):
    text = text_of(render_html(small_report))
    for shown in (
        small_report.finding,
        small_report.comparison.sentence,
        "word overlap, no model",
        "never looks at the question",
        "before training",
        small_report.signature,
        "qatk report runs/first --split crossfit --suspects suspects.csv",
        "qatk fix SOURCE -o FIXED --apply suspects.csv",
        "Expected calibration error 7.3 points",
        "By annotator",
        "Compared with runs/before",
        "12 answers are right only because",
    ):
        assert shown in text, shown


@pytest.mark.parametrize(
    ("strong", "weak", "said"),
    [
        (1, 0, "1 annotation is probably wrong, the most"),
        (2, 1, "2 annotations are probably wrong, and 1 more is worth a look, the most"),
        (0, 3, "3 annotations are worth a look, the most"),
    ],
)
def test_weak_suspects_are_not_called_wrong(small_report, strong, weak, said):
    flags = pl.Series("strong", [True] * strong + [False] * weak)
    suspects = small_report.suspects.head(strong + weak).with_columns(flags)
    assert said in text_of(render_html(replace(small_report, suspects=suspects)))


def test_of_few_questions_the_interval_comes_before_the_score(small_report):
    text = text_of(render_html(small_report))
    low, high = small_report.intervals["f1"]
    assert f"F1, 95% interval {low:.0f}–{high:.0f} measured" in text


def test_of_many_questions_the_score_comes_first(big_report):
    low, high = big_report.intervals["f1"]
    text = text_of(render_html(big_report))
    assert f"F1 {big_report.metrics['f1']:.1f} {low:.1f} to {high:.1f} " in text


def test_what_is_not_known_has_no_section(small_report):
    bare = replace(
        small_report,
        calibration=None,
        thresholds=None,
        comparison=None,
        data_map=None,
        epochs=[],
        dropped=[],
        suspects=small_report.suspects.clear(),
        slices=small_report.slices.clear(),
        worst=small_report.worst.clear(),
    )
    page = shown_part(render_html(bare))
    for section in ("confidence", "suspects", "comparison", "slices"):
        assert f'id="{section}"' not in page
        assert f'href="#{section}"' not in page
    assert "data-chart=" not in re.sub(r'data-chart="classes"', "", page)


def test_a_report_from_disk_becomes_a_page(write_run, rows, tmp_path, unpacked):
    found = report(write_run(validation=rows), output=tmp_path / "r.html")
    page = found.html.read_text(encoding="utf-8")
    assert "messy.csv:3" in [row[2] for _, _, rows in unpacked(page)["contexts"] for row in rows]
    assert found.signature in text_of(page)


def test_the_policy_allows_exactly_our_scripts_and_style_and_no_source(small_report):
    page = render_html(small_report)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    directives = dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))
    assert set(directives) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert {directives[name] for name in ("default-src", "base-uri", "form-action")} == {"'none'"}
    scripts = re.findall(r'<script(?: type="module")?>(.*?)</script>', page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for contents, directive in ((scripts, "script-src"), (styles, "style-src")):
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in contents]
        assert directives[directive] == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert len(scripts) == 3
    attributes = Attributes()
    attributes.feed(shown_part(page))
    forbidden = {"src", "srcset", "style", "action", "onclick", "onerror"}
    assert not forbidden & {name for name, _ in attributes.found}
    assert all(value.startswith("#") for name, value in attributes.found if name == "href")
    assert "sourceMappingURL" not in page


def test_markup_in_every_text_of_the_user_is_shown_and_not_obeyed(small_report, hostile):
    words = {
        "subject": hostile,
        "split": hostile,
        "notes": [hostile],
        "missing": [hostile],
        "unknown": [hostile],
    }
    facets = small_report.facets.rename({"title": hostile})
    slices = small_report.slices.with_columns(facet=pl.lit(hostile), value=pl.lit(hostile))
    comparison = replace(small_report.comparison, against=hostile, sentence=hostile)
    evil = replace(small_report, **words, facets=facets, slices=slices, comparison=comparison)
    page = shown_part(render_html(evil))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;/script&gt;&lt;script&gt;") > 20
    assert "<script" not in render_summary(evil)


def test_the_profile_of_a_dataset_is_shown_and_its_texts_are_not_obeyed(made_profile):
    page = render_html(made_profile)
    assert "<img" not in shown_part(page)
    assert "<script" not in shown_part(page)
    assert re.search(r"who.* 120 .*10", text_of(page))
    assert page.count("<script") == 3


def test_ten_thousand_predictions_with_whole_contexts_fit(big_report, unpacked):
    page = render_html(big_report)
    assert 1_500_000 < len(page.encode()) < MAX_BYTES
    data = unpacked(page)
    assert not data["cut"]
    assert sum(len(rows) for _, _, rows in data["contexts"]) == 10_000
    assert "left out" not in text_of(page)


def test_a_page_with_too_much_says_what_was_left_out(build_report, unpacked):
    large = build_report(3_000, characters=12_000, each=1)
    page = render_html(large)
    assert len(page.encode()) < MAX_BYTES
    data = unpacked(page)
    shown = sum(len(rows) for _, _, rows in data["contexts"])
    assert data["cut"]
    assert f"{shown:,} of 3,000 examples" in text_of(page)
    assert "Contexts are cut around the answers" in text_of(page)


def test_the_same_report_gives_the_same_page(small_report):
    assert render_html(small_report) == render_html(small_report)


def test_every_class_has_one_group():
    assert sorted(name for group in GROUPS for name in group.classes) == sorted(CLASSES)


def test_lone_surrogates_are_written_as_escapes(small_report, tmp_path, unpacked):
    case = small_report.cases[0]
    odd = replace(case, example=replace(case.example, question="\ud800 odd", id="\udfff"))
    suspects = small_report.suspects.with_columns(index=pl.lit(0))
    path = write_html(
        replace(small_report, cases=[odd, *small_report.cases[1:]], suspects=suspects), tmp_path / "r"
    )
    page = path.read_text(encoding="utf-8")
    assert "\\ud800 odd" in page
    assert "\ud800 odd" in [row[3] for _, _, rows in unpacked(page)["contexts"] for row in rows]


def test_a_place_that_cannot_be_written_says_so(small_report, tmp_path):
    with pytest.raises(DestinationError, match="cannot be written"):
        write_html(small_report, tmp_path / "no" / "such" / "folder.html")


def test_output_writes_the_page_and_replaces_an_older_one(small_report, tmp_path):
    path = write_html(small_report, tmp_path / "r.html")
    path.write_text(path.read_text(encoding="utf-8") + "old", encoding="utf-8")
    text = write_html(small_report, path).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert not text.endswith("old")


def test_output_replaces_nothing_but_a_page_of_ours(small_report, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DestinationError, match="no report of ours"):
        write_html(small_report, path)
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_notebook_shows_the_score_and_the_classes(small_report):
    lines = small_report._repr_html_()
    assert f"{small_report.metrics['f1']:.1f}" in lines
    assert "boundary-long" in lines
    assert "same-sentence" not in lines
