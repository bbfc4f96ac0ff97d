from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis.cases import Span
from qatoolkit.analysis.page.excerpt import Piece, excerpt

LONG = " ".join(f"word{i}" for i in range(400))


def shape(pieces):
    return [piece.kind for piece in pieces]


def test_overlapping_spans_are_shown_as_both_where_they_meet():
    pieces = excerpt("The Nile is long", Span(0, 8), Span(4, 16))
    assert pieces == [Piece("The ", "annotated"), Piece("Nile", "both"), Piece(" is long", "predicted")]


def test_far_spans_are_two_pieces_with_a_cut_between_them():
    first, second = LONG.index("word50"), LONG.index("word350")
    pieces = excerpt(LONG, Span(first, first + 6), Span(second, second + 7))
    assert shape(pieces) == ["cut", "", "annotated", "", "cut", "", "predicted", "", "cut"]
    assert [piece.text for piece in pieces if piece.kind in ("annotated", "predicted")] == [
        "word50",
        "word350",
    ]
    assert sum(len(piece.text) for piece in pieces) < 460


def test_words_at_a_cut_stay_whole():
    start = LONG.index("word200")
    before, after = (piece.text for piece in excerpt(LONG, Span(start, start + 7), None) if not piece.kind)
    assert all(word in LONG.split() for word in (*before.split(), *after.split()))


def test_a_long_answer_is_cut_in_its_middle():
    pieces = excerpt(LONG, None, Span(0, len(LONG)))
    assert shape(pieces) == ["predicted", "cut", "predicted"]
    assert sum(len(piece.text) for piece in pieces) < 300


def test_without_spans_the_context_begins():
    assert excerpt("short", None, None) == [Piece("short", "")]
    assert shape(excerpt(LONG, None, None)) == ["", "cut"]
    assert excerpt("", None, None) == []


_PLACES = st.integers(0, 700)
_SPANS = st.none() | st.tuples(_PLACES, st.integers(1, 400)).map(
    lambda pair: Span(pair[0], min(pair[0] + pair[1], 1000))
)


@settings(deadline=None)
@given(st.text(alphabet="ab ", min_size=1000, max_size=1000), _SPANS, _SPANS)
def test_pieces_are_slices_in_order_and_both_ends_of_each_span_are_shown(context, annotated, predicted):
    pieces = excerpt(context, annotated, predicted)
    place = 0
    for piece in pieces:
        if piece.kind != "cut":
            place = context.index(piece.text, place) + len(piece.text)
    marked = {
        name: "".join(piece.text for piece in pieces if piece.kind in (name, "both"))
        for name in ("annotated", "predicted")
    }
    for name, span in (("annotated", annotated), ("predicted", predicted)):
        text = context[slice(*span)] if span else ""
        assert marked[name][:50] == text[:50]
        assert marked[name][-50:] == text[-50:]
