"""One thing that a rule found, with its place, ready to be shown or serialised."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from qatoolkit.corpus.record import Place
from qatoolkit.validation.rule import Fix, Severity


@dataclass(frozen=True)
class Finding:
    """A problem of one record, stamped with its rule and its place.

    Attributes:
        code: the rule's code.
        name: the rule's name.
        severity: the rule's severity.
        message: one line for people.
        file: as the user typed it.
        place: where the record lies in the file.
        id: the record's id, None where it could not be read.
        field: the field concerned.
        answer: 0-based index of the answer concerned, if it is one.
        span: characters of the context to show.
        context: the context that `span` points into.
        hint: what to say of the span.
        fix: the repair, if there is one.
    """

    code: str
    name: str
    severity: Severity
    message: str
    file: str
    place: Place
    id: str | None
    field: str
    answer: int | None = None
    span: tuple[int, int] | None = None
    context: str = ""
    hint: str = ""
    fix: Fix | None = None

    @property
    def location(self) -> str:
        """Where it is, as editors and terminals link it."""
        return location(self.file, self.place)

    def to_dict(self) -> dict[str, Any]:
        """The finding as `schemas/validation.schema.json` has it."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "file": self.file,
            **asdict(self.place),
            "id": self.id,
            "field": self.field,
            "answer": self.answer,
            "span": list(self.span) if self.span else None,
            "fix": _fix_to_dict(self.fix) if self.fix else None,
        }


def location(file: str, place: Place) -> str:
    """`file:line`, or the record's JSON pointer or number where there are no useful lines."""
    if place.line is not None:
        return f"{file}:{place.line}"
    if place.pointer:
        return f"{file}#{place.pointer}"
    return f"{file}[{place.row}]" if place.row is not None else file


def _fix_to_dict(fix: Fix) -> dict[str, Any]:
    return {
        "safety": fix.safety,
        "method": fix.method,
        "candidates": fix.candidates,
        "distance": fix.distance,
        "edits": [asdict(edit) for edit in fix.edits],
    }
