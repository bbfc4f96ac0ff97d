"""QA3xx: is the text itself sound? Nothing here is ever repaired, because a context is never edited."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from qatoolkit.corpus.offsets import WHITE_SPACE
from qatoolkit.validation.expressions import BLANK
from qatoolkit.validation.rule import Case, Problem, Rule

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
_MARKUP = r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|td|tr|table|h[1-6])(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,6});"

#: Bytes of white space at the edges of a context beyond which nobody looks for an answer that fills it.
_EDGES = 16

#: Characters of a tag that a message quotes.
_LONGEST_SHOWN = 60


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
        said = f"{message.format(_visible(match.group()))}{more}{_shared(case)}"
        return Problem(said, "context", match.span())

    return explain


def _visible(found: str) -> str:
    """What was found on one line; a character that shows nothing goes by its number."""
    if len(found) == 1 and not found.isprintable():
        return f"U+{ord(found):04X}"
    line = " ".join(found.split())
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 3] + "..."


def _shared(case: Case) -> str:
    count = len(case.others)
    return f"; {count} more record{' shares' if count == 1 else 's share'} it" if count else ""


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

#: A byte behind the first of a character in UTF-8, as Windows-1252 shows it.
_NEXT = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"

#: The same without what stands behind a capital in sound text: blanks, quotes, dashes, exponents (Å²).
_ODD = "".join(sorted({*map(chr, range(0x80, 0xC0)), *_NEXT[3:]} - set("\x85\xa0«»´·°²³‘’“”‚„–—…‹›")))

#: One letter with an accent or one sign, the rest of a "â€", or two characters of another script in a row.
_MOJIBAKE = f"Â[¡-ª¬-±´-º¼-¿]|[ÃÄÅ][{re.escape(_ODD)}]|â€[{_NEXT}]|(?:[\u00c2-\u00df][{_NEXT}]|[à-ï][{_NEXT}]{{2}}|[ð-ô][{_NEXT}]{{3}}){{2,}}"


def _misread(case: Case) -> Problem | None:
    for match in re.finditer(_MOJIBAKE, case.context):
        meant = _reread(match.group())
        if meant is not None and meant.isprintable():
            said = f'the context holds "{match.group()}", which is "{meant}" read in the wrong encoding'
            return Problem(f"{said}{_shared(case)}", "context", match.span())
    return None


def _reread(text: str) -> str | None:
    """What the bytes mean in UTF-8, None if nothing. Windows-1252 leaves five bytes open; they stay themselves."""
    try:
        return b"".join(
            c.encode("latin-1" if c in "\x81\x8d\x8f\x90\x9d" else "cp1252") for c in text
        ).decode()
    except UnicodeError:
        return None


MOJIBAKE = Rule(
    code="QA304",
    name="mojibake",
    severity="warning",
    scope="context",
    flag=pl.col("context").str.contains(_MOJIBAKE),
    explain=_misread,
    what="Reports a context that was written in UTF-8 and read in Windows-1252, so that one character became two or three.",
    why="The model learns a spelling that nobody types, and answers are cut out with it.",
    bad=(
        "context,question,answer\nThe cafÃ© is closed.,What?,closed\n",
        "context,question,answer\nThe river â€“ a long one â€“ is the Nile.,What?,the Nile\n",
        "context,question,answer\nÐ ÐµÐºÐ° is the word.,What?,the word\n",
    ),
    good=(
        "context,question,answer\nThe café is closed.,What?,closed\n",
        "context,question,answer\nThe river – a long one – is the Nile.,What?,the Nile\n",
        "context,question,answer\nРека is the word.,What?,the word\n",
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


def _whole_context(case: Case) -> Problem | None:
    if (case.text or "").strip() != case.context.strip():
        return None
    return Problem("the answer is the whole context", "text")


CONTEXT_EQUALS_ANSWER = Rule(
    code="QA306",
    name="context-equals-answer",
    severity="warning",
    scope="answer",
    # White space at the edges is for the explanation; counting bytes is free.
    flag=~BLANK & (pl.col("text").str.len_bytes() + _EDGES >= pl.col("context").str.len_bytes()),
    explain=_whole_context,
    what="Reports an answer that is the whole context, but for white space at its edges.",
    why="There is nothing to choose, so the model learns nothing from it except to answer with everything.",
    bad=(
        "context,question,answer\nThe Nile is long.,What is long?,The Nile is long.\n",
        '{"context": " Ån är lång.\\n", "question": "Vad?", "answers": {"text": ["Ån är lång."], "answer_start": [1]}}',
    ),
    good=(
        "context,question,answer\nThe Nile is long.,What is long?,The Nile\n",
        '{"context": " Ån är lång.\\n", "question": "Vad?", "answers": {"text": ["Ån"], "answer_start": [1]}}',
    ),
)
