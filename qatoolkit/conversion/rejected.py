"""Writes `rejected.jsonl`: every invalid record with its place, the codes, and what its source says.

So it can be mended and brought back. The source is opened again for that: nothing that is
rejected is held in memory.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from qatoolkit.conversion.collect import Collected, SourceOutcome
from qatoolkit.corpus.reader import Corpus, Source
from qatoolkit.corpus.record import CONTENT, Place
from qatoolkit.validation.ledger import place_of


def write_rejected(path: Path, collected: Collected, corpus: Corpus) -> None:
    """One line for each invalid record, in the order of the sources; no file if there is none."""
    if not collected.rejected:
        return
    first = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        for outcome in collected.outcomes:
            known = collected.records.slice(first, outcome.spooled)
            first += outcome.spooled
            for line in _lines(outcome, known, corpus) if outcome.rejected else ():
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _lines(outcome: SourceOutcome, known: pl.DataFrame, corpus: Corpus) -> Iterator[dict[str, Any]]:
    rows = sorted({*outcome.refused, *(known["row"] if outcome.refused_whole else ())})
    places = {
        row["row"]: place_of(row) for row in known.filter(pl.col("row").is_in(rows)).iter_rows(named=True)
    }
    records = (
        {}
        if outcome.source.is_text and outcome.source.layout != "columns"
        else _read(outcome.source, set(rows), corpus)
    )
    with _open(outcome.source) as stream:
        for row in rows:
            findings = [*outcome.refused.get(row, ()), *outcome.refused_whole]
            place = places.get(row) or findings[0].place
            yield {
                "source": outcome.source.name,
                "id": findings[0].id,
                **asdict(place),
                "codes": [finding.code for finding in findings],
                "messages": [finding.message for finding in findings],
                "record": records.get(row) or _text(stream, place),
            }


def _text(stream: BinaryIO, place: Place) -> str | None:
    """What stands at a place, byte for byte."""
    if place.byte_start is None or place.byte_end is None:
        return None
    stream.seek(place.byte_start)
    return stream.read(place.byte_end - place.byte_start).decode("utf-8", "backslashreplace")


def _read(source: Source, rows: set[int], corpus: Corpus) -> dict[int, dict[str, Any]]:
    """Records of a layout that is no text, or whose records are no piece of it, as the reader has them."""
    return {
        record["row"]: {name: record[name] for name in CONTENT}
        for batch in source.batches(corpus.mapping)
        for record in batch.records.filter(pl.col("row").is_in(rows)).iter_rows(named=True)
    }


def _open(source: Source) -> BinaryIO:
    """The bytes that the places of records count: those of the unpacked text in UTF-8."""
    if not source.is_text:
        return io.BytesIO()
    stream = source.as_utf8()
    return stream if stream.seekable() else io.BytesIO(stream.read())
