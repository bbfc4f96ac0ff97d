"""Proves a folder that `qatk convert` wrote once more, without its sources and while its examples are read.

Its files and counts are held against `manifest.json` (`manifest`), its examples against `lineage.parquet`
(`examples`); that each answer stands where it says is proved by the other rules. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qatoolkit.corpus.reader import Source
from qatoolkit.corpus.record import Batch, Place, frame
from qatoolkit.errors import NotACorpusError, UnreadableError
from qatoolkit.validation.examples import Examples, read_lineage
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.manifest import LINEAGE, REJECTED, Manifest, line_count, read_manifest
from qatoolkit.validation.rule import Case, Rule
from qatoolkit.validation.rules import RULES
from qatoolkit.validation.rules.certificate import (
    CHANGED_SINCE_CONVERSION,
    COUNTS_DISAGREE,
    LINEAGE_MISMATCH,
)

_OURS = {rule.code for rule in RULES if rule.scope == "certificate"}


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


@dataclass
class Certificate:
    """The proof of one folder.

    Attributes:
        folder: as the user typed it.
        manifest: what it says of itself.
        changed: file -> how it differs from what the manifest says.
        examples: what is met of each split; empty if lineage.parquet cannot be read.
        sources: the file, or the folder of a split, that was read -> what it is called.
    """

    folder: Path
    manifest: Manifest
    changed: dict[str, str]
    examples: dict[str, Examples]
    sources: dict[str, str] = field(default_factory=dict)

    def watch(self, source: Source, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches of a source in the folder, each held against the lineage as it passes.

        Where a changed file cannot be read any more, its records end; that it was changed is a finding.
        """
        unit = self.manifest.unit(_inner(source))
        self.sources[unit] = source.name
        examples = self.examples.get(self.manifest.splits_by_unit.get(unit, ""))
        if examples is not None:
            examples.read = True
        try:
            for batch in batches:
                if examples is not None:
                    examples.meet(batch)
                yield batch
        except (UnreadableError, NotACorpusError):
            if unit not in map(self.manifest.unit, self.changed):
                raise
            if examples is not None:
                examples.whole = False
            yield Batch(source.name, frame({}))

    def findings(self, rules: Sequence[Rule]) -> Iterator[Finding]:
        """What does not hold, once all sources have been read.

        Args:
            rules: the rules that run; all others say nothing.
        """
        running = {rule.code: rule for rule in rules}
        for usual, file, place, case in self._cases():
            if rule := running.get(usual.code):
                problem = rule.explain(case)
                assert problem is not None
                yield Finding(
                    rule.code, rule.name, rule.severity, problem.message, file, place,
                    case.record.get("id"), problem.field,
                )  # fmt: skip

    def breaks(self, finding: Finding) -> bool:
        """Whether a finding is one that the certificate rules out."""
        here = finding.file in self.sources.values()
        return finding.code in _OURS or (here and finding.code in self.manifest.rules)

    def _cases(self) -> Iterator[tuple[Rule, str, Place, Case]]:
        units: dict[str, list[str]] = {}
        for name, change in sorted(self.changed.items()):
            units.setdefault(self.manifest.unit(name), []).append(f"{Path(name).name} {change}")
        for unit, changes in units.items():
            file = self.sources.get(unit, str(self.folder / unit))
            yield CHANGED_SINCE_CONVERSION, file, Place(), Case(measures={"changes": changes})
        if statements := [*self.manifest.disagreements(), *self._miscounted()]:
            file = str(self.folder / "manifest.json")
            yield COUNTS_DISAGREE, file, Place(), Case(measures={"statements": statements})
        lineage = self.folder / LINEAGE
        for examples in self.examples.values():
            for found in examples.mismatches(lineage):
                case = Case({"id": found.id}, check=found.kind, measures=found.measures)
                yield LINEAGE_MISMATCH, found.source or str(lineage), found.place, case

    def _miscounted(self) -> Iterator[str]:
        """Counts of the manifest that what lies beside it does not bear out.

        Where the lineage and not the examples agree with it, or the other way round, one of those two was
        changed, and that is a finding already.
        """
        rejected = self.manifest.counts["rejected"]
        if REJECTED not in self.changed and (lines := line_count(self.folder / REJECTED)) != rejected:
            yield f"{rejected:,} rejected, and {lines:,} in {REJECTED}"
        for name, split in self.manifest.splits.items():
            examples = self.examples.get(name)
            if examples is None or not examples.complete:
                continue
            proofs = examples.rows["proofs"]
            if split.rows not in (examples.met, proofs.len()):
                yield f"{split.rows:,} examples in {name}, and {examples.met:,} found"
            if split.unanswerable not in (examples.unanswerable, (proofs == 0).sum()):
                yield f"{split.unanswerable:,} unanswerable in {name}, and {examples.unanswerable:,} found"


def open_certificates(sources: Sequence[Source], rules: Iterable[Rule]) -> dict[Path, Certificate]:
    """The certificates of the folders that the user named and a conversion wrote; none if no rule asks.

    Raises:
        UnreadableError: a manifest is damaged, or of a version that is not known here.
    """
    if not _OURS & {rule.code for rule in rules}:
        return {}
    folders = dict.fromkeys(source.folder for source in sources if source.folder is not None)
    found = {}
    for folder in folders:
        if (manifest := read_manifest(folder)) is not None:
            inner = [_inner(source) for source in sources if source.folder == folder]
            found[folder] = _opened(folder, manifest, inner)
    return found


def verdict(
    certificates: Iterable[Certificate], findings: Sequence[Finding], rules: Iterable[Rule]
) -> Verdict | None:
    """Whether all certificates hold in view of all findings.

    None where there is none, or where nothing speaks against them but not all of their rules were run.
    """
    certificates = list(certificates)
    broken = any(one.breaks(finding) for one in certificates for finding in findings)
    all_run = {rule.code for rule in rules} >= _OURS
    if not certificates or not (broken or all_run):
        return None
    met = [examples for one in certificates for examples in one.examples.values()]
    return Verdict(not broken, sum(one.met for one in met), sum(one.answers for one in met))


def _opened(folder: Path, manifest: Manifest, inner: Iterable[str]) -> Certificate:
    changed = dict(manifest.changes(folder))
    known = set(map(manifest.unit, manifest.files))
    changed |= {name: "was added" for name in inner if manifest.unit(name) not in known}
    try:
        examples = read_lineage(folder / LINEAGE, list(manifest.splits))
    except UnreadableError:
        examples = {}
        changed.setdefault(LINEAGE, "cannot be read")
    for name in changed.keys() & manifest.files.keys():
        split = manifest.splits_by_unit.get(manifest.unit(name))
        if split in examples and not (folder / name).exists():
            examples[split].whole = False
    return Certificate(folder, manifest, changed, examples)


def _inner(source: Source) -> str:
    """Where a source lies in the folder that the user named."""
    assert source.path is not None
    assert source.folder is not None
    return source.path.relative_to(source.folder).as_posix()
