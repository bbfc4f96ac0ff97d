"""What becomes of every record, decided on hashes when all have been read.

A record is written as an example of a split, joined to an earlier one, rejected, or left out by
`rows`. The plan holds a number a record, and texts only of answers that are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from qatoolkit.conversion.collect import Collected
from qatoolkit.conversion.links import Links
from qatoolkit.conversion.merge import find_repeats, half_answered, merge_answers
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
        target: for each record of the spool the number of the split that it is an example of, else -1.
        joined: examples that others join, by `index`, with all their answers; None if there are none.
        merged: how many records join an earlier one.
        left_out: how many examples `rows` cut off.
        splits: the splits that hold something, train first.
        assignment: how they were made.
        warnings: what the reader of the summary should know of these decisions.
    """

    target: pl.Series = field(repr=False)
    joined: pl.DataFrame | None = field(repr=False)
    merged: int
    left_out: int
    splits: dict[str, Split]
    assignment: Assignment
    warnings: list[str]


def own_splits(sources: Sequence[Source], options: Options) -> list[str] | None:
    """The split of each source if each names one, they name several, and nothing else is asked."""
    named = [source.split for source in sources if source.split is not None]
    if options.split or options.split_from or len(named) < len(sources) or len(set(named)) == 1:
        return None
    return named


def make_plan(collected: Collected, records: pl.DataFrame, links: Links, options: Options) -> Plan:
    """Decides where every record goes.

    Args:
        collected: what was read.
        records: the hashes of every record, as `collect` has them.
        links: what was noticed of contexts on the way.
        options: what is asked.

    Raises:
        UsageError: `rows` or `group_by` means nothing here.
    """
    own = own_splits([outcome.source for outcome in collected.outcomes], options)
    repeats = find_repeats(records, own)
    examples = records.filter("valid")
    joined = None
    told = _undone(collected, options)
    if repeats.height:
        told += _torn(half_answered(records, repeats))
        names = [outcome.source.name for outcome in collected.outcomes]
        joined = merge_answers(collected.spool, repeats, records, names)
        answered = repeats.join(records, on="index").filter("answered")["head"]
        examples = examples.join(repeats, on="index", how="anti", maintain_order="left").with_columns(
            answered=pl.col("answered") | pl.col("index").is_in(answered.implode())
        )
    assignment = _assign(examples, own, links, options)
    chosen = keep_rows(assignment.splits, options.rows) if options.rows is not None else assignment.splits
    splits = _splits(examples, chosen, collected)
    return Plan(
        _targets(records.height, examples["index"], chosen, list(splits)),
        joined,
        repeats.height,
        chosen.null_count(),
        splits,
        assignment,
        told,
    )


def _undone(collected: Collected, options: Options) -> list[str]:
    """A warning where files name splits and one that names none keeps them from being kept."""
    sources = [outcome.source for outcome in collected.outcomes]
    named = sorted({source.split for source in sources if source.split is not None})
    without = [source.name for source in sources if source.split is None]
    if options.split or options.split_from or len(named) < 2 or not without:
        return []
    others = f" and {len(without) - 1:,} more name" if len(without) > 1 else " names"
    return [
        f"{without[0]}{others} no split, so those of the other files ({', '.join(named)}) are not kept, and "
        "all examples are dealt anew; to keep them, let each file say its split in its name, e.g. "
        "train-more.csv"
    ]


def _torn(count: int) -> list[str]:
    if not count:
        return []
    has, are = ("question has", "it is") if count == 1 else ("questions have", "they are")
    return [
        f"{count:,} {has} an answer in one row and none in another; {are} written as answerable "
        "(qatk validate --select QA402 shows them)"
    ]


def _targets(number: int, examples: pl.Series, splits: pl.Series, names: list[str]) -> pl.Series:
    """For each of so many records the number of its split, -1 where it is no example of one."""
    codes = splits.cast(pl.Enum(names)).to_physical().cast(pl.Int16).fill_null(-1)
    targets = np.full(number, -1, np.int16)
    targets[examples.to_numpy()] = codes.to_numpy()
    return pl.Series(targets)


def _assign(examples: pl.DataFrame, own: list[str] | None, links: Links, options: Options) -> Assignment:
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


def _splits(examples: pl.DataFrame, splits: pl.Series, collected: Collected) -> dict[str, Split]:
    labelled = [number for number, outcome in enumerate(collected.outcomes) if outcome.labelled]
    counted = (
        examples.select("answered", "source", split=splits)
        .drop_nulls("split")
        .group_by("split")
        .agg(
            rows=pl.len(),
            unanswerable=(~pl.col("answered")).sum(),
            labelled=pl.col("source").is_in(labelled).any(),
        )
    )
    found = {row.pop("split"): Split(**row) for row in counted.iter_rows(named=True)}
    return {name: found[name] for name in sorted(found, key=lambda name: (_USUAL_ORDER.get(name, 3), name))}
