"""What all charts have in common: colours and type, size, description, tooltips.

Colours are the page's CSS variables, so that a chart follows the colour scheme and the paper without
being drawn again. Draws nothing itself; the charts are in `charts`.
"""

from __future__ import annotations

from typing import Any

import altair as alt

_AXIS = {
    "labelColor": "var(--muted)",
    "titleColor": "var(--muted)",
    "gridColor": "var(--line)",
    "domainColor": "var(--line)",
    "tickColor": "var(--line)",
    "titleFontWeight": "normal",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "labelLimit": 200,
    "labelPadding": 6,
}
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": _AXIS,
    "axisBand": {"domain": False, "ticks": False, "grid": False},
    "legend": {
        "labelColor": "var(--text)",
        "titleColor": "var(--muted)",
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "symbolStrokeWidth": 3,
    },
    "range": {"category": ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)"]},
    "bar": {"fill": "var(--accent)", "cornerRadiusEnd": 2},
    "line": {"strokeWidth": 2},
    "text": {"fill": "var(--text)", "fontSize": 12},
    "style": {
        "guide": {"color": "var(--muted)", "strokeDash": [4, 4], "strokeWidth": 1.5},
        "note": {"color": "var(--muted)", "fill": "var(--muted)"},
        "interval": {"color": "var(--place)", "strokeWidth": 2},
        "estimate": {"color": "var(--place)", "opacity": 1},
    },
}  # fmt: skip

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Specification = dict[str, Any]


def specification(chart: Chart, description: str, height: int) -> Specification:
    """A chart as JSON, as wide as its place on the page, with a description for those who cannot see it."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    sized = chart.properties(width="container", height=height, autosize=fit, description=description)
    # The page has one configuration for all charts.
    return {**sized.to_dict(), "config": {}}


def rows_high(rows: int, each: int = 22) -> int:
    """The height of a chart with so many rows, in pixels."""
    return each * max(rows, 1)


def tip(name: str, title: str = "", form: str = "") -> alt.Tooltip:
    """A line of a tooltip; a number has a format, text has none."""
    if form:
        return alt.Tooltip(f"{name}:Q", title=title or name, format=form)
    return alt.Tooltip(f"{name}:N", title=title or name)


def colours(names: dict[str, str]) -> alt.Scale:
    """A scale from what the reader is told to the CSS variable of its colour."""
    return alt.Scale(domain=list(names), range=[f"var(--{name})" for name in names.values()])
