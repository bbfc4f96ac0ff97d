"""`fix`: the repairs that the findings carry, spliced into a copy of the source.

Repairs can uncover each other: an answer is moved to its place, and only there do its blanks
show. So the copy is checked and mended again until nothing changes, which also makes fixing
idempotent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from qatoolkit.corpus.reader import Corpus, Source, read
from qatoolkit.corpus.record import Place
from qatoolkit.corpus.splice import Edit, splice
from qatoolkit.errors import DestinationError, UsageError
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.validate import ValidationReport, validate

_MOST_ROUNDS = 5


@dataclass(frozen=True)
class FixReport:
    """What was changed and what is left.

    Attributes:
        source: the file as the user typed it.
        content: the mended file, byte for byte.
        original: the file as it was.
        fixed: the findings whose repair was made.
        left: the validation report of the mended file.
    """

    source: str
    content: bytes = field(repr=False)
    original: bytes = field(repr=False)
    fixed: list[Finding] = field(repr=False)
    left: ValidationReport

    @property
    def changed(self) -> bool:
        return self.content != self.original


def fix(
    path: str | Path,
    output: str | Path | None = None,
    *,
    unsafe: bool = False,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> FixReport:
    """Repairs one file into a copy of the same layout; untouched bytes stay as they are.

    Args:
        path: the file.
        output: where the copy goes; None writes nothing, to look at the report first.
        unsafe: also make repairs that a person should look at.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        overwrite: replace an output that exists.

    Raises:
        UsageError: the path is a saved dataset or names several files.
        DestinationError: the output exists, is the source itself, or cannot be written.
    """
    corpus = read(path, format=format, fields=fields)
    if len(corpus.sources) != 1:
        raise UsageError(f"{path}: names {len(corpus.sources)} files; fix mends one at a time")
    if output is not None:
        _check_destination(Path(path), Path(output), overwrite)
    original = corpus.sources[0].read_bytes() if corpus.sources[0].layout != "arrow" else b""
    content, fixed = apply_fixes(corpus, unsafe=unsafe)
    mended = replace(corpus, sources=[_in_memory(corpus.sources[0], content)])
    report = FixReport(str(path), content, original, fixed, validate(mended))
    before, after = validate(corpus, select=["QA102"]).tally.records, report.left.tally.records
    if before != after:
        raise AssertionError(f"{path}: {before} records before the repairs and {after} after them")
    if output is not None:
        _write(Path(output), content)
    return report


def apply_fixes(corpus: Corpus, *, unsafe: bool = False) -> tuple[bytes, list[Finding]]:
    """The content of a one-file corpus after its repairs, and the findings that were repaired."""
    content = splice(corpus.sources[0], corpus.mapping, [])
    fixed: list[Finding] = []
    for _ in range(_MOST_ROUNDS):
        repairable = [
            f for f in validate(corpus).findings if f.fix is not None and (unsafe or f.fix.safety == "safe")
        ]
        if not repairable:
            break
        chosen = _without_conflicts(repairable)
        content = splice(corpus.sources[0], corpus.mapping, _by_place(chosen))
        corpus = replace(corpus, sources=[_in_memory(corpus.sources[0], content)])
        fixed += chosen
    return content, fixed


def _without_conflicts(findings: list[Finding]) -> list[Finding]:
    """The findings whose edits touch no value that an earlier one changes; the others wait a round."""
    taken: set[tuple[Place, str, int | None]] = set()
    chosen = []
    for finding in findings:
        assert finding.fix is not None
        values = {(finding.place, edit.field, edit.answer) for edit in finding.fix.edits}
        if not values & taken:
            taken |= values
            chosen.append(finding)
    return chosen


def _by_place(findings: list[Finding]) -> list[tuple[Place, list[Edit]]]:
    grouped: dict[Place, list[Edit]] = {}
    for finding in findings:
        assert finding.fix is not None
        grouped.setdefault(finding.place, []).extend(finding.fix.edits)
    return list(grouped.items())


def _in_memory(source: Source, content: bytes) -> Source:
    """The same source with other content, read without a file."""
    return replace(source, path=None, content=content)


def _check_destination(path: Path, output: Path, overwrite: bool) -> None:
    if output.exists() and path.exists() and output.samefile(path):
        raise DestinationError(f"{output}: is the file itself; fix writes a copy, name another file with -o")
    if output.exists() and not overwrite:
        raise DestinationError(f"{output}: exists already; choose another name or add --overwrite")


def _write(output: Path, content: bytes) -> None:
    """All or nothing: a file beside the destination, then renamed onto it."""
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DestinationError(f"{output}: cannot be written: {error.strerror}") from error
