"""`validate`: everything that is wrong with a corpus, as a report that can be shown and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.corpus.reader import Corpus, read
from qatoolkit.validation.ceiling import CorpusCeiling
from qatoolkit.validation.certificate import Verdict, open_certificates, verdict
from qatoolkit.validation.engine import Engine, in_order
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.hypotheses import Evidence
from qatoolkit.validation.limits import Limits
from qatoolkit.validation.select import select_rules
from qatoolkit.validation.tally import Tally
from qatoolkit.windows import load_tokenizer

if TYPE_CHECKING:
    import pandas


_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "code": pl.String, "name": pl.String, "severity": pl.String, "message": pl.String, "file": pl.String,
    "row": pl.Int64, "line": pl.Int64, "line_end": pl.Int64, "byte_start": pl.Int64, "byte_end": pl.Int64,
    "pointer": pl.String, "id": pl.String, "field": pl.String, "answer": pl.Int64, "span": pl.List(pl.Int64),
    "fix": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class ValidationReport:
    """What was read and what was found.

    Attributes:
        findings: in the order of files and records.
        tally: counts over everything that was read.
        files: (name, layout) of every source, in order.
        evidence: source -> how ways of counting offsets fared over it, for sources with wrong answers.
        ends: source -> the habit of naming the last character as the end, for sources that have it.
        certificate: whether the folders that `convert` wrote are what they were; None if there are none.
        ceiling: what a perfect model could reach; None without a tokenizer.
    """

    findings: list[Finding] = field(repr=False)
    tally: Tally
    files: list[tuple[str, str]] = field(default_factory=list)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict, repr=False)
    ends: dict[str, Evidence] = field(default_factory=dict, repr=False)
    certificate: Verdict | None = None
    ceiling: CorpusCeiling | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether no error was found; warnings do not count."""
        return not self.count("error")

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def by_code(self) -> dict[str, int]:
        return dict(sorted(Counter(finding.code for finding in self.findings).items()))

    def fixable(self, safety: str = "safe") -> int:
        """Number of findings that carry a repair of the given safety."""
        return sum(f.fix is not None and f.fix.safety == safety for f in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as `schemas/validation.schema.json` has it."""
        return {
            "version": 1,
            "summary": {
                "files": len(self.files),
                "records": self.tally.records,
                "answers": self.tally.answers,
                "mismatched_answers": self.tally.mismatched_answers,
                "errors": self.count("error"),
                "warnings": self.count("warning"),
                "fixable": self.fixable(),
                "by_code": self.by_code,
            },
            "ceiling": self.ceiling and self.ceiling.to_dict(),
            "certificate": self.certificate and ("holds" if self.certificate.holds else "broken"),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row for each finding."""
        rows = [{**f.to_dict(), "fix": f.fix.method if f.fix else None} for f in self.findings]
        return pl.DataFrame(rows, schema=_COLUMNS)

    def to_pandas(self) -> pandas.DataFrame:
        """The same for pandas."""
        return self.to_polars().to_pandas()

    def _repr_html_(self) -> str:
        counts = self.to_dict()["summary"]
        head = f"<p>{counts['records']} records: {counts['errors']} errors, {counts['warnings']} warnings</p>"
        shown = self.to_polars()
        return head + (
            shown.select("code", "file", "line", "row", "message")._repr_html_() if shown.height else ""
        )


def validate(
    paths: str | Path | Sequence[str | Path] | Corpus,
    *,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    select: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
    schema: Path | None = None,
    limits: Limits | None = None,
    tokenizer: str | Path | None = None,
) -> ValidationReport:
    """Reads a corpus and runs the rules over it. Writes nothing.

    Args:
        paths: files, globs, folders or saved datasets; or a corpus that is open already.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        select: codes, prefixes or names of the rules to run; all that are on by default if empty.
        extend_select: further rules, beside those.
        ignore: rules to leave out.
        severities: code, prefix or name of a rule -> "error", "warning", "info" or "off".
        schema: another contract than the packaged `schemas/record.yaml`.
        limits: the thresholds that rules go by.
        tokenizer: folder, "pkg:NAME" or hub id of the model that is to be trained, for the rules QA5xx
            and the ceiling.

    Raises:
        UnreadableError: a path does not exist or is no text, or a manifest is damaged.
        NotACorpusError: a file holds no contexts and questions.
        UsageError: an unknown format, field or rule, or windows that the tokenizer's model cannot take.
        ModelError: the tokenizer cannot be loaded.
    """
    corpus = paths if isinstance(paths, Corpus) else read(paths, format=format, fields=fields)
    engine = Engine(
        select_rules(select, ignore, extend_select, severities),
        schema,
        limits or Limits(),
        load_tokenizer(tokenizer) if tokenizer is not None else None,
    )
    certificates = open_certificates(corpus.sources, engine.rules)
    findings: list[Finding] = []
    for source in corpus.sources:
        batches = source.batches(corpus.mapping)
        if source.folder in certificates:
            batches = certificates[source.folder].watch(source, batches)
        findings += engine.check(batches, source.split)
    together = list(engine.conclude())
    for certificate in certificates.values():
        together += certificate.findings(engine.rules)
    if together:  # what is about a file that is no source comes first
        nth = {source.name: i for i, source in enumerate(corpus.sources)}
        findings = sorted([*findings, *together], key=lambda f: (nth.get(f.file, -1), in_order(f)))
    return ValidationReport(
        findings,
        engine.tally,
        [(source.name, source.layout) for source in corpus.sources],
        engine.evidence,
        engine.ends,
        verdict(certificates.values(), findings, engine.rules),
        engine.ceiling.conclude() if engine.ceiling is not None else None,
    )
