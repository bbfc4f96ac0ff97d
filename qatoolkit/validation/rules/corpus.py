"""QA4xx: does the corpus hold together as a whole? These see counts and hashes (`ledger`), not texts."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from qatoolkit.validation.rule import Case, Problem, Rule

_DIFFERS = {
    name: pl.col(name).ne(pl.col(f"first_{name}")) for name in ("id_hash", "split", "title", "context")
}
_OTHER_ANSWERS = pl.col("answers") != pl.col("first_answers")
_OTHERWISE_ANSWERABLE = pl.col("answered") != pl.col("first_answered")


def _says(message: Callable[[Case], str], field: str) -> Callable[[Case], Problem]:
    return lambda case: Problem(message(case), field)


DUPLICATE_QUESTION = Rule(
    code="QA401",
    name="duplicate-question",
    severity="warning",
    scope="corpus",
    key="pair",
    flag=_DIFFERS["id_hash"] & ~_OTHER_ANSWERS,
    explain=_says(
        lambda case: f"the same question on the same context is also {case.other_record}, under another id",
        "question",
    ),
    what="Reports a question that is asked of the same context again, under another id and with the same answers.",
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


def _conflicting(case: Case) -> Problem:
    row = case.record
    if row["answered"] and row["first_answered"]:
        told = f"{case.other_record} asks the same of the same context and has other answers"
    else:
        has, lacks = ("this record", "it") if row["answered"] else ("it", "this record")
        told = (
            f"{case.other_record} asks the same of the same context; {has} has an answer and {lacks} has none"
        )
    return Problem(told, "answers")


CONFLICTING_ANSWERS = Rule(
    code="QA402",
    name="conflicting-answers",
    severity="warning",
    scope="corpus",
    key="pair",
    flag=(_DIFFERS["id_hash"] & _OTHER_ANSWERS) | _OTHERWISE_ANSWERABLE,
    explain=_conflicting,
    what="Reports a question that is asked of the same context twice and answered differently: under two ids with "
    "other answers, or once with an answer and once without. Rows that repeat an id are alternatives of one "
    "record and may differ.",
    why="Whatever the model answers, one of the two says that it is wrong.",
    bad=(
        "id,context,question,answer\n1,The Nile is long.,What is long?,Nile\n2,The Nile is long.,What is long?,The\n",
        "id,context,question,answer\nå,Ån är lång.,Hur?,lång\nä,Ån är lång.,Hur?,\n",
    ),
    good=(
        "id,context,question,answer\n1,The Nile is long.,What is long?,Nile\n1,The Nile is long.,What is long?,The\n",
        "id,context,question,answer\nå,Ån är lång.,Hur?,lång\nä,Ån är lång.,Varför?,\n",
    ),
)

CONTEXT_IN_TWO_SPLITS = Rule(
    code="QA403",
    name="context-in-two-splits",
    severity="warning",
    scope="corpus",
    key="context",
    flag=_DIFFERS["split"],
    explain=_says(
        lambda case: (
            f"this context of the {case.record['split']} split is also {case.other_record}, "
            f"of the {case.record['first_split']} split"
        ),
        "context",
    ),
    what="Reports a context that stands in files, or in folders of a saved dataset, of different splits. Which "
    "split a file is, its name says: train, dev, validation, test.",
    why="The model is then scored on texts that it has read, and the score says little about new ones. "
    "`qatk convert` splits by context and title, so that this cannot happen.",
    bad=(),
    good=(),
)

CONTEXT_UNDER_TWO_TITLES = Rule(
    code="QA404",
    name="context-under-two-titles",
    severity="info",
    scope="corpus",
    key="context",
    flag=_DIFFERS["title"],
    explain=_says(lambda case: f"this context is also {case.other_record}, under another title", "title"),
    what="Points out a context that occurs under different titles.",
    why="One document was entered twice, or a title is wrong; whoever splits by title alone parts the two.",
    bad=(
        "title,context,question,answer\nNile,The Nile is long.,What is long?,Nile\nRivers,The Nile is long.,How is it?,long\n",
        "title,context,question,answer\nÅn,Ån är lång.,Hur?,lång\nVatten,Ån är lång.,Vad?,Ån\n",
    ),
    good=(
        "title,context,question,answer\nNile,The Nile is long.,What is long?,Nile\nNile,The Nile is long.,How is it?,long\n",
        "title,context,question,answer\nÅn,Ån är lång.,Hur?,lång\nÅn,Ån är lång.,Vad?,Ån\n",
    ),
)


def _nearly(case: Case) -> Problem:
    row = case.record
    across = row["split"] and row["first_split"] and row["split"] != row["first_split"]
    where = f", of the {row['first_split']} split" if across else ""
    return Problem(f"this context is nearly that of {case.other_record}{where}", "context")


NEARLY_SAME_CONTEXT = Rule(
    code="QA405",
    name="nearly-same-context",
    severity="warning",
    scope="corpus",
    key="cluster",
    flag=_DIFFERS["context"],
    explain=_nearly,
    what="Reports a context that is nearly another one: four fifths of the sets of five neighbouring characters "
    "are the same, or whatever `similarity` in `[limits]` says. Off by default, because it takes time to find "
    "out; `qatk validate --extend-select QA405` runs it.",
    why="An edition with another date, a page fetched twice: parted into training and test data it flatters the "
    "score as much as the same context would.",
    bad=(
        "context,question,answer\n"
        "The Nile is the longest river of Africa and flows north to the sea.,What is long?,Nile\n"
        "The Nile is the longest river of Africa and flows north to the sea!,Where to?,north\n",
        "context,question,answer\n"
        "Ån är lång och bred och rinner norrut genom alla våra byar till havet.,Hur?,lång\n"
        "Ån är lång och bred och rinner norrut genom alla våra byar till havet...,Vart?,norrut\n",
    ),
    good=(
        "context,question,answer\n"
        "The Nile is the longest river of Africa and flows north to the sea.,What is long?,Nile\n"
        "The Nile is the longest river of Africa and flows north to the sea.,Where to?,north\n",
        "context,question,answer\n"
        "Ån är lång och bred och rinner norrut genom alla våra byar till havet.,Hur?,lång\n"
        "Havet är djupt och kallt och saltare än alla sjöar i landet.,Hur är havet?,djupt\n",
    ),
    default=False,
)


def _few(case: Case) -> Problem | None:
    records, fewest = case.counts["records"], case.limits.fewest_examples
    if records >= fewest:
        return None
    return Problem(
        f"{records:,} record{'s are' if records != 1 else ' is'} few to train on; below {fewest:,} start from a "
        "model that is tuned for question answering already, and believe no score without its interval",
        "records",
    )


TOO_FEW_EXAMPLES = Rule(
    code="QA406",
    name="too-few-examples",
    severity="info",
    scope="total",
    flag=pl.col("records") > 0,
    explain=_few,
    what="Points out that there are fewer records than `fewest_examples` in `[limits]` says, 100 unless it is set.",
    why="An encoder that was never tuned for questions learns little from a hundred of them, and on ten test "
    "questions one answer is ten points.",
    bad=(
        "context,question,answer\nThe Nile is long.,What is long?,Nile\n",
        "context,question,answer\nÅn är lång.,Hur?,lång\n",
    ),
    good=(
        "context,question,answer\nThe Nile is long.,What is long?,Nile\nThe Nile is long.,How is it?,long\n",
        "context,question,answer\nÅn är lång.,Hur?,lång\nÅn är lång.,Vad?,Ån\n",
    ),
)


def _never_counted(case: Case) -> Problem:
    counts = case.counts
    start = 0 if counts["zero_starts"] else -1
    return Problem(
        f"all {counts['starts']:,} values of answer_start are {start}: nobody looked where the answers stand; "
        "without the column each is placed where its text occurs once",
        "answer_start",
    )


_PLACEHOLDERS = (pl.col("zero_starts") == pl.col("starts")) | (pl.col("minus_starts") == pl.col("starts"))

STARTS_NEVER_COUNTED = Rule(
    code="QA407",
    name="starts-never-counted",
    severity="warning",
    scope="file",
    flag=(pl.col("starts") >= 3) & (pl.col("misplaced") >= 3) & _PLACEHOLDERS,
    explain=_never_counted,
    what="Reports a file in which every answer_start is 0, or every one is -1, and three answers or more do not "
    "stand there.",
    why="The column holds no information. QA206 and its neighbours report each row; this says that there is one cause.",
    bad=(
        "context,question,answer,answer_start\nThe Nile is long.,What?,Nile,-1\nThe Nile is long.,How?,long,-1\n"
        "Oslo is cold.,How?,cold,-1\n",
        "context,question,answer,answer_start\nÅn är lång.,Hur?,lång,0\nVår ö är stor.,Hur?,stor,0\nByn är röd.,Hur?,röd,0\n",
    ),
    good=(
        "context,question,answer,answer_start\nThe Nile is long.,What?,Nile,4\nThe Nile is long.,How?,long,12\n"
        "Oslo is cold.,How?,cold,8\n",
        "context,question,answer,answer_start\nÅn är lång.,Hur?,lång,6\nVår ö är stor.,Hur?,stor,9\nByn är röd.,Hur?,röd,7\n",
    ),
)


def _blind(case: Case) -> Problem:
    return Problem(
        "no record has an answer, and none says that its question is impossible: a test file without labels, which "
        "is not the same as unanswerable; if a column holds the answers, name it with --map YOUR_COLUMN=answers",
        "answers",
    )


UNLABELLED_FILE = Rule(
    code="QA408",
    name="unlabelled-file",
    severity="warning",
    scope="file",
    flag=(pl.col("records") >= 3) & (pl.col("answers") == 0) & (pl.col("impossible") == 0),
    explain=_blind,
    what="Reports a file of three records or more in which none has an answer and none is flagged as impossible.",
    why="Read as data it would teach that nothing can be answered, and score any answer as wrong. It is a blind test "
    "file, or the column of answers was not recognised.",
    bad=(
        "context,question\nThe Nile is long.,What is long?\nThe Nile is long.,How is it?\nOslo is cold.,What is cold?\n",
        "context,question,answers\nÅn är lång.,Hur?,\nÅn är lång.,Vad?,\nByn är röd.,Hur?,\n",
    ),
    good=(
        "context,question,answer\nThe Nile is long.,What is long?,Nile\nThe Nile is long.,How is it?,long\n"
        "Oslo is cold.,What is wet?,\n",
        "context,question,answers,is_impossible\nÅn är lång.,Vart?,,true\nÅn är lång.,Varför?,,true\nByn är röd.,När?,,true\n",
    ),
)
