"""The first pass of a conversion: reads every source, repairs what may be repaired, and checks it.

Every record goes to the spool, valid or not; what stays in memory are the engine's hashes of it and the
findings about the invalid ones. Decides nothing about what is valid: that is the rules' business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import polars as pl

from qatoolkit.conversion.links import Links
from qatoolkit.conversion.proofs import fill_starts, prove_answers
from qatoolkit.conversion.spool import Spool
from qatoolkit.corpus.ahead import ahead
from qatoolkit.corpus.folder import declared_splits
from qatoolkit.corpus.reader import Corpus, Source
from qatoolkit.corpus.record import Batch
from qatoolkit.validation.engine import Engine
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.repair import repair
from qatoolkit.validation.select import select_rules

ByRow = dict[int, list[Finding]]


@dataclass
class SourceOutcome:
    """What was found in one source.

    Attributes:
        source: where it was read from.
        records: how many records it has, unreadable ones included.
        spooled: how many of them are in the spool.
        frames: in how many frames of it.
        refused: findings of its invalid records, by row.
        refused_whole: findings that make every record of it invalid.
        labelled: whether any record has an answer, or says that there is none; or a manifest says so of all.
    """

    source: Source
    records: int = 0
    spooled: int = 0
    frames: int = 0
    refused: ByRow = field(default_factory=dict)
    refused_whole: list[Finding] = field(default_factory=list)
    labelled: bool = False

    @property
    def rejected(self) -> int:
        """How many records are invalid."""
        return self.records if self.refused_whole else len(self.refused)


@dataclass
class Collected:
    """All sources after checking.

    Attributes:
        spool: every readable record, repaired.
        outcomes: what was found, source by source.
        fixed: the findings that were repaired.
    """

    spool: Spool
    outcomes: list[SourceOutcome]
    fixed: list[Finding] = field(default_factory=list)

    @property
    def read(self) -> int:
        return sum(outcome.records for outcome in self.outcomes)

    @property
    def rejected(self) -> int:
        return sum(outcome.rejected for outcome in self.outcomes)


def collect(
    corpus: Corpus, spool: Spool, links: Links, *, fix: bool, unsafe: bool
) -> tuple[Collected, pl.DataFrame]:
    """Reads everything.

    Args:
        corpus: the sources.
        spool: where the records go.
        links: is shown every record, for whoever has to keep related ones together.
        fix: make the safe repairs.
        unsafe: make the others too.

    Returns:
        What was found; and one row for each record of the spool, in its order: `index`, `source` (the number
        of the outcome), `row`, `line`, `valid`, `answered`, and hashes: `id`, `context`, `title` (null where
        there is none), and `pair`, of context and question.
    """
    engine = Engine([rule for rule in select_rules() if rule.severity == "error"])
    collected = Collected(spool, [SourceOutcome(s, labelled=_is_declared(s)) for s in corpus.sources])
    hypotheses = _ways_of_counting(corpus) if fix or unsafe else {}
    for outcome in collected.outcomes:
        batches = ahead(_counted(outcome, corpus))
        placed = _repaired(batches, collected, hypotheses, fix=fix, unsafe=unsafe)
        for finding in engine.check(_spooled(placed, outcome, spool, links), outcome.source.split):
            _refuse(outcome, finding)
    spool.close()
    named = {outcome.source.name: outcome for outcome in collected.outcomes}
    for finding in engine.conclude():  # what only all of them together show: a second use of an id
        if finding.place.row is not None:
            _refuse(named[finding.file], finding)
    return collected, _narrow(engine.ledger.records(), collected.outcomes)


def _counted(outcome: SourceOutcome, corpus: Corpus) -> Iterator[Batch]:
    for batch in outcome.source.batches(corpus.mapping):
        outcome.records += batch.records.height + len(batch.unreadable)
        outcome.spooled += batch.records.height
        outcome.frames += batch.records.height > 0
        outcome.labelled = outcome.labelled or _is_labelled(batch.records)
        yield batch


def _is_declared(source: Source) -> bool:
    """Whether the manifest of a converted dataset says that a split of it is labelled."""
    return source.folder is not None and declared_splits(source.folder).get(source.split or "", False)


def _is_labelled(records: pl.DataFrame) -> bool:
    says = (pl.col("text").list.len() > 0) | pl.col("is_impossible")
    return bool(records.select(says.any()).item())


def _repaired(
    batches: Iterable[Batch],
    collected: Collected,
    hypotheses: dict[str, Hypothesis | None],
    *,
    fix: bool,
    unsafe: bool,
) -> Iterator[Batch]:
    """The batches with their repairs made and every start in its place, in frames of `SPOOLED`."""
    rules = select_rules() if fix or unsafe else []
    for batch in batches:
        filled, placed = fill_starts(batch.records)
        repaired = repair(replace(batch, records=filled), rules, unsafe=unsafe, hypotheses=hypotheses)
        collected.fixed += repaired.fixed
        records, further = fill_starts(repaired.batch.records)
        placed = pl.concat([placed, further]).unique("row", keep="first", maintain_order=True)
        records = prove_answers(records, batch.records, placed, _by_row(repaired.fixed))
        yield Batch(batch.source, records, repaired.batch.notes)


def _spooled(batches: Iterable[Batch], outcome: SourceOutcome, spool: Spool, links: Links) -> Iterator[Batch]:
    for batch in batches:
        spool.write(batch.records)
        links.add(batch.records)
        yield batch


def _refuse(outcome: SourceOutcome, finding: Finding) -> None:
    if finding.place.row is None:  # one about a whole column is one about every record
        outcome.refused_whole.append(finding)
    else:
        outcome.refused.setdefault(finding.place.row, []).append(finding)


def _by_row(findings: Iterable[Finding]) -> ByRow:
    found: ByRow = {}
    for finding in findings:
        if finding.place.row is not None:
            found.setdefault(finding.place.row, []).append(finding)
    return found


def _narrow(ledger: pl.DataFrame, outcomes: list[SourceOutcome]) -> pl.DataFrame:
    """The columns of the ledger that decide what becomes of a record, and whether it is valid."""
    records = ledger.select(
        pl.col("id").hash(), "context", "pair", "title", "answered", "row", "line"
    ).with_row_index("index")
    numbers, valid, first = [], [], 0
    for number, outcome in enumerate(outcomes):
        rows = records["row"][first : first + outcome.spooled]
        first += outcome.spooled
        refused = pl.Series(list(outcome.refused), dtype=rows.dtype)
        valid.append(rows < 0 if outcome.refused_whole else ~rows.is_in(refused.implode()))
        numbers.append(pl.repeat(number, outcome.spooled, dtype=pl.UInt32, eager=True))
    return records.with_columns(source=pl.concat(numbers), valid=pl.concat(valid))


def _ways_of_counting(corpus: Corpus) -> dict[str, Hypothesis | None]:
    """How each source counts its offsets, which only the whole of it tells."""
    engine = Engine([rule for rule in select_rules() if rule.waits_for == "hypothesis"])
    for source in corpus.sources:
        for _ in engine.check(source.batches(corpus.mapping)):
            pass
    return {source.name: engine.hypotheses.get(source.name) for source in corpus.sources}


def refusal(collected: Collected, *, fix: bool, unsafe: bool) -> str:
    """What to say when records are invalid and none may be dropped; it offers what would help."""
    n = collected.rejected
    listed, first = _codes_and_first(collected)
    found = {finding.fix.safety for finding in _refusing(collected) if finding.fix is not None}
    ways = []
    if "safe" in found and not (fix or unsafe):
        ways.append("--fix repairs what is safe")
    if "unsafe" in found and not unsafe:
        repairs, too = ("", " too") if ways else ("repairs ", "")
        ways.append(f"--unsafe-fixes {repairs}what a person should look at{too}")
    left = "the rest" if ways else "it" if n == 1 else "them"
    ways.append(f"--drop-invalid moves {left} to rejected.jsonl")
    return (
        f"{n:,} of {collected.read:,} records {'is' if n == 1 else 'are'} invalid ({listed}); "
        f"nothing was written.\nFirst: {first}\n"
        f"{', '.join(ways)}, qatk validate shows them all."
    )


def nothing_read(collected: Collected) -> str:
    """What to say when the sources hold no record."""
    names = [outcome.source.name for outcome in collected.outcomes]
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}: there are no records to convert"


def none_valid(collected: Collected) -> str:
    """What to say when nothing would be left."""
    listed, first = _codes_and_first(collected)
    return (
        f"none of {collected.read:,} records is valid ({listed}), so there is nothing to write.\n"
        f"First: {first}\nqatk validate shows them all."
    )


def _refusing(collected: Collected) -> Iterator[Finding]:
    """Every finding that makes a record invalid."""
    for outcome in collected.outcomes:
        yield from outcome.refused_whole
        yield from chain.from_iterable(outcome.refused.values())


def _codes_and_first(collected: Collected) -> tuple[str, str]:
    """How many records each rule refuses, and the first finding."""
    counts = Counter[str]()
    for outcome in collected.outcomes:
        counts.update({finding.code: outcome.records for finding in outcome.refused_whole})
        counts.update(code for found in outcome.refused.values() for code in {f.code for f in found})
    bad = next(outcome for outcome in collected.outcomes if outcome.rejected)
    first = next(chain(bad.refused_whole, *(bad.refused[row] for row in sorted(bad.refused))))
    listed = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
    return listed, f"{first.location} {first.code} {first.message}"
