"""The page of 10,000 predictions in a real browser: it filters, sorts, opens, draws, prints, and asks
the network for nothing. Its screenshots are kept in the folder that QATK_ARTIFACTS names.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from qatoolkit.analysis.page.class_groups import GROUPS
from qatoolkit.analysis.page.render import write_html

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    folder = Path(os.environ.get("QATK_ARTIFACTS") or tmp_path_factory.mktemp("artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def path(big_report, tmp_path_factory):
    return write_html(big_report, tmp_path_factory.mktemp("page") / "report.html")


def open_in(browser, path, *, before="", **context):
    """A page that keeps everything it should not do in `offences`."""
    page = browser.new_page(**context)
    page.offences = []
    page.on("dialog", lambda dialog: (page.offences.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: page.offences.append(message.text))
    page.on("pageerror", lambda error: page.offences.append(str(error)))
    page.on("request", lambda request: page.offences.append(request.url))
    if before:
        page.add_init_script(before)
    page.goto(path.as_uri())
    page.offences.remove(path.as_uri())
    return page


def ready(page):
    page.wait_for_selector("html[data-ready]")
    return page


@pytest.fixture(scope="module")
def shared(browser, path):
    page = ready(open_in(browser, path, viewport={"width": 1280, "height": 900}))
    yield page
    assert page.offences == []
    page.close()


@pytest.fixture
def page(shared):
    """The page with nothing filtered, sorted or open."""
    if shared.locator("#example").is_visible():
        shared.locator("#close").click()
    if shared.locator("#reset").is_visible():
        shared.locator("#reset").click()
    shared.evaluate("document.querySelector('#search').value = ''")
    shared.locator("#kinds").select_option("all")
    left(shared, "10,000")
    return shared


def left(page, count):
    """Waits until so many examples are left."""
    sync_api.expect(page.locator("#status")).to_have_text(f"{count} of 10,000 examples")


def total(cases):
    return f"{sum(1 for _ in cases):,}"


def said(case):
    """All the texts of an example that the search looks into."""
    example = case.example
    fields = (example.id, example.origin, example.title, example.question, example.context)
    return "\n".join((*fields, *example.answers, case.prediction.text or "")).lower()


def first_rows(page, column, count=5):
    cells = page.locator(f".tabulator-row .tabulator-cell[tabulator-field='{column}']")
    return cells.all_inner_texts()[:count]


def search(page, words):
    page.locator("#search").fill(words)


def open_first(page):
    """Opens the first row; a click that falls between two drawings of the table is made again."""
    dialog = page.locator("#example")
    for _ in range(3):
        page.wait_for_timeout(200)
        page.locator(".tabulator-row").first.click()
        try:
            sync_api.expect(dialog).to_be_visible(timeout=3000)
            return
        except AssertionError:
            continue
    sync_api.expect(dialog).to_be_visible()


def open_example(page, index):
    page.evaluate(
        """index => { const button = document.createElement("button"); button.dataset.open = index;
           document.body.append(button); button.click(); button.remove(); }""",
        index,
    )


def test_the_page_opens_quietly_and_shows_what_is_not_exact_first(browser, path, big_report, artefacts):
    page = ready(open_in(browser, path, viewport={"width": 1280, "height": 900}))
    left(page, total(case for case in big_report.cases if case.error_class != "exact"))
    page.screenshot(path=artefacts / "desktop.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    assert page.offences == []
    page.close()


def test_the_class_filter_leaves_as_many_as_there_are(page, big_report):
    for name, count in big_report.classes.items():
        if count:
            page.locator("#kinds").select_option(name)
            left(page, f"{count:,}")
            assert set(first_rows(page, "class")) == {name}
    for group in GROUPS:
        count = sum(big_report.classes.get(name, 0) for name in group.classes)
        if page.locator(f"#kinds option[value='group {group.name}']").count():
            page.locator("#kinds").select_option(f"group {group.name}")
            left(page, f"{count:,}")


def test_any_value_of_any_facet_can_be_filtered_for_and_given_up_again(page, big_report):
    facets = big_report.facets
    page.locator("#facets").select_option(label="question word")
    page.locator("#values").select_option(
        label=f"why ({total(v for v in facets['question word'] if v == 'why')})"
    )
    one = facets.filter(question_word := facets["question word"] == "why").height
    left(page, f"{one:,}")

    page.locator("#facets").select_option(label="answer length")
    page.locator("#values").select_option(index=1)
    band = page.locator(".condition").all_inner_texts()[1].removeprefix("answer length: ")
    both = (question_word & (facets["answer length"].cast(str) == band)).sum()
    left(page, f"{both:,}")

    page.get_by_role("button", name="Remove the condition question word: why").click()
    left(page, f"{(facets['answer length'].cast(str) == band).sum():,}")
    page.get_by_role("button", name="Show all").click()
    left(page, "10,000")


def test_a_facet_of_the_source_with_a_hostile_name_is_a_facet_like_others(page, big_report, hostile):
    name = big_report.facets.columns[-1]
    page.locator("#facets").select_option(label=name)
    page.locator("#values").select_option(index=2)
    assert page.locator(".condition").inner_text() == f"{name}: {hostile}"
    left(page, f"{(big_report.facets[name] == hostile).sum():,}")


@pytest.mark.parametrize(
    "words",
    [
        "COPPER Lamp",
        "dev.jsonl:77",
        "00007b",
        "نهر",
        "河流 橋樑",
        "😀",
        "Müller",
        "<script>window.hit",
        "nowhere-found",
    ],
)
def test_search_finds_every_word_in_any_script_and_any_field(page, big_report, words):
    wanted = words.lower().split()
    search(page, words)
    left(page, total(case for case in big_report.cases if all(word in said(case) for word in wanted)))


def test_a_click_on_a_header_sorts_up_then_down_then_as_in_the_file(page, big_report):
    header = page.locator(".tabulator-col[tabulator-field='score']")
    scores = sorted(case.prediction.score for case in big_report.cases)
    for direction, expected in (("ascending", scores[:5]), ("descending", scores[:-6:-1])):
        header.get_by_role("button").click()
        sync_api.expect(header).to_have_attribute("aria-sort", direction)
        assert first_rows(page, "score") == [f"{100 * score:.0f}%" for score in expected]
    header.get_by_role("button").click()
    sync_api.expect(header).to_have_attribute("aria-sort", "none")
    assert first_rows(page, "index") == [case.example.origin for case in big_report.cases[:5]]


def test_places_are_sorted_by_their_order_in_the_file(page, big_report):
    search(page, "dev.jsonl:99")
    header = page.locator(".tabulator-col[tabulator-field='index'] button")
    header.click()
    header.click()
    assert first_rows(page, "index", 3) == [f"corpus/dev.jsonl:{line}" for line in (9999, 9998, 9997)]
    header.click()


def test_an_open_example_shows_the_whole_context_with_both_answers_marked(page, big_report):
    chosen = {
        case.example.title: index
        for index, case in enumerate(big_report.cases)
        if case.annotated and case.predicted
    }
    wrong = [index for index, case in enumerate(big_report.cases) if case.error_class == "wrong-sentence"]
    astral = [index for index in wrong if "😀" in big_report.cases[index].example.context]
    arabic = [index for index in wrong if "نهر" in big_report.cases[index].example.context]
    for index in (*list(chosen.values())[:3], astral[0], arabic[0]):
        case = big_report.cases[index]
        open_example(page, index)
        shown = page.locator("#shown")
        assert shown.locator(".question").text_content() == case.example.question
        assert shown.locator(".context").text_content() == case.example.context
        marked = {
            kind: "".join(shown.locator(f"mark.{kind}, mark.both").all_text_contents())
            for kind in ("annotated", "predicted")
        }
        assert marked["annotated"] == case.example.context[slice(*case.annotated)]
        assert marked["predicted"] == case.example.context[slice(*case.predicted)]
        candidates = shown.locator(".candidates tbody tr")
        assert candidates.locator("td:first-child").all_text_contents() == [
            one.text or "no answer" for one in case.prediction.candidates
        ]
        assert candidates.locator("td:last-child").all_text_contents() == [
            f"{100 * one.score:.1f}%" for one in case.prediction.candidates
        ]
        assert case.example.origin in shown.text_content()
        page.keyboard.press("Escape")


def test_the_open_example_goes_to_its_neighbours_among_those_left(page, big_report):
    page.locator("#kinds").select_option("false-answer")
    among = [case for case in big_report.cases if case.error_class == "false-answer"]
    left(page, f"{len(among):,}")
    open_first(page)
    question = page.locator("#shown .question")
    assert question.text_content() == among[0].example.question
    assert page.locator("#previous").is_disabled()
    page.keyboard.press("ArrowRight")
    page.locator("#next").click()
    assert question.text_content() == among[2].example.question
    assert page.locator("#place").inner_text() == f"3 of {len(among):,}"
    page.keyboard.press("ArrowLeft")
    assert question.text_content() == among[1].example.question


def test_everything_works_without_a_mouse(page, big_report):
    page.locator("#search").focus()
    page.keyboard.type("market")
    left(page, total(case for case in big_report.cases if "market" in said(case)))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "kinds"
    for _ in range(20):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.closest('.tabulator-col')?.getAttribute('tabulator-field')")
            == "f1"
        ):
            break
    page.keyboard.press("Enter")
    sync_api.expect(page.locator(".tabulator-col[tabulator-field='f1']")).to_have_attribute(
        "aria-sort", "ascending"
    )
    style = "getComputedStyle(document.activeElement)"
    outline = f"{style}.outlineStyle + {style}.outlineWidth"
    assert page.evaluate(outline) == "solid2px"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('tabulator-row')"):
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(outline) == "solid2px"
    # Sorted by F1: the last row is the last of the right ones.
    right = [case for case in big_report.cases if "market" in said(case) and case.f1 == 1]
    last = right[-1].example.question
    focused = "document.activeElement.querySelector('[tabulator-field=question]').textContent"
    question = page.evaluate(focused)
    assert question == first_rows(page, "question")[2]
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#shown .question")).to_have_text(question)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    sync_api.expect(page.locator("#example")).not_to_be_visible()
    row = page.locator(".tabulator-row:focus")
    sync_api.expect(row).to_contain_text(first_rows(page, "question", 4)[3])
    page.keyboard.press("End")
    sync_api.expect(row).to_contain_text(last)
    for _ in range(2):
        page.locator(".tabulator-col[tabulator-field='f1'] button").click()


def test_every_chart_draws_its_marks_and_says_what_it_is(page):
    for place in page.locator("[data-chart]").all():
        name = place.get_attribute("data-chart")
        marks = place.locator("svg .role-mark :is(path, line, text)")
        assert marks.count() >= 2, name
        assert place.get_attribute("role") == "graphics-document"
        assert len(place.get_attribute("aria-label")) > 15, name
    assert page.locator("[data-chart]").count() == 11
    assert page.locator("[data-chart='data-map'] path[aria-roledescription]").count() == 0
    assert page.locator("[data-chart='data-map'] .mark-symbol.role-mark path").count() == 2_000


def test_the_chart_of_the_slices_follows_the_choice(page, big_report):
    place = page.locator("[data-chart='slices'] svg")
    sync_api.expect(place).to_contain_text("how")
    page.locator("[data-chooses='slices']").select_option(label="annotator")
    sync_api.expect(place).to_contain_text("person 3")
    assert place.locator(".mark-rect path").count() == big_report.facets["annotator"].n_unique()


def test_a_click_on_a_bar_or_a_row_filters_the_table(page, big_report):
    page.locator("[data-chart='classes'] .mark-rect path").first.click()
    assert page.locator("#kinds").input_value() == "boundary-long"
    left(page, f"{big_report.classes['boundary-long']:,}")

    page.get_by_role("button", name="false-abstention", exact=True).click()
    left(page, f"{big_report.classes['false-abstention']:,}")

    facet, value, facet_2, value_2 = big_report.worst.select("facet", "value", "facet_2", "value_2").row(1)
    page.get_by_role("button", name=f"{facet}: {value} + {facet_2}: {value_2}", exact=True).click()
    if facet == facet_2:
        assert page.locator(".condition").all_inner_texts() == [f"{facet_2}: {value_2}"]
    else:
        conditions = [f"{facet}: {value}", f"{facet_2}: {value_2}"]
        assert page.locator(".condition").all_inner_texts() == conditions
        together = (big_report.facets[facet] == value) & (big_report.facets[facet_2] == value_2)
        inexact = [case.error_class != "exact" for case in big_report.cases]
        left(page, f"{sum(both and look for both, look in zip(together, inexact, strict=True)):,}")


def test_a_suspect_and_a_point_of_the_data_map_open_their_example(page, big_report):
    index = big_report.suspects["index"][0]
    page.locator(".suspects [data-open]").first.click()
    assert page.locator("#shown .question").text_content() == big_report.cases[index].example.question
    page.keyboard.press("Escape")
    page.locator("[data-chart='data-map'] .mark-symbol.role-mark path").first.click(force=True)
    sync_api.expect(page.locator("#example")).to_be_visible()


def test_a_chart_tells_its_figures_under_the_pointer(page, big_report):
    page.locator("[data-chart='classes'] .mark-rect path").first.hover()
    tip = page.locator("#tip")
    sync_api.expect(tip).to_contain_text(f"{big_report.classes['boundary-long']:,}")
    page.mouse.move(5, 5)
    sync_api.expect(tip).not_to_be_visible()


def test_a_cell_of_the_matrix_shows_what_became_of_a_class(page, big_report):
    was, now, total = next(
        row for row in big_report.comparison.transitions.iter_rows() if row[0] != row[1] and row[2] > 9
    )
    page.evaluate(
        """([was, now]) => [...document.querySelectorAll("[data-chart='transitions'] .mark-rect path")]
             .find((cell) => { const { other_class, this_class } = cell.__data__.datum;
                               return other_class === was && this_class === now; })
             .dispatchEvent(new MouseEvent("click", { bubbles: true }))""",
        [was, now],
    )
    left(page, f"{total:,}")
    assert page.locator("#kinds").input_value() == now
    assert page.locator(".condition").all_inner_texts() == [f"class in the other: {was}"]
    open_first(page)
    key = page.locator("#shown .source").last.inner_text().removeprefix("id ")
    [index] = [i for i, case in enumerate(big_report.cases) if case.example.id == key]
    other = big_report.comparison.others[index]
    assert (other.error_class, big_report.cases[index].error_class) == (was, now)
    shown = page.locator("#shown .answers > div").nth(2).text_content()
    assert shown == f"the other{other.prediction.text or 'no answer'}"


def test_no_text_of_the_user_becomes_markup_or_runs(page, hostile):
    status = page.locator("#status")
    before = status.inner_text()
    search(page, "window.hit")
    sync_api.expect(status).not_to_have_text(before)  # the table waits for the end of the typing
    open_first(page)
    assert hostile in page.locator("#shown .context").text_content()
    assert page.evaluate("window.hit") is None
    assert page.locator("img, a[href*='javascript'], #shown b:not(.facts b)").count() == 0
    assert page.locator("script").count() == 4


def test_even_markup_that_slipped_through_would_not_run(browser, path):
    page = ready(open_in(browser, path))
    page.evaluate(
        "text => { const s = document.createElement('script'); s.textContent = text; document.body.append(s);"
        " const i = document.createElement('div'); i.innerHTML = '<img src=x onerror=\"window.hit=1\">';"
        " document.body.append(i); }",
        "window.hit = 1",
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    assert sum("Content Security Policy" in offence for offence in page.offences) >= 2
    page.close()


CONTRASTS = """() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const lum = (c) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(c).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(lum(a), lum(b)) + 0.05) / (Math.min(lum(a), lum(b)) + 0.05);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if ((rgb(colour)[3] ?? 1) > 0) return colour;
    }
  };
  const one = (selector, property) => {
    const node = document.querySelector(selector);
    return [selector, ratio(getComputedStyle(node)[property], behind(node))];
  };
  return {
    page: lum(getComputedStyle(document.body).backgroundColor),
    text: Object.fromEntries([
      ...["body", ".small", ".kicker", ".note", "summary", "figcaption .small", ".steps code", "#kinds",
        "#status", "mark.annotated", "mark.predicted", "mark.both", ".tabulator-cell .cell",
        ".tabulator-col button", ".cell.source"].map((s) => one(s, "color")),
      one("[data-chart='classes'] .role-axis-label text", "fill"),
      one("[data-chart='classes'] .role-axis-title text", "fill"),
      one("[data-chart='classes'] .mark-text.role-mark text", "fill"),
    ]),
    marks: Object.fromEntries(
      ["right", "boundary", "place", "abstention", "data", "missing"].map((name) => {
        const dot = document.body.appendChild(document.createElement("span"));
        dot.className = `dot ${name}`;
        return [name, ratio(getComputedStyle(dot).backgroundColor, behind(document.body))];
      }),
    ),
  };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_stay_readable(browser, path, artefacts, scheme):
    page = ready(open_in(browser, path, viewport={"width": 1280, "height": 900}, color_scheme=scheme))
    found = page.evaluate(CONTRASTS)
    assert (found["page"] > 0.5) == (scheme == "light")
    assert {name: ratio for name, ratio in found["text"].items() if ratio < 4.5} == {}
    assert {name: ratio for name, ratio in found["marks"].items() if ratio < 3} == {}
    if scheme == "dark":
        page.screenshot(path=artefacts / "dark.png", full_page=True)
        # A chart that is drawn follows a scheme that changes.
        fill = "getComputedStyle(document.querySelector(\"[data-chart='classes'] .mark-rect path\")).fill"
        before = page.evaluate(fill)
        page.emulate_media(color_scheme="light")
        assert page.evaluate(fill) != before
    assert page.offences == []
    page.close()


def test_a_phone_needs_no_sideways_scrolling(browser, path, artefacts):
    page = ready(open_in(browser, path, viewport=PHONE, has_touch=True))
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == PHONE["width"]
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    assert page.evaluate(wide) == PHONE["width"]
    page.screenshot(path=artefacts / "phone.png", full_page=True)
    page.locator(".tabulator-row").nth(1).tap()
    sync_api.expect(page.locator("#shown .question")).to_be_visible()
    assert page.evaluate("document.querySelector('#shown').scrollWidth <= 390")
    page.screenshot(path=artefacts / "phone-example.png")
    assert page.offences == []
    page.close()


def test_paper_has_charts_tables_and_the_examples_that_the_filter_leaves(
    browser, path, big_report, artefacts
):
    page = ready(open_in(browser, path, color_scheme="dark"))
    page.locator("#kinds").select_option("false-answer")
    page.emulate_media(media="print")
    page.wait_for_selector("#printed article")
    among = [case for case in big_report.cases if case.error_class == "false-answer"]
    assert page.locator("#printed .question").all_text_contents() == [
        case.example.question for case in among[:50]
    ]
    assert f"The first 50 of {len(among):,} examples" in page.locator("#printed").inner_text()
    for hidden in (".controls", "#table", "nav"):
        assert not page.locator(hidden).is_visible()
    assert page.locator("[data-chart='classes'] svg").is_visible()
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.screenshot(path=artefacts / "print.png", full_page=True)
    page.emulate_media(media="screen")
    sync_api.expect(page.locator("details[open], #printed article")).to_have_count(0)
    page.pdf(path=artefacts / "report.pdf", format="A4")
    assert (artefacts / "report.pdf").stat().st_size > 100_000
    assert page.offences == []
    page.close()


def test_without_scripts_the_summary_the_classes_and_the_slices_can_be_read(browser, path, big_report):
    page = open_in(browser, path, java_script_enabled=False)
    assert "scripts are switched off" in page.locator("noscript").inner_text()
    assert page.get_by_text(big_report.finding).is_visible()
    assert page.locator(".classes tbody tr").count() == len(big_report.classes)
    page.get_by_text("All slices as tables").click()
    assert page.get_by_text("By annotator").is_visible()
    for hidden in (".controls", "#table", ".chart >> nth=0", "#example"):
        assert not page.locator(hidden).is_visible()
    page.close()


def test_a_browser_that_cannot_unpack_says_so(browser, path):
    page = open_in(browser, path, before="delete window.DecompressionStream")
    sync_api.expect(page.locator("#too-old")).to_be_visible()
    assert page.locator(".classes").is_visible()
    assert page.offences == []
    page.close()


def test_contexts_that_were_cut_are_shown_as_excerpts(browser, build_report, tmp_path, monkeypatch):
    monkeypatch.setattr("qatoolkit.analysis.page.render.MAX_BYTES", 1_700_000)
    found = build_report(300, characters=30_000, each=1)
    page = ready(open_in(browser, write_html(found, tmp_path / "cut.html")))
    assert "Contexts are cut around the answers" in page.locator("section:last-of-type .note").inner_text()
    open_first(page)
    assert page.locator("#shown .cut").count() >= 1
    assert page.locator("#shown mark").count() >= 1
    assert len(page.locator("#shown .context").text_content()) < 1_500
    assert page.offences == []
    page.close()


def test_the_profile_of_a_dataset_draws_its_splits_side_by_side(browser, made_profile, tmp_path, artefacts):
    page = ready(open_in(browser, write_html(made_profile, tmp_path / "profile.html"), viewport=PHONE))
    assert page.locator("[data-chart='profile-0'] .mark-rect.role-mark path").count() == 6
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.screenshot(path=artefacts / "profile.png", full_page=True)
    assert page.evaluate("window.hit") is None
    assert page.offences == []
    page.close()
