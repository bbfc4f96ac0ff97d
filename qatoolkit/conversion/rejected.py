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
from typing import Any

from qatoolkit.conversion.collect import Collected, SourceOutcome
from qatoolkit.conversion.reread import has_bytes, rows_at
from qatoolkit.corpus.reader import Corpus, Source
from qatoolkit.corpus.record import Place, places

_BLOCK = 2**20


def write_rejected(path: Path, collected: Collected, corpus: Corpus) -> None:
    """One line for each invalid record, in the order of the sources; no file if there is none."""
    if not collected.rejected:
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        for outcome in collected.outcomes:
            for line in _lines(outcome, corpus) if outcome.rejected else ():
                stream.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def _lines(outcome: SourceOutcome, corpus: Corpus) -> Iterator[dict[str, Any]]:
    source = outcome.source
    found = {row: findings[0].place for row, findings in outcome.refused.items()}
    if outcome.refused_whole:
        for batch in source.batches(corpus.mapping):
            found |= {place.row or 0: place for place in places(batch.records)}
    mapping = corpus.mapping if source.documents is None else source.documents.mapping(corpus.mapping)
    records = {} if has_bytes(source) else rows_at(source, mapping, found)
    with _Text(source) as text:
        for row, place in sorted(found.items()):
            findings = [*outcome.refused.get(row, ()), *outcome.refused_whole]
            yield {
                "source": source.name,
                "id": findings[0].id,
                **asdict(place),
                "codes": [finding.code for finding in findings],
                "messages": [finding.message for finding in findings],
                "record": records.get(row) or text.at(place),
            }


class _Text:
    """The unpacked text of a source in UTF-8, whose bytes the places of records count.

    It is read forwards only, as what is packed or in another encoding has to be, and never held as a whole.
    """

    def __init__(self, source: Source) -> None:
        self._stream = source.as_utf8() if source.is_text else io.BytesIO()
        self._position = 0

    def __enter__(self) -> _Text:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def at(self, place: Place) -> str | None:
        """What stands at a place, byte for byte; places have to come in their order."""
        if place.byte_start is None or place.byte_end is None:
            return None
        while part := self._stream.read(min(place.byte_start - self._position, _BLOCK)):
            self._position += len(part)
        self._position = place.byte_end
        return self._stream.read(place.byte_end - place.byte_start).decode("utf-8", "backslashreplace")
