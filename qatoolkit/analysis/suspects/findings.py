"""What the rules of validation say of the answers of examples that are in memory already.

No file is read again: the examples are laid out as records, and the rules that are about answers run
over them. What is wrong with contexts, questions or whole files is for `qatk validate` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, starmap
from typing import Any

from qatoolkit.analysis.cases import Example
from qatoolkit.corpus.record import Batch, frame
from qatoolkit.validation.engine import Engine
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.rules import RULES

_CONFLICTING_ANSWERS = "QA402"
_RULES = [
    rule
    for rule in RULES
    if rule.default and rule.scope in ("answer", "corpus")
    if rule.code.startswith("QA2") or rule.code == _CONFLICTING_ANSWERS
]


def find_findings(examples: Sequence[Example]) -> dict[int, list[Finding]]:
    """The findings about the answers of examples.

    Args:
        examples: of one split or file; what they say of their places stands in the findings.

    Returns:
        Index of an example -> its findings; examples without any are left out.
    """
    by_source: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        by_source.setdefault(example.source or "", []).append(index)
    engine = Engine(_RULES)
    found: list[Finding] = []
    known: dict[tuple[str, int | None], int] = {}
    for source, indices in by_source.items():
        rows = _rows([examples[index] for index in indices])
        known |= {(source, row): index for row, index in zip(rows, indices, strict=True)}
        records = _records([examples[index] for index in indices], rows)
        found += engine.check([Batch(source, frame(records))])
    findings: dict[int, list[Finding]] = {}
    disputed = _disputed(examples)
    for finding in (*found, *engine.conclude()):
        if finding.place.row is None:
            continue
        index = known[finding.file, finding.place.row]
        if finding.code != _CONFLICTING_ANSWERS or _question(examples[index]) in disputed:
            findings.setdefault(index, []).append(finding)
    return findings


def _question(example: Example) -> tuple[str, str]:
    return example.context, example.question


def _disputed(examples: Sequence[Example]) -> set[tuple[str, str]]:
    """The questions asked several times of which some pair of answers has not even a part in common.

    The rule compares whole lists of answers, and two lists differ already when their annotators chose other
    boundaries; that is no reason to suspect any of them.
    """
    # Distinct lists only: the same question may be there thousands of times.
    asked: dict[tuple[str, str], set[frozenset[str]]] = {}
    for example in examples:
        asked.setdefault(_question(example), set()).add(frozenset(map(str.casefold, example.answers)))
    return {question for question, answers in asked.items() if any(starmap(_apart, combinations(answers, 2)))}


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return not any(text in longer or longer in text for text in one for longer in other)


def _rows(examples: Sequence[Example]) -> list[int]:
    """The rows of the examples in their source, or their places here where it does not tell them apart."""
    rows = [example.row for example in examples if example.row is not None]
    return rows if len(set(rows)) == len(examples) else list(range(1, len(examples) + 1))


def _records(examples: Sequence[Example], rows: list[int]) -> dict[str, list[Any]]:
    return {
        "id": [example.id for example in examples],
        "title": [example.title for example in examples],
        "context": [example.context for example in examples],
        "question": [example.question for example in examples],
        "text": [list(example.answers) for example in examples],
        "answer_start": [_starts(example) for example in examples],
        "answer_end": [[None] * len(example.answers) for example in examples],
        "row": rows,
        "line": [example.line for example in examples],
        "pointer": [example.pointer for example in examples],
    }


def _starts(example: Example) -> list[int | None]:
    """The starts; where the file gives none, any occurrence will do here, so the first one is taken."""
    pairs = zip(example.answers, example.answer_starts, strict=True)
    starts = [start if start >= 0 else example.context.find(text) for text, start in pairs]
    return [start if start >= 0 else None for start in starts]
