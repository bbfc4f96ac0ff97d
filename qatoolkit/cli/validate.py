"""`qatk validate`: shows everything that is wrong with a corpus."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import hint, listed, make_console, need_paths, plural, print_json
from qatoolkit.cli.inputs import as_typed, open_corpus
from qatoolkit.cli.options import (
    Documents,
    Encoding,
    ExtendSelect,
    Format,
    Ignore,
    Map,
    On,
    Paths,
    Select,
)
from qatoolkit.cli.progress import reading
from qatoolkit.cli.settings import read_limits, read_severities
from qatoolkit.errors import EXIT_FINDINGS, UsageError

if TYPE_CHECKING:
    from qatoolkit.corpus.reader import Corpus
    from qatoolkit.validation.validate import ValidationReport


class OutputFormat(StrEnum):
    """How findings are printed."""

    full = "full"
    concise = "concise"
    json = "json"
    jsonl = "jsonl"
    github = "github"
    sarif = "sarif"


_MACHINE = (OutputFormat.json, OutputFormat.jsonl, OutputFormat.github, OutputFormat.sarif)


def validate(
    context: typer.Context,
    paths: Paths = None,
    format: Format = None,
    map: Map = None,
    encoding: Encoding = None,
    documents: Documents = None,
    on: On = None,
    select: Select = None,
    extend_select: ExtendSelect = None,
    ignore: Ignore = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model to be trained: also say what its tokenizer cannot reach."),
    ] = None,
    max_seq_length: Annotated[
        int | None, typer.Option(help="With --tokenizer: tokens of a window, with the question; else 384.")
    ] = None,
    doc_stride: Annotated[
        int | None, typer.Option(help="With --tokenizer: tokens that neighbouring windows share; else 128.")
    ] = None,
    max_answer_length: Annotated[
        int | None, typer.Option(help="With --tokenizer: longest answer, in tokens; else 30.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Report only what this baseline does not know.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is found as a baseline, and exit with 0.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="A contract of your own instead of schemas/record.yaml.")
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Print counts by rule, not the findings.")
    ] = False,
    max_findings: Annotated[int, typer.Option(help="Findings to print; 0 for all.")] = 50,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option(help="How to print findings; github inside GitHub Actions, else full."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
) -> None:
    """Find every broken pair and say which can be repaired.

    [*] marks a safe repair, [u] one that a person should look at. Exits with 1 if an error is found.
    What counts as an error is set by [rules], and where a rule draws its line by [limits], in qatk.toml.
    With --tokenizer the ceiling is printed too: what a perfect model could reach, and what is out of reach.
    """
    named = need_paths(paths, "validate")
    if statistics and output_format in _MACHINE and output_format is not OutputFormat.json:
        raise UsageError(f"--statistics has no form in {output_format}; use json, or leave one of them out")
    from qatoolkit.validation import baseline as baselines
    from qatoolkit.validation.validate import validate as run

    lengths = {
        "max_seq_length": max_seq_length,
        "doc_stride": doc_stride,
        "max_answer_length": max_answer_length,
    }
    given = {name: length for name, length in lengths.items() if length is not None}
    severities, limits = read_severities(context), replace(read_limits(context), **given)
    if tokenizer is None:
        _say_what_needs_a_tokenizer([*listed(select), *listed(extend_select)])
        for name in given:
            hint(f"--{name.replace('_', '-')} is for --tokenizer MODEL")
    corpus = open_corpus(named, format=format, map=map, encoding=encoding, documents=documents, on=on)
    with reading(corpus) as watched:
        report = run(
            watched,
            select=listed(select),
            extend_select=listed(extend_select),
            ignore=listed(ignore),
            severities=severities,
            schema=schema,
            limits=limits,
            tokenizer=tokenizer,
        )
    if write_baseline is not None:
        baselines.write_baseline(report.findings, write_baseline)
        hint(f"{plural(len(report.findings), 'finding')} written to {write_baseline}")
        return
    if baseline is not None:
        sifted = baselines.sift(report.findings, baseline)
        report = replace(report, findings=sifted.new)
        hint(f"{plural(sifted.known, 'finding')} known to {baseline} left out")
    if not report.tally.records:
        hint("There are no records below the header.")
    shown_as = output_format or _usual_format(statistics)
    if shown_as in _MACHINE:
        _print_for_machines(report, statistics, shown_as)
    else:
        _print_for_people(report, statistics, max_findings, shown_as)
        everything = not (select or ignore or baseline)
        _suggest(report, corpus, named, as_typed(context), everything=everything)
    failed = not report.ok or (strict and report.count("warning") > 0)
    raise typer.Exit(EXIT_FINDINGS if failed else 0)


def _say_what_needs_a_tokenizer(asked: list[str]) -> None:
    from qatoolkit.validation.select import select_rules

    silent = [rule.code for rule in select_rules(asked) if rule.scope == "tokenizer"] if asked else []
    if silent:
        hint(f"Not run without a tokenizer: {', '.join(silent)}; name one with --tokenizer MODEL")


def _usual_format(statistics: bool) -> OutputFormat:
    annotated = os.environ.get("GITHUB_ACTIONS") == "true" and not statistics
    return OutputFormat.github if annotated else OutputFormat.full


def _print_for_machines(report: ValidationReport, statistics: bool, shown_as: OutputFormat) -> None:
    from qatoolkit.cli import formats

    if shown_as is OutputFormat.json:
        print_json(report.to_dict() | ({"findings": []} if statistics else {}))
    elif shown_as is OutputFormat.sarif:
        print_json(formats.sarif(report))
    else:
        for line in (formats.json_lines if shown_as is OutputFormat.jsonl else formats.github)(report):
            print(line)


def _print_for_people(report: ValidationReport, statistics: bool, most: int, shown_as: OutputFormat) -> None:
    from qatoolkit.cli.ceiling import ceiling_lines
    from qatoolkit.cli.findings import certificate_line, evidence_lines, print_findings, summary
    from qatoolkit.cli.findings import statistics as count_lines

    console = make_console()
    if statistics:
        for line in count_lines(report):
            console.print(line)
    else:
        print_findings(console, report.findings, most=most, excerpts=shown_as is OutputFormat.full)
    for line in evidence_lines(report):
        console.print(line)
    if report.findings:
        console.print()
    if report.ceiling is not None:
        for line in ceiling_lines(report.ceiling):
            console.print(line)
        console.print()
    if line := certificate_line(report):
        console.print(line)
    console.print(summary(report))


def _suggest(
    report: ValidationReport, corpus: Corpus, paths: list[str], options: str, *, everything: bool
) -> None:
    """What to type next: the repair of the first file that has one, or the conversion if all rules agree."""
    editable = {source.name for source in corpus.sources if source.is_editable}
    again = " ".join(map(quote, paths)) + options
    repairable = [f.file for f in report.findings if f.fix is not None and f.fix.safety == "safe"]
    if repairable:
        first = Path(repairable[0])
        if first.is_file() and repairable[0] in editable:
            stem, suffixes = _parted(first.name)
            named = quote(repairable[0]) + options
            copy = quote(f"{stem}.fixed{suffixes}")
            how = f"preview with: qatk fix {named} --diff, write with: qatk fix {named} -o {copy}"
        else:
            how = f"write with: qatk convert {again} -o fixed --fix"
        print(f"[*] {len(repairable):,} fixable: {how}")
    elif everything and report.ok and report.tally.records and not Path(paths[0]).is_dir():
        print(f"Next: qatk convert {again}")
    elif not report.ok:
        hint("Each rule is explained by: qatk rule CODE")


def _parted(name: str) -> tuple[str, str]:
    """A file's name without its suffixes, and those: (train, .csv.gz) for train.csv.gz."""
    from qatoolkit.corpus.packed import without_suffix

    stem = Path(without_suffix(name)).stem
    return stem, name.removeprefix(stem)
