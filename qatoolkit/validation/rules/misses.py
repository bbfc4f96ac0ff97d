"""QA213 to QA215: what an answer that is not in the context probably is. Whatever is left is QA203's."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

from qatoolkit.validation.diagnosis import Diagnosis
from qatoolkit.validation.nearly import find_pieces
from qatoolkit.validation.rule import Case, Fix, Problem, Rule
from qatoolkit.validation.rules.spans import UNSURE, move, when


def _nearly(case: Case, found: Diagnosis) -> Problem:
    said = f'answer "{case.text}" is not in the context, but nearly'
    if found.start is None or found.end is None:
        return Problem(f"{said}, in {len(found.candidates)} places", "text")
    text = case.context[found.start : found.end]
    distance = Levenshtein.distance(case.text or "", text)
    fix = move(case, found)
    assert fix is not None
    return Problem(
        f'{said}: "{text}" differs by {distance} character{"" if distance == 1 else "s"}',
        "text",
        (found.start, found.end),
        f"found once, at {found.start}" if len(found.candidates) == 1 else f"nearest at {found.start}",
        Fix(fix.edits, fix.safety, fix.method, fix.candidates, distance),
    )


ANSWER_NEARLY_IN_CONTEXT = Rule(
    code="QA213",
    name="answer-nearly-in-context",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("nearly", _nearly),
    what="Reports an answer that is in the context but for a slip: at most one character in ten, five in all, inserted, "
    "dropped or exchanged. Numbers must be the same.",
    why="It is a typing error, a correction made in one place only, or a translation that inflects a word otherwise; "
    "none of it is a text that the model can point at.",
    bad=(
        "context,question,answer\nThe river Brahmaputra flows west.,Which river?,river Bramaputra\n",
        '{"context": "På torget stod Kristina Gyllenstjerna.", "question": "Vem?", '
        '"answers": {"text": ["Kristina Gyllenstierna"], "answer_start": [15]}}',
    ),
    good=(
        "context,question,answer\nThe river Brahmaputra flows west.,Which river?,river Brahmaputra\n",
        '{"context": "På torget stod Kristina Gyllenstjerna.", "question": "Vem?", '
        '"answers": {"text": ["Kristina Gyllenstjerna"], "answer_start": [15]}}',
    ),
    fixes="Unsafe: the text becomes the context's own where there is one such place, or one close to the start.",
)


def _joined(case: Case, found: Diagnosis) -> Problem:
    places = find_pieces(case.context, case.text or "")
    pieces = ", ".join(f'"{case.context[start:end]}" at {start}' for start, end in places)
    return Problem(f'answer "{case.text}" is put together from pieces: {pieces}', "text")


JOINED_ANSWER = Rule(
    code="QA214",
    name="joined-answer",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("joined", _joined),
    what="Reports an answer that is not in the context, though each of its parts between commas, ellipses or the word "
    "for and is.",
    why="An extractive model answers with one span. Choose one that holds all of it, keep the main part, or ask "
    "for each part in a question of its own.",
    bad=(
        "context,question,answer\nThe Nile is longer than the Rhine.,Which rivers?,Nile and Rhine\n",
        'context,question,answer\nÅr 1905 kom Åsa hit och år 1914 Örjan.,När?,"år 1914, Åsa"\n',
    ),
    good=(
        "context,question,answer\nThe Nile is longer than the Rhine.,Which rivers?,Nile is longer than the Rhine\n",
        'context,question,answer\nÅr 1905 kom Åsa hit och år 1914 Örjan.,När?,"år 1914"\n',
    ),
)


def _no_answer(case: Case, found: Diagnosis) -> Problem:
    said = f'the text "{case.text}" says that there is no answer; a question without one has an empty list'
    return Problem(said, "text")


SENTINEL_TEXT = Rule(
    code="QA215",
    name="sentinel-text",
    severity="error",
    scope="answer",
    flag=UNSURE,
    waits_for="hypothesis",
    explain=when("no-answer", _no_answer),
    what="Reports a text such as CANNOTANSWER, no answer, N/A or nan that does not stand at its place in the context.",
    why="It is a sign for people or a slip of another program, not a span. Taken as an answer, it is dropped or "
    "crashes; taken as none, it is what SQuAD 2.0 writes as an empty list.",
    bad=(
        "context,question,answer\nThe Nile is long.,How wide is it?,CANNOTANSWER\n",
        '{"context": "Ån är lång.", "question": "Hur bred?", "answers": {"text": ["no answer"], "answer_start": [-1]}}',
    ),
    good=(
        "context,question,answer\nThe Nile is long.,How wide is it?,\n",
        '{"context": "Ån är lång.", "question": "Hur bred?", "answers": {"text": [], "answer_start": []}}',
    ),
)
