"""What a profile tells of questions beyond `facets`: how they share contexts, titles and splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import polars as pl

from qatoolkit.analysis.load.splits import Split
from qatoolkit.analysis.parts.overlap import training_overlap

TRAIN = "train"

_CHARACTERS = ("under 30 characters", "30 to 49", "50 to 74", "75 to 99", "100 characters or more")
_CHARACTER_EDGES = (30, 50, 75, 100)
_ANSWERS = ("no answer", "1 answer", "2 answers", "3 answers", "4 or 5 answers", "6 answers or more")
_ANSWER_EDGES = (1, 2, 3, 4, 6)
_QUESTIONS = ("1 question", "2 to 4", "5 to 9", "10 to 19", "20 to 99", "100 questions or more")
_QUESTION_EDGES = (2, 5, 10, 20, 100)
_APART, _SHARED = "in this split only", "in another split too"


def further_facets(splits: Sequence[Split]) -> pl.DataFrame:
    """More facets of all examples, in the order of the splits; titles and contexts are counted within each.

    Returns:
        "question length", "answers a question", "questions a context", "questions a title" (where there are
        titles) and, of several splits, "shared contexts".
    """
    examples = [example for split in splits for example in split.examples]
    facets = {
        "question length": _banded([len(e.question) for e in examples], _CHARACTER_EDGES, _CHARACTERS),
        "answers a question": _banded([len(e.answers) for e in examples], _ANSWER_EDGES, _ANSWERS),
        "questions a context": _shares([[e.context for e in split.examples] for split in splits]),
    }
    if any(example.title for example in examples):
        facets["questions a title"] = _shares([[e.title for e in split.examples] for split in splits])
    if len(splits) > 1:
        facets["shared contexts"] = _elsewhere(splits)
    return pl.DataFrame(facets)


def training_strata(splits: Sequence[Split], language: str) -> pl.Series | None:
    """What of the other splits has been seen in train, see `overlap`; nulls for train itself.

    Returns:
        None unless there is a training split and another one.
    """
    training = next((split.examples for split in splits if split.name == TRAIN), None)
    if training is None or len(splits) < 2:
        return None
    parts = [
        pl.Series([None] * len(split.examples), dtype=pl.String)
        if split.name == TRAIN
        else training_overlap(split.examples, training, language)
        for split in splits
    ]
    kind = next(part.dtype for part in parts if part.dtype != pl.String)
    return pl.concat([part.cast(kind) for part in parts])


def _shares(labels: Sequence[Sequence[str]]) -> pl.Series:
    """With how many questions of its split each question shares a label, itself included."""
    counts = [Counter(part) for part in labels]
    numbers = [count[label] for count, part in zip(counts, labels, strict=True) for label in part]
    return _banded(numbers, _QUESTION_EDGES, _QUESTIONS)


def _elsewhere(splits: Sequence[Split]) -> pl.Series:
    """Whether the context of each question is in another split too."""
    held = [{example.context for example in split.examples} for split in splits]
    times = Counter(chain.from_iterable(held))
    values = [
        _SHARED if times[example.context] > 1 else _APART for split in splits for example in split.examples
    ]
    return pl.Series(values, dtype=pl.Enum((_APART, _SHARED)))


def _banded(numbers: Sequence[int], edges: Sequence[int], names: Sequence[str]) -> pl.Series:
    """The band of each number; below the first edge is the first name."""
    codes = pl.Series(edges, dtype=pl.Int64).search_sorted(pl.Series(numbers, dtype=pl.Int64), side="right")
    return pl.Series(names, dtype=pl.Enum(names)).gather(codes)
