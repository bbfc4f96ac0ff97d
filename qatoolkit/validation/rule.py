"""What a rule is, what it is shown, and what it may answer. The rules themselves are in `rules/`.

A rule flags by a Polars expression, so that clean records cost no Python; only what it flags
comes back as a `Case`, for which it writes a message and, if it can, a repair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from qatoolkit.corpus.record import Note, NoteKind
from qatoolkit.corpus.splice import Edit
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.limits import Limits

Severity = Literal["error", "warning", "info"]
Safety = Literal["safe", "unsafe"]
Method = Literal["type", "hypothesis", "single", "nearest", "normalised", "fuzzy", "trim"]
#: What one case of a rule is: something a reader noted, a failure of the pandera contract, one
#: record, one answer of a record, one distinct context, one file or all of them by their counts, one
#: record or answer as a tokenizer sees it, one record in view of all others, or a converted dataset in
#: view of what its conversion wrote beside it.
Scope = Literal[
    "note", "contract", "record", "answer", "context", "file", "total", "tokenizer", "corpus", "certificate"
]


@dataclass(frozen=True)
class Fix:
    """A repair: what to change, how it was found, and whether it can do harm.

    Attributes:
        edits: the values to replace; never a context.
        safety: "safe" if the meaning cannot change, "unsafe" if a person should look.
        method: how the new value was found.
        candidates: how many places were possible.
        distance: characters between the old start and the new one, where there are two; for "fuzzy",
            characters to insert, delete or replace to get the new text from the old one.
    """

    edits: tuple[Edit, ...]
    safety: Safety
    method: Method
    candidates: int = 1
    distance: int | None = None


@dataclass(frozen=True)
class Problem:
    """What a rule says of one case.

    Attributes:
        message: one line for people.
        field: the field concerned.
        span: characters of the context to show, start and exclusive end.
        hint: what to say of the span, e.g. "found once, at 12".
        fix: the repair, if there is one.
    """

    message: str
    field: str
    span: tuple[int, int] | None = None
    hint: str = ""
    fix: Fix | None = None


@dataclass(frozen=True)
class Case:
    """What a rule is shown: one flagged record, answer, note or failure.

    Attributes:
        record: the record's columns; empty where the record could not be read.
        answer: 0-based index of the answer, for rules of scope "answer" and "tokenizer".
        text: that answer's text.
        start: its answer_start.
        end: its answer_end as the source gives it.
        note: what the reader noted, for rules of scope "note".
        column: the column that fails, for rules of scope "contract".
        check: the check it fails, for rules of scope "contract" and "certificate".
        hypothesis: how the whole file seems to count its offsets, for rules that wait for it.
        measures: the row of `tokens.measure`, for rules of scope "tokenizer"; what the message says, for
            those of scope "certificate".
        counts: what `tally` counts, for rules of scope "file" and "total", and those that wait for it; for
            those that wait for a hypothesis only if most starts of the file are wrong.
        others: rows that share the flagged value, for rules of scope "context" and "corpus".
        elsewhere: the file of the first of them, where it is another file; for rules of scope "corpus".
        limits: the thresholds that rules go by.
    """

    record: dict[str, Any] = field(default_factory=dict)
    answer: int | None = None
    text: str | None = None
    start: int | None = None
    end: int | None = None
    note: Note | None = None
    column: str = ""
    check: str = ""
    hypothesis: Hypothesis | None = None
    measures: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    others: tuple[int, ...] = ()
    elsewhere: str = ""
    limits: Limits = field(default_factory=Limits)

    @property
    def other_record(self) -> str:
        """The first record that shares the flagged value, for messages."""
        return f"record {self.others[0]}" + (f" of {self.elsewhere}" if self.elsewhere else "")

    @property
    def context(self) -> str:
        return self.record.get("context") or ""


@dataclass(frozen=True)
class Rule:
    """One check, with its own manual page.

    Attributes:
        code: family and number, e.g. "QA201".
        name: kebab-case; reads well after "allow".
        severity: "error" if training on the record would teach something wrong.
        scope: what one case of it is.
        explain: the case's problem, or None if on a closer look there is none.
        what: "What it does", for the manual.
        why: "Why it matters".
        bad: sources, CSV or JSON, on which it fires.
        good: the same sources mended; `fix` must turn each bad one into its good one if `fixes`.
        flag: expression over the frame of the scope; null counts as False.
        key: for scope "corpus", the column of `ledger.Ledger` whose equal values bring records
            together; the first of them is the `other_record`, and its columns are at hand as `first_...`.
        notes: the reader's notes it reports, for scope "note".
        checks: the contract's checks it reports, for scope "contract"; empty means all that are left.
        fixes: which of its repairs are offered, for the manual; "" if none.
        default: whether it runs unless selected.
        waits_for: what only the whole file tells and the explanation needs: how it counts its offsets, or
            the counts over it.
    """

    code: str
    name: str
    severity: Severity
    scope: Scope
    explain: Callable[[Case], Problem | None]
    what: str
    why: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    flag: pl.Expr | None = None
    key: str = ""
    notes: frozenset[NoteKind] = frozenset()
    checks: frozenset[str] = frozenset()
    fixes: str = ""
    default: bool = True
    waits_for: Literal["hypothesis", "counts"] | None = None

    def manual(self) -> str:
        """The rule's manual page in Markdown, the same for `qatk rule` and the documentation."""
        fence = "```"
        parts = [
            f"## {self.code} {self.name}",
            f"{self.severity}{'' if self.default else ', off by default'}",
            f"**What it does.** {self.what}",
            f"**Why it matters.** {self.why}",
            *(f"**Bad.**\n\n{fence}text\n{text.rstrip()}\n{fence}" for text in self.bad),
            *(f"**Good.**\n\n{fence}text\n{text.rstrip()}\n{fence}" for text in self.good),
            f"**Fix safety.** {self.fixes or 'No repair is offered.'}",
        ]
        return "\n\n".join(parts) + "\n"
