"""Reading ahead changes nothing but the thread."""

from __future__ import annotations

import itertools
import threading

import pytest

from qatoolkit.corpus.ahead import ahead


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 50])
def test_the_items_come_in_their_order(n):
    assert list(ahead(iter(range(1, n + 1)))) == list(range(1, n + 1))


def test_an_error_is_raised_where_its_item_is_due():
    def broken():
        yield "one"
        yield "two"
        raise ValueError("broken off")

    items = ahead(broken())
    assert [next(items), next(items)] == ["one", "two"]
    with pytest.raises(ValueError, match="broken off"):
        next(items)


def test_whoever_stops_early_leaves_no_thread_behind():
    items = ahead(itertools.count(1))
    assert next(items) == 1
    items.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


def test_another_thread_reads():
    names = ahead(threading.current_thread().name for _ in range(3))
    assert set(names) == {"read-ahead_0"}
