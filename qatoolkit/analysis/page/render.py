"""Renders a report, or the profile of a dataset, as one HTML file that opens offline.

Corpus text reaches the page through the template's escaping, or packed and then as text nodes: never
as markup, never inside a script or style. The page's content security policy allows exactly our own
scripts and styles, by their hashes, and no request to anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from qatoolkit import __version__
from qatoolkit.analysis.page import view
from qatoolkit.analysis.page.assets import Assets, assets
from qatoolkit.analysis.page.chart_kit import CONFIG
from qatoolkit.analysis.page.data import pack, squeeze
from qatoolkit.analysis.page.drawn import profile_charts, report_charts
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import standings
from qatoolkit.errors import DestinationError

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile

_TEMPLATES = Path(__file__).parent / "templates"

# Small enough to mail; what is left out for it is said on the page.
MAX_BYTES = 4_000_000

_GENERATOR = b'<meta name="generator" content="qatoolkit'


def write_html(shown: Report | Profile, output: str | Path) -> Path:
    """Writes the page, replacing what was there.

    Args:
        shown: what to show.
        output: the file to write.

    Raises:
        DestinationError: it cannot be written there, or there is something else than such a page.
    """
    path = Path(output)
    if path.is_file() and _GENERATOR not in path.read_bytes()[:4096]:
        raise DestinationError(f"{output}: exists and is no report of ours; choose another name")
    try:
        # JSON can carry lone surrogates, which UTF-8 cannot; they are shown as their escapes.
        path.write_bytes(render_html(shown).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise DestinationError(f"{output}: the report cannot be written: {error.strerror}") from error
    return path


def render_html(shown: Report | Profile) -> str:
    """The whole page as text."""
    return _report_page(shown) if isinstance(shown, Report) else _profile_page(shown)


def render_summary(report: Report) -> str:
    """A few lines of HTML for a notebook."""
    lines: str = _template("summary.html.j2").render(
        report=report, standings=standings(report), class_rows=view.class_rows(report)
    )
    return lines


def _report_page(report: Report) -> str:
    charts = report_charts(report)
    parts = assets(table=True)
    values = {"report": report, "view": view, "standings": standings(report), "charts": charts}
    # The page is laid out twice: once to know how much room is left for the examples.
    bare = _fill("report.html.j2", parts, shown=0, cut=True, data="", **values)
    packed = pack(report, charts, MAX_BYTES - len(bare.encode("utf-8", "backslashreplace")) - 1_000)
    return _fill("report.html.j2", parts, **packed._asdict(), **values)


def _profile_page(profile: Profile) -> str:
    charts = profile_charts(profile)
    return _fill(
        "profile.html.j2",
        assets(table=False),
        profile=profile,
        data=squeeze({"charts": charts, "config": CONFIG}),
    )


def _fill(name: str, parts: Assets, **values: Any) -> str:
    page: str = _template(name).render(assets=parts, version=__version__, **values)
    return page


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = _cut
    environment.filters["ours"] = Markup
    environment.filters["thousands"] = "{:,}".format
    return environment.get_template(name)


def _cut(text: str, longest: int = 300) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
