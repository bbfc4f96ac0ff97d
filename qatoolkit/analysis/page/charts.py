"""The charts of a page, made by Altair.

One function draws one chart from a Polars frame. A datum that carries `class`, `facet` and `value`, or
`open` can be clicked; what happens then is the page's business.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from qatoolkit.analysis.page.chart_kit import Chart, colours, tip
from qatoolkit.analysis.page.class_groups import GROUP_OF, GROUPS

# More points than this cannot be told apart, and an SVG of them is slow.
MAX_POINTS = 2_000
# A slice with fewer questions says little and is drawn pale.
FEW = 30

_VALUES = alt.Axis(labelExpr="datum.label || '(empty)'")


def lines(
    frame: pl.DataFrame, x: str, series: dict[str, str], titles: tuple[str, str], *, whole: bool = False
) -> Chart:
    """Columns of a frame as lines over another column.

    Args:
        frame: has the columns `x` and those of `series`.
        x: the horizontal column.
        series: column -> what the reader calls it.
        titles: of the two axes.
        whole: whether only whole numbers stand below the horizontal axis.
    """
    known = [name for name in series if frame[name].drop_nulls().len()]
    long = (
        frame.select(pl.col(x).alias("x"), *(pl.col(name).cast(pl.Float64) for name in known))
        .unpivot(index="x", variable_name="series", value_name="y")
        .drop_nulls()
        .with_columns(pl.col("series").replace_strict(series, return_dtype=pl.String))
    )
    names = alt.Scale(domain=[series[name] for name in known])
    strokes = alt.Legend(symbolType="stroke")
    below = alt.Axis(grid=False, tickCount=6, format="~r", tickMinStep=1 if whole else alt.Undefined)
    drawn: Chart = (
        alt.Chart(long)
        .mark_line(point={"size": 40} if frame.height <= 30 else False)
        .encode(
            alt.X("x:Q", title=titles[0], axis=below),
            alt.Y("y:Q", title=titles[1], scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)),
            alt.Color("series:N", scale=names, legend=strokes),
            alt.StrokeDash("series:N", scale=names, legend=strokes),
            [tip("series", "line"), tip("x", titles[0], ".4~g"), tip("y", titles[1], ".4~g")],
        )
    )
    return drawn


def marked(chart: Chart, x: float, word: str) -> Chart:
    """A chart with a vertical line at `x` and a word beside it."""
    at = alt.Chart(pl.DataFrame({"x": [x], "word": [word]})).encode(x="x:Q")
    rule = at.mark_rule(style="guide")
    text = at.mark_text(style="note", align="right", dx=-5, dy=-6, y="height").encode(text="word:N")
    return alt.layer(rule, chart, text)


def classes(frame: pl.DataFrame) -> Chart:
    """How many questions have each error class.

    Args:
        frame: class, total; drawn in this order.
    """
    shown = frame.with_columns(group=pl.Series([GROUP_OF[name].name for name in frame["class"]]))
    # Room for the number behind the longest bar.
    room = alt.Scale(domain=[0, 1.2 * frame["total"].to_numpy().max()], nice=False)
    below = alt.Axis(tickCount=4, format=",d", tickMinStep=1)
    base = alt.Chart(shown).encode(
        alt.Y("class:N", sort=None, title=None),
        alt.X("total:Q", title="questions", scale=room, axis=below),
        tooltip=[tip("class"), tip("total", "questions", ",d")],
    )
    colour = alt.Fill("group:N", scale=colours({group.name: group.name for group in GROUPS}), legend=None)
    bars = base.mark_bar(cursor="pointer").encode(colour)
    return alt.layer(bars, base.mark_text(align="left", dx=5).encode(text=alt.Text("total:Q", format=",d")))


def slices(frame: pl.DataFrame, overall: float) -> Chart:
    """F1 of every value of one facet, with the number of questions.

    Args:
        frame: facet, value, total, exact, f1, in the order they are drawn.
        overall: F1 of all questions, as a line to compare with.
    """
    labels = [f"{f1:.1f} ({total:,})" for f1, total in frame.select("f1", "total").iter_rows()]
    base = alt.Chart(frame.with_columns(label=pl.Series(labels))).encode(
        alt.Y("value:N", sort=None, title=None, axis=_VALUES),
        tooltip=[
            tip("value"),
            tip("f1", "F1", ".1f"),
            tip("exact", "exact match", ".1f"),
            tip("total", "questions", ",d"),
        ],
    )
    pale = alt.condition(f"datum.total < {FEW}", alt.value(0.4), alt.value(1))
    # Room for the numbers, which stand in a column of their own on the right.
    room = alt.Scale(domain=[0, 140])
    x = alt.X("f1:Q", title="F1", scale=room, axis=alt.Axis(values=[0, 25, 50, 75, 100]))
    bars = base.mark_bar(cursor="pointer").encode(x, opacity=pale)
    text = base.mark_text(align="left").encode(x=alt.datum(103), text="label:N")
    line = alt.Chart(pl.DataFrame({"overall": [overall]})).mark_rule(style="guide").encode(x="overall:Q")
    return alt.layer(bars, line, text)


def differences(frame: pl.DataFrame, title: str) -> Chart:
    """Differences with their intervals, as points and whiskers beside a line at nothing.

    Args:
        frame: label, total, difference, low, high, and what a click shall find.
        title: of the axis.
    """
    base = alt.Chart(frame).encode(
        alt.Y("label:N", sort=None, title=None),
        tooltip=[
            tip("label", "slice"),
            tip("difference", form="+.1f"),
            tip("low", "from", "+.1f"),
            tip("high", "to", "+.1f"),
            tip("total", "questions", ",d"),
        ],
    )
    x = alt.X("low:Q", title=title, axis=alt.Axis(tickCount=6))
    whiskers = base.mark_rule(style="interval").encode(x, x2="high:Q")
    points = base.mark_point(style="estimate", filled=True, size=80, cursor="pointer").encode(
        x="difference:Q"
    )
    nothing = alt.Chart(pl.DataFrame({"x": [0]})).mark_rule(style="guide").encode(x="x:Q")
    return alt.layer(nothing, whiskers, points)


def won_lost(frame: pl.DataFrame) -> Chart:
    """F1 gained and lost by slice; pale where it can be chance.

    Args:
        frame: label, facet, value, total, difference, p_adjusted.
    """
    change = pl.when(pl.col("difference") >= 0).then(pl.lit("gained")).otherwise(pl.lit("lost"))
    drawn: Chart = (
        alt.Chart(frame.with_columns(change=change))
        .mark_bar(cursor="pointer")
        .encode(
            alt.Y("label:N", sort=None, title=None),
            alt.X("difference:Q", title="F1 points against the others", axis=alt.Axis(tickCount=6)),
            alt.Fill("change:N", scale=colours({"gained": "right", "lost": "place"}), legend=None),
            opacity=alt.condition("datum.p_adjusted < 0.05", alt.value(1), alt.value(0.4)),
            tooltip=[
                tip("label", "slice"),
                tip("difference", form="+.1f"),
                tip("p_adjusted", "p, corrected", ".3f"),
                tip("total", "questions", ",d"),
            ],
        )
    )
    return drawn


def reliability(bins: pl.DataFrame) -> Chart:
    """How often answers of each confidence are exact; on the diagonal the confidence is honest.

    Args:
        bins: low, high, total, confidence, exact; shares of 0..1.
    """
    share = alt.Scale(domain=[0, 1])
    x = alt.X("low:Q", title="confidence", scale=share, axis=alt.Axis(format="%", tickCount=5, grid=False))
    y = alt.Y("exact:Q", title="share that is exact", scale=share, axis=alt.Axis(format="%", tickCount=5))
    base = alt.Chart(bins.filter(pl.col("total") > 0)).encode(
        y,
        tooltip=[
            tip("confidence", "mean confidence", ".2f"),
            tip("exact", form=".2f"),
            tip("total", "questions", ",d"),
        ],
    )
    bars = base.mark_rect(opacity=0.3, color="var(--accent)").encode(x, x2="high:Q", y2=alt.datum(0))
    size = alt.Size("total:Q", scale=alt.Scale(rangeMin=20, rangeMax=300), legend=None)
    points = base.mark_point(filled=True, opacity=1, color="var(--accent)").encode(
        x="confidence:Q", size=size
    )
    honest = pl.DataFrame({"x": [0, 1], "y": [0, 1]})
    line = alt.Chart(honest).mark_line(style="guide").encode(x="x:Q", y="y:Q")
    return alt.layer(bars, line, points)


def data_map(frame: pl.DataFrame) -> Chart:
    """Every example by how sure the model is of its annotation, and how much that varies.

    Args:
        frame: index, confidence, variability, correctness. A fixed sample is drawn if there are many.
    """
    shown = frame if frame.height <= MAX_POINTS else frame.sample(MAX_POINTS, seed=0)
    names = ["never right", "sometimes right", "always right"]
    right = pl.when(pl.col("correctness") <= 0).then(pl.lit(names[0]))
    known = right.when(pl.col("correctness") >= 1).then(pl.lit(names[2])).otherwise(pl.lit(names[1]))
    rounded = pl.col("confidence", "variability").round(3)
    points = shown.select(pl.col("index").alias("open"), rounded, known.alias("right"))
    shapes = alt.Scale(domain=names, range=["triangle-down", "diamond", "circle"])
    drawn: Chart = (
        alt.Chart(points)
        .mark_point(filled=True, size=30, opacity=0.65, cursor="pointer", aria=False)
        .encode(
            alt.X("variability:Q", axis=alt.Axis(tickCount=5)),
            alt.Y("confidence:Q", title="confidence in the annotation", axis=alt.Axis(tickCount=5)),
            alt.Color(
                "right:N", scale=colours(dict(zip(names, ("place", "boundary", "right"), strict=True)))
            ),
            alt.Shape("right:N", scale=shapes),
            [tip("right", "predicted"), tip("confidence", form=".3f"), tip("variability", form=".3f")],
        )
    )
    return drawn


def transitions(frame: pl.DataFrame) -> Chart:
    """Which class each question had in the other predictions, and has in these.

    Args:
        frame: other_class, this_class, total.
    """
    right = list(GROUPS[0].classes)
    was, now = pl.col("other_class").is_in(right), pl.col("this_class").is_in(right)
    change = pl.when(now & ~was).then(pl.lit("became right")).when(was & ~now).then(pl.lit("became wrong"))
    shown = frame.filter(pl.col("total") > 0).with_columns(change=change.otherwise(pl.lit("as before")))
    seen = {*frame["other_class"], *frame["this_class"]}
    order = alt.Scale(domain=[name for name in GROUP_OF if name in seen])
    base = alt.Chart(shown).encode(
        alt.X("this_class:N", title="these predictions", scale=order, axis=alt.Axis(labelAngle=-40)),
        alt.Y("other_class:N", title=None, scale=order),
        tooltip=[tip("other_class", "was"), tip("this_class", "is"), tip("total", "questions", ",d")],
    )
    colour = colours({"became right": "right", "became wrong": "place", "as before": "missing"})
    strength = alt.Scale(type="sqrt", range=[0.15, 0.6])
    cells = base.mark_rect(cornerRadius=2, cursor="pointer").encode(
        alt.Fill("change:N", scale=colour), opacity=alt.Opacity("total:Q", scale=strength, legend=None)
    )
    return alt.layer(cells, base.mark_text().encode(text=alt.Text("total:Q", format=",d")))


def shares(frame: pl.DataFrame, splits: list[str]) -> Chart:
    """How the questions of each split divide among the values of a facet.

    Args:
        frame: value, and a column of counts for each split.
        splits: which columns.
    """
    # Not by unpivot, which minds a split that is called like one of these columns.
    long = pl.concat(
        pl.DataFrame({"value": frame["value"], "split": [name] * frame.height, "total": frame[name]})
        for name in splits
    )
    part = (100 * pl.col("total") / pl.col("total").sum().over("split")).fill_nan(0).round(2)
    several = len(splits) > 1
    drawn: Chart = (
        alt.Chart(long.with_columns(share=part))
        .mark_bar()
        .encode(
            y=alt.Y("value:N", sort=None, title=None, axis=_VALUES),
            x=alt.X("share:Q", title="% of the split", axis=alt.Axis(tickCount=4)),
            fill=alt.Fill("split:N", scale=alt.Scale(domain=splits)) if several else alt.Undefined,
            yOffset=alt.YOffset("split:N", sort=splits) if several else alt.Undefined,
            tooltip=[
                tip("value"),
                tip("split"),
                tip("total", "questions", ",d"),
                tip("share", "% of the split", ".1f"),
            ],
        )
    )
    return drawn
