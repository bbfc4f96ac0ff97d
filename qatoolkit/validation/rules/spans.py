"""QA201 to QA206: does every answer stand where it says? The one question that this toolkit exists for.

The file comes as a whole before any of these is explained, because its other answers may tell how it
counts. What is wrong with an answer that stands where it says is in `answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from qatoolkit.corpus.offsets import Difference, on_word_boundaries
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.diagnosis import Diagnosis, Kind, diagnose
from qatoolkit.validation.expressions import BLANK, WRONG
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.rule import Case, Fix, Problem, Rule

#: The same, for sources that give no start: a text that occurs is looked at for how often.
UNSURE = WRONG & ~BLANK & pl.col("context").is_not_null()


def when(kind: Kind, tell: Callable[[Case, Diagnosis], Problem]) -> Callable[[Case], Problem | None]:
    """An explanation that holds for one diagnosis only, so that each wrong answer is reported once."""

    def explain(case: Case) -> Problem | None:
        found = diagnose(case.context, case.text or "", case.start, case.hypothesis)
        if found.method == "nearest" and case.counts:
            found = replace(found, safety="unsafe")
        return tell(case, found) if found.kind == kind else None

    return explain


def move(case: Case, found: Diagnosis) -> Fix | None:
    """The repair that puts an answer at the place that was found."""
    if found.start is None or found.end is None or found.method is None:
        return None
    text = case.context[found.start : found.end]
    new = {"text": text, "answer_start": found.start, "answer_end": found.end}
    old = {"text": case.text, "answer_start": case.start, "answer_end": case.end}
    edits = tuple(
        Edit(field, case.answer, old[field], new[field])
        for field in new
        if old[field] != new[field] and (field == "text" or old[field] is not None)
    )
    distance = None if case.start is None else abs(found.start - case.start)
    return Fix(edits, found.safety, found.method, len(found.candidates), distance) if edits else None


def _where(found: Diagnosis, hypothesis: Hypothesis | None = None) -> str:
    if found.method == "hypothesis" and hypothesis is not None:
        return f"starts are counted {hypothesis.what}; that is {found.start}"
    times = len(found.candidates)
    if times == 1:
        return f"found once, at {found.start}"
    return f"found {times} times, nearest at {found.start}"


def _moved(message: Callable[[Case], str]) -> Callable[[Case, Diagnosis], Problem]:
    def tell(case: Case, found: Diagnosis) -> Problem:
        assert found.start is not None
        assert found.end is not None
        doubt = ""
        if found.safety == "unsafe":
            whole = on_word_boundaries(case.context, found.start, found.end)
            why = (
                "but most starts of this file are wrong"
                if case.counts
                else "though the answer may be a verdict"
            )
            doubt = f", {why}" if whole else ", inside a word"
        return Problem(
            message(case),
            "answer_start",
            (found.start, found.end),
            _where(found, case.hypothesis) + doubt,
            move(case, found),
        )

    return tell


def _points_at(case: Case) -> str:
    start = case.start or 0
    text = case.text or ""
    return f'answer_start {start} points at "{case.context[start : start + len(text)]}", not "{text}"'


SPAN_MISMATCH = Rule(
    code="QA201",
    name="span-mismatch",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("mismatch", _moved(_points_at)),
    what="Reports an answer whose text does not stand at answer_start, but does stand elsewhere in the context: "
    "once, or once within ten characters of the start.",
    why="The model would be taught to answer with whatever stands at the wrong place.",
    bad=(
        '{"context": "The Nile is 6650 km long.", "question": "How long?", '
        '"answers": {"text": ["6650 km"], "answer_start": [9]}}',
        'context,question,answer,answer_start\n"Café 😀 Müller opened in 1912, in Köln.",When?,1912,25\n',
    ),
    good=(
        '{"context": "The Nile is 6650 km long.", "question": "How long?", '
        '"answers": {"text": ["6650 km"], "answer_start": [12]}}',
        'context,question,answer,answer_start\n"Café 😀 Müller opened in 1912, in Köln.",When?,1912,24\n',
    ),
    fixes="Safe, unless the text is a single word that was found inside a longer one.",
)


def _ambiguous(case: Case, found: Diagnosis) -> Problem:
    times = len(found.candidates)
    said = (
        f"answer_start {case.start} is none of them" if case.start is not None else "there is no answer_start"
    )
    if times == 1:
        return Problem(f'"{case.text}" occurs only inside a longer word, and {said}', "answer_start",
                       (found.candidates[0], found.candidates[0] + len(case.text or "")))  # fmt: skip
    return Problem(f'"{case.text}" occurs {times} times, and {said}', "answer_start")


AMBIGUOUS_SPAN = Rule(
    code="QA202",
    name="ambiguous-span",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("ambiguous", _ambiguous),
    what="Reports an answer without a right start whose text occurs several times, none of them close to the "
    "start; or, where there is no start at all, only inside a longer word.",
    why="Which occurrence answers the question is for a person to say. Guessing the first is wrong about half "
    "the time.",
    bad=(
        "context,question,answer\nThe king of Norway met the king of Spain.,Who came from Spain?,king\n",
        '{"context": "År 1905 och år 1905 igen, sedan 1914.", "question": "När?", '
        '"answers": {"text": ["1905"], "answer_start": [33]}}',
    ),
    good=(
        "context,question,answer\nThe king of Norway met the king of Spain.,Who came from Spain?,the king of Spain\n",
        '{"context": "År 1905 och år 1905 igen, sedan 1914.", "question": "När?", '
        '"answers": {"text": ["1905"], "answer_start": [3]}}',
    ),
)


def _absent(case: Case, found: Diagnosis) -> Problem:
    return Problem(f'answer "{case.text}" is not in the context', "text")


ANSWER_NOT_IN_CONTEXT = Rule(
    code="QA203",
    name="answer-not-in-context",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("absent", _absent),
    what="Reports an answer whose text does not occur in the context, not after normalising, not nearly and not in "
    "pieces.",
    why="An extractive model can only point at the context. Often the text was translated, shortened or written "
    "from memory.",
    bad=(
        "context,question,answer\nThe Nile flows north.,Where does it end?,Lake Victoria\n",
        "context,question,answer\nÅn rinner norrut.,Vart?,söderut\n",
    ),
    good=(
        "context,question,answer\nThe Nile flows north.,Where does it flow?,north\n",
        "context,question,answer\nÅn rinner norrut.,Vart?,norrut\n",
    ),
)


_WRITTEN: dict[Difference | None, str] = {
    "HTML entities": "once HTML entities are read",
    "tokenised text": "tokenised otherwise",
}


def _differently(case: Case, found: Diagnosis) -> Problem:
    written = _WRITTEN.get(found.difference, f"with other {found.difference}")
    message = f'answer "{case.text}" is in the context {written}'
    if found.start is None or found.end is None:
        return Problem(f"{message}, {len(found.candidates)} times", "text")
    return Problem(message, "text", (found.start, found.end), _where(found), move(case, found))


ANSWER_WRITTEN_DIFFERENTLY = Rule(
    code="QA204",
    name="answer-written-differently",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("normalised", _differently),
    what="Reports an answer that occurs only once white space, quotes and dashes, Unicode form, HTML entities, the "
    "blanks and signs of a tokeniser (was n't, -LRB-) or letter case are normalised.",
    why="Comparing texts finds nothing, so the pair is dropped or crashes, though a reader sees the answer at once.",
    bad=(
        'context,question,answer,answer_start\nThe "red  line" opened in May.,What?,“red line”,4\n',
        "context,question,answer\nCafe\u0301 Müller opened.,What opened?,Café Müller\n",
        "context,question,answer\nIt was n't open -LRB- 1912 -RRB- .,How was it?,wasn't open (1912)\n",
        '{"context": "Tom & Zoë ran.", "question": "Who?", "answers": {"text": ["Tom &amp; Zoë"], "answer_start": [0]}}',
    ),
    good=(
        'context,question,answer,answer_start\nThe "red  line" opened in May.,What?,"""red  line""",4\n',
        "context,question,answer\nCafe\u0301 Müller opened.,What opened?,Cafe\u0301 Müller\n",
        "context,question,answer\nIt was n't open -LRB- 1912 -RRB- .,How was it?,was n't open -LRB- 1912 -RRB-\n",
        '{"context": "Tom & Zoë ran.", "question": "Who?", "answers": {"text": ["Tom & Zoë"], "answer_start": [0]}}',
    ),
    fixes="The text becomes the context's own: safe for white space, quotes, dashes and Unicode form, and for entities "
    "and tokenised text that occur once as whole words; unsafe for letter case.",
)


def _out_of_range(case: Case) -> str:
    return f'answer_start {case.start} of "{case.text}" lies outside the context of {len(case.context)} characters'


START_OUT_OF_RANGE = Rule(
    code="QA205",
    name="start-out-of-range",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("out-of-range", _moved(_out_of_range)),
    what="Reports an answer_start below zero or past the end of the context, whose text was found.",
    why="Offsets were counted over another text: the whole document, or bytes.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [99]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["lång"], "answer_start": [-7]}}',
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [4]}}',
        '{"context": "Ån är lång.", "question": "Vad?", "answers": {"text": ["lång"], "answer_start": [6]}}',
    ),
    fixes="Safe, unless the text is a single word that was found inside a longer one.",
)


def _placeholder(case: Case) -> str:
    return f'answer_start {case.start} of "{case.text}" is a placeholder'


PLACEHOLDER_START = Rule(
    code="QA206",
    name="placeholder-start",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("sentinel", _moved(_placeholder)),
    what="Reports an answer_start of -1 or 0 that is not the answer's place, whose text was found.",
    why="Scripts write 0 or -1 when they have not looked; taken at its word, it is a wrong span.",
    bad=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [-1]}}',
        "context,question,answer,answer_start\nÅn är lång.,Hur?,lång,0\n",
    ),
    good=(
        '{"context": "The Nile is long.", "question": "What?", "answers": {"text": ["Nile"], "answer_start": [4]}}',
        "context,question,answer,answer_start\nÅn är lång.,Hur?,lång,6\n",
    ),
    fixes="Safe, unless the text is a single word that was found inside a longer one, and for yes or no beside -1, which may be "
    "a verdict and no span at all.",
)
