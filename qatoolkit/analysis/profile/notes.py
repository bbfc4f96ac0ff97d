"""Sentences that a reader of a profile must know: what makes splits, or scores on them, hard to compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from qatoolkit.analysis.load.splits import Split


def profile_notes(
    splits: Sequence[Split],
    languages: Sequence[str],
    windows: Sequence[int | None] | None,
    max_seq_length: int,
) -> list[str]:
    """The notes of a profile.

    Args:
        splits: what was read.
        languages: the language of each of them.
        windows: how many windows the contexts of all examples are cut into, None where nobody counted.
        max_seq_length: tokens of a window.
    """
    return [
        *_unreadable(splits),
        *_misplaced(splits),
        *_annotation(splits),
        *_shared(splits),
        *_languages(splits, languages),
        *_windows(windows, max_seq_length),
    ]


def _unreadable(splits: Sequence[Split]) -> Iterator[str]:
    for split in splits:
        if number := split.unreadable:
            verb = "is" if number == 1 else "are"
            yield (
                f"{split.name}: {_count(number, 'record')} that cannot be read {verb} left out here; "
                "qatk validate lists what is wrong."
            )


def _misplaced(splits: Sequence[Split]) -> Iterator[str]:
    for split in splits:
        number = sum(
            not text
            or (not example.context.startswith(text, start) if start >= 0 else text not in example.context)
            for example in split.examples
            for text, start in zip(example.answers, example.answer_starts, strict=True)
        )
        if number:
            verb = "does" if number == 1 else "do"
            yield (
                f"{split.name}: {_count(number, 'answer')} {verb} not stand where the source says; "
                "qatk validate lists what is wrong."
            )


def _annotation(splits: Sequence[Split]) -> Iterator[str]:
    """Splits without answers, and splits that differ in what their annotators were asked to do."""
    answered = {split.name: sum(bool(e.answers) for e in split.examples) for split in splits}
    unlabelled = [split for split in splits if split.examples and not answered[split.name]]
    for split in unlabelled:
        why = "" if split.labelled else ", so it may not be annotated at all"
        yield f"{split.name} has no answer to any question{why}."
    labelled = [split for split in splits if split.examples and split not in unlabelled]
    silent = [split.name for split in labelled if answered[split.name] < len(split.examples)]
    full = [split.name for split in labelled if split.name not in silent]
    if silent and full:
        yield (
            f"{_list(full)} {'has' if len(full) == 1 else 'have'} no unanswerable questions, "
            f"{_list(silent)} {'has' if len(silent) == 1 else 'have'}: abstaining is not measured alike."
        )
    several = [split.name for split in labelled if any(len(set(e.answers)) > 1 for e in split.examples)]
    single = [split.name for split in labelled if split.name not in several]
    if several and single:
        yield (
            f"{_list(several)} {'accepts' if len(several) == 1 else 'accept'} several answers to a question, "
            f"{_list(single)} one: scores are higher where any of several will do."
        )


def _shared(splits: Sequence[Split]) -> Iterator[str]:
    """What two splits have in common, which flatters the score on one of them."""
    contexts = [{e.context for e in split.examples} for split in splits]
    questions = [{(e.context, e.question) for e in split.examples} for split in splits]
    titles = [{e.title for e in split.examples if e.title} for split in splits]
    for i, j in combinations(range(len(splits)), 2):
        pair = f"{splits[i].name} and {splits[j].name}"
        if same := len(contexts[i] & contexts[j]):
            asked = len(questions[i] & questions[j])
            also = f" and {_count(asked, 'question')} on {'it' if same == 1 else 'them'}" if asked else ""
            yield (
                f"{pair} share {_count(same, 'context')}{also}: a score on one of them flatters a model "
                "that learnt the other."
            )
        elif same := len(titles[i] & titles[j]):
            yield f"{pair} share {_count(same, 'title')}, but no context."


def _languages(splits: Sequence[Split], languages: Sequence[str]) -> Iterator[str]:
    if len(set(languages)) > 1:
        told = ", ".join(
            f"{split.name} in {language}" for split, language in zip(splits, languages, strict=True)
        )
        yield f"The splits are not in one language: {told}."


def _windows(windows: Sequence[int | None] | None, max_seq_length: int) -> Iterator[str]:
    if windows is None:
        return
    if without := sum(count is None for count in windows):
        leaves = "question leaves" if without == 1 else "questions leave"
        yield f"{without:,} {leaves} a window of {max_seq_length} tokens no room for the context."
    elif max(windows, key=lambda count: count or 0) == 1:
        yield f"Every context fits one window of {max_seq_length} tokens."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
