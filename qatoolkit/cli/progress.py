"""A progress bar on stderr, only where a person looks at it."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """Shows how much is done, until closed; nothing at all when stderr is no terminal.

    Args:
        unit: what is counted.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._bar: Any = None

    def advance(self, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from tqdm import tqdm  # type: ignore[import-untyped]

            self._bar = tqdm(total=total, unit=self._unit, leave=False, file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def clear(self) -> None:
        """Wipes the bar, so that a line can be printed; the next step draws it again."""
        if self._bar is not None:
            self._bar.clear()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
