import base64
import hashlib
import re
from dataclasses import replace
from html import unescape

import pytest

from qatoolkit.analysis import report
from qatoolkit.analysis.cases import Span
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.render_html import GROUPS, render_html, render_summary, write_html
from qatoolkit.errors import DestinationError


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_page_shows_score_floor_training_classes_and_lines(write_run, rows):
    found = report(write_run(validation=rows))
    page = render_html(found)
    text = text_of(page)
    for shown in (
        "61.1",
        "word overlap, no model",
        "never answering",
        "before training",
        "messy.csv:3",
        "annotated answer is candidate 3",
        "4 of 6 validation questions are not exact",
        found.signature,
    ):
        assert shown in text, shown
    assert page.count('<tr data-class="') == 4
    assert '<mark class="both">6650</mark><mark class="annotated"> km</mark>' in page
    assert '<dd class="nothing">no answer</dd>' in page


def test_without_training_figures_there_is_no_training_section(write_squad, write_json, rows):
    found = report(predictions=write_json("p.json", {"q1": "6650 km"}), dataset=write_squad(rows))
    page = render_html(found)
    assert 'id="training"' not in page
    assert "before training" not in page
    assert "no prediction" in page
    assert "q2, q3, q4, q5, q6" in page


def test_nothing_wrong_leaves_no_table(write_run, rows):
    page = render_html(report(write_run(validation=rows[:1])))
    assert "Every answer is exact." in page
    assert 'id="rows"' not in page


def test_the_policy_allows_exactly_our_script_and_style_and_no_source(write_run, rows):
    page = render_html(report(write_run(validation=rows)))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    directives = dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))
    assert directives["default-src"] == "'none'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!#)\w""", page)
    assert "url(" not in page
    assert " style=" not in page


def test_markup_in_every_text_of_the_user_is_shown_and_not_obeyed(write_run, row):
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'"&'
    rows = [
        row(1, evil, [(evil, 0)], evil[:20], 0, context=evil + " more", title=evil, source=evil),
        row(2, evil, [], evil, 0, context=evil + " more", title="", id=evil, source=None),
    ]
    found = report(write_run(validation=rows))
    page = render_html(replace(found, subject=evil, notes=[evil], missing=[evil], unknown=[evil]))
    assert page.count("<script") == 1
    assert "<img" not in page
    assert page.count("&lt;/script&gt;&lt;script&gt;alert(1)") >= 8
    assert "<script" not in render_summary(replace(found, subject=evil))


def test_the_page_stays_below_four_megabytes_and_says_what_was_left_out(write_run, row):
    context = "語" * 4000
    wrong = row(1, "長" * 500, [("語" * 300, 0)], "語" * 200, 3000, context=context)
    found = report(write_run(validation=[wrong]))
    (case,) = found.cases
    many = replace(found, cases=[case] * 10_000)
    page = render_html(many).encode()
    assert 2_000_000 < len(page) < 4_000_000
    shown = page.count(b'<tr data-class="')
    assert f"The first {shown:,} of 10,000 examples".encode() in page
    assert "left out" not in text_of(render_html(found))


def test_every_class_has_one_group():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(CLASSES)


def test_lone_surrogates_are_written_as_escapes(write_run, rows, tmp_path):
    found = report(write_run(validation=rows))
    case = found.wrong[0]
    odd = replace(
        case, example=replace(case.example, question="\ud800 odd", context="\ud800"), annotated=Span(0, 1)
    )
    path = write_html(replace(found, cases=[odd]), tmp_path / "r.html")
    assert "\\ud800 odd" in path.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_says_so(write_run, rows, tmp_path):
    with pytest.raises(DestinationError, match="cannot be written"):
        report(write_run(validation=rows), output=tmp_path / "no" / "such" / "folder.html")


def test_output_writes_the_page_and_replaces_an_older_one(write_run, rows, tmp_path):
    path = tmp_path / "r.html"
    run = write_run(validation=rows)
    report(run, output=path)
    path.write_text(path.read_text(encoding="utf-8") + "old", encoding="utf-8")
    found = report(run, output=path)
    assert found.html == path
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert not text.endswith("old")


def test_output_replaces_nothing_but_a_page_of_ours(write_run, rows, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DestinationError, match="no report of ours"):
        report(write_run(validation=rows), output=path)
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_notebook_shows_the_score_and_the_classes(write_run, rows):
    lines = report(write_run(validation=rows))._repr_html_()
    assert "61.1" in lines
    assert "other-occurrence" in lines
    assert "false-answer" in lines
    assert "same-sentence" not in lines
