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

from qatoolkit.conversion.spool import PROOF
from qatoolkit.validation.diagnosis import diagnose
from qatoolkit.validation.finding import Finding

#: From the surest to the least sure; the repairs of one answer are as sure as the least of them.
METHODS = ("exact", "hypothesis", "single", "nearest", "normalised", "fuzzy")

#: One answer's proof: method, original start, candidates, distance.
_Proof = tuple[str, int | None, int, int | None]
_AS_GIVEN: _Proof = ("exact", None, 1, 0)

#: By row and number of the answer: how the place of one was found for which the source has no start.
Placed = dict[int, dict[int, _Proof]]


def fill_starts(records: pl.DataFrame) -> tuple[pl.DataFrame, Placed]:
    """Gives every answer without a start the one place that it can mean.

    Args:
        records: frame of `RECORD`. A start without exactly one such place stays missing, and its record is
            invalid.

    Returns:
        The frame, and the proofs of what was placed, by row and number of the answer.
    """
    lacking = pl.col("answer_start").list.eval(pl.element().is_null()).list.any().fill_null(False)
    rows = records.with_row_index("index").filter(lacking)
    if not rows.height:
        return records, {}
    placed: Placed = {}
    filled = []
    for row, context, texts, starts in rows.select("row", "context", "text", "answer_start").iter_rows():
        proofs = {i: _search(context, text) for i, text in enumerate(texts) if starts[i] is None}
        found = {i: proof for i, proof in proofs.items() if proof is not None}
        placed[row] = {i: proof for i, (_, proof) in found.items()}
        filled.append([found[i][0] if i in found else start for i, start in enumerate(starts)])
    column = rows.select("index", answer_start=pl.Series(filled, dtype=pl.List(pl.Int64)))
    whole = records.with_row_index("index").update(column, on="index", how="left").drop("index")
    return whole, placed


def _search(context: str | None, text: str | None) -> tuple[int, _Proof] | None:
    """The start of a text that the source only names, and its proof."""
    found = diagnose(context or "", text or "", None)
    if found.kind != "right" or found.start is None:
        return None
    return found.start, (found.method or "exact", None, len(found.candidates), None)


def prove_answers(
    records: pl.DataFrame, as_read: pl.DataFrame, placed: Placed, repairs: Mapping[int, Sequence[Finding]]
) -> pl.DataFrame:
    """Says of each answer how its place is known.

    Args:
        records: frame of `RECORD`, filled and repaired.
        as_read: the same records as the source has them.
        placed: what `fill_starts` said.
        repairs: row -> the findings that were repaired in it.

    Returns:
        The frame of `spool.SPOOLED`; the columns of proof are null for records in which nothing was done.
    """
    nothing = [pl.lit(None, kind).alias(name) for name, kind in {**PROOF, "repairs": pl.String}.items()]
    whole = records.with_columns(nothing)
    rows = whole.with_row_index("index").filter(pl.col("row").is_in([*placed, *repairs]))
    if not rows.height:
        return whole
    before = dict(
        as_read.filter(pl.col("row").is_in(rows["row"].implode())).select("row", "answer_start").iter_rows()
    )
    proofs = [
        {"index": index, **_proofs(before[row], starts, placed.get(row, {}), repairs.get(row, ()))}
        for index, row, starts in rows.select("index", "row", "answer_start").iter_rows()
    ]
    proved = pl.DataFrame(proofs, schema={"index": pl.UInt32, **PROOF, "repairs": pl.String})
    return whole.with_row_index("index").update(proved, on="index", how="left").drop("index")


def _proofs(
    before: list[int | None],
    starts: list[int | None],
    placed: Mapping[int, _Proof],
    repairs: Sequence[Finding],
) -> dict[str, Any]:
    if len(before) != len(starts):  # answers were taken out, and which of them is told by the repairs
        before = starts
    proofs = [
        max(_repaired(i, before[i], repairs), placed.get(i, _AS_GIVEN), key=_doubt)
        for i in range(len(starts))
    ]
    columns = zip(*proofs, strict=True) if proofs else ((), (), (), ())
    told = [{"source": f.file, "row": f.place.row, "code": f.code, **f.to_dict()["fix"]} for f in repairs]
    return {
        **{name: list(values) for name, values in zip(PROOF, columns, strict=True)},
        "repairs": json.dumps(told, ensure_ascii=False) if told else None,
    }


def _repaired(answer: int, start: int | None, repairs: Sequence[Finding]) -> _Proof:
    proofs = [_AS_GIVEN]
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
