"""Repairs in memory: the same edits that `fix` splices into a file, made in a batch's frame.

Places stay those of the source as it lies on disk, so lineage holds for repaired records too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from qatoolkit.corpus.answers import means_no_number
from qatoolkit.corpus.record import RECORD, Batch, Note
from qatoolkit.validation.engine import Engine
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.rule import Rule

_MOST_ROUNDS = 5


@dataclass(frozen=True)
class Repaired:
    """A batch after its repairs, and the findings that were repaired."""

    batch: Batch
    fixed: list[Finding]


def repair(
    batch: Batch,
    rules: Sequence[Rule],
    *,
    unsafe: bool = False,
    hypotheses: Mapping[str, Hypothesis | None] | None = None,
) -> Repaired:
    """Makes the repairs that the rules offer until none is left.

    Args:
        batch: as read; it is not changed.
        rules: the rules whose repairs are wanted. Those about the whole corpus offer none.
        unsafe: also make repairs that a person should look at.
        hypotheses: how each source counts its offsets, which a single batch may not tell.
    """
    local = [rule for rule in rules if rule.fixes]
    fixed: list[Finding] = []
    for _ in range(_MOST_ROUNDS if local else 0):
        found = [
            f
            for f in Engine(local, hypotheses=dict(hypotheses or {})).check([batch])
            if f.fix and (unsafe or f.fix.safety == "safe")
        ]
        if not found:
            break
        batch, made = _apply(batch, found)
        fixed += made
    return Repaired(batch, fixed)


def _apply(batch: Batch, findings: list[Finding]) -> tuple[Batch, list[Finding]]:
    rows = {finding.place.row for finding in findings}
    touched = {
        record["row"]: record
        for record in batch.records.filter(pl.col("row").is_in(rows)).iter_rows(named=True)
    }
    made: list[Finding] = []
    taken: set[tuple[int | None, str, int | None]] = set()
    for finding in findings:
        assert finding.fix is not None
        values = {(finding.place.row, edit.field, edit.answer) for edit in finding.fix.edits}
        if values & taken or finding.place.row not in touched:
            continue
        taken |= values
        made.append(finding)
        for edit in finding.fix.edits:
            _set(touched[finding.place.row], edit.field, edit.answer, edit.new)
    kept = batch.records.filter(~pl.col("row").is_in(rows))
    changed = pl.DataFrame(list(touched.values()), schema=RECORD)
    notes = [n for n in batch.notes if not (_has_type_repair(n) and n.place.row in rows)]
    return replace(batch, records=pl.concat([kept, changed]).sort("row"), notes=notes), made


def _has_type_repair(note: Note) -> bool:
    return note.kind == "wrong-type" and (note.meant is not None or means_no_number(note.value))


def _set(record: dict[str, Any], field: str, answer: int | None, value: Any) -> None:
    if answer is None or not isinstance(record[field], list):
        record[field] = value
    else:
        record[field] = [value if i == answer else old for i, old in enumerate(record[field])]
