"""A progress bar on stderr, only where a person looks at it and the wait is worth one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from qatoolkit.corpus.reader import Corpus, Source
    from qatoolkit.corpus.record import Batch

_MEGABYTE = 1_000_000
#: Less than this is read before a bar could be looked at.
_WORTH_A_BAR = 32 * _MEGABYTE


class Progress:
    """Shows how much is done, inside a `with`; nothing at all when stderr is no terminal.

    Args:
        unit: what is counted.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def advance(self, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            self._bar = _bar(self._unit)
            self._bar.add_task(self._unit, total=total)
        self._bar.start()  # does nothing where it runs already
        self._bar.update(0, completed=done, total=total)

    def clear(self) -> None:
        """Wipes the bar, so that a line can be printed; the next step draws it again."""
        if self._bar is not None:
            self._bar.stop()


def _bar(unit: str) -> Any:
    """A bar that leaves stdout alone: what is printed there is the result."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from qatoolkit.cli.console import make_console

    count = TextColumn(f"{{task.completed:,.0f}} of {{task.total:,.0f}} {unit}")
    return Bar(
        BarColumn(),
        count,
        TimeRemainingColumn(),
        console=make_console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=4,
    )


@contextmanager
def reading(corpus: Corpus) -> Iterator[Corpus]:
    """The same corpus, which while it is read shows how far that has come, once a batch.

    Every pass over it begins the bar anew.
    """
    sizes = [_size(source) for source in corpus.sources]
    total = sum(sizes)
    if not sys.stderr.isatty() or total < _WORTH_A_BAR:
        yield corpus
        return
    with Progress("MB") as progress:

        def watch(before: int) -> Callable[[Batch], None]:
            def on_batch(batch: Batch) -> None:
                if batch.records.height:
                    read = before + (batch.records["byte_end"][-1] or 0)
                    progress.advance(min(read, total) // _MEGABYTE, total // _MEGABYTE)

            return on_batch

        befores = accumulate(sizes, initial=0)
        watched = [replace(s, on_batch=watch(n)) for s, n in zip(corpus.sources, befores, strict=False)]
        yield replace(corpus, sources=watched)


def _size(source: Source) -> int:
    """Bytes; 0 for a saved dataset, whose records have no places in bytes."""
    if source.path is None:
        return len(source.content)
    return source.path.stat().st_size if source.path.is_file() else 0
