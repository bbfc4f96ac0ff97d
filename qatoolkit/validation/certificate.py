"""Proves a folder that `qatk convert` wrote once more, without its sources and while its examples are read.

Its files and counts are held against `manifest.json` (`manifest`), its examples against `lineage.parquet`
(`examples`); that each answer stands where it says is proved by the other rules. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from qatoolkit.corpus.reader import Source
from qatoolkit.corpus.record import Batch, Place, frame
from qatoolkit.errors import NotACorpusError, UnreadableError
from qatoolkit.validation.examples import Examples, read_lineage
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.manifest import LINEAGE, REJECTED, Manifest, line_count, read_manifest
from qatoolkit.validation.rule import Case, Rule
from qatoolkit.validation.rules import RULES

_CHANGED, _MISMATCH, _COUNTS = "QA601", "QA602", "QA603"
#: A conversion names no tokenizer, so what its manifest says of their rules says nothing.
_UNPROVED = {rule.code for rule in RULES if rule.scope == "tokenizer"}


@dataclass(frozen=True)
class Verdict:
    """What became of the certificates of the folders that were read.

    Attributes:
        holds: whether everything is as they say.
        examples: how many were held against them.
        answers: how many those have.
    """

    holds: bool
    examples: int
    answers: int

    def __str__(self) -> str:
        return "holds" if self.holds else "broken"


@dataclass
class Certificate:
    """The proof of one folder.

    Attributes:
        folder: where it lies, as the user typed it.
        manifest: what it says of itself.
        rules: those of scope "certificate" that run, by code.
        changed: file -> how it differs from what the manifest says.
        examples: what is met of each split; empty if lineage.parquet cannot be read.
        files: the sources of the folder, by the file or the split's folder in it.
    """

    folder: Path
    manifest: Manifest
    rules: dict[str, Rule]
    changed: dict[str, str]
    examples: dict[str, Examples]
    files: dict[str, str] = field(default_factory=dict)

    def watch(self, source: Source, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches of a source in the folder, each of them held against the lineage on its way.

        Where a changed file cannot be read any more, its records end; that it was changed is a finding.
        """
        name = _inner(source, self.folder)
        self.files[self.manifest.unit(name)] = source.name
        changed = {self.manifest.unit(name) for name in self.changed}
        split = self.manifest.split_of(name) if name not in self.changed or name in self.manifest.files else None
        examples = self.examples.get(split or "")
        try:
            for batch in batches:
                if examples is not None:
                    examples.meet(batch)
                yield batch
        except (UnreadableError, NotACorpusError):
            if self.manifest.unit(name) not in changed:
                raise
            if examples is not None:
                examples.whole = False
            yield Batch(source.name, frame({}))

    def findings(self) -> Iterator[Finding]:
        """What does not hold, once all sources have been read."""
        units: dict[str, list[str]] = {}
        for name, change in sorted(self.changed.items()):
            units.setdefault(self.manifest.unit(name), []).append(f"{Path(name).name} {change}")
        for unit, changes in units.items():
            file = self.files.get(unit, str(self.folder / unit))
            yield from self._finding(_CHANGED, file, Case(measures={"changes": changes}))
        if statements := [*self.manifest.disagreements(), *self._miscounted()]:
            file = str(self.folder / "manifest.json")
            yield from self._finding(_COUNTS, file, Case(measures={"statements": statements}))
        lineage = self.folder / LINEAGE
        for examples in self.examples.values():
            for found in examples.mismatches(lineage):
                case = Case({"id": found.id}, check=found.kind, measures=found.measures)
                yield from self._finding(_MISMATCH, found.source or str(lineage), case, found.place)

    def verdict(self, findings: Iterable[Finding]) -> Verdict:
        """Whether the certificate holds in view of all findings; no example has one that it rules out."""
        ruled_out, files = self.manifest.rules - _UNPROVED, set(self.files.values())
        broken = any(f.code in self.rules or (f.code in ruled_out and f.file in files) for f in findings)
        ...

    def _miscounted(self) -> Iterator[str]:
        """Counts of the manifest that neither the examples nor the lineage bear out.

        Where one of the two does, it is the other that was changed, and that is a finding already.
        """
        rejected = self.manifest.counts["rejected"]
        if REJECTED not in self.changed and (lines := line_count(self.folder / REJECTED)) != rejected:
            yield f"{rejected:,} rejected, and {lines:,} in {REJECTED}"
        ...
