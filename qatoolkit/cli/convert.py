"""`qatk convert`: writes a SQuAD-format dataset."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from qatoolkit.cli.console import hint, listed, need_paths, plural
from qatoolkit.cli.inputs import open_corpus
from qatoolkit.cli.options import Documents, Encoding, Format, Map, On, Overwrite, Paths
from qatoolkit.cli.progress import reading

if TYPE_CHECKING:
    from qatoolkit.conversion.report import ConversionReport


def convert(
    paths: Paths = None,
    output: Annotated[str, typer.Option("-o", "--output", help="Folder to write.")] = "dataset",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Formats: arrow, parquet, squad (or squad1.1, squad2.0), jsonl, csv."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="NAME=SHARE,...",
            help="Splits by group: equal titles, equal contexts and nearly equal contexts stay together. "
            "Left out: the files' own splits if each names one and they are several, else "
            "train=0.8,validation=0.1,test=0.1. --split random deals rows one by one, by these shares; "
            "random,train=0.9,test=0.1 by others.",
        ),
    ] = None,
    split_from: Annotated[
        str | None,
        typer.Option("--split-from", metavar="DIR", help="Keep the splits of an earlier dataset."),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            "--group-by", metavar="COLUMN", help="A column that tells groups, instead of the title."
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(metavar="SLICES", help="Keep only these, e.g. train[:5000],validation[:500]."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the safe repairs.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Make the unsafe repairs too.")
    ] = False,
    drop_invalid: Annotated[
        bool, typer.Option("--drop-invalid", help="Move invalid records to rejected.jsonl.")
    ] = False,
    license: Annotated[
        str | None, typer.Option("--license", metavar="ID", help="For the dataset card, e.g. cc-by-4.0.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="For the dataset card, e.g. de.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Orders the groups that are split.")] = 42,
    format: Format = None,
    map: Map = None,
    encoding: Encoding = None,
    documents: Documents = None,
    on: On = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a SQuAD-format dataset with proved offsets.

    Any layout that validate reads will do; every SQuAD script takes the result as it is.
    Exits with 1, and writes nothing, if records are invalid.
    """
    named = need_paths(paths, "convert")
    from qatoolkit.conversion.convert import check_options, write_dataset
    from qatoolkit.conversion.options import Options
    from qatoolkit.conversion.place import check_destination

    formats = tuple(dict.fromkeys(listed(to))) or ("arrow",)
    options = Options(
        formats, split, split_from, group_by, rows, fix, unsafe_fixes, drop_invalid, license, language, seed
    )
    check_options(options)
    check_destination(Path(output), overwrite=overwrite)
    corpus = open_corpus(named, format=format, map=map, encoding=encoding, documents=documents, on=on)
    with reading(corpus) as watched:
        report = write_dataset(watched, Path(output), options, overwrite=overwrite)
    _summarise(report, output)
    print(
        f"Next: qatk finetune {quote(output)}"
        if {"train", "validation"} <= report.splits.keys() and "arrow" in formats
        else f"Written to {output}"
    )


def _summarise(report: ConversionReport, output: str) -> None:
    for warning in report.warnings:
        hint(f"Warning: {warning}")
    cut = f" + {report.left_out:,} left out by --rows" if report.left_out else ""
    print(f"{plural(report.read, 'record')} read = {report.written:,} written + {report.merged:,} merged "
          f"+ {report.rejected:,} rejected{cut}")  # fmt: skip
    if report.fixed:
        print(f"{plural(len(report.fixed), 'repair')} made")
    if report.rejected:
        print(f"The rejected ones lie in {output}/rejected.jsonl, with their places and codes")
    print("Splits: " + ", ".join(f"{name} {count:,}" for name, count in report.splits.items()))
    made = report.assignment
    if made.components is not None:
        print(f"By {made.rule}: {plural(made.components, 'group')}, {sum(made.crossing.values()):,} crossing")
