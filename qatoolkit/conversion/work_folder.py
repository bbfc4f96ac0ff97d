"""The folder in which one conversion at a time prepares an output.

It lies beside the output, so that a rename is enough at the end, and is called `.qatk-` and a digest of
the output's name, which is short whatever the length of that. In it lie

    lock        held by the conversion that runs; the system lets go of it however that one ends
    tmp*/new    what is being written; once it has changed places with the output, the one replaced
    tmp*/old    only where two folders cannot change places: the one replaced, on its way out

A lock is asked for, and not whether some process still lives, because numbers of processes repeat, in
containers and over a network above all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from qatoolkit.errors import DestinationError


def work_folder(target: Path) -> Path:
    """The work folder of an output, given where that really lies."""
    return target.parent / f".qatk-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}"


@contextmanager
def alone(output: Path, target: Path) -> Iterator[Path]:
    """Holds the work folder against other conversions, and leaves nothing of it behind.

    Args:
        output: the output as the user typed it, for messages.
        target: where it really lies.

    Yields:
        The folder `new`, empty.

    Raises:
        DestinationError: another conversion holds it.
        OSError: it cannot be made.
    """
    work = work_folder(target)
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        with closing(_lock(output, work)):
            try:
                _clear(work, target)
                # Of its own, since what is still open somewhere cannot be removed everywhere.
                new = Path(tempfile.mkdtemp(dir=work), "new")
                new.mkdir()
                yield new
            finally:
                _clear(work, target)
                # Last and still locked: whoever waits for it finds that it is not there any more.
                with suppress(OSError):
                    (work / "lock").unlink()
    finally:
        with suppress(OSError):  # not empty: in use again, or the output is in its place
            for folder in (work, *missing):
                folder.rmdir()


def _lock(output: Path, work: Path) -> IO[bytes]:
    """Makes the work folder and a file `lock` in it, which is locked for as long as it is open."""
    while True:
        work.parent.mkdir(parents=True, exist_ok=True)
        try:
            work.mkdir()
            made = True
        except FileExistsError:
            made = False
        try:
            lock = (work / "lock").open("ab")
        except FileNotFoundError:  # whoever held the folder has just removed it
            continue
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise DestinationError(
                f"{output}: another conversion is writing it just now; let it finish or choose another name"
            ) from None
        except (ImportError, OSError):  # Windows, and disks without locks: who made the folder has it
            lock.close()
            if made:
                return lock
            raise DestinationError(
                f"{output}: another conversion is writing it, or was stopped; "
                f"if none is running, remove {work}"
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), (work / "lock").stat()):
                return lock
        lock.close()  # what we have locked has just been removed


def _clear(work: Path, target: Path) -> None:
    """Brings back what was stopped between two renames, and removes what is half written or replaced."""
    for folder in [path for path in work.iterdir() if path.is_dir()]:
        new, old = folder / "new", folder / "old"
        if old.exists() and new.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def leaving_tidily() -> Iterator[None]:
    """SIGTERM and SIGHUP end the process as ever, but only after the block has cleaned up."""
    caught: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        raise SystemExit(128 + number)

    # Only the main thread may; and whoever handles or ignores a signal on purpose goes on doing so.
    ours = [
        number
        for name in ("SIGTERM", "SIGHUP")
        if threading.current_thread() is threading.main_thread()
        and (number := getattr(signal, name, None))
        and signal.getsignal(number) is signal.SIG_DFL
    ]
    try:
        for number in ours:
            signal.signal(number, leave)
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if caught:
            signal.raise_signal(caught[0])
