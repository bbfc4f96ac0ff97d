"""Answers that never look at the question: a floor that shows what a data set gives away.

If these are often right, answers can be guessed from where they stand and how they look (Kaushik and Lipton,
2018, "How Much Reading Does Reading Comprehension Require?"). What answers look like is learnt from the
annotated answers of the other documents only, so nothing is taken from the document itself. Deterministic;
all questions about a context get the same answer, and it is never "no answer" unless the context has no word.

Of each run of words (see `word_runs`) three things are looked at: which sentence it is in and where in the
sentence, how many words it has, and its type (see `answer_type`). Each counts by how much more frequent it
is among answers than among runs, as in naive Bayes; the run with the best sum is the answer.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.text.answer_type import answer_type
from qatoolkit.analysis.text.word_runs import WORD, Word, runs, sentence_words

# Later sentences are one kind, and so are later words of a sentence and longer answers.
_SENTENCE_EDGES = (1, 2, 3, 5, 8)
_WORD_EDGES = (1, 4, 8, 16)
_MAX_WORDS = 5
# What was never seen counts as seen so often.
_SMOOTHING = 1.0

Trait = tuple[str, Hashable]


class _Run(NamedTuple):
    text: str
    traits: tuple[Trait, ...]


def question_blind(examples: Sequence[Example]) -> list[str]:
    """Answers each question without reading it.

    Args:
        examples: n examples; documents are told by their titles, by contexts where there are fewer than
            two titles.

    Returns:
        n texts, each a piece of its context; "" where the context has no words.
    """
    by_title = len({example.title for example in examples}) > 1
    documents: dict[str, str] = {}  # context -> document
    for example in examples:
        documents.setdefault(example.context, example.title if by_title else example.context)
    words = {context: sentence_words(context) for context in documents}
    candidates = {context: list(_runs(context, words[context])) for context in documents}

    asked: dict[str, Counter[Trait]] = {name: Counter() for name in documents.values()}
    offered: dict[str, Counter[Trait]] = {name: Counter() for name in documents.values()}
    for example in examples:
        asked[documents[example.context]].update(_answer_traits(example, words[example.context]))
    for context, name in documents.items():
        offered[name].update(trait for run in candidates[context] for trait in run.traits)
    all_asked, all_offered = _sum(asked), _sum(offered)

    chosen: dict[str, str] = {}
    for name, contexts in _grouped(documents).items():
        weights = _weights(all_asked, asked[name], all_offered, offered[name])
        for context in contexts:
            best = max(
                candidates[context],
                key=lambda run: math.fsum(weights[trait] for trait in run.traits),
                default=_Run("", ()),
            )
            chosen[context] = best.text
    return [chosen[example.context] for example in examples]


def _runs(context: str, found: list[list[Word]]) -> Iterator[_Run]:
    for number, words in enumerate(found):
        for run in runs(context, words, _MAX_WORDS):
            text = context[words[run.start].start : words[run.stop - 1].end]
            yield _Run(text, _traits(number, run.start, len(run), text))


def _answer_traits(example: Example, found: list[list[Word]]) -> tuple[Trait, ...]:
    """Of the first annotated answer; nothing where there is none, or it does not stand where it should."""
    if not example.answers or not found:
        return ()
    text, start = example.answers[0], example.answer_starts[0]
    if start < 0 or not text or not example.context.startswith(text, start):
        return ()
    number = max(bisect_right(found, start, key=lambda words: words[0].start) - 1, 0)
    place = max(bisect_right(found[number], start, key=lambda word: word.start) - 1, 0)
    return _traits(number, place, len(WORD.findall(text)), text)


def _traits(sentence: int, place: int, length: int, text: str) -> tuple[Trait, ...]:
    where = (bisect_right(_SENTENCE_EDGES, sentence), bisect_right(_WORD_EDGES, place))
    return ("place", where), ("length", min(length, _MAX_WORDS)), ("type", answer_type(text))


def _weights(
    asked: Counter[Trait], own_asked: Counter[Trait], offered: Counter[Trait], own_offered: Counter[Trait]
) -> dict[Trait, float]:
    """How much more frequent each trait is among the answers of all other documents than among their runs."""

    def shares(total: Counter[Trait], own: Counter[Trait]) -> dict[Trait, float]:
        counts = {trait: total[trait] - own[trait] + _SMOOTHING for trait in traits}
        sums: Counter[str] = Counter()
        for (kind, _), count in counts.items():
            sums[kind] += count  # type: ignore[assignment]
        return {trait: math.log(count / sums[trait[0]]) for trait, count in counts.items()}

    traits = asked.keys() | offered.keys()
    among_answers, among_runs = shares(asked, own_asked), shares(offered, own_offered)
    return {trait: among_answers[trait] - among_runs[trait] for trait in traits}


def _sum(counts: dict[str, Counter[Trait]]) -> Counter[Trait]:
    total: Counter[Trait] = Counter()
    for one in counts.values():
        total.update(one)
    return total


def _grouped(documents: dict[str, str]) -> dict[str, list[str]]:
    """Document -> its contexts."""
    grouped: dict[str, list[str]] = {}
    for context, name in documents.items():
        grouped.setdefault(name, []).append(context)
    return grouped
