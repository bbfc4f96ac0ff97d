"""Puts a finished folder in its place in one step, so that a reader sees the old one or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qatoolkit.errors import DestinationError


@contextmanager
def placed(output: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, which becomes `output` when the block ends well and vanishes otherwise.

    Raises:
        DestinationError: the output exists, or its parent cannot be written.
    """
    if output.exists() and not overwrite:
        raise DestinationError(f"{output}: exists already; choose another name or add --overwrite")
    if output.exists() and not _ours(output):
        raise DestinationError(
            f"{output}: holds no converted dataset, so it is not overwritten; remove it yourself"
        )
    work = output.parent / f".{output.name}.{os.getpid()}.part"
    old = output.parent / f".{output.name}.{os.getpid()}.old"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir()
        yield work
        if output.exists():
            output.rename(old)
        work.rename(output)
    except OSError as error:
        raise DestinationError(f"{error.filename or output}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if old.exists():
            if output.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(output)


def _ours(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "manifest.json").is_file() or not any(folder.iterdir()))
