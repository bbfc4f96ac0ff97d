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
    path: str | Path | Corpus,
    output: str | Path | None = None,
    *,
    unsafe: bool = False,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    severities: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> FixReport:
    """Repairs one file into a copy of the same layout; untouched bytes stay as they are.

    Args:
        path: the file; or a corpus of one file that is open already.
        output: where the copy goes; None writes nothing, to look at the report first.
        unsafe: also make repairs that a person should look at.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        severities: rule -> severity, as `validate` takes them; a rule that is off repairs nothing.
        overwrite: replace an output that exists.

    Raises:
        UsageError: the path is a saved dataset or names several files.
        DestinationError: the output exists, is the source itself, or cannot be written.
    """
    corpus = open_one(path, format=format, fields=fields)
    source = corpus.sources[0]
    if output is not None:
        check_destination(source, Path(output), overwrite)
    content = splice(source, corpus.mapping, [])  # a layout that cannot be edited is refused here
    left = validate(corpus, severities=severities)
    before = left.tally.records
    fixed: list[Finding] = []
    for _ in range(_MOST_ROUNDS):
        wanted = [f for f in left.findings if f.fix and (unsafe or f.fix.safety == "safe")]
        chosen = _without_conflicts(wanted)
        if not chosen:
            break
        content = splice(corpus.sources[0], corpus.mapping, _by_place(chosen))
        corpus = replace(corpus, sources=[in_memory(source, content)])
        left = validate(corpus, severities=severities)
        fixed += chosen
    after = left.tally.records
    if before != after:
        raise AssertionError(f"{source.name}: {before} records before the repairs and {after} after them")
    if output is not None:
        write_copy(Path(output), content)
    return FixReport(source.name, content, source.read_bytes(), fixed, left)


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


def open_one(
    path: str | Path | Corpus, *, format: str | None = None, fields: Mapping[str, str] | None = None
) -> Corpus:
    """A corpus of one file, which a copy can be made of."""
    corpus = path if isinstance(path, Corpus) else read(path, format=format, fields=fields)
    if len(corpus.sources) != 1:
        named = path if not isinstance(path, Corpus) else ", ".join(s.name for s in corpus.sources[:3])
        unpack = "; unpack the archive first" if any(source.member for source in corpus.sources) else ""
        raise UsageError(f"{named}: names {len(corpus.sources)} files; fix mends one at a time{unpack}")
    return corpus


def in_memory(source: Source, content: bytes) -> Source:
    """The same source with other content, packed as it is, read without a file."""
    return replace(source, path=None, content=content)


def check_destination(source: Source, output: Path, overwrite: bool) -> None:
    """Refuses to write over the source, or unasked over anything else."""
    if output.exists() and source.path is not None and output.samefile(source.path):
        raise DestinationError(f"{output}: is the file itself; fix writes a copy, name another file with -o")
    if output.exists() and not overwrite:
        raise DestinationError(f"{output}: exists already; choose another name or add --overwrite")


def write_copy(output: Path, content: bytes) -> None:
    """All or nothing: a file beside the destination, then renamed onto it."""
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DestinationError(f"{output}: cannot be written: {error.strerror}") from error
