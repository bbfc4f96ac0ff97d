"""QA207 to QA212: what can be wrong with an answer besides its place."""

from __future__ import annotations

import polars as pl

from qatoolkit.corpus.offsets import on_word_boundaries
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.expressions import BLANK, RIGHT, STRIPPED
from qatoolkit.validation.hypotheses import weigh_ends
from qatoolkit.validation.rule import Case, Fix, Problem, Rule


def _empty(case: Case) -> Problem:
    beside = "" if case.start is None else f", beside answer_start {case.start}"
    return Problem(f"an answer has no text{beside}", "text")


EMPTY_ANSWER = Rule(
    code="QA207",
    name="empty-answer",
    severity="error",
    scope="answer",
    flag=BLANK,
    explain=_empty,
    what="Reports an answer whose text is empty or blank. A question without an answer has an empty list.",
    why="It is often a failed alignment, not an unanswerable question; a person must say which.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": [""], "answer_start": [-1]}}',
        "context,question,answer,answer_start\nÅn är lång.,Vad?,,3\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": [], "answer_start": []}}',
        "context,question,answer,answer_start\nÅn är lång.,Vad?,,\n",
    ),
)


def _edges(case: Case) -> Problem:
    text, start = case.text or "", case.start or 0
    inner = text.strip()
    new = start + len(text) - len(text.lstrip())
    edits = [Edit("text", case.answer, text, inner)]
    if new != start:
        edits.append(Edit("answer_start", case.answer, start, new))
    if case.end is not None and case.end != new + len(inner):
        edits.append(Edit("answer_end", case.answer, case.end, new + len(inner)))
    return Problem(
        f"answer {text!r} begins or ends with white space", "text", (new, new + len(inner)),
        fix=Fix(tuple(edits), "safe", "trim", 1, new - start),
    )  # fmt: skip


ANSWER_EDGE_WHITESPACE = Rule(
    code="QA208",
    name="answer-edge-whitespace",
    severity="warning",
    scope="answer",
    flag=RIGHT & (pl.col("text") != STRIPPED),
    explain=_edges,
    what="Reports an answer that begins or ends with white space.",
    why="Tokens do not begin with blanks, so no prediction can equal it to the character.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": [" Nile"], "answer_start": [3]}}',
        'context,question,answer,answer_start\nÅn är lång.,Vad?,"Ån ",0\n',
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [4]}}',
        'context,question,answer,answer_start\nÅn är lång.,Vad?,"Ån",0\n',
    ),
    fixes="Safe: the white space goes and the start moves with it.",
)


def _mid_word(case: Case) -> Problem | None:
    start, text = case.start or 0, case.text or ""
    if on_word_boundaries(case.context, start, start + len(text)):
        return None
    return Problem(
        f'answer "{text}" begins or ends inside a word', "answer_start", (start, start + len(text))
    )


_BEFORE = pl.col("context").str.slice((pl.col("start") - 1).clip(0), 1)
_AFTER = pl.col("context").str.slice(pl.col("start") + pl.col("text").str.len_chars(), 1)
_LETTER = r"[\p{L}\p{N}\p{M}]"

MID_WORD_SPAN = Rule(
    code="QA209",
    name="mid-word-span",
    severity="info",
    scope="answer",
    flag=RIGHT
    & (
        ((pl.col("start") > 0) & _BEFORE.str.contains(_LETTER) & pl.col("text").str.contains("^" + _LETTER))
        | (_AFTER.str.contains(_LETTER) & pl.col("text").str.contains(_LETTER + "$"))
    ),
    explain=_mid_word,
    what="Points out an answer that begins or ends inside a word, in scripts that put blanks between words.",
    why="Sometimes a slip of one character, sometimes right: a compound, a unit, an inflected name.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["ile"], "answer_start": [5]}}',
        "context,question,answer,answer_start\nÅn är lång.,Hur?,lån,6\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [4]}}',
        "context,question,answer,answer_start\n東京は大きい。,何が?,京,1\n",
    ),
)


def _end_disagrees(case: Case) -> Problem:
    start, text = case.start or 0, case.text or ""
    end = start + len(text)
    inclusive = case.end == end - 1
    counts = (case.counts.get(name, 0) for name in ("inclusive_ends", "exclusive_ends"))
    habit = inclusive and weigh_ends(*counts).holds
    if habit:
        said = f"answer_end {case.end} names the last character, as ends do throughout this file"
        message = f"{said}; exclusive, it is {end}"
    else:
        message = f"answer_end {case.end} does not fit answer_start {start} and {len(text)} characters"
        message += " (it counts the last character; ends here are exclusive)" if inclusive else ""
    fix = Fix((Edit("answer_end", case.answer, case.end, end),), "safe", "hypothesis" if habit else "single")
    return Problem(message, "answer_end", (start, end), fix=fix)


ANSWER_END_DISAGREES = Rule(
    code="QA210",
    name="answer-end-disagrees",
    severity="warning",
    scope="answer",
    flag=RIGHT & (pl.col("end") != pl.col("start") + pl.col("text").str.len_chars()),
    explain=_end_disagrees,
    waits_for="counts",
    what="Reports an answer_end that is not answer_start plus the length of the text.",
    why="Of start, end and text one is wrong; here start and text agree with the context.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", '
        '"answers": [{"text": "Nile", "answer_start": 4, "answer_end": 7}]}',
        "context,question,answer,answer_start,answer_end\nÅn är lång.,Hur?,lång,6,11\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", '
        '"answers": [{"text": "Nile", "answer_start": 4, "answer_end": 8}]}',
        "context,question,answer,answer_start,answer_end\nÅn är lång.,Hur?,lång,6,10\n",
    ),
    fixes="Safe: the end follows from start and text. Where ends name the last character throughout the file, that is "
    "one habit, and shown as one.",
)


def _repeated(case: Case) -> Problem | None:
    texts, starts = case.record["text"], case.record["answer_start"]
    same = [i for i in range(case.answer or 0) if (texts[i], starts[i]) == (case.text, case.start)]
    return Problem(f'answer "{case.text}" is listed again', "text") if same else None


REPEATED_ANSWER = Rule(
    code="QA211",
    name="repeated-answer",
    severity="info",
    scope="answer",
    flag=pl.col("n_answers") > 1,
    explain=_repeated,
    what="Points out an answer that a record lists more than once, with the same start.",
    why="Development sets keep one entry for each annotator on purpose, which is why this is off by default.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", '
        '"answers": {"text": ["Nile", "Nile"], "answer_start": [4, 4]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["Ån", "Ån"], "answer_start": [0, 0]}}',
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [4]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["Ån"], "answer_start": [0]}}',
    ),
    default=False,
)


def _contradicted(case: Case) -> Problem | None:
    count = len(case.record["text"])
    if count:
        noun = "an answer" if count == 1 else f"{count} answers"
        return Problem(f"is_impossible is true, but the record has {noun}", "is_impossible")
    if not case.counts["answers"]:  # nobody answered anything in this file; that is said once
        return None
    return Problem("is_impossible is false, but the record has no answer", "is_impossible")


IMPOSSIBLE_CONTRADICTED = Rule(
    code="QA212",
    name="impossible-contradicted",
    severity="error",
    scope="record",
    flag=pl.col("is_impossible") == (pl.col("text").list.len() > 0),
    explain=_contradicted,
    waits_for="counts",
    what="Reports a record that is flagged as impossible and has answers all the same, or is flagged as possible "
    "and has none, in a file in which others have.",
    why="Scripts that read the flag and scripts that read the answers would train two different models.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "is_impossible": true, '
        '"answers": {"text": ["Nile"], "answer_start": [4]}}',
        "context,question,answer,is_impossible\nÅn är lång.,Vad?,Ån,true\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "is_impossible": false, '
        '"answers": {"text": ["Nile"], "answer_start": [4]}}',
        "context,question,answer,is_impossible\nÅn är lång.,Vad?,,true\n",
    ),
)
