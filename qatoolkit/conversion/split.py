"""Splits that do not leak: examples that share an article or a context stay together.

Groups are the connected components over title and context. They are dealt out in the order of
a hash of their content, each to the split that lacks most of its share, so the same data always
splits the same, in whatever order it comes. The last groups go to splits that have none yet.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    import datasets

#: What a conversion does unless it is told otherwise.
DEFAULT_SPLIT = "train=0.8,validation=0.1,test=0.1"


@dataclass(frozen=True)
class Assignment:
    """Which split every example goes to.

    Attributes:
        splits: the split of each example.
        components: number of groups that were dealt out.
        crossing: titles and contexts that occur in more than one split; 0 by construction, counted
            all the same.
        empty: splits that were asked for and got nothing, because there were too few groups.
    """

    splits: list[str] = field(repr=False)
    components: int
    crossing: int
    empty: list[str]


def parse_split(text: str) -> dict[str, float]:
    """Reads "train=0.8,validation=0.2" into shares that add up to one.

    Raises:
        UsageError: it cannot be read, a share is not positive, or a name is odd.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, sign, value = part.partition("=")
        name = name.strip()
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not (sign and name.isidentifier() and 0 < share < math.inf) or name in shares:
            raise UsageError(f"--split {text}: write it as train=0.8,validation=0.1,test=0.1")
        shares[name] = share
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def assign(
    titles: Sequence[str], contexts: Sequence[str], shares: Mapping[str, float], seed: int = 42
) -> Assignment:
    """Deals groups out to splits.

    Args:
        titles: of each example; "" links nothing.
        contexts: of each example.
        shares: split -> its share, adding up to one.
        seed: goes into the hash that orders the groups.
    """
    keys = [_digest(context) for context in contexts]
    groups = _components(titles, keys)
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    wanted = {name: share * len(groups) for name, share in shares.items()}
    given = dict.fromkeys(shares, 0)
    home: dict[str, str] = {}
    order = sorted(sizes, key=lambda group: _digest(f"{seed} {group}"))
    for left, group in zip(range(len(order), 0, -1), order, strict=True):
        empty = [name for name in shares if not given[name]]
        choices = empty if len(empty) >= left else shares
        target = max(choices, key=lambda name: wanted[name] - given[name])
        home[group] = target
        given[target] += sizes[group]
    splits = [home[group] for group in groups]
    crossing = count_crossing(titles, keys, splits)
    return Assignment(splits, len(sizes), crossing, [name for name in shares if not given[name]])


def train_test_split(
    dataset: datasets.Dataset | datasets.DatasetDict,
    sizes: str = "train=0.8,validation=0.2",
    *,
    seed: int = 42,
) -> datasets.DatasetDict:
    """Splits a dataset in memory by group, as `qatk convert --split` does.

    Args:
        dataset: with a column context and, if groups have names, title; the splits of a DatasetDict
            are pooled first.
        sizes: names and shares.
        seed: orders the groups.

    Raises:
        UsageError: the sizes cannot be read, or there is no context.
    """
    import datasets

    if not isinstance(sizes, str):
        raise UsageError(f'sizes {sizes!r}: name the splits, e.g. "train=0.8,validation=0.2"')
    if isinstance(dataset, datasets.DatasetDict):
        dataset = datasets.concatenate_datasets(list(dataset.values()))
    if "context" not in dataset.column_names:
        raise UsageError(f"no column context to group by; columns are {', '.join(dataset.column_names)}")
    shares = parse_split(sizes)
    titled = "title" in dataset.column_names
    titles = list(dataset["title"]) if titled else [""] * dataset.num_rows
    found = assign(titles, list(dataset["context"]), shares, seed)
    rows = {name: [i for i, split in enumerate(found.splits) if split == name] for name in shares}
    return datasets.DatasetDict({name: dataset.select(indices) for name, indices in rows.items() if indices})


def _components(titles: Sequence[str], keys: Sequence[str]) -> list[str]:
    """For each example the name of its group: the smallest context hash that it is linked with."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first: dict[str, str] = {}
    for title, key in zip(titles, keys, strict=True):
        a = root(key)
        b = root(first.setdefault(title, key)) if title else a
        parent[max(a, b)] = min(a, b)
    return [root(key) for key in keys]


def count_crossing(titles: Iterable[str], contexts: Iterable[str], splits: Sequence[str]) -> int:
    """How many titles and contexts occur in more than one split; "" is no title."""
    return _in_several(titles, splits) + _in_several(contexts, splits)


def _in_several(keys: Iterable[str], splits: Sequence[str]) -> int:
    homes: dict[str, set[str]] = {}
    for key, split in zip(keys, splits, strict=True):
        if key:
            homes.setdefault(key, set()).add(split)
    return sum(len(found) > 1 for found in homes.values())


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=8).hexdigest()
