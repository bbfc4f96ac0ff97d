"""How the place of every answer is known: what `lineage.parquet` says beside each of them.

exact        it stood where its source said
hypothesis   where the way in which the whole file counts says
single       the only occurrence of its text
nearest      the occurrence close to where the source said
normalised   found after normalising the text, or the text was trimmed
fuzzy        nearly the same text stands there

`original_start` is the source's start, null where it gave none; `candidates` how many places were
possible; `distance` what the repair or search says of it (see `validation.rule.Fix`), 0 for "exact".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from qatoolkit.conversion.spool import PROOF, SPOOLED
from qatoolkit.validation.diagnosis import diagnose
from qatoolkit.validation.finding import Finding

#: From the surest to the least sure; the repairs of one answer are as sure as the least of them.
METHODS = ("exact", "hypothesis", "single", "nearest", "normalised", "fuzzy")

#: One answer's proof: method, original start, candidates, distance.
_Proof = tuple[str, int | None, int, int | None]


def place_answers(
    records: pl.DataFrame, as_read: pl.DataFrame, repairs: Mapping[int, Sequence[Finding]]
) -> pl.DataFrame:
    """Gives every answer without a start its place, and says of each answer how its place is known.

    Args:
        records: frame of `RECORD`, repaired. A start that is missing and has not exactly one place that
            it can mean stays missing; such a record is invalid.
        as_read: the same records before their repairs.
        repairs: row -> the findings that were repaired in it.

    Returns:
        The frame of `SPOOLED`; the columns of proof are null for records in which nothing was done.
    """
    nothing = [pl.lit(None, kind).alias(name) for name, kind in {**PROOF, "repairs": pl.String}.items()]
    whole = records.with_columns(nothing)
    lacking = pl.col("answer_start").list.eval(pl.element().is_null()).list.any()
    touched = (lacking | pl.col("row").is_in(list(repairs))).fill_null(False)
    rows = whole.with_row_index("index").filter(touched)
    if not rows.height:
        return whole
    before = dict(
        as_read.filter(pl.col("row").is_in(rows["row"].implode())).select("row", "answer_start").iter_rows()
    )
    placed = pl.DataFrame(
        [
            _placed(record, before[record["row"]], repairs.get(record["row"], ()))
            for record in rows.iter_rows(named=True)
        ],
        schema={"index": pl.UInt32, **SPOOLED},
        infer_schema_length=None,
    )
    return whole.with_row_index("index").update(placed, on="index", how="left").drop("index").cast(SPOOLED)


def _placed(record: dict[str, Any], before: list[int | None], repairs: Sequence[Finding]) -> dict[str, Any]:
    pairs = list(zip(record["text"], record["answer_start"], strict=False))
    if len(before) != len(pairs):  # answers were taken out, and which of them is told by the repairs
        before = [start for _, start in pairs]
    proofs = [_repaired(i, before[i], repairs) for i in range(len(pairs))]
    for i, (text, start) in enumerate(pairs):
        if start is None:
            found = diagnose(record["context"] or "", text or "", None)
            if found.kind == "right":
                record["answer_start"][i] = found.start
                placed: _Proof = (found.method or "exact", None, len(found.candidates), None)
                proofs[i] = max(placed, proofs[i], key=_doubt)  # its text may have been repaired before
    columns = zip(*proofs, strict=True) if proofs else ((), (), (), ())
    told = [{"code": f.code, **f.to_dict()["fix"]} for f in repairs]
    return record | {
        **{name: list(values) for name, values in zip(PROOF, columns, strict=True)},
        "repairs": json.dumps(told, ensure_ascii=False) if told else None,
    }


def _repaired(answer: int, start: int | None, repairs: Sequence[Finding]) -> _Proof:
    proofs: list[_Proof] = [("exact", None, 1, 0)]
    for finding in repairs:
        fix = finding.fix
        if fix is None or finding.answer != answer:
            continue
        if fix.method == "type":  # a start that was written as a text, "12", is null in the frame
            start = next((edit.new for edit in fix.edits if edit.field == "answer_start"), start)
        else:
            how = "normalised" if fix.method == "trim" else fix.method
            proofs.append((how, None, fix.candidates, fix.distance))
    method, _, candidates, distance = max(reversed(proofs), key=_doubt)
    return (method, start, candidates, distance)


def _doubt(proof: _Proof) -> int:
    return METHODS.index(proof[0])


def fill_proofs(records: pl.DataFrame) -> pl.DataFrame:
    """The same frame with proofs for the records in which nothing was done: every answer "exact"."""
    alike = {
        "proof": pl.col("text").list.eval(pl.lit("exact")),
        "original_start": pl.col("answer_start"),
        "candidates": pl.col("text").list.eval(pl.lit(1, pl.Int64)),
        "distance": pl.col("text").list.eval(pl.lit(0, pl.Int64)),
    }
    return records.with_columns(pl.coalesce(name, usual).alias(name) for name, usual in alike.items())
