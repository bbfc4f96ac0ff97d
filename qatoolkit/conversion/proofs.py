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


def fill_starts(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Gives every answer without a start the one place that it can mean.

    Args:
        records: frame of `RECORD`. A start without exactly one such place stays missing, and its record is
            invalid.

    Returns:
        The frame; and for each record in which something was placed its `row` and the columns of `PROOF`.
    """
    lacking = pl.col("answer_start").list.eval(pl.element().is_null()).list.any().fill_null(False)
    answers = records.filter(lacking).select("row", "context", "text", "answer_start")
    answers = answers.explode("text", "answer_start")
    if not answers.height:
        return records, pl.DataFrame(schema={"row": pl.Int64, **PROOF})
    found = [
        ("exact", start, 1, 0) if start is not None else _search(context, text)
        for _, context, text, start in answers.iter_rows()
    ]
    methods, starts, candidates, distances = zip(*found, strict=True)
    lists = (
        answers.select(
            "row",
            pl.Series("proof", methods, pl.String),
            pl.col("answer_start").alias("original_start"),
            pl.Series("candidates", candidates, pl.Int64),
            pl.Series("distance", distances, pl.Int64),
            pl.Series("answer_start", starts, pl.Int64),
        )
        .group_by("row", maintain_order=True)
        .agg(pl.all())
    )
    filled = records.update(lists.select("row", "answer_start"), on="row", how="left")
    return filled, lists.drop("answer_start")


def _search(context: str | None, text: str | None) -> _Proof:
    """How an answer that has only a text was found, with its start where the original one would be."""
    found = diagnose(context or "", text or "", None)
    if found.kind != "right" or found.method is None:
        return ("exact", None, 0, None)
    return (found.method, found.start, len(found.candidates), None)


def prove_answers(
    records: pl.DataFrame,
    as_read: pl.DataFrame,
    placed: pl.DataFrame,
    repairs: Mapping[int, Sequence[Finding]],
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
    proved = records.join(placed, on="row", how="left", maintain_order="left")
    proved = proved.with_columns(repairs=pl.lit(None, pl.String))
    if not repairs:
        return proved
    rows = fill_proofs(proved.filter(pl.col("row").is_in(list(repairs))))
    given = dict(as_read.select("row", "answer_start").iter_rows())
    told = [
        _with_repairs(record, given[record["row"]], repairs[record["row"]])
        for record in rows.iter_rows(named=True)
    ]
    changes = pl.DataFrame(told, schema={"row": pl.Int64, **PROOF, "repairs": pl.String})
    return proved.update(changes, on="row", how="left")


def _with_repairs(
    record: dict[str, Any], given: list[int | None], repairs: Sequence[Finding]
) -> dict[str, Any]:
    if len(given) != len(record["answer_start"]):  # answers were taken out; the repairs tell which
        given = record["answer_start"]
    proofs = []
    for i, (method, candidates, distance) in enumerate(
        zip(record["proof"], record["candidates"], record["distance"], strict=True)
    ):
        before: _Proof = (method, given[i], candidates, distance)
        proofs.append(max(_repaired(i, given[i], repairs), before, key=_doubt))
    columns = zip(*proofs, strict=True) if proofs else ((), (), (), ())
    told = [{"source": f.file, "row": f.place.row, "code": f.code, **f.to_dict()["fix"]} for f in repairs]
    return {
        "row": record["row"],
        **{name: list(values) for name, values in zip(PROOF, columns, strict=True)},
        "repairs": json.dumps(told, ensure_ascii=False),
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
