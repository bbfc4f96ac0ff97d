"""Puts a finished folder in its place in one step, so that a reader sees the old one or the new one.

A conversion may be stopped at any moment, by SIGKILL too: the output is then as it was or wholly new,
and the next conversion into it removes what is left of the stopped one. Where two folders cannot change
places (Windows, NFS) the output is missing between two renames; stopped there, the next conversion
brings it back before anything else. A power cut is less kind: a dataset is replaced only by one that
has been forced to the disk, but where nothing is lost the disk is not waited for.

An output is replaced as a whole, so one that holds a file which no conversion wrote is not replaced.

Who may work where is the business of `work_folder`, how two folders change places that of `exchange`.
What is written, and whether it is right, is for others to know.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polars.exceptions import PolarsError

from qatoolkit.conversion.exchange import replace
from qatoolkit.conversion.work_folder import alone, leaving_tidily, work_folder
from qatoolkit.errors import DestinationError
from qatoolkit.validation.manifest import LINEAGE, is_free


def check_destination(output: Path, *, overwrite: bool) -> None:
    """Refuses a destination that exists, before any work is done; first repairs what a stopped run left.

    Raises:
        DestinationError: it exists and may not be replaced, is nothing that a conversion wrote, holds
            what none wrote, or is being written by another conversion.
    """
    target = _real(output)
    with _explained(output, target):
        if work_folder(target).exists():
            with alone(output, target):
                pass
        _refuse(output, target, overwrite)


@contextmanager
def placed(output: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, which becomes `output` when the block ends well and vanishes otherwise.

    Raises:
        DestinationError: as `check_destination`; or the folder cannot be written, or not be replaced.
    """
    target = _real(output)
    # Explained twice, because what the block wrote is measured before it is removed.
    with leaving_tidily(), _explained(output, target), alone(output, target) as new:
        _refuse(output, target, overwrite)
        with _explained(output, target):
            yield new
            _refuse(output, target, overwrite)  # it may have come into being meanwhile
            replace(target, new)


def _real(output: Path) -> Path:
    """Where the output lies: a link stays a link, and "." has a name."""
    return Path(os.path.realpath(output))


def _refuse(output: Path, target: Path, overwrite: bool) -> None:
    try:
        target.lstat()  # which tells of a name that is too long, unlike `exists`
    except (FileNotFoundError, NotADirectoryError):
        return
    if target in (here := Path.cwd(), *here.parents):
        reason = "is the folder you are in, or holds it, and would be replaced as a whole"
        advice = f"name a folder in it, e.g. -o {output / 'dataset'}"
    elif target.is_mount():
        reason = "is where a disk is mounted, so it cannot be replaced as a whole"
        advice = f"name a folder in it, e.g. -o {output / 'dataset'}"
    elif not target.is_dir():
        reason, advice = "is a file and holds no converted dataset", "choose another name"
    elif not overwrite:
        reason, advice = "exists already", "choose another name or add --overwrite"
    elif not _ours(target):
        reason, advice = "holds no converted dataset, so it is not overwritten", "remove it yourself"
    elif others := _others(target):
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        reason = f"holds {others[0]}{more}, which qatk convert did not write, so it is not overwritten"
        advice = "move it elsewhere or remove it" if not more else "move them elsewhere or remove them"
    elif not os.access(target, os.W_OK):
        reason, advice = "is write-protected, so it is not overwritten", "choose another name"
    else:
        return
    raise DestinationError(f"{output}: {reason}; {advice}")


def _ours(folder: Path) -> bool:
    """Whether a folder is empty or says of itself that a conversion wrote it."""
    named = (folder / "manifest.json").is_file() and (folder / LINEAGE).is_file()
    return named or not any(folder.iterdir())


def _others(folder: Path) -> list[str]:
    """The files and links in a folder that its manifest does not name; of a damaged one, nearly all."""
    try:
        named = set(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, LookupError, TypeError):
        named = set()
    ours = named | {"manifest.json", LINEAGE}
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    found = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in found if name not in ours and not is_free(name))


@contextmanager
def _explained(output: Path, target: Path) -> Iterator[None]:
    """Tells of a system's refusal what it means for the output; other errors pass."""
    try:
        yield
    except (OSError, PolarsError) as error:
        number, name = _number(error), getattr(error, "filename", None)
        if (number is None and isinstance(error, PolarsError)) or not _concerns(name, target):
            raise
        work, advice = work_folder(target), "choose another place with -o"
        replacing = name == str(target) and getattr(error, "filename2", None)  # a rename has two
        told = f"{output}: cannot be {'replaced' if replacing else 'written'}: "
        told += os.strerror(number) if number else str(error)
        if number in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            written = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
            free = shutil.disk_usage(next(folder for folder in target.parents if folder.exists())).free
            told += f": {_megabytes(written)} written, {_megabytes(free)} free, and more is needed"
            advice = "free some space or choose another disk with -o"
        elif name is not None:
            told += f" ({target.parent if name == str(work) else name})"
        raise DestinationError(f"{told}; {advice}") from error


def _number(error: Exception) -> int | None:
    """The system's number of an error; Polars has it in the text only."""
    if number := getattr(error, "errno", None):
        return int(number)
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def _concerns(name: object, target: Path) -> bool:
    """Whether a file that an error names, if it names one, belongs to the output and not to the sources."""
    if name is None:
        return True
    path, work = Path(str(name)), work_folder(target)
    return path in target.parents or target in (path, *path.parents) or work in (path, *path.parents)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
