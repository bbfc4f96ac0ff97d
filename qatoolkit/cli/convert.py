"""`qatk convert`: writes a SQuAD-format dataset."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from qatoolkit.cli.console import hint, listed, need_paths, plural
from qatoolkit.cli.inputs import open_corpus
from qatoolkit.cli.options import Documents, Encoding, Format, Map, On, Overwrite, Paths
from qatoolkit.cli.progress import reading


def convert(
    paths: Paths = None,
    output: Annotated[str, typer.Option("-o", "--output", help="Folder to write.")] = "dataset",
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Formats: arrow, parquet, squad, jsonl, csv.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="NAME=SHARE,...",
            help="Splits by group of title and context. Left out: the files' own splits if each names one "
            "and they are several, else train=0.8,validation=0.1,test=0.1.",
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
    from qatoolkit.conversion.convert import convert as run

    formats = listed(to) or ["arrow"]
    corpus = open_corpus(named, format=format, map=map, encoding=encoding, documents=documents, on=on)
    with reading(corpus) as watched:
        report = run(
            watched,
            output,
            to=formats,
            split=split,
            rows=rows,
            fix=fix,
            unsafe_fixes=unsafe_fixes,
            drop_invalid=drop_invalid,
            seed=seed,
            overwrite=overwrite,
        ).report
    for warning in report.warnings:
        hint(f"Warning: {warning}")
    print(f"{plural(report.read, 'record')} read = {report.written:,} written + {report.merged:,} merged "
          f"+ {report.rejected:,} rejected + {report.left_out:,} left out by --rows")  # fmt: skip
    if report.fixed:
        print(f"{plural(len(report.fixed), 'repair')} made")
    if report.rejected:
        print(f"The rejected ones lie in {output}/rejected.jsonl, with their places and codes")
    print("Splits: " + ", ".join(f"{name} {count:,}" for name, count in report.splits.items()))
    if report.assignment:
        groups = plural(report.assignment.components, "group")
        print(f"{groups} of title and context, {report.assignment.crossing} crossing")
    print(
        f"Next: qatk finetune {quote(output)}"
        if {"train", "validation"} <= report.splits.keys() and "arrow" in formats
        else f"Written to {output}"
    )
