"""QA3xx: is the text itself sound? Nothing here is ever repaired, because a context is never edited."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from qatoolkit.corpus.offsets import WHITE_SPACE
from qatoolkit.validation.rule import Case, Problem, Rule

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
_MARKUP = r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|td|tr|table|h[1-6])(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,6});"


def _blank_question(case: Case) -> Problem:
    return Problem("the question is blank", "question")


BLANK_QUESTION = Rule(
    code="QA301",
    name="blank-question",
    severity="error",
    scope="record",
    flag=pl.col("question").str.strip_chars(WHITE_SPACE) == "",
    explain=_blank_question,
    what="Reports a question that holds nothing but white space.",
    why="The model would learn to answer without being asked.",
    bad=(
        'context,question,answer\nThe Nile is long.,"  ",Nile\n',
        '{"context": "Ån är lång.", "question": "\\u00a0", "answers": []}',
    ),
    good=(
        "context,question,answer\nThe Nile is long.,What is long?,Nile\n",
        '{"context": "Ån är lång.", "question": "Vad?", "answers": []}',
    ),
)


def _shows(pattern: str, message: str) -> Callable[[Case], Problem | None]:
    """An explanation that points at the first match of a pattern in the context."""
    compiled = re.compile(pattern)

    def explain(case: Case) -> Problem | None:
        match = compiled.search(case.context)
        if match is None:
            return None
        count = len(compiled.findall(case.context))
        more = f" and {count - 1} more" if count > 1 else ""
        shared = f"; {len(case.others)} more records share it" if case.others else ""
        shown = match.group() if match.group().isprintable() else f"U+{ord(match.group()[0]):04X}"
        return Problem(f"{message.format(shown)}{more}{shared}", "context", match.span())

    return explain


CONTROL_CHARACTER = Rule(
    code="QA302",
    name="control-character",
    severity="warning",
    scope="context",
    flag=pl.col("context").str.contains(_CONTROL),
    explain=_shows(_CONTROL, "the context holds the control character {}"),
    what="Reports a context with control characters other than tab and line breaks.",
    why="They come from broken exports, and many tokenizers drop them without a word.",
    bad=(
        '{"context": "The Nile\\u0000 is long.", "question": "What?", "answers": []}',
        '{"context": "Ån är\\u0007 lång.", "question": "Vad?", "answers": []}',
    ),
    good=(
        '{"context": "The Nile\\tis long.", "question": "What?", "answers": []}',
        '{"context": "Ån är\\nlång.", "question": "Vad?", "answers": []}',
    ),
)

REPLACEMENT_CHARACTER = Rule(
    code="QA303",
    name="replacement-character",
    severity="warning",
    scope="context",
    flag=pl.col("context").str.contains("\ufffd", literal=True),
    explain=_shows("\ufffd", "the context holds the replacement character {}"),
    what="Reports a context with U+FFFD, which stands where a character was lost.",
    why="The text was once decoded with the wrong encoding; what was there cannot be told any more.",
    bad=(
        '{"context": "The caf\ufffd is closed.", "question": "What?", "answers": []}',
        "context,question,answer\n\ufffdn är lång.,Hur?,lång\n",
    ),
    good=(
        '{"context": "The café is closed.", "question": "What?", "answers": []}',
        "context,question,answer\nÅn är lång.,Hur?,lång\n",
    ),
)

LEFTOVER_MARKUP = Rule(
    code="QA305",
    name="leftover-markup",
    severity="warning",
    scope="context",
    flag=pl.col("context").str.contains(_MARKUP),
    explain=_shows(_MARKUP, 'the context holds markup, "{}"'),
    what="Reports a context that holds HTML tags or entities.",
    why="They cost tokens, end up inside answers, and shift offsets when somebody removes them later.",
    bad=(
        "context,question,answer\nThe Nile<br>is long.,What?,Nile\n",
        "context,question,answer\nÅn &amp; bäcken.,Vad?,bäcken\n",
    ),
    good=(
        "context,question,answer\nThe Nile is long.,What?,Nile\n",
        "context,question,answer\nÅn & bäcken. Är 1 < 2?,Vad?,bäcken\n",
    ),
)
