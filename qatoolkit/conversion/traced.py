"""What `trace` finds out about an example, in memory and as JSON. Looks nothing up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from qatoolkit.corpus.record import Place

#: What became of the record: its file is byte for byte the same; it is where it was; elsewhere in the
#: file; there is one with its id and another question or context; there is none.
State = Literal["unchanged", "here", "moved", "edited", "gone"]


@dataclass(frozen=True)
class Proof:
    """How the start of one answer was established; see the conversion's lineage."""

    proof: str
    original_start: int | None
    candidates: int | None
    distance: int | None


@dataclass(frozen=True)
class Merged:
    """A row that gave its answers to the example.

    Attributes:
        source: the file as the user typed it.
        row: its number in the file.
        line: its first physical line.
        answers: texts and starts as they stand there; None where the file has changed.
        record: as it stands in the source; None where the file has changed.
    """

    source: str
    row: int
    line: int | None
    answers: tuple[tuple[str, int | None], ...] | None
    record: bytes | None


@dataclass(frozen=True)
class Traced:
    """An example's record in its source.

    Attributes:
        id: of the example.
        split: of the example.
        source: the file as the user typed it.
        path: where it lies now; None for a dataset of the Hub.
        place: where the conversion read the record.
        changed: whether the file's bytes are others now; None where no hash is known.
        state: what became of the record.
        now: where it stands now; for "edited" and "gone" where `record` stands.
        record: as it stands in the source: its bytes in UTF-8, of a table a line of JSON. For
            "edited" what has its id now, for "gone" what stands where it was; None if nothing does.
        answers: how the start of each was established; None where that is not known.
        repairs: what the conversion repaired in the record, as in lineage.parquet.
        merged: further rows of the same question.
        extra: the source's other columns.
        notes: what a person should know, as sentences.
    """

    id: str
    split: str | None
    source: str
    path: Path | None
    place: Place
    changed: bool | None
    state: State
    now: Place | None
    record: bytes | None
    answers: tuple[Proof, ...] | None
    repairs: tuple[dict[str, Any], ...]
    merged: tuple[Merged, ...]
    extra: dict[str, Any] | None
    notes: tuple[str, ...]

    @property
    def is_found(self) -> bool:
        """Whether `record` is the one that the example was made of."""
        return self.state not in ("edited", "gone")

    def to_dict(self) -> dict[str, Any]:
        """The trace as `schemas/trace.schema.json` has it."""
        return {
            "version": 1,
            **asdict(self),
            "path": None if self.path is None else str(self.path),
            "record": _text(self.record),
            "answers": [asdict(proof) for proof in self.answers or ()],
            "repairs": list(self.repairs),
            "merged": [
                {"source": row.source, "row": row.row, "line": row.line, "record": _text(row.record)}
                for row in self.merged
            ],
            "notes": list(self.notes),
        }


def _text(record: bytes | None) -> str | None:
    return None if record is None else record.decode("utf-8", "backslashreplace")
