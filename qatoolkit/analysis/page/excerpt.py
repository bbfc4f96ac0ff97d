"""Cuts the part of a context that shows where the annotated and the predicted answer stand.

Returns pieces of text with what they belong to; how that looks is the renderers' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from qatoolkit.analysis.cases import Span

Kind = Literal["", "annotated", "predicted", "both", "cut"]

# Characters shown around a span, and at either end of one that is too long to show whole.
_MARGIN = 90
_LONGEST_SPAN = 260
_SPAN_END = 110
# A cut moves outwards to the next blank when that is this near, so that words stay whole.
_WORD_REACH = 12
# What is shown of a context in which neither answer stands.
_OPENING = 200


class Piece(NamedTuple):
    """A stretch of context and which answer it belongs to; "cut" stands for text left out."""

    text: str
    kind: Kind


def excerpt(context: str, annotated: Span | None, predicted: Span | None) -> list[Piece]:
    """The surroundings of two spans, with whatever lies far from both left out.

    Args:
        context: the text both spans point into.
        annotated: the annotated span, if there is one.
        predicted: the predicted span, if there is one.

    Returns:
        Pieces that follow each other; joined without the cuts they are slices of the context.
    """
    marks = [span for span in (annotated, predicted) if span is not None]
    kept = _merge(context, sorted(_surroundings(context, marks))) if marks else [_opening(context)]
    edges = sorted({edge for span in marks for edge in span})
    pieces = []
    if kept[0].start > 0:
        pieces.append(Piece("", "cut"))
    for number, part in enumerate(kept):
        if number:
            pieces.append(Piece("", "cut"))
        stops = [part.start, *(edge for edge in edges if part.start < edge < part.end), part.end]
        pieces += [
            Piece(context[start:stop], _kind(start, annotated, predicted))
            for start, stop in pairwise(stops)
            if start < stop
        ]
    if kept[-1].end < len(context):
        pieces.append(Piece("", "cut"))
    return pieces


def _surroundings(context: str, marks: Sequence[Span]) -> Iterator[Span]:
    for span in marks:
        before, after = max(0, span.start - _MARGIN), min(len(context), span.end + _MARGIN)
        if span.end - span.start <= _LONGEST_SPAN:
            yield Span(before, after)
        else:
            yield Span(before, span.start + _SPAN_END)
            yield Span(span.end - _SPAN_END, after)


def _opening(context: str) -> Span:
    return Span(0, _outwards(context, min(_OPENING, len(context)), 1))


def _merge(context: str, spans: Sequence[Span]) -> list[Span]:
    """Joins spans that touch once their ends have moved to the next blank."""
    merged: list[Span] = []
    for span in spans:
        start, end = _outwards(context, span.start, -1), _outwards(context, span.end, 1)
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Span(start, end))
    return merged


def _outwards(context: str, place: int, step: int) -> int:
    """The nearest word edge in one direction, or the place itself when none is near."""
    for moved in range(place, place + step * _WORD_REACH, step):
        if not 0 < moved < len(context) or context[moved - 1].isspace() or context[moved].isspace():
            return min(max(moved, 0), len(context))
    return place


def _kind(place: int, annotated: Span | None, predicted: Span | None) -> Kind:
    in_annotated = annotated is not None and annotated.start <= place < annotated.end
    in_predicted = predicted is not None and predicted.start <= place < predicted.end
    if in_annotated and in_predicted:
        return "both"
    return "annotated" if in_annotated else "predicted" if in_predicted else ""
