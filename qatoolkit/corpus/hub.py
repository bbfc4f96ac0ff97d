"""Loads a dataset of the Hugging Face Hub, or of a folder laid out like one, through `datasets`.

An address is hub:NAME, hub:NAME[train], hub:NAME[train[:5000]] or hub:NAME/CONFIG[train].
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from qatoolkit.errors import UnreadableError, UsageError

if TYPE_CHECKING:
    import datasets

PREFIX = "hub:"
_BATCH_RECORDS = 20_000
_NAME = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<split>.+)\])?")


def load(address: str) -> dict[str, datasets.Dataset]:
    """The splits that an address names, each by the split's own name: "train" also for "train[:5000]".

    Args:
        address: as the user typed it, with its prefix.

    Raises:
        UsageError: the address cannot be read as one.
        UnreadableError: the dataset is not there, or cannot be reached.
    """
    match = _NAME.fullmatch(address.removeprefix(PREFIX))
    if match is None:
        raise UsageError(f"{address}: expected hub:NAME, hub:NAME[train] or hub:NAME/CONFIG[train[:5000]]")
    name, split = match["name"].rstrip("/"), match["split"]
    import datasets

    problem: Exception | None = None
    for dataset, config in _readings(name):
        try:
            with _quiet_where_nobody_looks():
                found = datasets.load_dataset(dataset, config, split=split)
        except Exception as error:  # whatever the network, the Hub or somebody's files make it raise
            problem = problem or error
            continue
        if split is not None:
            return {re.split(r"[\[+]", split)[0]: found}
        return {str(part): data for part, data in found.items()}
    if isinstance(problem, ValueError):  # the dataset is there, but not this split or configuration of it
        raise UnreadableError(f"{address}: {_beginning(problem)}") from problem
    raise UnreadableError(
        f"{address}: {_beginning(problem)}\n"
        "Without a network, fetch it where there is one and read the folder:\n"
        f"  hf download --repo-type dataset {name} --local-dir data\n"
        "or save it there with datasets.load_dataset(...).save_to_disk(...)."
    ) from problem


def hub_tables(dataset: datasets.Dataset) -> Iterator[pl.DataFrame]:
    """The rows of a loaded dataset, a piece at a time."""
    for table in dataset.with_format("arrow").iter(_BATCH_RECORDS):
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        yield frame


@contextmanager
def _quiet_where_nobody_looks() -> Iterator[None]:
    """No progress bars in a log file or a pipe."""
    import datasets

    if sys.stderr.isatty() or datasets.are_progress_bars_disabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()


def _readings(name: str) -> list[tuple[str, str | None]]:
    """What a name may mean, dataset and configuration: OWNER/NAME goes before NAME/CONFIG."""
    head, _, tail = name.rpartition("/")
    whole, parted = (name, None), (head, tail)
    if not head or Path(name).is_dir():
        return [whole]
    if Path(head).is_dir() or name.count("/") > 1:
        return [parted]
    return [whole, parted]


def _beginning(problem: Exception | None) -> str:
    """The first two lines of a message, which name what there is instead."""
    return " ".join(str(problem).strip().splitlines()[:2]) or type(problem).__name__
