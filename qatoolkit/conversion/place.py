"""Puts a finished folder in its place in one step, so that a reader sees the old one or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qatoolkit.errors import DestinationError


def check_destination(output: Path, *, overwrite: bool) -> None:
    """Refuses a destination that exists, before any work is done.

    Raises:
        DestinationError: it exists and may not be replaced, or is nothing that a conversion wrote.
    """
    if output.exists() and not overwrite:
        raise DestinationError(f"{output}: exists already; choose another name or add --overwrite")
    if output.exists() and not _ours(output):
        raise DestinationError(
            f"{output}: holds no converted dataset, so it is not overwritten; remove it yourself"
        )


@contextmanager
def placed(output: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, which becomes `output` when the block ends well and vanishes otherwise.

    Raises:
        DestinationError: the output exists, or its parent cannot be written.
    """
    check_destination(output, overwrite=overwrite)
    target = output.resolve()  # a link stays a link, and "." has a name
    work = target.parent / f".{target.name}.{os.getpid()}.part"
    old = target.parent / f".{target.name}.{os.getpid()}.old"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir()
        yield work
        if target.exists():
            target.rename(old)
        work.rename(target)
    except OSError as error:
        raise DestinationError(f"{output}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if old.exists():
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(target)


def _ours(folder: Path) -> bool:
    """Whether a folder is empty or says of itself that a conversion wrote it."""
    return folder.is_dir() and (
        ((folder / "manifest.json").is_file() and (folder / "lineage.parquet").is_file())
        or not any(folder.iterdir())
    )
