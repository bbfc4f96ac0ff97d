import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from qatoolkit.analysis import CLASSES, report
from qatoolkit.analysis.analyse import analyse
from qatoolkit.analysis.cases import Example, Prediction
from qatoolkit.analysis.material import Material
from qatoolkit.analysis.render_markdown import render_markdown
from qatoolkit.analysis.render_text import render_text
from qatoolkit.analysis.wording import one_line

HOSTILE = [
    "[x](http://evil.example)",
    "![x](http://evil.example/i.png)",
    "a | b || c \\| d",
    "<script>alert(1)</script><b>bold</b>",
    "`code` **strong** _soft_ ~~gone~~ <http://evil.example>",
    "&lt;b&gt; &#124; &amp;",
    "# heading",
    "\\[x\\](y) \\` \\",
]


def about(text, split=None, title="Rivers"):
    """A report on one wrong answer, with the text in every place that a user's text can be in."""
    example = Example("q1", title, f"{text} and more", text, (text,), (0,), source=text, line=3)
    found = analyse(Material("run", split, [example], [Prediction("nothing of the kind")]), "en")
    return replace(found, subject=text, notes=[])


def shown(markdown):
    """What a reader of the Markdown sees, and the kinds of things it is made of."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inside = [child for token in tokens for child in token.children or []]
    text = "".join(child.content for child in inside if child.type in ("text", "text_special"))
    return text, {token.type for token in [*tokens, *inside]}


def test_text_shows_the_facts_and_ends_with_the_verdict(write_run, rows):
    found = report(write_run(validation=rows))
    lines = render_text(found).splitlines()
    text = " ".join(" ".join(lines).split())
    for fact in (
        "these predictions 61.1 50.0",
        "before training 3.2 0.5",
        "word overlap, no model",
        "never answering 33.3 33.3",
        found.signature,
        "boundary-short 1 16.7% ####",
        "messy.csv:3 boundary-short",
        "annotated: 6650 km predicted: 6650 ",
        "annotated: Burundi predicted: no answer",
        "annotated: no answer predicted: Nobody",
    ):
        assert fact in text, fact
    assert text.endswith(found.verdict)


def test_no_line_is_wider_than_a_terminal(write_run, rows, row):
    long = "長い文章 " * 60
    wide = [
        row(
            i,
            long,
            [(long, 0)],
            long if i % 2 else long[5:90],
            0 if i % 2 else 5,
            context=long * 2,
            title=f"{i % 2} {long}",
            source=f"{i}{long}.csv",
        )
        for i in range(24)
    ]
    found = report(write_run(validation=[*rows, *wide]))
    found = replace(found, notes=["Something that takes quite a few words to say. " * 4], missing=[long] * 9)
    lines = [line for line in render_text(found).splitlines() if found.signature not in line]
    assert max(map(cell_len, lines[1:])) <= 80
    columns = [cell_len(line[: line.rindex(" 12")]) for line in lines if re.match(r"  \d 長い.* 12$", line)]
    assert len(columns) >= 2
    assert len(set(columns)) == 1


def test_missing_and_unknown_ids_are_said_in_both(write_squad, write_json, rows):
    predictions = write_json("p.json", {"q1": "6650 km", "z\x1b[31m": "x"})
    found = report(predictions=predictions, dataset=write_squad(rows))
    for text in (render_text(found), shown(render_markdown(found))[0]):
        flat = " ".join(text.split())
        assert "without a prediction, counted as wrong (5): q2, q3, q4, q5, q6" in flat
        assert "does not have, ignored (1): z\\u001b[31m" in flat
        assert "predicted: no prediction" in flat or "no prediction" in flat


def test_best_thresholds_are_said_in_both(write_squad, write_json, rows):
    predictions = write_json("p.json", {row["id"]: row["answer"] or "x" for row in rows})
    odds = write_json("n.json", {"q1": -3, "q2": -2, "q3": -2.5, "q4": 0.5, "q5": 0.75, "q6": 0.875})
    found = report(predictions=predictions, dataset=write_squad(rows), null_odds=odds)
    for text in (render_text(found), shown(render_markdown(found))[0]):
        assert "chosen on these questions: -2.0000 (F1), -2.5000 (exact)" in text


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "bell\x07", "over\u202ewritten", "\x9b1m", "\x00"])
def test_control_characters_are_written_out(text):
    for rendered in (render_text(about(text, title=text)), render_markdown(about(text, title=text))):
        assert all(c.isprintable() or c == "\n" for c in rendered)
        assert f"\\u{next(ord(c) for c in text if not c.isprintable()):04x}" in rendered.replace("\\\\", "\\")


def test_texts_of_all_scripts_are_left_as_they_are():
    for text in ("می\u200cخواهم", "👩\u200d🚀 fährt", "Cafe\u0301", "नमस्ते", "日本語"):
        assert one_line(text) == text
    assert one_line("a\nb\tc\u00a0d\u3000e\r\nf") == "a b c d e  f"
    assert one_line("\U000e0001") == "\\U000e0001"


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_the_user_stays_text(text):
    seen, kinds = shown(render_markdown(about(text)))
    assert seen.count(text) == 4  # run, source, question, annotated
    assert kinds.isdisjoint(
        {"link_open", "image", "html_inline", "html_block", "strong_open", "em_open", "s_open"}
    )


@settings(deadline=None)
@given(st.text(alphabet="ab[]()<>|\\`*_~&;#!$@:/.- \n", max_size=40).filter(str.strip))
def test_any_text_fills_its_cells_and_nothing_else(text):
    seen, kinds = shown(render_markdown(about(f"x{text}x")))
    assert one_line(f"x{text}x") in seen
    assert kinds <= {
        *(
            "heading_open",
            "heading_close",
            "paragraph_open",
            "paragraph_close",
            "inline",
            "text",
            "text_special",
        ),
        *(
            f"{part}_{edge}"
            for part in ("table", "thead", "tbody", "tr", "th", "td")
            for edge in ("open", "close")
        ),
        "code_inline",
    }


def test_bare_addresses_are_no_links_on_github():
    markdown = render_markdown(about("see http://evil.example and WWW.evil.example, @someone"))
    assert not re.search(r"(?<!\\)://|www\.|(?<!\\)@", markdown, re.IGNORECASE)


def test_every_class_has_a_row_with_its_meaning(write_run, rows):
    markdown = render_markdown(report(write_run(validation=rows)))
    for name in set(CLASSES) - {"missing"}:
        assert f"| {name} |" in markdown
        assert CLASSES[name] in markdown


def test_nothing_wrong_leaves_no_list(write_run, rows):
    found = report(write_run(validation=rows[:1]))
    assert "The first that are not exact" not in render_text(found)
    assert "| source |" not in render_markdown(found)


def test_many_examples_are_counted_rather_than_shown(write_run, row):
    rows = [row(i, "Where?", [("Burundi", 54)], "Egypt") for i in range(11)]
    text = render_text(report(write_run(validation=rows)))
    assert text.count("wrong-sentence\n") == 5
    assert "... 6 more: with -o report.html" in text
