"""Reads some items ahead in a thread, so that the next block is parsed while the last one is checked.

Parsing happens in Polars and numpy, which let go of the interpreter's lock, so two cores are used.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

#: Whoever lets go of the lock waits this long for it, and numpy does so with every operation. Python's own
#: five milliseconds, twenty times a block, would take longer than the block.
_SWITCH_SECONDS = 0.0001

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


@contextmanager
def often_switching() -> Iterator[None]:
    """For as long as items are read ahead, the interpreter's lock goes round more often."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, _SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
