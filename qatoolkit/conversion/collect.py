"""Reads the sources of a conversion, repairs what may be repaired, and parts the valid from the invalid.

What is rejected keeps its place, its codes and its own bytes, so that it can be mended and
brought back. Decides nothing about what is valid: that is the rules' business.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import polars as pl

from qatoolkit.corpus.reader import Corpus, Source
from qatoolkit.corpus.record import CONTENT, Batch
from qatoolkit.validation.engine import Engine, in_order
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Hypothesis
from qatoolkit.validation.repair import repair
from qatoolkit.validation.select import select_rules

ByRow = dict[int, list[Finding]]
#: The findings of an invalid record, and the record as it was read if it could be.
Refused = tuple[list[Finding], dict[str, Any] | None]


@dataclass
class Collected:
    """All sources after checking.

    Attributes:
        frames: valid records, with columns `source`, `source_index`, `source_split` and `repairs`.
        rejected: the lines of rejected.jsonl.
        fixed: the findings that were repaired.
        read: how many records there were, unreadable ones included.
    """

    frames: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    fixed: list[Finding] = field(default_factory=list)
    read: int = 0

    def records(self) -> pl.DataFrame:
        """The valid records of all sources, in order."""
        return pl.concat(self.frames).with_columns(pl.col("title").fill_null(""))


def collect(corpus: Corpus, *, fix: bool, unsafe: bool) -> Collected:
    """Reads everything.

    Args:
        corpus: the sources.
        fix: make the safe repairs.
        unsafe: make the others too.
    """
    rules = select_rules()
    engine = Engine([rule for rule in rules if rule.severity == "error"])
    collected = Collected()
    hypotheses = _ways_of_counting(corpus) if fix or unsafe else {}
    refusals: list[list[Refused]] = []
    for index, source in enumerate(corpus.sources):
        refused: list[Refused] = []
        for batch in source.batches(corpus.mapping):
            collected.read += batch.records.height + len(batch.unreadable)
            repaired = repair(batch, rules if fix or unsafe else [], unsafe=unsafe, hypotheses=hypotheses)
            collected.fixed += repaired.fixed
            invalid = _by_row(engine.check([repaired.batch]), repaired.batch)
            as_read = _as_read(batch, invalid)
            refused += [(found, as_read.get(row)) for row, found in invalid.items()]
            valid = repaired.batch.records.filter(~pl.col("row").is_in(list(invalid)))
            collected.frames.append(_with_origin(valid, source, index, _by_row(repaired.fixed, batch)))
        refusals.append(refused)
    _refuse_together(collected, refusals, engine.conclude(), corpus)
    for source, refused in zip(corpus.sources, refusals, strict=True):
        collected.rejected += _rejected(source, refused)
    return collected


def _refuse_together(
    collected: Collected, refusals: list[list[Refused]], findings: Iterable[Finding], corpus: Corpus
) -> None:
    """Takes out the records that only the whole corpus shows to be invalid: a second use of an id."""
    number = {source.name: i for i, source in enumerate(corpus.sources)}
    found: dict[tuple[int, int], list[Finding]] = {}
    for finding in findings:
        if finding.place.row is not None:
            found.setdefault((number[finding.file], finding.place.row), []).append(finding)
    for i, frame in enumerate(collected.frames if found else ()):
        rows = frame.select("source_index", "row").iter_rows()
        bad = pl.Series([place in found for place in rows], dtype=pl.Boolean)
        for record in frame.filter(bad).iter_rows(named=True):
            source = record["source_index"]
            refusals[source].append((found[source, record["row"]], record))
        collected.frames[i] = frame.filter(~bad)


def _ways_of_counting(corpus: Corpus) -> dict[str, Hypothesis | None]:
    """How each source counts its offsets, which only the whole of it tells."""
    engine = Engine([rule for rule in select_rules() if rule.waits_for == "hypothesis"])
    for source in corpus.sources:
        for _ in engine.check(source.batches(corpus.mapping)):
            pass
    return {source.name: engine.hypotheses.get(source.name) for source in corpus.sources}


def refusal(collected: Collected, *, fix: bool, unsafe: bool) -> str:
    """What to say when records are invalid and none may be dropped."""
    counts = Counter(code for record in collected.rejected for code in set(record["codes"]))
    listed = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
    n = len(collected.rejected)
    first = collected.rejected[0]
    where = f":{first['line']}" if first["line"] else f"#{first['pointer'] or first['row']}"
    ways = "" if unsafe else "--unsafe-fixes repairs more, " if fix else "--fix repairs what is safe, "
    return (
        f"{n} of {collected.read} records {'is' if n == 1 else 'are'} invalid ({listed}); "
        "nothing was written.\n"
        f"First: {first['source']}{where} {first['codes'][0]} {first['messages'][0]}\n"
        f"{ways}--drop-invalid moves the rest to rejected.jsonl, qatk validate shows them all."
    )


def _by_row(findings: Iterable[Finding], batch: Batch) -> ByRow:
    """Findings by record; one about a whole column is one about every record."""
    found: ByRow = {}
    everyone: list[int] = batch.records["row"].to_list()
    for finding in findings:
        for row in everyone if finding.place.row is None else [finding.place.row]:
            found.setdefault(row, []).append(finding)
    return found


def _as_read(batch: Batch, invalid: ByRow) -> dict[int, dict[str, Any]]:
    """The invalid records before any repair, by row; those that could not be read are not there."""
    kept = batch.records.filter(pl.col("row").is_in(list(invalid)))
    return {record["row"]: record for record in kept.iter_rows(named=True)}


def _with_origin(records: pl.DataFrame, source: Source, index: int, repairs: ByRow) -> pl.DataFrame:
    told = {
        row: json.dumps([{"code": f.code, **f.to_dict()["fix"]} for f in found], ensure_ascii=False)
        for row, found in repairs.items()
    }
    return records.with_columns(
        source=pl.lit(source.name),
        source_index=pl.lit(index, pl.Int64),
        source_split=pl.lit(source.split, pl.String),
        repairs=pl.Series([told.get(row) for row in records["row"]], dtype=pl.String),
    )


def _rejected(source: Source, refused: list[Refused]) -> Iterator[dict[str, Any]]:
    """Lines of rejected.jsonl; the source is opened once, and only if there are any."""
    if not refused:
        return
    with _open(source) as stream:
        for findings, record in sorted(refused, key=lambda pair: in_order(pair[0][0])):
            noted = vars(findings[0].place)
            place = {name: (record or noted)[name] for name in noted}
            original: Any = record and {name: record[name] for name in CONTENT}
            if place["byte_start"] is not None and source.layout != "columns":
                stream.seek(place["byte_start"])
                raw = stream.read(place["byte_end"] - place["byte_start"])
                original = raw.decode("utf-8", "backslashreplace")
            yield {
                "source": source.name,
                **place,
                "codes": [finding.code for finding in findings],
                "messages": [finding.message for finding in findings],
                "record": original,
            }


def _open(source: Source) -> BinaryIO:
    """The bytes that the places of records count: those of the unpacked text in UTF-8."""
    if not source.is_text:
        return io.BytesIO()
    stream = source.as_utf8()
    return stream if stream.seekable() else io.BytesIO(stream.read())
