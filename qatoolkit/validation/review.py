"""What may be done with one correction of a list: the edits that it asks for, or why it is left out.

A correction proves itself. The record must still have the context and the question that the
reviewer saw, its answer must be the one that the list calls old, and the new one must stand in the
context where the list says. Writes nothing; see `apply`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from qatoolkit.corpus.offsets import occurrences
from qatoolkit.corpus.reader import Source
from qatoolkit.corpus.record import Place
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.corrections import Correction

Verdict = Literal["made", "already so", "rejected", "undecided", "of another file", "skipped"]
#: What else than being made can become of a correction.
UNMADE: tuple[Verdict, ...] = get_args(Verdict)[1:]
Record = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What becomes of one correction.

    Attributes:
        correction: the row of the list.
        verdict: what becomes of it.
        reason: why, where it is skipped.
        record: the record it concerns, as it was read; empty where there is none.
        answer: 0-based index of the answer that is meant.
        edits: the values that it changes.
    """

    correction: Correction
    verdict: Verdict
    reason: str = ""
    record: Record = field(default_factory=dict, repr=False)
    answer: int = 0
    edits: tuple[Edit, ...] = ()

    @property
    def place(self) -> Place:
        """Where the record lies in its file."""
        return Place(*(self.record.get(name) for name in vars(Place())))

    @property
    def keeps_count(self) -> bool:
        """Whether the record has as many answers as before."""
        return bool(self.correction.old_text) == bool(self.correction.new_text)


def review(correction: Correction, records: list[Record], source: Source, *, with_starts: bool) -> Outcome:
    """Says what becomes of a correction.

    Args:
        correction: one row of the list.
        records: the source's records with its context and question.
        source: where they were read.
        with_starts: whether the source gives starts at all, so that a new answer gets one too.
    """
    if correction.problem:
        return Outcome(correction, "skipped", correction.problem)
    if correction.decision != "accepted":
        return Outcome(correction, correction.decision)
    if not records:
        if correction.file and Path(correction.file).name != Path(source.name).name:
            return Outcome(correction, "of another file")
        return Outcome(correction, "skipped", "no record has this context and question any more")
    pool = _pool(correction, records)
    old = [(r, i) for r, i in pool if _stands(r, i, correction.old_text, correction.old_start)]
    if not old and not _done(correction, pool):  # an answer of a row that was merged with the one named
        everywhere = _pool(replace(correction, row=None, answer=None), records)
        old = [(r, i) for r, i in everywhere if _stands(r, i, correction.old_text, correction.old_start)]
    if len(old) == 1:
        record, answer = old[0]
        why = _objection(correction, record, answer, records, source)
        if why:
            return Outcome(correction, "skipped", why, record, answer)
        edits = _edits(correction, record, answer, with_starts=with_starts)
        return Outcome(correction, "made" if edits else "already so", "", record, answer, edits)
    if done := [] if old else _done(correction, pool):
        return Outcome(correction, "already so", "", *done[0])
    return Outcome(correction, "skipped", _mismatch(pool, old), records[0])


def _pool(correction: Correction, records: list[Record]) -> list[tuple[Record, int]]:
    """The answers that can be meant: of the row and the index that the list gives, if there are any.

    A record without answers stands there with an index of 0.
    """
    pool = [(record, i) for record in records for i in range(max(1, len(record["text"])))]
    pool = [(r, i) for r, i in pool if r["row"] == correction.row] or pool
    return [(r, i) for r, i in pool if i == correction.answer] or pool


def _stands(record: Record, answer: int, text: str, start: int | None) -> bool:
    """Whether an answer is this one; a start that the source or the list does not give is no hindrance."""
    if not record["text"]:
        return not text
    there = record["answer_start"][answer]
    return (record["text"][answer] or "") == text and (there is None or start in (None, there))


def _done(correction: Correction, pool: list[tuple[Record, int]]) -> list[tuple[Record, int]]:
    """The answers that are already what they should be."""
    return [(r, i) for r, i in pool if _stands(r, i, correction.new_text, correction.new_start)]


def _mismatch(pool: list[tuple[Record, int]], old: list[tuple[Record, int]]) -> str:
    if old:
        rows = ", ".join(str(record["row"]) for record, _ in old[:5])
        return f"the old answer is found {len(old)} times (records {rows}), and the list does not say which"
    now = [_told(record, answer) for record, answer in pool[:3]]
    return f"the answer is not the old one any more; it is {', '.join(now)}"


def _told(record: Record, answer: int) -> str:
    if not record["text"]:
        return "none"
    start = record["answer_start"][answer]
    return f"{record['text'][answer]!r}" + ("" if start is None else f" at {start}")


def _objection(
    correction: Correction, record: Record, answer: int, records: list[Record], source: Source
) -> str:
    """Why a correction cannot be made, "" if it can."""
    text, start, context = correction.new_text, correction.new_start, record["context"] or ""
    if bool(text) != bool(record["text"]) and not source.is_table:
        return CANNOT_RECOUNT
    if not text:
        others = sum(len(r["text"]) for r in records) > 1
        return "the question has other answers, so it does not come to have none" if others else ""
    if start is not None and (start < 0 or context[start : start + len(text)] != text):
        there = context[start : start + len(text)] if start >= 0 else ""
        return f"at {start} the context has {there!r}, not {text!r}"
    times = len(occurrences(context, text))
    if times != 1 and start is None:
        return f"the context has {text!r} {times} times, and the list gives no start"
    if times != 1 and record["text"] and record["answer_start"][answer] is None:
        return f"the context has {text!r} {times} times, and the file gives no start"
    return ""


#: Only a table without nested cells takes an empty cell for "no answer" without touching other bytes.
CANNOT_RECOUNT = "an answer cannot be added or removed here; do it by hand"


def _edits(correction: Correction, record: Record, answer: int, *, with_starts: bool) -> tuple[Edit, ...]:
    """The values to write: of the answer those that the source gives, and the flag if it says otherwise."""
    text = correction.new_text
    start: int | str = ""
    if text:
        start = correction.new_start if correction.new_start is not None else record["context"].index(text)
    new = {
        "text": text,
        "answer_start": start,
        "answer_end": start + len(text) if isinstance(start, int) else "",
    }
    if record["text"]:
        old = {name: record[name][answer] for name in new}
        given = {name for name, value in old.items() if value is not None}
    else:
        old = dict.fromkeys(new)
        given = {"text", "answer_start"} if with_starts else {"text"}
    edits = [Edit(name, answer, old[name], new[name]) for name in new if name in given]
    edits = [edit for edit in edits if edit.old != edit.new]
    flag = record["is_impossible"]
    if edits and flag is not None and flag == bool(text):
        edits.append(Edit("is_impossible", None, flag, not text))
    return tuple(edits)
