"""Splits that do not leak: examples that share a title or a context, or nearly a context, stay together.

Groups are dealt out in the order of a hash of their content, each to the split that lacks most of what it
brings, so the same data always splits the same, in whatever order it comes. What an earlier dataset has
assigned already stays where it is. Works on hashes only, and writes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from qatoolkit.conversion.dealing import deal_groups, deal_rows, quotas
from qatoolkit.conversion.earlier import held_groups, moved_examples
from qatoolkit.conversion.groups import LINKS, components, crossings, in_order, leakage, row_order
from qatoolkit.errors import UsageError

#: What a conversion does unless it is told otherwise.
DEFAULT_SPLIT = "train=0.8,validation=0.1,test=0.1"
#: What others call the split that `finetune` evaluates on; it looks for one name only.
_VALIDATION = ("dev", "val", "valid", "eval")
#: How far from the whole shares may be that were rounded.
_ROUNDED = 0.002
#: A split whose share of the examples differs by more from what was asked is worth a word.
_FAR_OFF = 0.15


@dataclass(frozen=True)
class Shares:
    """How examples are to be split.

    Attributes:
        shares: split -> its share; they add up to one.
        by_group: whether what belongs together stays together; otherwise each row goes its own way.
    """

    shares: dict[str, float]
    by_group: bool = True


@dataclass(frozen=True)
class Assignment:
    """Which split every example goes to.

    Attributes:
        splits: the split of each example, as an Enum.
        rule: what it goes by, for people.
        shares: what was asked for; None where the sources' own splits were kept.
        components: number of groups that were dealt out; None where no groups were.
        crossing: of what links examples ("title", "context", "near-duplicate") how many values are in more
            than one split: counted in the outcome, and 0 where groups were dealt out.
        leaked: examples outside of train whose context, or nearly the same, is in train too.
        empty: splits that were asked for and got nothing, because there were too few groups.
        moved: id, former and present split of each example of an earlier dataset that could not stay.
    """

    splits: pl.Series = field(repr=False)
    rule: str
    shares: Shares | None
    components: int | None
    crossing: dict[str, int]
    leaked: int
    empty: list[str]
    moved: list[tuple[str, str, str]]

    @property
    def dealt(self) -> bool:
        """Whether examples were dealt out here; otherwise the sources' own splits were kept."""
        return self.shares is not None

    def warnings(self) -> list[str]:
        """What the reader of the summary should know."""
        told = []
        if self.shares is None and any(self.crossing.values()):
            crossing = ", ".join(f"{name} {count:,}" for name, count in self.crossing.items() if count)
            told.append(
                f"what links examples is in more than one of the files' own splits ({crossing}), "
                f"so scores will flatter; --split {DEFAULT_SPLIT} deals them anew"
            )
        elif self.leaked:
            train = "train" if self.shares is None else _learnt(self.shares)
            told.append(
                f"{self.leaked:,} of {len(self.splits):,} examples are outside of {train} while their "
                f"context, or nearly the same, is in {train}, so scores will flatter; "
                "without random, --split keeps such examples together"
            )
        if self.shares is not None:
            told += self._on_sizes(self.shares.shares)
        if self.moved:
            told.append(
                f"earlier examples that are in another split now: {len(self.moved):,}, because new data "
                "links what was apart; split.json lists them"
            )
        return told

    def _on_sizes(self, shares: dict[str, float]) -> list[str]:
        sizes = {name: int((self.splits == name).sum()) / len(self.splits) for name in shares}
        outcome = ", ".join(f"{name} {size:.0%}" for name, size in sizes.items() if size)
        if self.components is None:
            lacking = ", ".join(self.empty)
            return [f"too few rows for {len(shares)} splits: {lacking} got nothing"] if lacking else []
        if self.empty:
            return [
                f"too few groups ({self.components:,}) for {len(shares)} splits without leakage: "
                f"{', '.join(self.empty)} got nothing; {outcome}"
            ]
        if all(abs(sizes[name] - share) <= _FAR_OFF for name, share in shares.items()):
            return []
        return [f"{self.components:,} groups are too few or too uneven for these shares: {outcome}"]


def parse_split(text: str) -> Shares:
    """Reads "train=0.8,validation=0.2", or the same with "random," before it, into shares.

    "random" alone deals rows by the usual shares. Shares add up to 1, or to 100; a difference that comes of
    writing a third as 0.333 is made up for.

    Raises:
        UsageError: it cannot be read; the message says what is wrong and how to write it.
    """
    first, comma, rest = text.partition(",")
    by_group = first.strip() != "random"
    listed = text if by_group else rest if comma else DEFAULT_SPLIT
    try:
        shares: dict[str, float] = {}
        for part in listed.split(","):
            name, share = _read_share(part.strip())
            if name in shares:
                raise ValueError(f"{name} is named twice")
            shares[name] = share
        total = math.fsum(shares.values())
        if not any(math.isclose(total, whole, rel_tol=_ROUNDED) for whole in (1, 100)):
            raise ValueError(f"the shares add up to {total:g} and not to 1 or 100")
    except ValueError as error:
        raise UsageError(f"--split {text}: {error}; e.g. --split {DEFAULT_SPLIT}") from None
    return Shares({name: share / total for name, share in shares.items()}, by_group)


def _read_share(part: str) -> tuple[str, float]:
    """A split and its share; what is wrong with them comes as a ValueError."""
    name, sign, written = (piece.strip() for piece in part.partition("="))
    if name == "random" and not sign:
        raise ValueError("random stands before the splits, once")
    if not sign:
        raise ValueError(f"a split and its share are NAME=SHARE, not {part!r}")
    if not name.isidentifier():
        raise ValueError(f"{name!r} is no name of a split; take letters, digits and _")
    if name.lower() in _VALIDATION:
        raise ValueError(f"{name} is called validation here")
    share = _number(written)
    if share is None:
        percent = _number(written.removesuffix("%"))
        meant = "" if percent is None else f"; write {percent / 100:g}"
        raise ValueError(f"the share of {name} is no number: {written!r}{meant}")
    if share <= 0:
        raise ValueError(f"the share of {name} is {written}; every split needs more than 0")
    return name, share


def _number(written: str) -> float | None:
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def keep_own(examples: pl.DataFrame, splits: pl.Series, *, group_by: str = "title") -> Assignment:
    """The splits that the sources bring, with what they tear apart.

    Args:
        examples: with the columns title, context and cluster, as for `deal`.
        splits: of each example.
        group_by: what people call the values in the column title.
    """
    own = splits.cast(pl.Enum(splits.unique().sort().cast(pl.String)))
    return _assignment(examples, own, "the sources' own", None, None, [], group_by)


def deal(
    examples: pl.DataFrame,
    digests: pl.DataFrame,
    shares: Shares,
    seed: int = 42,
    earlier: pl.DataFrame | None = None,
    *,
    group_by: str = "title",
) -> Assignment:
    """Deals examples out to splits.

    A group with examples of an earlier dataset goes where they are; if they are in several splits, to
    train if one of them is there, else to where most of them are. The others fill the quotas that are left.

    Args:
        examples: a row for each, with hashes as 64-bit numbers: `context`; `pair` of context and question;
            `title`, or what else tells groups, and `cluster` of nearly the same contexts, both null where
            there is none; `answered`; and, if rows are dealt one by one, `digest`, which is the same
            everywhere for the same question of a context.
        digests: of each distinct `context` its `digest`, a number that is the same everywhere.
        shares: how to split.
        seed: goes into the hash that orders what is dealt.
        earlier: the examples of an earlier dataset, with `id`, `split`, and hashes as `examples` has them.
        group_by: what people call the values in the column title.

    Raises:
        UsageError: the earlier dataset has no splits.
    """
    number = examples.height
    links = list(LINKS) if shares.by_group else ["pair"]
    before = examples.clear() if earlier is None else earlier
    # Earlier examples link what they are linked with, whether they are still there or not.
    rows = pl.concat([examples.select(links), before.select(links)], how="vertical_relaxed")
    groups = components([rows[link] for link in links])
    names = list(shares.shares)
    home = np.full(rows.height, -1)  # of each group the number of its split
    if earlier is not None:
        held = held_groups(groups[number:], earlier["split"])
        names += sorted(set(held["split"]) - set(names))
        home[held["group"].to_numpy()] = [names.index(name) for name in held["split"]]
    groups = groups[:number]
    homes = home[groups]
    free = homes < 0
    rest = examples.filter(free)
    needs = quotas(homes, examples["answered"].to_numpy(), list(shares.shares.values()))
    if shares.by_group:
        room = min(shares.shares.values()) * number
        ordered = in_order(rest, groups[free], digests, seed, room)
        home[ordered["group"].to_numpy()] = deal_groups(ordered, needs)
        homes = home[groups]
        rule = "context and near-duplicate"
        rule = rule if group_by == "context" else f"{group_by}, {rule}"
        count = int((np.bincount(groups) > 0).sum())
    else:
        homes[free] = deal_rows(row_order(rest, digests, seed), rest["answered"], needs)
        rule, count = "random", None
    splits = pl.Series("split", names, pl.Enum(names)).gather(homes)
    moved = [] if earlier is None else moved_examples(earlier, examples["pair"], splits)
    return _assignment(examples, splits, rule, shares, count, moved, group_by)


def _assignment(
    examples: pl.DataFrame,
    splits: pl.Series,
    rule: str,
    shares: Shares | None,
    components: int | None,
    moved: list[tuple[str, str, str]],
    group_by: str,
) -> Assignment:
    """What came of it, counted and not assumed."""
    crossing = crossings(examples, splits)
    crossing = {group_by if name == "title" else name: count for name, count in crossing.items()}
    leaked = leakage(examples, splits, "train" if shares is None else _learnt(shares))
    empty = [] if shares is None else [name for name in shares.shares if not (splits == name).any()]
    return Assignment(splits, rule, shares, components, crossing, leaked, empty, moved)


def _learnt(shares: Shares) -> str:
    """The split that a model learns from: train, or the first where none is called so."""
    return "train" if "train" in shares.shares else next(iter(shares.shares))
