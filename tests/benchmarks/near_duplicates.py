"""Times the search for nearly equal contexts, and counts what it finds and what it should not.

    python tests/benchmarks/near_duplicates.py [--contexts 100000] [--planted 5000]

Contexts of about 800 characters are drawn from made-up words that are as unequally frequent as those of
a language. Some are then copied with a few of their words replaced. How alike such a pair is, is counted
here once more with plain sets, by the definition in `qatoolkit.corpus.similar`; prints a table in
Markdown of the pairs by likeness and how many of them are grouped, and the pairs that are grouped and
were not planted.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import time
from collections import Counter

import polars as pl

from qatoolkit.corpus.similar import NearDuplicates

WORDS = 112
REPLACED = (1, 2, 4, 6, 8, 12)
EDGES = (0.0, 0.7, 0.75, 0.8, 0.85, 0.9)
BATCH = 5000


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--contexts", type=int, default=100_000)
    asked.add_argument("--planted", type=int, default=5000)
    options = asked.parse_args()
    texts, pairs = write_texts(options.contexts, options.planted)
    characters = sum(map(len, texts)) / len(texts)
    before = peak()
    began = time.perf_counter()
    near = NearDuplicates()
    for first in range(0, len(texts), BATCH):
        some = texts[first : first + BATCH]
        near.add_all(pl.Series(range(first, first + len(some)), dtype=pl.UInt64), pl.Series(some))
    added = time.perf_counter()
    groups = near.groups()
    ended = time.perf_counter()
    print(f"{len(texts):,} contexts of {characters:,.0f} characters, {len(pairs):,} of them a copy: "
          f"{added - began:.1f} s to sketch, {ended - added:.1f} s to group, "
          f"{peak() - before:,.0f} MB more than the texts")  # fmt: skip
    show(texts, pairs, dict(groups.iter_rows()))


def write_texts(number: int, planted: int, *, seed: int = 7) -> tuple[list[str], list[tuple[int, int]]]:
    """The texts in any order, and which of them are an original and its copy."""
    chance = random.Random(seed)
    letters = "aaabcdeeeefghiiijklmnooopqrstuuvwxyzäöüßé"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(20_000)]
    weights = list(itertools.accumulate(1 / rank for rank in range(3, len(vocabulary) + 3)))
    originals = [chance.choices(vocabulary, cum_weights=weights, k=WORDS) for _ in range(number - planted)]
    copies = []
    for i in range(planted):
        words = list(originals[i])
        for place in chance.sample(range(WORDS), REPLACED[i % len(REPLACED)]):
            words[place] = chance.choice(vocabulary)
        copies.append(words)
    order = list(range(number))
    chance.shuffle(order)
    texts = [""] * number
    for place, words in zip(order, [*originals, *copies], strict=True):
        texts[place] = " ".join(words)
    return texts, [(order[i], order[number - planted + i]) for i in range(planted)]


def likeness(some: str, other: str) -> float:
    """The Jaccard similarity of five neighbouring characters, blanks and letter case set aside."""
    first, second = (
        {plain[i : i + 5] for i in range(len(plain) - 4)}
        for plain in ("".join(text.lower().split()) for text in (some, other))
    )
    return len(first & second) / len(first | second)


def show(texts: list[str], pairs: list[tuple[int, int]], cluster: dict[int, int]) -> None:
    planted: Counter[float] = Counter()
    found: Counter[float] = Counter()
    for some, other in pairs:
        edge = max(edge for edge in EDGES if edge <= likeness(texts[some], texts[other]))
        planted[edge] += 1
        found[edge] += some in cluster and cluster[some] == cluster.get(other)
    sizes = Counter(cluster.values()).values()
    joined = sum(size * (size - 1) // 2 for size in sizes)
    print("\n| likeness | planted pairs | grouped | |\n|---|---:|---:|---:|")
    for low, high in itertools.pairwise([*EDGES, 1.0]):
        if planted[low]:
            share = f"{found[low] / planted[low]:.1%}"
            print(f"| {low:.2f} to {high:.2f} | {planted[low]:,} | {found[low]:,} | {share} |")
    print(f"\nPairs that were grouped and not planted: {joined - sum(found.values()):,}")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
