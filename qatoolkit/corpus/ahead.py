"""Reads some items ahead in a thread, so that the next block is parsed while the last one is checked.

Parsing happens in Polars and numpy, which let go of the interpreter's lock, so two cores are used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

#: Enough to go on reading while the consumer imports what it needs for the first item.
_AHEAD = 3


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order; an error of the iterator is raised where its item is due."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        upcoming = deque(thread.submit(next, items, None) for _ in range(_AHEAD))
        try:
            while (item := upcoming.popleft().result()) is not None:
                upcoming.append(thread.submit(next, items, None))
                yield item
        finally:
            for future in upcoming:
                future.cancel()
