"""`convert`: from any readable layout to a SQuAD-format dataset whose offsets are proved.

Every record that is read is written, merged into another, rejected, or left out by `rows`; the
four are counted and must add up. Each answer that is written stands where it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from qatoolkit.conversion.collect import Collected, collect, refusal
from qatoolkit.conversion.merge import fill_starts, merge_rows
from qatoolkit.conversion.place import check_destination, placed
from qatoolkit.conversion.records import write_lineage, write_manifest, write_rejected, write_split
from qatoolkit.conversion.report import ConversionReport
from qatoolkit.conversion.slices import keep_rows
from qatoolkit.conversion.split import DEFAULT_SPLIT, assign, count_crossing, parse_split
from qatoolkit.conversion.write import FORMATS, SCHEMA, to_dataset_dict, write_splits
from qatoolkit.corpus.fields import match_columns
from qatoolkit.corpus.json_records import NOTHING_READ
from qatoolkit.corpus.reader import Corpus, from_text, read
from qatoolkit.corpus.record import RECORD
from qatoolkit.errors import InvalidRecordsError, NotACorpusError, UsageError
from qatoolkit.validation.expressions import WRONG
from qatoolkit.validation.tally import explode_answers

if TYPE_CHECKING:
    import datasets

#: A split whose share of the examples differs by more from what was asked is worth a word.
_FAR_OFF = 0.15


@dataclass(frozen=True)
class Conversion:
    """A conversion's outcome: the dataset and the report on it."""

    dataset: datasets.DatasetDict
    report: ConversionReport


def convert(
    paths: str | Path | Sequence[str | Path] | Corpus,
    output: str | Path | None = None,
    *,
    to: Sequence[str] = ("arrow",),
    split: str | None = None,
    rows: str | None = None,
    fix: bool = False,
    unsafe_fixes: bool = False,
    drop_invalid: bool = False,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    seed: int = 42,
    overwrite: bool = False,
) -> Conversion:
    """Reads, checks, splits and writes a corpus.

    Args:
        paths: files, globs, folders or saved datasets; or a corpus that is open already.
        output: the folder to write; None keeps the dataset in memory.
        to: formats, keys of `conversion.write.FORMATS`.
        split: names and shares, e.g. "train=0.8,validation=0.2". Left out, the sources' own splits
            are kept if each of them names one and they name several, else it is `DEFAULT_SPLIT`.
        rows: slices of the splits, e.g. "train[:5000],validation[:500]".
        fix: make the safe repairs.
        unsafe_fixes: make the others too.
        drop_invalid: move invalid records to rejected.jsonl instead of stopping.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        seed: orders the groups that are split.
        overwrite: replace a dataset that exists.

    Raises:
        InvalidRecordsError: records are invalid, and nothing was written.
        NotACorpusError: there is no record to write.
        DestinationError: the output exists or cannot be written.
        UsageError: an unknown format, split or slice.
    """
    formats = list(dict.fromkeys(to))
    if not formats or not set(formats) <= FORMATS.keys():
        raise UsageError(f"--to {','.join(to)}: formats are {', '.join(FORMATS)}")
    shares = None if split is None else parse_split(split)
    if output is not None:
        check_destination(Path(output), overwrite=overwrite)
    corpus = paths if isinstance(paths, Corpus) else read(paths, format=format, fields=fields)
    collected = collect(corpus, fix=fix or unsafe_fixes, unsafe=unsafe_fixes)
    if collected.rejected and not drop_invalid:
        raise InvalidRecordsError(refusal(collected, fix=fix, unsafe=unsafe_fixes))
    report = ConversionReport(read=collected.read, rejected=len(collected.rejected), fixed=collected.fixed)
    report.warnings += [
        f"{record['source']}: {message}"
        for record in collected.rejected
        for message in record["messages"]
        if message.endswith(NOTHING_READ)
    ]
    examples = _examples(collected, report)
    examples = _assign_splits(examples, corpus, shares, seed, report)
    if rows is not None:
        examples, all_of_them = keep_rows(examples, rows), examples.height
        report.left_out = all_of_them - examples.height
    report.written = examples.height
    report.check()
    if not (examples["text"].list.len() > 0).any():
        report.warnings.append(
            "no record has an answer, so all count as unanswerable; "
            "if a column holds the answers, name it with --map YOUR_COLUMN=answers"
        )
    tables = {name: _to_arrow(part) for name, part in _parts(examples)}
    report.splits = {name: table.num_rows for name, table in tables.items()}
    if output is not None:
        with placed(Path(output), overwrite=overwrite) as folder:
            write_splits(tables, folder, formats)
            write_lineage(folder, examples, corpus)
            write_rejected(folder, collected.rejected)
            write_split(folder, report, seed)
            options = {"split": split, "rows": rows, "fix": fix, "unsafe_fixes": unsafe_fixes,
                       "drop_invalid": drop_invalid, "seed": seed}  # fmt: skip
            write_manifest(folder, corpus, tables, report, formats, options)
    return Conversion(to_dataset_dict(tables), report)


def from_dict(columns: Mapping[str, Sequence[Any]]) -> datasets.Dataset:
    """Makes a dataset of a dictionary of columns: context, question, answers, optionally id and title.

    Args:
        columns: lists, arrays or series of equal length. An answer is a text, a list of texts, or a
            dictionary of text and answer_start; missing starts are found where the text occurs once.

    Raises:
        InvalidRecordsError: an answer is not where it says; the message names the record.
        NotACorpusError: a column is missing or the lengths differ.
    """
    lists = {name: list(values) for name, values in columns.items()}
    text = json.dumps(lists, ensure_ascii=False, default=_plain)
    made = convert(from_text(text, format="columns", name="<dict>"), split="train=1").dataset["train"]
    if "answers" not in match_columns(columns):
        raise NotACorpusError(f"no column for answers; columns found: {', '.join(map(repr, columns))}")
    return made


def _plain(value: Any) -> Any:
    """A NumPy array or number as Python has it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _examples(collected: Collected, report: ConversionReport) -> pl.DataFrame:
    """The valid records, each answer with its start, rows of one question merged, all offsets proved."""
    examples, report.merged = merge_rows(fill_starts(collected.records()))
    if not examples.height:
        raise NotACorpusError(
            f"none of {report.read} records is valid" if report.read else "there are no records to convert"
        )
    wrong = explode_answers(examples.select(list(RECORD))).filter(WRONG).height
    if wrong:
        raise AssertionError(f"{wrong} answers do not stand where they say")
    return examples


def _assign_splits(
    examples: pl.DataFrame,
    corpus: Corpus,
    shares: Mapping[str, float] | None,
    seed: int,
    report: ConversionReport,
) -> pl.DataFrame:
    titles, contexts = examples["title"].to_list(), examples["context"].to_list()
    named = {source.split for source in corpus.sources}
    if shares is None and len(named) > 1 and None not in named:
        own = examples["source_split"].to_list()
        report.crossing = count_crossing(titles, contexts, own)
        if report.crossing:
            report.warnings.append(
                f"{report.crossing} titles and contexts occur in more than one of the files' own splits, "
                f"so scores will flatter; --split {DEFAULT_SPLIT} deals them anew"
            )
        return examples.with_columns(split=pl.col("source_split"))
    shares = shares or parse_split(DEFAULT_SPLIT)
    found = assign(titles, contexts, shares, seed)
    report.assignment, report.crossing = found, found.crossing
    if found.empty:
        report.warnings.append(
            f"too few groups ({found.components}) for {len(shares)} splits without leakage: "
            f"{', '.join(found.empty)} got nothing"
        )
    sizes = {name: found.splits.count(name) / len(found.splits) for name in shares}
    if not found.empty and any(abs(sizes[name] - share) > _FAR_OFF for name, share in shares.items()):
        told = ", ".join(f"{name} {size:.0%}" for name, size in sizes.items())
        report.warnings.append(
            f"{found.components} groups are too few or too uneven for these shares: {told}"
        )
    return examples.with_columns(split=pl.Series(found.splits, dtype=pl.String))


def _parts(examples: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The splits that hold something, train first."""
    order = {"train": 0, "validation": 1, "test": 2}
    names = sorted(set(examples["split"]), key=lambda name: (order.get(name, 3), name))
    return [(name, examples.filter(pl.col("split") == name)) for name in names]


def _to_arrow(examples: pl.DataFrame) -> pa.Table:
    answers = pl.struct("text", pl.col("answer_start").cast(pl.List(pl.Int32)))
    table = examples.select("id", "title", "context", "question", answers=answers).to_arrow()
    return table.cast(SCHEMA)
