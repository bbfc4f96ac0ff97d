"""`convert`: from any readable layout to a SQuAD-format dataset whose offsets are proved.

Two passes: `collect` reads, repairs and checks, and spools every record to disk; `plan` decides on
hashes what becomes of each; then the spool is written out. Every record that was read is written,
merged into another, rejected, or left out by `rows`; the four are counted and must add up.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.conversion.collect import Collected, collect, none_valid, nothing_read, refusal
from qatoolkit.conversion.earlier import earlier_examples, grouped_as_before
from qatoolkit.conversion.examples import Places, write_examples
from qatoolkit.conversion.links import Links
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.place import check_destination, placed
from qatoolkit.conversion.plan import Plan, make_plan, own_splits
from qatoolkit.conversion.records import write_card, write_manifest, write_split
from qatoolkit.conversion.rejected import write_rejected
from qatoolkit.conversion.report import ConversionReport, report_on
from qatoolkit.conversion.sources import file_hash
from qatoolkit.conversion.split import DEFAULT_SPLIT, parse_split
from qatoolkit.conversion.spool import Spool
from qatoolkit.conversion.write import FORMATS
from qatoolkit.corpus.fields import match_columns
from qatoolkit.corpus.reader import Corpus, from_text, read
from qatoolkit.errors import DestinationError, InvalidRecordsError, NotACorpusError, UsageError

if TYPE_CHECKING:
    import datasets

#: What `from_dict` takes.
_EXAMPLE = '{"context": ["The Nile is long."], "question": ["What is long?"], "answers": ["The Nile"]}'


def convert(
    paths: str | Path | Sequence[str | Path] | Corpus,
    output: str | Path | None = None,
    *,
    to: str | Sequence[str] = ("arrow",),
    split: str | None = None,
    split_from: str | Path | None = None,
    group_by: str | None = None,
    rows: str | None = None,
    fix: bool = False,
    unsafe_fixes: bool = False,
    drop_invalid: bool = False,
    license: str | None = None,
    language: str | None = None,
    seed: int = 42,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    encoding: str | None = None,
    documents: str | Path | None = None,
    on: str | None = None,
    overwrite: bool = False,
) -> datasets.DatasetDict:
    """Reads, checks, splits and writes a corpus, and returns the dataset.

    Args:
        paths: files, globs, folders or saved datasets; or a corpus that is open already.
        output: the folder to write; None keeps the dataset in memory only.
        to: formats, keys of `conversion.write.FORMATS`, in a list or behind commas; the dataset is returned
            whichever they are.
        split: names and shares, e.g. "train=0.8,validation=0.2". Left out, the sources' own splits
            are kept if each of them names one and they name several, else it is `DEFAULT_SPLIT`.
        split_from: an earlier dataset, each of whose examples stays in its split.
        group_by: a column of the source that tells groups, instead of the title.
        rows: slices of the splits, e.g. "train[:5000],validation[:500]".
        fix: make the safe repairs.
        unsafe_fixes: make the others too.
        drop_invalid: move invalid records to rejected.jsonl instead of stopping.
        license: for the dataset card.
        language: for the dataset card.
        seed: orders the groups that are split.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        encoding: how the bytes of text files are text, where detection would be wrong.
        documents: where contexts stand apart, the table or the folder of texts that holds them.
        on: the column that says which document a question is on.
        overwrite: replace a dataset that exists.

    Raises:
        InvalidRecordsError: records are invalid, and nothing was written.
        NotACorpusError: there is no record to write.
        DestinationError: the output exists, is or holds what is read, or cannot be written.
        UsageError: an unknown format, split or slice.

    What the reader should know of the result, leaking splits for example, comes as a `UserWarning`.
    """
    options = Options(
        _formats(to), split, None if split_from is None else str(split_from), group_by, rows,
        fix, unsafe_fixes, drop_invalid, license, language, seed,
    )  # fmt: skip
    check_options(options)
    if output is not None:
        check_destination(Path(output), overwrite=overwrite)
    if isinstance(paths, Corpus):
        corpus = paths
    else:
        corpus = read(paths, format=format, fields=fields, encoding=encoding, documents=documents, on=on)
    made, report = _make(corpus, None if output is None else Path(output), options, overwrite=overwrite)
    for warning in report.warnings:
        warnings.warn(warning, stacklevel=2)
    return made


def _formats(to: str | Sequence[str]) -> tuple[str, ...]:
    listed = [part.strip() for part in to.split(",")] if isinstance(to, str) else to
    return tuple(dict.fromkeys(listed))


def _make(
    corpus: Corpus, output: Path | None, options: Options, *, overwrite: bool = False
) -> tuple[datasets.DatasetDict, ConversionReport]:
    """Writes the dataset, if only for a moment, and opens it."""
    if output is not None and "arrow" in options.to:
        report = write_dataset(corpus, output, options, overwrite=overwrite)
        return _load(output, in_memory=False), report
    with tempfile.TemporaryDirectory(prefix="qatk-") as scratch:
        arrow = Path(scratch) / "arrow"
        where = Path(scratch) / "dataset" if output is None else output
        report = write_dataset(corpus, where, options, overwrite=overwrite, arrow=arrow)
        return _load(arrow, in_memory=True), report


def from_dict(columns: Mapping[str, Sequence[Any]]) -> datasets.Dataset:
    """Makes a dataset of a dictionary of columns: context, question, answers, optionally id and title.

    Other columns are left out: the dataset has the five of SQuAD.

    Args:
        columns: lists, arrays or series of equal length. An answer is a text, a list of texts, or a
            dictionary of text and answer_start; missing starts are found where the text occurs once.

    Raises:
        InvalidRecordsError: an answer is not where it says; the message names the record.
        NotACorpusError: a column is missing or the lengths differ.
        UsageError: it is no dictionary, or a column no list.
    """
    if not isinstance(columns, Mapping):
        raise UsageError(
            f"from_dict takes a dictionary of columns, not a {type(columns).__name__}; e.g. {_EXAMPLE}"
        )
    for name, values in columns.items():
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            kind = type(values).__name__
            raise UsageError(f"column {name} is a {kind}; make it a list of values, e.g. {_EXAMPLE}")
    lists = {name: list(values) for name, values in columns.items()}
    text = json.dumps(lists, ensure_ascii=False, default=_plain)
    corpus = from_text(text, format="columns", name="<dict>")
    known = match_columns(columns)
    # Without answers all questions would count as unanswerable; other faults are the reader's to tell.
    if (
        {"context", "question"} <= known.keys()
        and "answers" not in known
        and len(set(map(len, lists.values()))) == 1
    ):
        raise NotACorpusError(f"no column for answers; columns found: {', '.join(map(repr, columns))}")
    made, report = _make(corpus, None, Options(split="train=1"))
    for warning in report.warnings:
        warnings.warn(warning, stacklevel=2)
    return made["train"]


def _plain(value: Any) -> Any:
    """A NumPy array or number as Python has it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _load(folder: Path, *, in_memory: bool) -> datasets.DatasetDict:
    import datasets

    return datasets.load_from_disk(str(folder), keep_in_memory=in_memory)


def write_dataset(
    corpus: Corpus, output: Path, options: Options, *, overwrite: bool = False, arrow: Path | None = None
) -> ConversionReport:
    """What `convert` does once the corpus is open and the options are checked; does not open the result.

    Args:
        corpus: what is read.
        output: the folder to write.
        options: what is asked.
        overwrite: replace a dataset that exists.
        arrow: a folder that gets the examples as Arrow besides, whatever the formats.

    Raises:
        The errors of `convert`.
    """
    _check_sources(corpus, output)
    options = grouped_as_before(options)
    with placed(output, overwrite=overwrite) as folder, ThreadPoolExecutor(1) as beside:
        hashes = [beside.submit(file_hash, source) for source in corpus.sources]
        spool = Spool(folder / ".spool")
        collected, plan = _read(corpus, spool, options)
        if arrow is not None:
            arrow.mkdir()
        places: Places = [(folder, options.to), *([(arrow, ["arrow"])] if arrow is not None else [])]
        written = write_examples(collected, plan, folder, places)
        spool.remove()
        report = report_on(collected, plan, written)
        write_rejected(folder / "rejected.jsonl", collected, corpus)
        write_split(folder, plan, options)
        write_card(folder, plan, options)
        sha256 = [future.result() for future in hashes]
        write_manifest(folder, output, corpus, collected, plan, report, options, sha256)
    return report


def _check_sources(corpus: Corpus, output: Path) -> None:
    """Refuses to replace what is read, which alone knows where its examples came from."""
    places = [(source.name, source.path) for source in corpus.sources if source.path is not None]
    if (documents := corpus.sources[0].documents) is not None:
        places.insert(0, (documents.name, Path(documents.name)))
    target = output.resolve()
    for name, path in places:
        if target in ((real := path.resolve()), *real.parents):
            raise DestinationError(
                f"{output}: is, or holds, what is read ({name}), and would be replaced with its lineage and "
                "rejected records; choose another folder with -o"
            )


def _read(corpus: Corpus, spool: Spool, options: Options) -> tuple[Collected, Plan]:
    """The first pass and what it decides; the hashes it decides on are forgotten."""
    links = _links(corpus, options)
    repairs = options.fix or options.unsafe_fixes
    collected, records = collect(corpus, spool, links, fix=repairs, unsafe=options.unsafe_fixes)
    if collected.rejected and not options.drop_invalid:
        raise InvalidRecordsError(refusal(collected, fix=options.fix, unsafe=options.unsafe_fixes))
    if not collected.read:
        raise NotACorpusError(nothing_read(collected))
    if not records["valid"].any():
        raise NotACorpusError(none_valid(collected))
    return collected, make_plan(collected, records, links, options)


def check_options(options: Options) -> None:
    """Refuses what cannot be done, before anything is read.

    Raises:
        UsageError: an unknown format or split.
    """
    if not options.to or not set(options.to) <= FORMATS.keys():
        raise UsageError(f"--to {','.join(options.to)}: formats are {', '.join(FORMATS)}")
    parse_split(options.split or DEFAULT_SPLIT)


def _links(corpus: Corpus, options: Options) -> Links:
    """What will keep related examples together; of an earlier dataset it is shown all examples first."""
    shares = parse_split(options.split or DEFAULT_SPLIT)
    several = own_splits(corpus.sources, options) is not None or len(shares.shares) > 1
    links = Links(options.group_by, needed=several, by_row=not shares.by_group)
    if options.split_from is not None:
        for records, split in earlier_examples(options.split_from):
            links.add_earlier(records, split)
    return links
