"""Describes every example by what can be seen from outside: the facets that scores are cut by.

One column for each facet, one value for each example, never null. A facet whose value is the same for all
says nothing and is left out. Bands have a natural order and are `pl.Enum`. Scores nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import polars as pl

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.parts.overlap import training_overlap
from qatoolkit.analysis.text.answer_type import ANSWER_TYPES, answer_type
from qatoolkit.analysis.text.question_words import question_word
from qatoolkit.analysis.text.scripts import WITHOUT_BLANKS
from qatoolkit.analysis.text.sentences import sentences
from qatoolkit.analysis.text.words import word_sets
from qatoolkit.corpus.offsets import occurrences

NO_ANSWER = "no answer"
_NOT_FOUND = "not in the context"
_NO_TITLE = "no title"
_EMPTY = "empty"

_WORDS = ("1 word", "2 words", "3 to 5 words", "6 to 10 words", "11 words or more")
_WORD_EDGES = (2, 3, 6, 11)
_CHARACTERS = (
    "1 or 2 characters",
    "3 or 4 characters",
    "5 to 9 characters",
    "10 to 19 characters",
    "20 characters or more",
)
_CHARACTER_EDGES = (3, 5, 10, 20)
_CONTEXTS = (
    "under 500 characters",
    "500 to 999 characters",
    "1,000 to 1,999 characters",
    "2,000 to 4,999 characters",
    "5,000 characters or more",
)
_CONTEXT_EDGES = (500, 1000, 2000, 5000)
_WINDOWS = ("1 window", "2 windows", "3 or 4 windows", "5 windows or more")
_WINDOW_EDGES = (2, 3, 5)
_QUARTERS = ("first quarter", "second quarter", "third quarter", "last quarter")
_SHARES = ("none", "under 25%", "25 to 49%", "50 to 74%", "75% or more")
_SHARE_EDGES = (math.ulp(0.0), 0.25, 0.5, 0.75)

# A column of the source is a facet with at most so many values, of at most so many characters.
_MOST_VALUES = 30
_LONGEST_VALUE = 80
# A word in more than this share of the questions, and in more than so many, tells them not apart.
_COMMON_SHARE = 0.05
_COMMON_COUNT = 3


def describe(
    examples: Sequence[Example],
    *,
    language: str = "en",
    n_windows: Sequence[int | None] | None = None,
    training: Sequence[Example] | None = None,
) -> pl.DataFrame:
    """The facets of examples.

    question word     see `question_words`.
    answer length     of the shortest annotated answer: words between blanks; characters in Chinese,
                      Japanese and Thai.
    context length    characters.
    answer position   the quarter of the context in which the first annotated answer begins.
    answer type       of the first annotated answer, see `answer_type`.
    lexical overlap   which share of the question's telling words stand in the sentence in which the first
                      annotated answer begins. Words are those that F1 counts, in Chinese, Japanese and Thai
                      pairs of characters; telling are those that at most 5% of the questions have (or at
                      most three of them).
    windows           only where it is known for all examples.
    title             of the document.
    training overlap  only with `training`, see `overlap`.

    Besides every other column of the source with 2 to 30 short values, no JSON, at most half as many as there
    are rows, that is filled in at least half of the rows.

    Args:
        examples: n examples.
        language: a key of `metrics.normalize.PROFILES`.
        n_windows: how many windows each context was cut into.
        training: what the model was trained on.

    Returns:
        n rows; no columns at all (and so no rows) where nothing tells the examples apart.
    """
    n = len(examples)
    facets = {
        "question word": pl.Series([question_word(example.question, language) for example in examples]),
        "answer length": _answer_length(examples, language),
        "context length": _banded((len(e.context) for e in examples), _CONTEXT_EDGES, _CONTEXTS),
        "answer position": _answer_position(examples),
        "answer type": _named([_type(example) for example in examples], (NO_ANSWER, *ANSWER_TYPES)),
        "lexical overlap": _lexical_overlap(examples, language),
    }
    if n_windows is not None and None not in n_windows:
        facets["windows"] = _banded((count or 1 for count in n_windows), _WINDOW_EDGES, _WINDOWS)
    facets["title"] = pl.Series([example.title or _NO_TITLE for example in examples], dtype=pl.String)
    if training is not None:
        facets["training overlap"] = training_overlap(examples, training, language)
    for name, column in _columns(examples).items():
        facets[f"column {name}" if name in facets else name] = column
    telling = {name: column for name, column in facets.items() if n and column.n_unique() > 1}
    return pl.DataFrame(telling)


def answer_start(example: Example) -> int | None:
    """Where the first annotated answer begins; the nearest place where it stands if the start is wrong.

    Returns:
        None where there is no answer, or it stands nowhere in the context.
    """
    if not example.answers or not example.answers[0]:
        return None
    text, start = example.answers[0], example.answer_starts[0]
    if start >= 0 and example.context.startswith(text, start):
        return start
    places = occurrences(example.context, text)
    return min(places, key=lambda place: abs(place - start), default=None)


def _answer_length(examples: Sequence[Example], language: str) -> pl.Series:
    """By the shortest answer, because that is all that a model has to find."""
    unspaced = language in WITHOUT_BLANKS
    edges, names = (_CHARACTER_EDGES, _CHARACTERS) if unspaced else (_WORD_EDGES, _WORDS)
    measure: Callable[[str], int] = len if unspaced else lambda text: len(text.split())
    lengths = (min(map(measure, e.answers)) if e.answers else None for e in examples)
    return _banded(lengths, edges, names, NO_ANSWER)


def _answer_position(examples: Sequence[Example]) -> pl.Series:
    values = []
    for example in examples:
        start = answer_start(example)
        if start is None:
            values.append(_NOT_FOUND if example.answers else NO_ANSWER)
        else:
            values.append(_QUARTERS[4 * start // len(example.context)])
    return _named(values, (NO_ANSWER, *_QUARTERS, _NOT_FOUND))


def _type(example: Example) -> str:
    return answer_type(example.answers[0]) if example.answers else NO_ANSWER


def _lexical_overlap(examples: Sequence[Example], language: str) -> pl.Series:
    held = [_answer_sentence(example) for example in examples]
    questions = word_sets([example.question for example in examples], language)
    # The same sentence holds the answers of several questions.
    distinct = list(dict.fromkeys(sentence for sentence in held if sentence is not None))
    by_sentence = dict(zip(distinct, word_sets(distinct, language), strict=True))
    counts = Counter(word for words in questions for word in words)
    common = {n for n, k in counts.items() if k > max(_COMMON_COUNT, _COMMON_SHARE * len(examples))}
    values = []
    for example, sentence, words in zip(examples, held, questions, strict=True):
        if sentence is None:
            values.append(_NOT_FOUND if example.answers else NO_ANSWER)
            continue
        asked = words - common
        share = len(asked & by_sentence[sentence]) / len(asked) if asked else 0.0
        values.append(_SHARES[bisect_right(_SHARE_EDGES, share)])
    return _named(values, (NO_ANSWER, *_SHARES, _NOT_FOUND))


def _answer_sentence(example: Example) -> str | None:
    start = answer_start(example)
    if start is None:
        return None
    spans = sentences(example.context)
    span = spans[bisect_right(spans, start, key=lambda span: span.start) - 1]
    return example.context[span.start : span.end]


def _columns(examples: Sequence[Example]) -> dict[str, pl.Series]:
    """The source's own columns that sort the examples into a few kinds."""
    names = dict.fromkeys(name for example in examples for name in example.extra)
    found = {}
    for name in names:
        values = [example.extra.get(name) or "" for example in examples]
        counts = Counter(values)
        empty = counts.pop("", 0)
        few = len(counts) <= min(_MOST_VALUES, len(examples) // 2)
        plain = all(len(value) <= _LONGEST_VALUE and value[0] not in "[{" for value in counts)
        if few and plain and 2 * empty <= len(examples):
            found[name] = pl.Series([value or _EMPTY for value in values], dtype=pl.String)
    return found


def _banded(
    numbers: Iterable[int | None], edges: Sequence[int], names: Sequence[str], missing: str = ""
) -> pl.Series:
    """The band of each number; below the first edge is the first name, None is `missing`."""
    values = [missing if number is None else names[bisect_right(edges, number)] for number in numbers]
    return _named(values, (missing, *names) if missing else names)


def _named(values: Sequence[str], order: Sequence[str]) -> pl.Series:
    return pl.Series(values, dtype=pl.Enum(order))
