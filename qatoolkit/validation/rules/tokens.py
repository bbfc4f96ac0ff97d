"""QA5xx: what will a tokenizer and its windows make of the records? Checked only when a tokenizer is named.

The rules read the columns of `validation.tokens.measure`: rows without an answer are the records' own.
"""

from __future__ import annotations

import polars as pl

from qatoolkit.validation.rule import Case, Problem, Rule


def _span(case: Case) -> tuple[int, int]:
    start = case.measures["start"]
    return start, start + len(case.measures["text"])


def _long(case: Case) -> Problem:
    tokens, most = case.measures["n_answer_tokens"], case.limits.max_answer_length
    return Problem(f"the answer has {tokens} tokens, max_answer_length is {most}", "text", _span(case))


LONG_ANSWER = Rule(
    code="QA501",
    name="long-answer",
    severity="warning",
    scope="tokenizer",
    flag=pl.col("n_answer_tokens") > pl.col("max_answer_length"),
    explain=_long,
    what="Reports an answer of more tokens than max_answer_length.",
    why="Decoding looks at no longer spans, so the model can be right and never say it. Raise --max-answer-length, or "
    "shorten the answer to its core.",
    bad=(
        "context,question,answer,answer_start\nThe Nile flows from the great lakes to the sea.,How?,from the great lakes to the sea,15\n",
        "context,question,answer,answer_start\nThe old café in the town opened in 1912.,What?,old café in the town opened in 1912,4\n",
    ),
    good=(
        "context,question,answer,answer_start\nThe Nile flows from the great lakes to the sea.,How?,to the sea,36\n",
        "context,question,answer,answer_start\nThe old café in the town opened in 1912.,What?,old café,4\n",
    ),
)


def _unreachable(case: Case) -> Problem:
    text = case.measures["text"]
    return Problem(f'answer "{text}" begins or ends inside a token', "text", _span(case))


ANSWER_INSIDE_TOKEN = Rule(
    code="QA502",
    name="answer-inside-token",
    severity="info",
    scope="tokenizer",
    flag=~pl.col("reachable"),
    explain=_unreachable,
    what="Points out an answer that begins or ends inside a token of this tokenizer.",
    why="Predictions are made of whole tokens, so none can equal it to the character; it costs exact match.",
    bad=(
        "context,question,answer,answer_start\nThey cost £5million in all.,What?,£5mi,10\n",
        "context,question,answer,answer_start\nThe Ångströms lived here.,Who?,Ån,4\n",
    ),
    good=(
        "context,question,answer,answer_start\nThey cost £5million in all.,What?,£5million,10\n",
        "context,question,answer,answer_start\nThe Ångströms lived here.,Who?,Ångströms,4\n",
    ),
)


def _parted(case: Case) -> Problem:
    tokens = case.measures["n_answer_tokens"]
    if not tokens:
        return Problem(
            "the tokenizer has no token for the answer, so no window holds it", "text", _span(case)
        )
    said = f"no window of {case.limits.max_seq_length} tokens holds all {tokens} of the answer"
    return Problem(f"{said}; neighbours share {case.limits.doc_stride}", "text", _span(case))


ANSWER_IN_NO_WINDOW = Rule(
    code="QA503",
    name="answer-in-no-window",
    severity="error",
    scope="tokenizer",
    flag=~pl.col("in_window"),
    explain=_parted,
    what="Reports an answer that no window of its context holds whole: it is longer than what neighbouring windows "
    "share, and the cut goes through it; or the tokenizer has no token for any character of it.",
    why="In training such a record says that there is no answer. Raise --doc-stride or --max-seq-length.",
    bad=(
        "context,question,answer,answer_start\nOne two three four five six seven eight nine ten a b c d e f g h i j k l.,What?,e f g h i j,57\n",
        "context,question,answer,answer_start\nOne two three four five six seven eight nine ten å b c d e f g h i j k l.,What?,e f g h i j,57\n",
    ),
    good=(
        "context,question,answer,answer_start\nOne two three four five six seven eight nine ten a b c d e f g h i j k l.,What?,e,57\n",
        "context,question,answer,answer_start\nOne two three four five six seven eight nine ten å b c d e f g h i j k l.,What?,å b c,49\n",
    ),
)


def _no_room(case: Case) -> Problem:
    tokens, room = case.measures["n_question_tokens"], case.measures["room"]
    left = f"{room} for the context, too few to share {case.limits.doc_stride}" if room > 0 else "none"
    said = f"the question has {tokens} tokens; of a window of {case.limits.max_seq_length} that leaves {left}"
    return Problem(said, "question")


LONG_QUESTION = Rule(
    code="QA504",
    name="long-question",
    severity="error",
    scope="tokenizer",
    flag=~pl.col("fits"),
    explain=_no_room,
    what="Reports a question so long that windows hold no context beside it, or hardly advance.",
    why="Fine-tuning refuses it. Shorten the question, raise --max-seq-length or lower --doc-stride.",
    bad=(
        "context,question,answer,answer_start\nThe Nile is one of the very long rivers of the world.,What is that in the north where the boats go to and fro from day to day on the water?,Nile,4\n",
        "context,question,answer,answer_start\nThe café is one of the very old houses of the town.,What is that in the north where the boats go to and fro from day to day å å å?,café,4\n",
    ),
    good=(
        "context,question,answer,answer_start\nThe Nile is one of the very long rivers of the world.,What is long?,Nile,4\n",
        "context,question,answer,answer_start\nThe café is one of the very old houses of the town.,What is å?,café,4\n",
    ),
)


def _many_windows(case: Case) -> Problem:
    count, room = case.measures["n_windows"], case.measures["room"]
    return Problem(
        f"the record makes {count} windows: its question leaves {room} tokens for the context in each",
        "question",
    )


MANY_WINDOWS = Rule(
    code="QA505",
    name="many-windows",
    severity="warning",
    scope="tokenizer",
    flag=pl.col("n_windows") > pl.col("most_windows"),
    explain=_many_windows,
    what="Reports a record that is cut into very many windows.",
    why="It takes as long in training as all of them, and nearly all of them say that there is no answer. Cut the "
    "context into sections, or raise --max-seq-length.",
    bad=(
        "context,question,answer,answer_start\nThe Nile is one of the very long rivers of the world and it flows from the great lakes in the south to the sea in the north of the land.,Which of the rivers of the world is so very long?,Nile,4\n",
        "context,question,answer,answer_start\nThe Café is one of the very old houses of the town and it was made by the people from the south of the land to the north of the lake.,Which of the houses of the town is so very å?,Café,4\n",
    ),
    good=(
        "context,question,answer,answer_start\nThe Nile is one of the very long rivers of the world.,Which of the rivers of the world is so very long?,Nile,4\n",
        "context,question,answer,answer_start\nThe Café is one of the very old houses of the town.,Which of the houses of the town is so very å?,Café,4\n",
    ),
)


def _unknown(case: Case) -> Problem:
    return Problem(
        f"the tokenizer does not know {case.measures['unknown']:.0%} of the context's tokens; "
        "choose a model for its language",
        "context",
    )


UNKNOWN_TOKENS = Rule(
    code="QA506",
    name="unknown-tokens",
    severity="warning",
    scope="tokenizer",
    flag=pl.col("unknown") > pl.col("unknown_share"),
    explain=_unknown,
    what="Reports a context of which the tokenizer does not know many tokens. It says so once for each context.",
    why="The model sees the same sign for every unknown word, and cannot tell them apart.",
    bad=(
        "context,question,answer,answer_start\nአባይ ረጅም ወንዝ ነው።,What?,ወንዝ,8\n",
        "context,question,answer,answer_start\nThe word ወንዝ is old.,What?,old,16\n",
    ),
    good=(
        "context,question,answer,answer_start\nÅn är lång.,What?,lång,6\n",
        "context,question,answer,answer_start\nThe word river is old.,What?,old,18\n",
    ),
)
