"""QA4xx: does the corpus hold together as a whole? The engine keeps hashes, not texts, for these."""

from __future__ import annotations

from qatoolkit.validation.rule import Case, Problem, Rule


def _duplicate_question(case: Case) -> Problem:
    return Problem(
        f"the same question on the same context is also {case.other_record}, under another id", "question"
    )


DUPLICATE_QUESTION = Rule(
    code="QA401",
    name="duplicate-question",
    severity="warning",
    scope="corpus",
    explain=_duplicate_question,
    what="Reports a question that is asked of the same context again, under another id.",
    why="It counts twice in training, and if the two land in different splits, the score is flattered.",
    bad=(
        "id,context,question,answer\n1,The Nile is long.,What is long?,Nile\n2,The Nile is long.,What is long?,Nile\n",
        "id,context,question,answer\nå,Ån är lång.,Hur?,lång\nä,Ån är lång.,Hur?,lång\n",
    ),
    good=(
        "id,context,question,answer\n1,The Nile is long.,What is long?,Nile\n1,The Nile is long.,What is long?,The Nile\n",
        "id,context,question,answer\nå,Ån är lång.,Hur?,lång\nä,Ån är lång.,Vad?,Ån\n",
    ),
)
