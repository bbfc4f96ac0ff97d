"""What the page's table needs to know of every example, packed as small as it goes.

Each distinct context is written once, with the rows that ask about it. The whole is JSON, compressed
with gzip and written as base64; the page unpacks it. Where all of it does not fit, the right examples
are left out first, then contexts are cut around their answers, then examples at the end are left out.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from qatoolkit.analysis.cases import Case, Span
from qatoolkit.analysis.classify import CLASSES
from qatoolkit.analysis.page.chart_kit import CONFIG
from qatoolkit.analysis.page.class_groups import GROUP_OF, GROUPS
from qatoolkit.analysis.page.excerpt import excerpt
from qatoolkit.analysis.result import Report

#: The facet that holds the class in what a report is compared with.
OTHER_CLASS = "class in the other"

# Texts longer than this are cut once contexts have to be cut too.
_LONGEST_TEXT = 400


class Packed(NamedTuple):
    """Examples as the page reads them.

    Attributes:
        data: base64 of gzipped JSON.
        shown: how many examples it holds.
        cut: whether contexts and long texts were cut.
    """

    data: str
    shown: int
    cut: bool


def pack(report: Report, charts: dict[str, Any], room: int) -> Packed:
    """Packs as many examples as fit into `room` bytes, with the charts.

    Args:
        report: whose examples.
        charts: id -> specification.
        room: how many characters of base64 there may be.
    """
    every = list(range(len(report.cases)))
    wrong = [index for index in every if report.cases[index].error_class != "exact"]
    facets = _with_other_class(report)
    head = {
        "charts": charts,
        "config": CONFIG,
        "classes": {name: [group.name, CLASSES.get(name, "")] for name, group in GROUP_OF.items()},
        "groups": {group.name: group.label for group in GROUPS},
        "facets": _facets(facets),
    }
    dropped = dict(report.dropped)
    codes = _codes(facets)
    others = report.comparison.others if report.comparison else [None] * len(every)

    def packed(indices: Sequence[int], cut: bool) -> str:
        contexts = _by_context(report.cases, others, indices, dropped, codes, cut)
        return squeeze({**head, "cut": cut, "contexts": contexts})

    data = ""
    for indices, cut in ((every, False), (wrong, False), (wrong, True)):
        data = packed(indices, cut)
        if len(data) <= room:
            return Packed(data, len(indices), cut)
    while len(data) > room and wrong:
        # A little less than the share that fits, because rows are not equally long.
        wrong = wrong[: int(0.95 * len(wrong) * room / len(data))]
        data = packed(wrong, True)
    return Packed(data, len(wrong), True)


def squeeze(value: Any) -> str:
    """JSON, compressed, as base64."""
    # A lone surrogate becomes \udXXX, which is what JSON calls it, too.
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = plain.encode("utf-8", "backslashreplace")
    return base64.b64encode(gzip.compress(text, 6, mtime=0)).decode("ascii")


def _with_other_class(report: Report) -> pl.DataFrame:
    """The facets, and the class in what the report is compared with."""
    if report.comparison is None:
        return report.facets
    classes = [None if other is None else other.error_class for other in report.comparison.others]
    other = pl.DataFrame([pl.Series(OTHER_CLASS, classes, pl.Enum(list(CLASSES)))])
    return pl.concat([report.facets, other], how="horizontal")


def _facets(facets: pl.DataFrame) -> list[dict[str, Any]]:
    return [{"name": name, "values": _values(facets[name])} for name in facets.columns]


def _values(column: pl.Series) -> list[str]:
    """The values that occur: of bands in their natural order, of others the most frequent first."""
    counts = column.drop_nulls().value_counts(sort=True)[column.name]
    return (counts.sort() if column.dtype == pl.Enum else counts).cast(pl.String).to_list()


def _codes(facets: pl.DataFrame) -> list[list[int]]:
    """For every example the number of its value in each facet; -1 is none."""
    columns = []
    for name in facets.columns:
        number = {value: code for code, value in enumerate(_values(facets[name]))}
        columns.append([number.get(value, -1) for value in facets[name].cast(pl.String).to_list()])
    return np.array(columns, dtype=int).T.tolist() if columns else []


def _by_context(
    cases: Sequence[Case],
    others: Sequence[Case | None],
    indices: Iterable[int],
    dropped: dict[int, str],
    codes: Sequence[Sequence[int]],
    cut: bool,
) -> list[Any]:
    """[title, context, rows] of every distinct context; a cut one is "", and its rows carry excerpts."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for index in indices:
        case = cases[index]
        row = _row(index, case, others[index], dropped.get(index, ""), codes[index] if codes else [], cut)
        groups.setdefault((case.example.title, "" if cut else case.example.context), []).append(row)
    return [[*key, rows] for key, rows in groups.items()]


def _row(
    index: int, case: Case, other: Case | None, dropped: str, codes: Sequence[int], cut: bool
) -> list[Any]:
    """One example; the order of the fields is that of `example.js`."""
    example, prediction = case.example, case.prediction
    short = _short if cut else str
    return [
        index,
        example.id,
        example.origin,
        short(example.question),
        [short(text) for text in dict.fromkeys(example.answers)],
        None if prediction.text is None else short(prediction.text),
        case.error_class,
        round(100 * case.f1, 1),
        None if prediction.score is None else round(prediction.score, 4),
        [[short(candidate.text), round(candidate.score, 4)] for candidate in prediction.candidates],
        prediction.gold_rank,
        case.reason,
        dropped,
        codes,
        _pieces(case) if cut else [_ends(case.annotated), _ends(case.predicted)],
        None if other is None or other.prediction.text is None else short(other.prediction.text),
    ]


def _ends(span: Span | None) -> list[int]:
    return [] if span is None else [span.start, span.end]


def _pieces(case: Case) -> list[list[str]]:
    return [list(piece) for piece in excerpt(case.example.context, case.annotated, case.predicted)]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1].rstrip() + "…"
