"""Runs rules over batches: expressions find, and only what they flag becomes a Python object.

For each batch the rules' expressions are evaluated together, once over the records, once over
the answers (one row each) and once over the distinct contexts. Rules about the whole corpus see
64-bit hashes, so memory grows with the number of records by a few bytes and not by their texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from qatoolkit.corpus.record import Batch, Place
from qatoolkit.validation.contract import failures
from qatoolkit.validation.expressions import WRONG
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Evidence, Hypothesis, Placed, weigh, winner
from qatoolkit.validation.rule import Case, Problem, Rule
from qatoolkit.validation.tally import Tally, explode_answers

#: Cases that are held back at most; a file with more of them has shown how it counts.
_MOST_HELD = 200_000
_MOST_WITNESSES = 2_000
_WITNESSES_OF_A_BATCH = 2_000

#: A context on which some way of counting differs from code points.
_TELLING = r"[^\x00-\x7f]|[\n&<>]|^\s"


@dataclass
class Engine:
    """Checks batches, in order, and remembers what the rules about the whole corpus need.

    Attributes:
        rules: the rules to run.
        schema: another contract than the packaged one.
        hypotheses: source -> how it counts its offsets, None if rightly or unknown. What is not
            given here is found out, and added, when a source has been seen.
        evidence: source -> how the hypotheses fared over it, for sources with wrong answers.
        tally: counts so far.
    """

    rules: Sequence[Rule]
    schema: Path | None = None
    hypotheses: dict[str, Hypothesis | None] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    _seen: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    _asked: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    def check(self, batches: Iterable[Batch]) -> Iterator[Finding]:
        """The findings of one source, in the order of its records."""
        once, held = _Once(), _Held()
        found: list[Finding] = []
        for batch in batches:
            found += self._check_batch(batch, once, held)
            if len(held.cases) >= _MOST_HELD:
                found += self._explain(held)
        found += self._explain(held)
        self.tally.end_of_source()
        yield from sorted(found, key=_order)

    def _explain(self, held: _Held) -> Iterator[Finding]:
        """What was held back until the file's way of counting could be told."""
        if not held.cases:
            return
        source = held.source
        if source not in self.hypotheses:
            self.evidence[source] = weigh(held.wrong(), held.right)
            self.hypotheses[source] = winner(self.evidence[source])
        for rule, case in held.cases:
            case = replace(case, hypothesis=self.hypotheses[source])
            problem = rule.explain(case)
            if problem is not None:
                yield _finding(rule, problem, source, _place(case.record), case.record, case.answer)
        held.cases.clear()

    def _check_batch(self, batch: Batch, once: _Once, held: _Held) -> Iterator[Finding]:
        stamp = _Stamp(batch, once)
        answers = explode_answers(batch.records)
        self.tally.add(batch, answers)
        yield from self._notes(batch)
        if batch.records.height:
            yield from self._contract(batch, stamp)
            yield from self._flagged("record", batch.records.with_row_index("index"), stamp, held)
            yield from self._flagged("answer", answers, stamp, held)
            yield from self._flagged("context", _distinct_contexts(batch.records), stamp, held)
            held.witness(answers)
            yield from self._corpus(batch, stamp)

    def _of(self, *scopes: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.scope in scopes]

    def _notes(self, batch: Batch) -> Iterator[Finding]:
        if not batch.notes:
            return
        ids = dict(batch.records.select("row", "id").iter_rows())
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
        for failure in failures(batch.records, self.schema) if rules else ():
            for rule in rules:
                if failure.check in rule.checks or (not rule.checks and failure.check not in named):
                    case = Case(column=failure.column, check=failure.check)
                    yield from stamp(rule, case, failure.index)

    def _flagged(self, scope: str, frame: pl.DataFrame, stamp: _Stamp, held: _Held) -> Iterator[Finding]:
        """One evaluation of all expressions of a scope, then the rows that any of them flags."""
        rules = self._of(scope)
        if not rules or not frame.height:
            return
        flags = [rule.flag.fill_null(False).alias(rule.code) for rule in rules if rule.flag is not None]
        flagged = frame.with_columns(flags).filter(pl.any_horizontal([rule.code for rule in rules]))
        for row in flagged.iter_rows(named=True):
            case = Case(
                stamp.record(row["index"]),
                row.get("answer"),
                row.get("text") if scope == "answer" else None,
                row.get("start"),
                row.get("end"),
                others=tuple(row.get("others") or ()),
            )
            for rule in rules:
                if row[rule.code] and rule.whole_file:
                    held.hold(rule, case, stamp.source)
                elif row[rule.code]:
                    yield from stamp(rule, case, row["index"])

    def _corpus(self, batch: Batch, stamp: _Stamp) -> Iterator[Finding]:
        """Repeated ids and questions, by hash."""
        rules = {rule.code: rule for rule in self._of("corpus")}
        hashes = batch.records.select(
            "row",
            id=pl.col("id").hash(),
            pair=pl.struct("context", "question").hash(),
            known=pl.col("id").is_not_null(),
        )
        for index, (row, id_hash, pair, known) in enumerate(hashes.iter_rows()):
            if not known:
                continue
            first_pair, other, file = self._seen.setdefault(id_hash, (pair, row, batch.source))
            if first_pair != pair and "QA104" in rules:
                yield from stamp.again(rules["QA104"], index, other, file)
            first_id, other, file = self._asked.setdefault(pair, (id_hash, row, batch.source))
            if first_id != id_hash and "QA401" in rules:
                yield from stamp.again(rules["QA401"], index, other, file)


@dataclass
class _Held:
    """Cases that wait for the end of their source, and right answers that bear witness there."""

    source: str = ""
    cases: list[tuple[Rule, Case]] = field(default_factory=list)
    right: list[Placed] = field(default_factory=list)

    def hold(self, rule: Rule, case: Case, source: str) -> None:
        self.source = source
        self.cases.append((rule, case))

    def witness(self, answers: pl.DataFrame) -> None:
        """Keeps some right answers on contexts that some hypothesis would measure otherwise."""
        wanted = _MOST_WITNESSES - len(self.right)
        if wanted > 0:
            telling = answers.head(_WITNESSES_OF_A_BATCH).filter(
                ~WRONG & pl.col("context").str.contains(_TELLING)
            )
            rows = telling.select("context", "text", "start").head(wanted).iter_rows()
            self.right += [Placed(*row) for row in rows]

    def wrong(self) -> list[Placed]:
        """The wrong answers among the cases that say where they stand, each once."""
        placed = {
            (id(case.record), case.answer): Placed(case.context, case.text or "", case.start)
            for _, case in self.cases
            if case.start is not None and case.start >= 0
        }
        return list(placed.values())


class _Once:
    """What has been said of a source and is not said again for a later batch: of a column, or a context."""

    def __init__(self) -> None:
        self._said: set[tuple[str, int]] = set()

    def first(self, code: str, thing: str) -> bool:
        key = (code, hash(thing))
        new = key not in self._said
        self._said.add(key)
        return new


class _Stamp:
    """Turns a rule's problem into a finding, with the rule's name and the record's place on it."""

    def __init__(self, batch: Batch, once: _Once) -> None:
        self._batch = batch
        self._once = once

    @property
    def source(self) -> str:
        return self._batch.source

    def record(self, index: int) -> dict[str, Any]:
        return self._batch.records.row(index, named=True)

    def __call__(self, rule: Rule, case: Case, index: int | None) -> Iterator[Finding]:
        problem = rule.explain(case)
        if problem is None:
            return
        if index is None:
            if self._once.first(rule.code, problem.message):
                yield _finding(rule, problem, self._batch.source, Place(), {}, None)
            return
        if rule.scope == "context" and not self._once.first(rule.code, case.context):
            return
        record = self.record(index)
        yield _finding(rule, problem, self._batch.source, _place(record), record, case.answer)

    def again(self, rule: Rule, index: int, row: int, source: str) -> Iterator[Finding]:
        """What a rule says of a record that has something in common with an earlier one."""
        elsewhere = source if source != self._batch.source else ""
        yield from self(rule, Case(self.record(index), others=(row,), elsewhere=elsewhere), index)


def _place(record: dict[str, Any]) -> Place:
    return Place(*(record[name] for name in vars(Place())))


def _order(finding: Finding) -> tuple[int, int, int]:
    """The order of the source: by byte where there are bytes, else by row."""
    return finding.place.byte_start or 0, finding.place.row or 0, finding.answer or 0


def _distinct_contexts(records: pl.DataFrame) -> pl.DataFrame:
    """One row for each distinct context: the first record that has it, and the rows of the others."""
    return (
        records.lazy()
        .with_row_index("index")
        .filter(pl.col("context").is_not_null())
        .group_by("context", maintain_order=True)
        .agg(pl.col("index").first(), others=pl.col("row").slice(1))
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
