"""QA2xx: does every answer stand where it says? The one question that this toolkit exists for."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from qatoolkit.corpus.offsets import WHITE_SPACE, on_word_boundaries
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.diagnosis import Diagnosis, Kind, diagnose
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.rule import Case, Fix, Problem, Rule

_FOUND = pl.col("context").str.slice(pl.col("start"), pl.col("text").str.len_chars())
_STRIPPED = pl.col("text").str.strip_chars(WHITE_SPACE)
_BLANK = pl.col("text").is_null() | (_STRIPPED == "")
_RIGHT = (pl.col("start") >= 0) & (pl.col("text") == _FOUND) & ~_BLANK

#: The answer stands where it says: the check that everything else explains.
WRONG = ~_RIGHT.fill_null(False)
#: The same, for sources that give no start: a text that occurs is looked at for how often.
_UNSURE = WRONG & ~_BLANK & pl.col("context").is_not_null()


def _when(kind: Kind, tell: Callable[[Case, Diagnosis], Problem]) -> Callable[[Case], Problem | None]:
    """An explanation that holds for one diagnosis only, so that each wrong answer is reported once."""

    def explain(case: Case) -> Problem | None:
        found = diagnose(case.context, case.text or "", case.start, case.hypothesis)
        return tell(case, found) if found.kind == kind else None

    return explain


def _move(case: Case, found: Diagnosis) -> Fix | None:
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
        inside = "" if found.safety == "safe" else ", inside a word"
        return Problem(
            message(case),
            "answer_start",
            (found.start, found.end),
            _where(found, case.hypothesis) + inside,
            _move(case, found),
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
    flag=_UNSURE,
    whole_file=True,
    explain=_when("mismatch", _moved(_points_at)),
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
    fixes="Safe where the found place cuts no word in two; otherwise unsafe.",
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
    flag=_UNSURE,
    whole_file=True,
    explain=_when("ambiguous", _ambiguous),
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
    flag=_UNSURE,
    whole_file=True,
    explain=_when("absent", _absent),
    what="Reports an answer whose text does not occur in the context, not even after normalising.",
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


def _differently(case: Case, found: Diagnosis) -> Problem:
    message = f'answer "{case.text}" is in the context with other {found.difference}'
    if found.start is None or found.end is None:
        return Problem(f"{message}, {len(found.candidates)} times", "text")
    return Problem(message, "text", (found.start, found.end), _where(found), _move(case, found))


ANSWER_WRITTEN_DIFFERENTLY = Rule(
    code="QA204",
    name="answer-written-differently",
    severity="error",
    scope="answer",
    flag=_UNSURE,
    whole_file=True,
    explain=_when("normalised", _differently),
    what="Reports an answer that occurs only once white space, quotes and dashes, Unicode form or letter case "
    "are normalised.",
    why="Comparing texts finds nothing, so the pair is dropped or crashes, though a reader sees the answer at once.",
    bad=(
        'context,question,answer,answer_start\nThe "red  line" opened in May.,What?,“red line”,4\n',
        "context,question,answer\nCafe\u0301 Müller opened.,What opened?,Café Müller\n",
    ),
    good=(
        'context,question,answer,answer_start\nThe "red  line" opened in May.,What?,"""red  line""",4\n',
        "context,question,answer\nCafe\u0301 Müller opened.,What opened?,Cafe\u0301 Müller\n",
    ),
    fixes="The text becomes the context's own: safe for white space, quotes, dashes and Unicode form; unsafe for "
    "letter case.",
)


def _out_of_range(case: Case) -> str:
    return f'answer_start {case.start} of "{case.text}" lies outside the context of {len(case.context)} characters'


START_OUT_OF_RANGE = Rule(
    code="QA205",
    name="start-out-of-range",
    severity="error",
    scope="answer",
    flag=_UNSURE,
    whole_file=True,
    explain=_when("out-of-range", _moved(_out_of_range)),
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
    fixes="Safe where the found place cuts no word in two; otherwise unsafe.",
)


def _placeholder(case: Case) -> str:
    return f'answer_start {case.start} of "{case.text}" is a placeholder'


PLACEHOLDER_START = Rule(
    code="QA206",
    name="placeholder-start",
    severity="error",
    scope="answer",
    flag=_UNSURE,
    whole_file=True,
    explain=_when("sentinel", _moved(_placeholder)),
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
    fixes="Safe where the found place cuts no word in two; otherwise unsafe.",
)


def _empty(case: Case) -> Problem:
    return Problem(f"an answer without text stands beside answer_start {case.start}", "text")


EMPTY_ANSWER = Rule(
    code="QA207",
    name="empty-answer",
    severity="error",
    scope="answer",
    flag=_BLANK,
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
    flag=_RIGHT & (pl.col("text") != _STRIPPED),
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
    flag=_RIGHT
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
    inclusive = " (it counts the last character; ends here are exclusive)" if case.end == end - 1 else ""
    edit = Edit("answer_end", case.answer, case.end, end)
    return Problem(
        f"answer_end {case.end} does not fit answer_start {start} and {len(text)} characters{inclusive}",
        "answer_end", (start, end), fix=Fix((edit,), "safe", "single"),
    )  # fmt: skip


ANSWER_END_DISAGREES = Rule(
    code="QA210",
    name="answer-end-disagrees",
    severity="warning",
    scope="answer",
    flag=_RIGHT & (pl.col("end") != pl.col("start") + pl.col("text").str.len_chars()),
    explain=_end_disagrees,
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
    fixes="Safe: the end follows from start and text.",
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


def _contradicted(case: Case) -> Problem:
    count = len(case.record["text"])
    noun = "an answer" if count == 1 else f"{count} answers"
    return Problem(f"is_impossible is true, but the record has {noun}", "is_impossible")


IMPOSSIBLE_CONTRADICTED = Rule(
    code="QA212",
    name="impossible-contradicted",
    severity="error",
    scope="record",
    flag=pl.col("is_impossible") & (pl.col("text").list.len() > 0),
    explain=_contradicted,
    what="Reports a record that is flagged as impossible and has answers all the same.",
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
