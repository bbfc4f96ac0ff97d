"""`profile`: what is in a dataset, split by split, before any model has seen it.

Counts and tables of the questions as they stand; nothing is validated (`qatk validate`) or rendered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.splits import Split, load_splits
from qatoolkit.analysis.parts.facets import describe
from qatoolkit.analysis.profile.further_facets import further_facets, training_strata
from qatoolkit.analysis.profile.notes import profile_notes
from qatoolkit.analysis.profile.window_counts import window_counts
from qatoolkit.errors import UsageError
from qatoolkit.metrics.language import detect_language

if TYPE_CHECKING:
    from qatoolkit.windows.tokenizer import PreTrainedTokenizerFast

_VALUE = "value"


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """What is in a dataset.

    Attributes:
        subject: the dataset, as the user typed it.
        splits: their names; "all" where the source names none, "split value" for one called "value".
        totals: a row a split: how many questions, answers, contexts, titles, and the like.
        tables: facet -> value and for each split the number of its questions that have it, in natural
            order or the most frequent first.
        notes: sentences a reader must know.
        html: the page that was written, None when there is none.
    """

    subject: str
    splits: list[str]
    totals: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    notes: list[str]
    html: Path | None = None

    def __repr__(self) -> str:
        counted = self.totals.select("split", "questions").iter_rows()
        return f"<Profile of {self.subject}: {', '.join(f'{name} {count:,}' for name, count in counted)}>"

    def _repr_html_(self) -> str:
        return "".join(table._repr_html_() for table in (self.totals, *self.tables.values()))

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "version": 1,
            "subject": self.subject,
            "splits": self.splits,
            "totals": self.totals.to_dicts(),
            "tables": {name: table.to_dicts() for name, table in self.tables.items()},
            "notes": self.notes,
        }


def profile(
    dataset: str | Path,
    *,
    split: str | None = None,
    fields: Mapping[str, str] | None = None,
    language: str | None = None,
    tokenizer: str | PreTrainedTokenizerFast | None = None,
    max_seq_length: int = 384,
    doc_stride: int = 128,
    output: str | Path | None = None,
) -> Profile:
    """Describes a dataset.

    Args:
        dataset: a file, a glob, a folder of files, or a folder of `DatasetDict.save_to_disk`.
        split: only this one; all by default.
        fields: column -> field, where the usual names do not fit.
        language: a key of `metrics.normalize.PROFILES`; found out by default.
        tokenizer: of the model that is to be trained, to count the windows of contexts.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows share.
        output: where to write the HTML page; by default none is written.

    Raises:
        UnreadableError, NotACorpusError: it cannot be read, or holds something else.
        UsageError: there is no such split, or no question at all.
        ModelError: the tokenizer cannot be loaded.
        DestinationError: the page cannot be written.
    """
    splits = _named_apart(load_splits(dataset, split, fields))
    examples = [example for part in splits for example in part.examples]
    if not examples:
        raise UsageError(f"{dataset} holds no questions")
    languages = [_language(part.examples) for part in splits]
    largest = max(range(len(splits)), key=lambda i: len(splits[i].examples))
    chosen = language or languages[largest]
    windows = None
    if tokenizer is not None:
        windows = window_counts(examples, tokenizer, max_seq_length, doc_stride)
    facets = describe(examples, language=chosen, n_windows=windows).drop("title", strict=False)
    further = {column.name: column for column in further_facets(splits)}
    strata = training_strata(splits, chosen)
    if strata is not None:
        further["overlap with train"] = strata
    # As in `describe`: the source may have a column of the same name.
    columns = {f"column {name}" if name in further else name: facets[name] for name in facets.columns}
    columns |= further
    found = [_totals(part, found) for part, found in zip(splits, languages, strict=True)]
    made = Profile(
        str(dataset),
        [part.name for part in splits],
        pl.DataFrame(found),
        {name: _table(column, splits) for name, column in columns.items() if column.n_unique() > 1},
        profile_notes(splits, languages, windows, max_seq_length),
    )
    if output is None:
        return made
    # Here, because who wants no page needs no template engine.
    from qatoolkit.analysis.page.render import write_html

    return replace(made, html=write_html(made, output))


def _named_apart(splits: Sequence[Split]) -> list[Split]:
    """The splits; one called "value" by another name, because tables have a column of that name already."""
    names = {split.name for split in splits}
    name = _VALUE
    while name in names:
        name = f"split {name}"
    return [replace(split, name=name) if split.name == _VALUE else split for split in splits]


def _language(examples: Sequence[Example]) -> str:
    """The language of contexts and questions."""
    contexts = [example.context for example in examples]
    return detect_language([*contexts, *(example.question for example in examples)])


def _totals(split: Split, language: str) -> dict[str, str | int | float]:
    examples = split.examples
    answerable = sum(bool(example.answers) for example in examples)
    answers = sum(len(example.answers) for example in examples)
    asked = len({(example.context, example.question) for example in examples})
    return {
        "split": split.name,
        "questions": len(examples),
        "answerable": answerable,
        "unanswerable": len(examples) - answerable,
        "answers": answers,
        "answers a question": round(answers / answerable, 2) if answerable else 0.0,
        "contexts": len({example.context for example in examples}),
        "titles": len({example.title for example in examples if example.title}),
        "duplicate questions": len(examples) - asked,
        "language": language,
    }


def _table(values: pl.Series, splits: Sequence[Split]) -> pl.DataFrame:
    """How many questions of each split have each value.

    Args:
        values: of all examples, in the order of the splits; null belongs to no row.
        splits: their order.

    Returns:
        value, and a column for each split; bands in natural order, other values by how many have them.
    """
    counts, first = values.drop_nulls().unique().sort().alias(_VALUE).to_frame(), 0
    for split in splits:
        part = values.slice(first, len(split.examples)).alias(_VALUE)
        own = part.drop_nulls().value_counts(name=split.name)
        counts = counts.join(own, on=_VALUE, how="left", maintain_order="left")
        first += len(split.examples)
    counts = counts.with_columns(pl.exclude(_VALUE).fill_null(0).cast(pl.Int64))
    if values.dtype != pl.Enum:
        total = pl.sum_horizontal(pl.exclude(_VALUE))
        counts = counts.sort(total, descending=True, maintain_order=True)
    return counts.with_columns(pl.col(_VALUE).cast(pl.String))
