"""Runs rules over batches: expressions find, and only what they flag becomes a Python object.

For each batch the rules' expressions are evaluated together, once over the records, once over
the answers (one row each) and once over the distinct contexts. What rules about a whole file or
the whole corpus need is kept by `tally` and `ledger`, as counts and hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.corpus.ahead import ahead, often_switching
from qatoolkit.corpus.record import UNREADABLE, Batch, Place
from qatoolkit.validation.ceiling import CeilingWatch
from qatoolkit.validation.contract import failures
from qatoolkit.validation.expressions import RIGHT
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Evidence, Hypothesis, Placed, weigh, weigh_ends, winner
from qatoolkit.validation.ledger import Ledger, place_of
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.rule import Case, Problem, Rule
from qatoolkit.validation.tally import FileCounts, Tally, explode_answers
from qatoolkit.validation.tokens import measure

if TYPE_CHECKING:
    from qatoolkit.windows.tokenizer import PreTrainedTokenizerFast

#: Cases that are held back at most; a file with more of them has shown how it counts.
_MOST_HELD = 20_000
_MOST_WITNESSES = 2_000
_WITNESSES_OF_A_BATCH = 2_000
_PLAIN_WITNESSES = 200

#: A context on which some way of counting differs from code points.
_TELLING = r"[^\x00-\x7f]|[\n&<>]|^\s"


@dataclass
class Engine:
    """Checks sources, in order, and remembers what the rules about the whole corpus need.

    Attributes:
        rules: the rules to run.
        schema: another contract than the packaged one.
        limits: the thresholds that rules go by.
        tokenizer: of the model that is to be trained; without one its rules do not run.
        hypotheses: source -> how it counts its offsets, None if rightly or unknown. What is not
            given here is found out, and added, when a source has been seen.
        evidence: source -> how the hypotheses fared over it, for sources with wrong answers.
        ends: source -> how the habit of naming the last character fared, for sources that have it.
        tally: counts so far.
        ceiling: what a perfect model could reach so far; None without a tokenizer.
        ledger: hashes and place of every record so far, if any rule is about the whole corpus.
    """

    rules: Sequence[Rule]
    schema: Path | None = None
    limits: Limits = field(default_factory=Limits)
    tokenizer: PreTrainedTokenizerFast | None = None
    hypotheses: dict[str, Hypothesis | None] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    ends: dict[str, Evidence] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    ceiling: CeilingWatch | None = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ceiling = CeilingWatch(self.tokenizer, self.limits) if self.tokenizer is not None else None
        self.ledger = Ledger(self._of("corpus"), self.limits)

    def check(self, batches: Iterable[Batch], split: str | None = None) -> Iterator[Finding]:
        """The findings of one source, in the order of its records.

        Args:
            batches: the source's records.
            split: the split that the source is known to be.
        """
        seen = _Seen()
        found: list[Finding] = []
        with often_switching():
            for part in ahead(self._find(batch, split) for batch in ahead(iter(batches))):
                found += self._explain_part(part, seen)
                if len(seen.held) >= _MOST_HELD:
                    found += self._explain_held(seen)
                    seen.wait_for_counts()
        found += self._explain_held(seen)
        found += self._explain_counted(seen)
        ends = weigh_ends(seen.counts.inclusive_ends, seen.counts.exclusive_ends)
        if ends.holds:
            self.ends[seen.source] = ends
        found += self._counted("file", vars(seen.counts), seen.source)
        self.tally.add(seen.counts)
        yield from sorted(found, key=in_order)

    def conclude(self) -> Iterator[Finding]:
        """What only all sources together tell, once they have been checked."""
        if self.ledger.sources:
            yield from self._counted("total", vars(self.tally), self.ledger.sources[0])
        for rule, row in self.ledger.shared():
            source, other = (self.ledger.sources[row[name]] for name in ("source", "first_source"))
            case = Case(row, others=(row["first_row"],), elsewhere=other if other != source else "")
            problem = rule.explain(case)
            if problem is not None:
                yield _finding(rule, problem, source, place_of(row), row, None)

    def _find(self, batch: Batch, split: str | None) -> _Part:
        """The half that is the columns': it runs in a thread, while the part before is explained."""
        self.ledger.add(batch, split)
        answers = explode_answers(batch.records)
        frames = {
            "record": batch.records.with_row_index("index"),
            "answer": answers,
        }
        if self._of("context"):
            frames["context"] = _distinct_contexts(batch.records)
        if self.tokenizer is not None and self.ceiling is not None:
            frames["tokenizer"] = measure(batch.records, self.tokenizer, self.limits)
            self.ceiling.add(batch, frames["tokenizer"])
        return _Part(batch, answers, {scope: self._flag(scope, frame) for scope, frame in frames.items()})

    def _flag(self, scope: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that any rule of a scope flags, after one evaluation of all their expressions."""
        flags = {rule.code: rule.flag.fill_null(False) for rule in self._of(scope) if rule.flag is not None}
        return frame.with_columns(**flags).filter(pl.any_horizontal(False, *flags))

    def _explain_part(self, part: _Part, seen: _Seen) -> Iterator[Finding]:
        """The half that is the rows'."""
        seen.source = part.batch.source
        seen.counts.add(part.batch, part.answers)
        seen.witness(part.answers)
        stamp = _Stamp(part.batch, seen)
        yield from self._notes(part.batch)
        if part.batch.records.height:
            yield from self._contract(part.batch, stamp)
        for scope, flagged in part.flagged.items():
            yield from self._explain(scope, flagged, stamp, seen)

    def _explain(self, scope: str, flagged: pl.DataFrame, stamp: _Stamp, seen: _Seen) -> Iterator[Finding]:
        rules = self._of(scope)
        for row in flagged.iter_rows(named=True):
            case = Case(
                stamp.record(row["index"]),
                row.get("answer"),
                row["text"] if scope in ("answer", "tokenizer") else None,
                row.get("start"),
                row.get("end"),
                others=tuple(row.get("others") or ()),
                limits=self.limits,
                measures=row if scope == "tokenizer" else {},
            )
            held: list[tuple[Rule, Problem | None]] = []
            for rule in rules:
                if not row[rule.code]:
                    continue
                if rule.waits_for is None:
                    yield from stamp(rule, case, row["index"])
                else:  # most files count rightly, and then this is explained already
                    held.append((rule, rule.explain(case) if rule.waits_for == "hypothesis" else None))
            if held:
                seen.held.append((case, held))

    def _explain_held(self, seen: _Seen) -> Iterator[Finding]:
        """What was held back until all of the file was seen."""
        if not seen.held:
            return
        source = seen.source
        if source not in self.hypotheses:
            self.evidence[source] = weigh(seen.wrong(), seen.right)
            self.hypotheses[source] = winner(self.evidence[source])
        # Where most starts are wrong, being close to the right place is chance; the explanation sees to it.
        counts = vars(seen.counts) if seen.counts.mostly_misplaced else {}
        for case, held in seen.held:
            for rule, problem in held:
                if rule.waits_for != "hypothesis":
                    continue
                if counts or self.hypotheses[source] is not None:
                    problem = rule.explain(replace(case, hypothesis=self.hypotheses[source], counts=counts))
                if problem is not None:
                    yield _finding(rule, problem, source, _place(case.record), case.record, case.answer)

    def _explain_counted(self, seen: _Seen) -> Iterator[Finding]:
        """What was held back until all of the file was counted."""
        for case, held in seen.held:
            for rule, _ in held:
                if rule.waits_for == "counts":
                    problem = rule.explain(replace(case, counts=vars(seen.counts)))
                    if problem is not None:
                        yield _finding(
                            rule, problem, seen.source, _place(case.record), case.record, case.answer
                        )

    def _counted(self, scope: str, counts: dict[str, int], source: str) -> Iterator[Finding]:
        """What the counts over a file, or over all of them, tell."""
        frame = pl.DataFrame([counts])
        for rule in self._of(scope):
            assert rule.flag is not None
            if frame.select(rule.flag).item():
                problem = rule.explain(Case(counts=counts, limits=self.limits))
                if problem is not None:
                    yield _finding(rule, problem, source, Place(), {}, None)

    def _of(self, *scopes: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.scope in scopes]

    def _notes(self, batch: Batch) -> Iterator[Finding]:
        if not batch.notes:
            return
        noted = {note.place.row for note in batch.notes if note.kind not in UNREADABLE}
        ids = dict(batch.records.filter(pl.col("row").is_in(noted)).select("row", "id").iter_rows())
        for rule in self._of("note"):
            for note in batch.notes:
                if note.kind in rule.notes:
                    problem = rule.explain(Case(note=note))
                    if problem is not None:
                        record = {"id": ids.get(note.place.row)}
                        yield _finding(rule, problem, batch.source, note.place, record, note.answer)

    def _contract(self, batch: Batch, stamp: _Stamp) -> Iterator[Finding]:
        rules = self._of("contract")
        named = frozenset[str]().union(*(rule.checks for rule in rules))
        # A value of a wrong type is null in the frame; it was reported as what it is.
        told = {kind for rule in self._of("note") for kind in rule.notes}
        odd = {(n.place.row, n.field) for n in batch.notes if n.kind == "wrong-type" and n.kind in told}
        rows = batch.records["row"]
        for failure in failures(batch.records, self.schema) if rules else ():
            if failure.index is not None and (rows[failure.index], failure.column) in odd:
                continue
            for rule in rules:
                if failure.check in rule.checks or (not rule.checks and failure.check not in named):
                    case = Case(column=failure.column, check=failure.check)
                    yield from stamp(rule, case, failure.index)


@dataclass(frozen=True)
class _Part:
    """A batch, its answers one a row, and for each scope the rows that its rules flag."""

    batch: Batch
    answers: pl.DataFrame
    flagged: dict[str, pl.DataFrame]


@dataclass
class _Seen:
    """What is remembered of a source until its end.

    Attributes:
        source: its name.
        counts: counts over it.
        held: cases with rules that wait for the whole file, and what they say if it counts rightly.
        right: right answers, which bear witness to how the file counts.
    """

    source: str = ""
    counts: FileCounts = field(default_factory=FileCounts)
    held: list[tuple[Case, list[tuple[Rule, Problem | None]]]] = field(default_factory=list)
    right: list[Placed] = field(default_factory=list)
    _said: set[tuple[str, int]] = field(default_factory=set)

    def first(self, code: str, thing: str) -> bool:
        """Whether a rule says this for the first time, of a column or a context."""
        key = (code, hash(thing))
        new = key not in self._said
        self._said.add(key)
        return new

    def witness(self, answers: pl.DataFrame) -> None:
        """Keeps some right answers: a few of any kind, more where some hypothesis measures otherwise."""
        wanted = _MOST_WITNESSES - len(self.right)
        if wanted <= 0:
            return
        right = answers.head(_WITNESSES_OF_A_BATCH).filter(RIGHT).select("context", "text", "start")
        telling = right.filter(pl.col("context").str.contains(_TELLING)).head(wanted)
        plain = right.head(0 if self.right else _PLAIN_WITNESSES)
        self.right += [Placed(*row) for frame in (plain, telling) for row in frame.iter_rows()]

    def wait_for_counts(self) -> None:
        """Lets go of what is explained, and keeps of the rest no context, which may be long."""
        waiting = [(case, rules) for case, rules in self.held if rules[0][0].waits_for == "counts"]
        self.held[:] = [(replace(c, record=c.record | {"context": None}), rules) for c, rules in waiting]

    def wrong(self) -> list[Placed]:
        """The wrong answers among the held cases that say where they stand."""
        placed = [
            Placed(case.context, case.text or "", case.start)
            for case, _ in self.held
            if case.start is not None and case.start >= 0
        ]
        return [answer for answer in placed if not answer.context.startswith(answer.text, answer.start)]


class _Stamp:
    """Turns a rule's problem into a finding, with the rule's name and the record's place on it."""

    def __init__(self, batch: Batch, seen: _Seen) -> None:
        self._batch = batch
        self._seen = seen

    def record(self, index: int) -> dict[str, Any]:
        return self._batch.records.row(index, named=True)

    def __call__(self, rule: Rule, case: Case, index: int | None) -> Iterator[Finding]:
        problem = rule.explain(case)
        if problem is None:
            return
        if index is None:
            if self._seen.first(rule.code, problem.message):
                yield _finding(rule, problem, self._batch.source, Place(), {}, None)
            return
        of_context = rule.scope in ("context", "tokenizer") and problem.field == "context"
        if of_context and not self._seen.first(rule.code, case.context):
            return
        record = self.record(index)
        yield _finding(rule, problem, self._batch.source, _place(record), record, case.answer)


def _place(record: dict[str, Any]) -> Place:
    return Place(*(record[name] for name in vars(Place())))


def in_order(finding: Finding) -> tuple[int, int, int]:
    """The order of the source: by byte where there are bytes, else by row."""
    return finding.place.byte_start or 0, finding.place.row or 0, finding.answer or 0


def _distinct_contexts(records: pl.DataFrame) -> pl.DataFrame:
    """One row for each distinct context: the first record that has it, and the rows of the others."""
    return (
        records.lazy()
        .with_row_index("index")
        .filter(pl.col("context").is_not_null())
        .group_by(pl.col("context").hash().alias("hash"), maintain_order=True)
        .agg(pl.col("index", "context").first(), others=pl.col("row").slice(1))
        .collect()
    )


def _finding(
    rule: Rule,
    problem: Problem,
    source: str,
    place: Place,
    record: dict[str, Any],
    answer: int | None,
) -> Finding:
    return Finding(
        rule.code,
        rule.name,
        rule.severity,
        problem.message,
        source,
        place,
        record.get("id"),
        problem.field,
        answer,
        problem.span,
        (record.get("context") or "") if problem.span else "",
        problem.hint,
        problem.fix,
    )
