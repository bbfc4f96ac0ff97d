"""Renders a report as one HTML file that opens offline.

Corpus text reaches the page through the template's escaping only: never as markup, never inside
the script or the style. The page's content security policy allows exactly our own script and
style, by their hashes, and no request to anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from qatoolkit import __version__
from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.excerpt import excerpt
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.standings import standings
from qatoolkit.errors import DestinationError

_TEMPLATES = Path(__file__).parent / "templates"

# These keep the page below 4 MB, small enough to mail: what is left out is said on the page.
_EXAMPLES_BYTES = 3_400_000
# Markup of an example beside its texts.
_MARKUP_BYTES = 480
_MAX_TITLES = 12
_MAX_ANSWERS = 3
_LONGEST_TEXT = 300

_GENERATOR = b'<meta name="generator" content="qatoolkit'

# Classes that call for the same remedy share a colour.
GROUPS = {
    "right": ("exact", "other-occurrence"),
    "boundary": ("boundary-short", "boundary-long", "boundary-shifted"),
    "place": ("same-sentence", "wrong-sentence"),
    "abstention": ("false-abstention", "false-answer"),
    "missing": ("missing",),
}
_GROUP_LABELS = {
    "right": "right",
    "boundary": "wrong boundary",
    "place": "wrong place",
    "abstention": "wrong about having an answer",
    "missing": "missing",
}
_GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


def write_html(report: Report, output: str | Path) -> Path:
    """Writes the page, replacing what was there.

    Args:
        report: what to show.
        output: the file to write.

    Raises:
        DestinationError: it cannot be written there, or there is something else than such a page.
    """
    path = Path(output)
    if path.is_file() and _GENERATOR not in path.read_bytes()[:4096]:
        raise DestinationError(f"{output}: exists and is no report of ours; choose another name")
    try:
        # JSON can carry lone surrogates, which UTF-8 cannot; they are shown as their escapes.
        path.write_bytes(render_html(report).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise DestinationError(f"{output}: the report cannot be written: {error.strerror}") from error
    return path


def render_html(report: Report) -> str:
    """The whole page as text."""
    style, script = _asset("report.css"), _asset("report.js")
    examples = _examples(report)
    page: str = _template("report.html.j2").render(
        report=report,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        standings=standings(report),
        shares=_shares(report),
        class_rows=_class_rows(report),
        slices=[(table, table.rows[:_MAX_TITLES]) for table in report.slices],
        examples=examples,
        listed=Counter(item["case"].error_class for item in examples),
        total_wrong=len(report.wrong),
    )
    return page


def render_summary(report: Report) -> str:
    """A few lines of HTML for a notebook."""
    lines: str = _template("summary.html.j2").render(
        report=report, standings=standings(report), class_rows=_class_rows(report)
    )
    return lines


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = _cut
    return environment


def _template(name: str) -> Any:
    return _environment().get_template(name)


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    def source(text: str) -> str:
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"

    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _shares(report: Report) -> list[dict[str, Any]]:
    """The groups of classes as parts of one bar, each with where it begins; in percent."""
    total = len(report.cases) or 1
    shares: list[dict[str, Any]] = []
    begin = 0.0
    for group, names in GROUPS.items():
        count = sum(report.classes.get(name, 0) for name in names)
        if count:
            width = 100 * count / total
            label = _GROUP_LABELS[group]
            shares.append({"group": group, "label": label, "begin": begin, "width": width})
            begin += width
    return shares


def _class_rows(report: Report) -> list[dict[str, Any]]:
    """One row for each class; bars are relative to the most frequent class that is not `exact`."""
    total = len(report.cases) or 1
    longest = max((count for name, count in report.classes.items() if name != "exact"), default=0) or 1
    return [
        {
            "name": name,
            "meaning": CLASSES[name],
            "group": _GROUP_OF[name],
            "count": count,
            "share": 100 * count / total,
            "bar": None if name == "exact" else 100 * count / longest,
        }
        for name, count in report.classes.items()
    ]


def _examples(report: Report) -> list[dict[str, Any]]:
    """The examples that are not exact, in order, as many as the page has room for."""
    shown = []
    room = _EXAMPLES_BYTES
    for case in report.wrong:
        example = _example(case)
        room -= _size(example)
        if room < 0:
            break
        shown.append(example)
    return shown


def _size(example: dict[str, Any]) -> int:
    """About how many bytes an example takes on the page."""
    case: Case = example["case"]
    texts = [case.example.question, case.prediction.text or "", case.example.origin, *example["answers"]]
    cut = "".join(_cut(text) for text in texts) + "".join(piece.text for piece in example["pieces"])
    return _MARKUP_BYTES + len(escape(cut).encode("utf-8", "backslashreplace"))


def _example(case: Case) -> dict[str, Any]:
    answers = list(dict.fromkeys(case.example.answers))
    return {
        "case": case,
        "answers": answers[:_MAX_ANSWERS],
        "more_answers": max(0, len(answers) - _MAX_ANSWERS),
        "pieces": excerpt(case.example.context, case.annotated, case.predicted),
        "group": _GROUP_OF[case.error_class],
    }


def _cut(text: str, longest: int = _LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
