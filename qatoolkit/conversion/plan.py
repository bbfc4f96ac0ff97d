"""What becomes of every record, decided on hashes when all have been read.

A record is written as an example of a split, joined to an earlier one, rejected, or left out by
`rows`. The plan holds a name a record, and texts only of answers that are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from qatoolkit.conversion.collect import Collected
from qatoolkit.conversion.links import Links
from qatoolkit.conversion.merge import find_repeats, merge_answers
from qatoolkit.conversion.options import Options
from qatoolkit.conversion.slices import keep_rows
from qatoolkit.conversion.split import DEFAULT_SPLIT, Assignment, Shares, deal, keep_own, parse_split
from qatoolkit.corpus.reader import Source

_USUAL_ORDER = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True)
class Split:
    """What is known of a split before it is written.

    Attributes:
        rows: number of its examples.
        unanswerable: how many of them have no answer.
        labelled: whether those are unanswerable, not merely without annotation.
    """

    rows: int
    unanswerable: int
    labelled: bool


@dataclass(frozen=True)
class Plan:
    """Where every record goes.

    Attributes:
        target: for each record of the spool the split that it is an example of, else null.
        joined: examples that others join, by `index`, with all their answers; None if there are none.
        merged: how many records join an earlier one.
        left_out: how many examples `rows` cut off.
        splits: the splits that hold something, train first.
        assignment: how they were made.
    """

    target: pl.Series = field(repr=False)
    joined: pl.DataFrame | None = field(repr=False)
    merged: int
    left_out: int
    splits: dict[str, Split]
    assignment: Assignment


def own_splits(sources: Sequence[Source], options: Options) -> list[str] | None:
    """The split of each source if each names one, they name several, and nothing else is asked."""
    named = [source.split for source in sources if source.split is not None]
    if options.split or options.split_from or len(named) < len(sources) or len(set(named)) == 1:
        return None
    return named


def make_plan(collected: Collected, links: Links, options: Options) -> Plan:
    """Decides where every record goes.

    Args:
        collected: what was read, with its validity.
        links: what was noticed of contexts on the way.
        options: what is asked.

    Raises:
        UsageError: `rows` or `group_by` means nothing here.
    """
    records = _records(collected)
    repeats = find_repeats(records)
    joined = merge_answers(collected.spool, repeats, records) if repeats.height else None
    answered = repeats.join(records, on="index").filter("answered")["head"]
    examples = (
        records.filter("valid")
        .join(repeats, on="index", how="anti")
        .with_columns(answered=pl.col("answered") | pl.col("index").is_in(answered.implode()))
    )
    assignment = _assign(examples, collected, links, options)
    chosen = keep_rows(assignment.splits, options.rows) if options.rows is not None else assignment.splits
    examples = examples.with_columns(split=chosen)
    homes = examples.select("index", "split")
    return Plan(
        records.select("index").join(homes, on="index", how="left", maintain_order="left")["split"],
        joined,
        repeats.height,
        chosen.null_count(),
        _splits(examples, collected),
        assignment,
    )


def _records(collected: Collected) -> pl.DataFrame:
    """The ledger's rows with their index in the spool and the name of their source."""
    names = pl.Series([outcome.source.name for outcome in collected.outcomes], dtype=pl.String)
    return collected.records.with_row_index("index").with_columns(
        name=names.gather(collected.records["source"])
    )


def _assign(examples: pl.DataFrame, collected: Collected, links: Links, options: Options) -> Assignment:
    own = own_splits([outcome.source for outcome in collected.outcomes], options)
    shares = parse_split(options.split or DEFAULT_SPLIT)
    if own is None and len(shares.shares) == 1:
        return _undivided(shares, examples.height)
    keys, called = links.keys(examples), options.group_by or "title"
    if own is not None:
        splits = pl.Series(own, dtype=pl.String).gather(examples["source"])
        return keep_own(keys, splits, group_by=called)
    return deal(keys, links.digests(), shares, options.seed, links.earlier(), group_by=called)


def _undivided(shares: Shares, number: int) -> Assignment:
    """All examples in one split: nothing to deal out, and nothing that could cross."""
    (name,) = shares.shares
    splits = pl.repeat(name, number, dtype=pl.Enum([name]), eager=True)
    return Assignment(splits, "one split", None, None, {}, 0, [], [])


def _splits(examples: pl.DataFrame, collected: Collected) -> dict[str, Split]:
    labelled = [number for number, outcome in enumerate(collected.outcomes) if outcome.labelled]
    counted = (
        examples.drop_nulls("split")
        .group_by("split")
        .agg(
            rows=pl.len(),
            unanswerable=(~pl.col("answered")).sum(),
            labelled=pl.col("source").is_in(labelled).any(),
        )
    )
    found = {row.pop("split"): Split(**row) for row in counted.iter_rows(named=True)}
    return {name: found[name] for name in sorted(found, key=lambda name: (_USUAL_ORDER.get(name, 3), name))}
