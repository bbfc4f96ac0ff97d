"""Sorts every prediction into exactly one class, by where it stands in the context.

The classes agree with the score: `exact` and `other-occurrence` are the ones exact match counts
as right, all others are wrong. A right abstention is `exact`. There is no class for the rest,
because there is no rest. Three more are given by `judge`, not here, because a position cannot tell
them: `unreachable`, `suspected-annotation`, and `missing` for questions that got no prediction.

A predictions file of the official kind has no positions. The text is then looked up in the
context, and when it stands there several times the place that speaks best for it counts, so
`other-occurrence` is only ever found in predictions that say where they stand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from qatoolkit.analysis.cases import Span
from qatoolkit.analysis.text.sentences import sentences
from qatoolkit.corpus.offsets import find_loosely, occurrences

CLASSES = {
    "exact": "Equals an annotated answer, or rightly says there is none.",
    "boundary-short": "Part of the annotated answer.",
    "boundary-long": "The annotated answer and more.",
    "boundary-shifted": "Overlaps the annotated answer at one end.",
    "other-occurrence": "The right text at another place; counted as right.",
    "same-sentence": "Another span of the sentence that holds the answer.",
    "wrong-sentence": "In no sentence that holds the answer, or nowhere in the context.",
    "false-abstention": "No answer given, although one is annotated.",
    "false-answer": "An answer given, although none is annotated.",
    "unreachable": "No model could give the annotated answer with these windows.",
    "suspected-annotation": "Wrong by an annotation that is probably wrong itself.",
    "missing": "No prediction for this question; counted as wrong.",
}

# Looking up more places than this for a text like "a" helps nobody.
_MAX_OCCURRENCES = 50


class Classified(NamedTuple):
    """A class, and the two spans it was judged by (None where there is none)."""

    error_class: str
    annotated: Span | None
    predicted: Span | None


def classify(
    context: str,
    answers: Sequence[str],
    answer_starts: Sequence[int],
    prediction: str,
    start: int | None = None,
    *,
    right: bool,
) -> Classified:
    """Says how a prediction relates to the annotated answers.

    Args:
        context: the text both point into.
        answers: annotated texts; none of them means unanswerable.
        answer_starts: where they begin; -1 is unknown, and means every place where the text
            stands. A start at which it does not stand is replaced by the nearest place where it does.
        prediction: the predicted text; "" says that there is no answer.
        start: where the prediction begins; unknown when it is None or the text is not there.
        right: whether exact match counts the prediction as right.
    """
    if start is not None and not _stands(context, prediction, start):
        start = None
    annotated = _annotated_spans(context, answers, answer_starts)
    predicted = _predicted_spans(context, prediction, start)
    pair = _closest(context, annotated, predicted)
    first = pair or (annotated[0] if annotated else None, predicted[0] if predicted else None)
    if not answers:
        return Classified("exact" if right else "false-answer", *first)
    if not prediction.strip():
        return Classified("exact" if right else "false-abstention", *first)
    if right:
        elsewhere = start is not None and pair is not None and not _overlap(*pair)
        return Classified("other-occurrence" if elsewhere else "exact", *first)
    return Classified(_wrong_place(context, *pair) if pair else "wrong-sentence", *first)


def _wrong_place(context: str, annotated: Span, predicted: Span) -> str:
    if not _overlap(annotated, predicted):
        return "same-sentence" if _share_sentence(context, annotated, predicted) else "wrong-sentence"
    if annotated.start <= predicted.start and predicted.end <= annotated.end:
        return "boundary-short"
    if predicted.start <= annotated.start and annotated.end <= predicted.end:
        return "boundary-long"
    return "boundary-shifted"


def _annotated_spans(context: str, answers: Sequence[str], starts: Sequence[int]) -> list[Span]:
    spans = []
    for text, start in zip(answers, starts, strict=True):
        if not text:
            continue
        if _stands(context, text, start):
            spans.append(Span(start, start + len(text)))
            continue
        elsewhere = _spans(occurrences(context, text), text)
        if start == -1:
            spans += elsewhere[:_MAX_OCCURRENCES]
        elif elsewhere:
            spans.append(min(elsewhere, key=lambda span: abs(span.start - start)))
    return spans


def _stands(context: str, text: str, start: int) -> bool:
    return start >= 0 and context.startswith(text, start)


def _predicted_spans(context: str, text: str, start: int | None) -> list[Span]:
    if not text.strip():
        return []
    if start is not None:
        return [Span(start, start + len(text))]
    places = occurrences(context, text)
    if places:
        return _spans(places[:_MAX_OCCURRENCES], text)
    # Some scripts write predictions from tokens, so that blanks, quotes or case differ.
    return [Span(match.start, match.end) for match in find_loosely(context, text)[:_MAX_OCCURRENCES]]


def _spans(places: Sequence[int], text: str) -> list[Span]:
    return [Span(place, place + len(text)) for place in places]


def _closest(context: str, annotated: Sequence[Span], predicted: Sequence[Span]) -> tuple[Span, Span] | None:
    """The pair that speaks best for the prediction: most overlap, then same sentence, then nearest."""
    pairs = [(one, other) for one in annotated for other in predicted]
    if len(pairs) < 2:
        return pairs[0] if pairs else None

    def distance(pair: tuple[Span, Span]) -> tuple[float, bool, int]:
        one, other = pair
        shared = 2 * _overlap(one, other) / (one.end - one.start + other.end - other.start)
        gap = max(one.start, other.start) - min(one.end, other.end)
        return -shared, not shared and not _share_sentence(context, one, other), gap

    return min(pairs, key=distance)


def _overlap(one: Span, other: Span) -> int:
    """How many characters two spans share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def _share_sentence(context: str, one: Span, other: Span) -> bool:
    spans = sentences(context)

    def touched(span: Span) -> range:
        # No list of all starts is made: a long context is asked about for many pairs.
        first, stop = (bisect_right(spans, at, key=attrgetter("start")) for at in (span.start, span.end - 1))
        return range(first - 1, stop)

    return bool(set(touched(one)) & set(touched(other)))
