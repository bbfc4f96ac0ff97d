from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qatoolkit.analysis import sentences


@pytest.mark.parametrize(
    "pieces",
    [
        ["One. ", "Two! ", "Three? ", "Four"],
        ['He said "Go." ', "She went."],
        ["Dr. Smith met J. R. Ewing. ", "They left."],
        ["It cost 3.50 dollars, e.g. in the U.S. market. ", "Then it rose."],
        ["Ends here... ", "Next"],
        ["lower case follows. but it is one sentence. ", "Now not."],
        ["これは文です。", "「次の文。」", "終わり"],
        ["पहला वाक्य। ", "दूसरा वाक्य।"],
        ["Heading\n\n", "Text under it"],
        ["wrapped\nline. ", "Next."],
        ["No end"],
    ],
)
def test_pieces_come_out_as_they_went_in(pieces):
    text = "".join(pieces)
    assert [text[span.start : span.end] for span in sentences(text)] == pieces


@settings(deadline=None)
@given(st.text(alphabet="ab A.。!?\n\"'()Dr "))
def test_sentences_cover_the_text_without_gaps(text):
    spans = sentences(text)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert all(one.end == other.start for one, other in pairwise(spans))
