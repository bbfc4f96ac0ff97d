"""`convert`: from any readable layout to a SQuAD-format dataset whose offsets are proved.

Every record that is read is written, merged into another, rejected, or left out by `rows`; the
four are counted and must add up. Each answer that is written stands where it says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

import qatoolkit
from qatoolkit.conversion.card import dataset_card
from qatoolkit.conversion.merge import fill_starts, merge_rows
from qatoolkit.conversion.place import placed
from qatoolkit.conversion.split import DEFAULT_SPLIT, Assignment, assign, parse_split
from qatoolkit.conversion.write import FORMATS, SCHEMA, to_dataset_dict, write_splits
from qatoolkit.corpus.reader import Corpus, Source, from_text, read
from qatoolkit.corpus.record import LINEAGE, RECORD, Batch, content_hash
from qatoolkit.errors import InvalidRecordsError, UsageError
from qatoolkit.validation.engine import Engine, explode_answers
from qatoolkit.validation.finding import Finding
from qatoolkit.validation.repair import repair
from qatoolkit.validation.rules.spans import WRONG
from qatoolkit.validation.select import select_rules

if TYPE_CHECKING:
    import datasets


@dataclass
class ConversionReport:
    """Where every record went.

    Attributes:
        read: records in the sources, unreadable ones included.
        written: examples in the dataset.
        merged: rows that added their answers to an example with the same id, context and question.
        rejected: invalid records, moved to rejected.jsonl.
        left_out: examples that `rows` cut off.
        fixed: findings that were repaired on the way.
        splits: split -> number of examples.
        assignment: how the splits were made; None where the sources brought their own.
        warnings: what the reader of the summary should know.
    """

    read: int = 0
    written: int = 0
    merged: int = 0
    rejected: int = 0
    left_out: int = 0
    fixed: list[Finding] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)
    assignment: Assignment | None = None
    warnings: list[str] = field(default_factory=list)

    def check(self) -> None:
        """No record is ever lost."""
        accounted = self.written + self.merged + self.rejected + self.left_out
        if self.read != accounted:
            raise AssertionError(f"{self.read} records were read and {accounted} accounted for")


@dataclass(frozen=True)
class Conversion:
    """A conversion's outcome: the dataset and the report on it."""

    dataset: datasets.DatasetDict
    report: ConversionReport


@dataclass
class _Collected:
    """All sources after checking: valid records, rejected ones, repairs by (source, row)."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    fixed: list[Finding] = field(default_factory=list)
    read: int = 0


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
            are kept if each of several names one, else it is `DEFAULT_SPLIT`.
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
        DestinationError: the output exists or cannot be written.
        UsageError: an unknown format, split or slice.
    """
    unknown = [name for name in to if name not in FORMATS]
    if unknown or not to:
        raise UsageError(f"--to {','.join(to)}: formats are {', '.join(FORMATS)}")
    corpus = paths if isinstance(paths, Corpus) else read(paths, format=format, fields=fields)
    collected = _collect(corpus, fix or unsafe_fixes, unsafe_fixes)
    if collected.rejected and not drop_invalid:
        raise InvalidRecordsError(_refusal(collected, fix or unsafe_fixes))
    report = ConversionReport(read=collected.read, rejected=len(collected.rejected), fixed=collected.fixed)
    examples, report.merged = merge_rows(fill_starts(_concat(collected.frames)))
    _prove(examples)
    examples = _assign_splits(examples, corpus, split, seed, report)
    examples = _slice(examples, rows, report)
    report.written = examples.height
    report.check()
    tables = {name: _to_arrow(part) for name, part in _parts(examples)}
    report.splits = {name: table.num_rows for name, table in tables.items()}
    if output is not None:
        with placed(Path(output), overwrite=overwrite) as folder:
            _write(folder, corpus, tables, examples, collected, report, list(to), seed)
    return Conversion(to_dataset_dict(tables), report)


def from_dict(columns: Mapping[str, Sequence[Any]]) -> datasets.Dataset:
    """Makes a dataset of a dictionary of columns: context, question, answers, optionally id and title.

    Args:
        columns: lists of equal length. An answer is a text, a list of texts, or a dictionary of
            text and answer_start; missing starts are found where the text occurs once.

    Raises:
        InvalidRecordsError: an answer is not where it says; the message names the record.
        NotACorpusError: a column is missing or the lengths differ.
    """
    text = json.dumps({name: list(values) for name, values in columns.items()}, ensure_ascii=False)
    return convert(from_text(text, format="columns", name="<dict>"), split="train=1").dataset["train"]


def _collect(corpus: Corpus, fix: bool, unsafe: bool) -> _Collected:
    """Reads everything, repairs what may be repaired, and parts the valid from the invalid."""
    rules = select_rules()
    engine = Engine([rule for rule in rules if rule.severity == "error"])
    collected = _Collected()
    for index, source in enumerate(corpus.sources):
        for batch in source.batches(corpus.mapping):
            collected.read += batch.records.height + len(batch.unreadable)
            repairs: dict[int | None, list[Finding]] = {}
            if fix:
                repaired = repair(batch, rules, unsafe=unsafe)
                batch = repaired.batch
                collected.fixed += repaired.fixed
                for finding in repaired.fixed:
                    repairs.setdefault(finding.place.row, []).append(finding)
            invalid: dict[int | None, list[Finding]] = {}
            for finding in engine.check([batch]):
                invalid.setdefault(finding.place.row, []).append(finding)
            collected.rejected += [_rejected(source, batch, found) for found in invalid.values()]
            valid = batch.records.filter(~pl.col("row").is_in([row for row in invalid if row is not None]))
            collected.frames.append(_with_origin(valid, source, index, repairs))
    return collected


def _with_origin(
    records: pl.DataFrame, source: Source, index: int, repairs: Mapping[int | None, list[Finding]]
) -> pl.DataFrame:
    told = {
        row: json.dumps([{"code": f.code, **f.to_dict()["fix"]} for f in found], ensure_ascii=False)
        for row, found in repairs.items()
    }
    return records.with_columns(
        source=pl.lit(source.name),
        source_index=pl.lit(index, pl.Int64),
        source_split=pl.lit(source.split, pl.String),
        repairs=pl.Series([told.get(row) for row in records["row"]], dtype=pl.String),
    )


def _rejected(source: Source, batch: Batch, findings: list[Finding]) -> dict[str, Any]:
    first = findings[0]
    where = first.place
    original: Any = None
    if where.byte_start is not None and where.byte_end is not None and source.layout != "arrow":
        original = source.read_bytes()[where.byte_start : where.byte_end].decode(
            source.encoding, "backslashreplace"
        )
    elif where.row is not None:
        record = batch.records.filter(pl.col("row") == where.row)
        original = record.to_dicts()[0] if record.height else None
    return {
        "source": source.name,
        **vars(where),
        "codes": sorted({finding.code for finding in findings}),
        "messages": [finding.message for finding in findings],
        "record": original,
    }


def _refusal(collected: _Collected, fixing: bool) -> str:
    counts: dict[str, int] = {}
    for record in collected.rejected:
        for code in record["codes"]:
            counts[code] = counts.get(code, 0) + 1
    listed = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
    n = len(collected.rejected)
    first = collected.rejected[0]
    place = (
        f"{first['source']}:{first['line']}"
        if first["line"]
        else f"{first['source']}#{first['pointer'] or first['row']}"
    )
    ways = "--unsafe-fixes repairs more" if fixing else "--fix repairs what is safe"
    return (
        f"{n} of {collected.read} records {'is' if n == 1 else 'are'} invalid ({listed}); "
        "nothing was written.\n"
        f"First: {place} {first['codes'][0]} {first['messages'][0]}\n"
        f"{ways}, --drop-invalid moves the rest to rejected.jsonl, qatk validate shows them all."
    )


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).with_columns(pl.col("title").fill_null(""))


def _prove(examples: pl.DataFrame) -> None:
    """The last word on offsets, over what is about to be written and not over what was read."""
    wrong = explode_answers(examples.select(list(RECORD))).filter(WRONG).height
    if wrong:
        raise AssertionError(f"{wrong} answers do not stand where they say")


def _assign_splits(
    examples: pl.DataFrame, corpus: Corpus, split: str | None, seed: int, report: ConversionReport
) -> pl.DataFrame:
    named = {source.split for source in corpus.sources}
    if split is None and len(corpus.sources) > 1 and None not in named:
        return examples.with_columns(split=pl.col("source_split"))
    shares = parse_split(split or DEFAULT_SPLIT)
    found = assign(examples["title"].to_list(), examples["context"].to_list(), shares, seed)
    report.assignment = found
    if found.empty:
        report.warnings.append(
            f"too few groups ({found.components}) for {len(shares)} splits without leakage: "
            f"{', '.join(found.empty)} got nothing"
        )
    return examples.with_columns(split=pl.Series(found.splits, dtype=pl.String))


_SLICE = re.compile(r"\s*(\w+)\s*(?:\[\s*(\d*)\s*:\s*(\d*)\s*\])?\s*")


def _slice(examples: pl.DataFrame, rows: str | None, report: ConversionReport) -> pl.DataFrame:
    """Keeps the named slices of the splits, and of the others nothing."""
    if rows is None:
        return examples
    parts = []
    for item in rows.split(","):
        match = _SLICE.fullmatch(item)
        if match is None or match.group(1) not in set(examples["split"]):
            known = ", ".join(sorted(set(examples["split"])))
            raise UsageError(f"--rows {rows}: write it as train[:5000]; splits are {known}")
        start, stop = int(match.group(2) or 0), match.group(3)
        part = examples.filter(pl.col("split") == match.group(1))
        parts.append(part.slice(start, max(0, int(stop) - start) if stop else None))
    kept = pl.concat(parts)
    report.left_out = examples.height - kept.height
    return kept


def _parts(examples: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The splits that hold something, train first."""
    order = {"train": 0, "validation": 1, "test": 2}
    names = sorted(set(examples["split"]), key=lambda name: (order.get(name, 3), name))
    return [(name, examples.filter(pl.col("split") == name)) for name in names]


def _to_arrow(examples: pl.DataFrame) -> pa.Table:
    answers = pl.struct("text", pl.col("answer_start").cast(pl.List(pl.Int32)))
    table = examples.select("id", "title", "context", "question", answers=answers).to_arrow()
    return table.cast(SCHEMA)


def _write(
    folder: Path,
    corpus: Corpus,
    tables: Mapping[str, pa.Table],
    examples: pl.DataFrame,
    collected: _Collected,
    report: ConversionReport,
    formats: list[str],
    seed: int,
) -> None:
    write_splits(tables, folder, formats)
    _lineage(examples).write_parquet(folder / "lineage.parquet")
    if collected.rejected:
        with (folder / "rejected.jsonl").open("w", encoding="utf-8") as stream:
            for record in collected.rejected:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    found = report.assignment
    _dump(folder / "split.json", {
        "version": 1,
        "rule": "title and context" if found else "the sources' own",
        "seed": seed if found else None,
        "components": found.components if found else None,
        "crossing": found.crossing if found else None,
        "splits": report.splits,
    })  # fmt: skip
    unanswerable = {name: _unanswerable(table) for name, table in tables.items()}
    (folder / "README.md").write_text(dataset_card(report.splits, unanswerable, formats), encoding="utf-8")
    _dump(folder / "manifest.json", {
        "version": 1,
        "qatk": qatoolkit.__version__,
        "sources": [_described(source) for source in corpus.sources],
        "formats": formats,
        "features": "squad_v2" if any(unanswerable.values()) else "squad",
        "rules": [rule.code for rule in select_rules()],
        "counts": {"read": report.read, "written": report.written, "merged": report.merged,
                   "rejected": report.rejected, "left_out": report.left_out, "fixed": len(report.fixed)},
        "splits": {name: {"rows": count, "unanswerable": unanswerable[name], "labelled": True}
                   for name, count in report.splits.items()},
    })  # fmt: skip


def _lineage(examples: pl.DataFrame) -> pl.DataFrame:
    hashes = [content_hash(*pair) for pair in examples.select("context", "question").iter_rows()]
    return examples.with_columns(content_hash=pl.Series(hashes, dtype=pl.String)).select(
        "id", "split", "source", *list(LINEAGE)[:-1], "content_hash", "merged", "repairs", "extra"
    )


def _described(source: Source) -> dict[str, Any]:
    """A source's name, layout and, where it is one file, the hash of its bytes."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest() if source.layout != "arrow" else None
    return {
        "name": source.name,
        "layout": source.layout,
        "encoding": source.encoding or None,
        "sha256": digest,
    }


def _unanswerable(table: pa.Table) -> int:
    return sum(not answers["text"] for answers in table.column("answers").to_pylist())


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
