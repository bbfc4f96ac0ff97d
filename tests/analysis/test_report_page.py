"""The page in a real browser: it filters, asks the network for nothing, and runs no text of the user."""

import shutil

import pytest

from qatoolkit.analysis import report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")

EVIL = "</script><script>window.hit = 1; alert(1)</script><img src=http://192.0.2.1/x onerror=window.hit=1>"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a report and keeps everything that a page should not do in `page.offences`."""
    pages = []

    def open_it(run, **context):
        path = report(run, output=tmp_path / "r.html").html
        page = browser.new_page(**context)
        page.offences = []
        page.on("dialog", lambda dialog: (page.offences.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: page.offences.append(message.text))
        page.on("pageerror", lambda error: page.offences.append(str(error)))
        page.on("request", lambda request: page.offences.append(request.url))
        page.goto(path.as_uri())
        page.offences.remove(path.as_uri())
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        page.close()


def shown(page):
    return page.locator("#rows > tr:visible").count()


def test_the_filter_narrows_the_table(open_page, write_run, rows):
    page = open_page(write_run(validation=rows))
    assert (shown(page), page.locator("#status").inner_text()) == (4, "4 of 4 shown")

    page.get_by_role("button", name="false-answer").click()
    assert page.locator("#rows > tr:visible .question").all_inner_texts() == ["Who was never there?"]
    assert page.get_by_role("button", name="false-answer").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="false-answer").click()
    assert shown(page) == 4

    search = page.get_by_role("searchbox")
    search.fill("MESSY.csv:3")
    assert page.locator("#rows > tr:visible .question").all_inner_texts() == ["How far does it go?"]
    search.fill("nothing has these words")
    assert (shown(page), page.locator("#status").inner_text()) == (0, "0 of 4 shown")
    search.fill("")

    page.get_by_role("link", name="other-occurrence").click()
    assert shown(page) == 1
    assert page.offences == []


def test_the_filter_works_by_keyboard(open_page, write_run, rows):
    page = open_page(write_run(validation=rows))
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.class") == "boundary-short"
    page.keyboard.press("Enter")
    assert shown(page) == 1


def test_text_of_the_user_stays_text(open_page, write_run, row):
    rows = [
        row(
            i,
            EVIL,
            [(EVIL, 0)],
            EVIL[:30],
            0,
            context=f"{EVIL} more",
            title=EVIL,
            source=EVIL,
            id=f"{EVIL}{i}",
        )
        for i in range(3)
    ]
    page = open_page(write_run(validation=rows))
    assert page.locator(".question").first.inner_text() == EVIL
    assert page.locator(".context").first.inner_text().startswith(EVIL)
    page.get_by_role("searchbox").fill(EVIL)
    assert shown(page) == 3
    page.wait_for_timeout(200)
    assert page.offences == []
    assert page.evaluate("window.hit") is None
    assert page.locator("script, img").count() == 1


def test_even_markup_that_slipped_through_would_not_run(open_page, write_run, rows):
    page = open_page(write_run(validation=rows))
    page.evaluate(
        "text => { const s = document.createElement('script'); s.textContent = text; document.body.append(s);"
        " const i = document.createElement('div'); i.innerHTML = '<img src=x onerror=\"window.hit=1\">';"
        " document.body.append(i); }",
        "window.hit = 1",
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    assert sum("Content Security Policy" in offence for offence in page.offences) >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_stay_readable(open_page, write_run, rows, scheme):
    page = open_page(write_run(validation=rows), color_scheme=scheme)
    ratios = page.evaluate(
        """() => {
          const lum = (c) => {
            const [r, g, b] = c.match(/[\\d.]+/g).map((v) => v / 255)
              .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          const page = lum(getComputedStyle(document.body).backgroundColor);
          const on = (s) => lum(getComputedStyle(document.querySelector(s)).color);
          const mark = (s) => {
            const style = getComputedStyle(document.querySelector(s));
            return contrast(lum(style.color), lum(style.backgroundColor));
          };
          return [contrast(page, on("body")), contrast(page, on(".small")),
                  mark("mark.annotated"), mark("mark.predicted"), mark("mark.both"), page];
        }"""
    )
    assert all(ratio >= 4.5 for ratio in ratios[:-1]), ratios
    assert (ratios[-1] > 0.5) == (scheme == "light")


def test_a_phone_needs_no_sideways_scrolling(open_page, write_run, row):
    long = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
    rows = [row(i, f"{long}?", [(long, 0)], "x", context=f"{long} x", title=f"{long}{i}") for i in range(12)]
    page = open_page(write_run(validation=rows), viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_paper_shows_every_example_and_no_controls(open_page, write_run, rows):
    page = open_page(write_run(validation=rows))
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert shown(page) == 4


def test_without_scripts_all_examples_are_there(browser, open_page, write_run, rows):
    page = open_page(write_run(validation=rows), java_script_enabled=False)
    assert page.locator("#rows > tr").count() == 4
    assert not page.locator(".controls").is_visible()
