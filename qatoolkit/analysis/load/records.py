"""Records of a corpus as examples: rows that repeat a question, each for a further answer, are one.

Texts that repeat are held once. Where records come from is for `source` and `splits` to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.rows import extra_columns

#: The columns of a record that say where it stands.
ORIGIN = ("source", "row", "line", "pointer")


def example_of(row: Mapping[str, Any], origin: Mapping[str, Any], texts: dict[str, str]) -> Example:
    """A record as an example.

    Args:
        row: of a record frame.
        origin: its place, and what else its source says; empty where nobody could go there.
        texts: those that were met before; contexts and titles are looked up in it and added.
    """
    context, title = row["context"] or "", row["title"] or ""
    starts = row["answer_start"] or ()
    return Example(
        id=row["id"] or "",
        title=texts.setdefault(title, title),
        context=texts.setdefault(context, context),
        question=row["question"] or "",
        answers=tuple(text or "" for text in row["text"] or ()),
        answer_starts=tuple(-1 if start is None else start for start in starts),
        **{name: origin.get(name) for name in ORIGIN},
        extra=extra_columns(origin.get("extra") or row["extra"]),
    )


def merged(examples: Iterable[Example]) -> list[Example]:
    """One example for those that are equal in id, context and question, with all their answers.

    Args:
        examples: whose contexts are held once, see `example_of`.
    """
    found: dict[tuple[str, int, str], Example] = {}
    for example in examples:
        # The same text is the same object, and comparing numbers is quicker.
        key = (example.id, id(example.context), example.question)
        first = found.setdefault(key, example)
        if first is not example:
            found[key] = _joined(first, example)
    return list(found.values())


def _joined(first: Example, further: Example) -> Example:
    answers = dict.fromkeys(zip(first.answers, first.answer_starts, strict=True))
    answers |= dict.fromkeys(zip(further.answers, further.answer_starts, strict=True))
    return replace(
        first,
        answers=tuple(text for text, _ in answers),
        answer_starts=tuple(start for _, start in answers),
    )
