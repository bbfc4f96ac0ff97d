"""Runs one conversion after another, each in a process of its own, and kills it when it is told to.

A server for test_bad_moments.py: a line of JSON on stdin is a job, a line on stdout is how it ended.
Everything is imported once and no thread started, so that a fork is a fresh process that costs 20 ms.

A moment is a line of the modules that put a folder in its place, or an event that Python tells its
auditors: a file opened, a folder made, renamed, listed or removed, a lock taken, the C library asked.
Lines of a real conversion count only once the new folder is whole, because tracing slows all of it down.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import datasets  # noqa: F401  (imported before forking)
import pyarrow.parquet  # noqa: F401

from qatoolkit.conversion import exchange, place, work_folder
from qatoolkit.conversion.convert import convert

TRACED = {exchange.__file__, place.__file__, work_folder.__file__}


class Watch:
    """Counts the moments, all or since one is first seen, and ends the process at one of them."""

    def __init__(self, moment: int | None, since: str | None, folder: str) -> None:
        self.moment, self.since, self.folder = moment, since, folder
        self.seen: list[str] = []
        self.count = 0

    def arrive(self, name: str) -> None:
        self.seen.append(name)
        self.count += self.since is None or self.since in self.seen
        if self.count == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        kind = event.split(".")[0]
        if kind in ("os", "shutil", "fcntl", "ctypes") or (kind == "open" and self.folder in str(arguments)):
            self.arrive(event)

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            self.arrive(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        return self.trace


def write(output: Path, text: str) -> None:
    """Writes some files, among them those that tell a converted dataset, and none that has to be named."""
    with place.placed(output, overwrite=True) as folder:
        (folder / "train").mkdir()
        for name in ("train/cache-1.arrow", "lineage.parquet", "manifest.json"):
            (folder / name).write_text(text * 1000, "utf-8")


def work(job: dict[str, Any]) -> list[str]:
    """Does a job in this process.

    Returns:
        The moments it had.
    """
    output = Path(job["output"])
    watch = Watch(job["moment"], job["since"], str(output.parent))
    if not job["exchange"]:
        exchange._CALLS.clear()
    sys.addaudithook(watch.audit)
    if job["source"]:
        place.replace = lambda *folders: (sys.settrace(watch.trace), exchange.replace(*folders))
        convert(job["source"], output, overwrite=True, to=["arrow", "jsonl", "parquet"], split="train=1")
    else:
        sys.settrace(watch.trace)
        write(output, job["text"])
    sys.settrace(None)
    return watch.seen


def serve(job: dict[str, Any]) -> dict[str, Any]:
    """Does a job in a forked process.

    Returns:
        The number of the signal that ended it, 0 if none did, and the moments if it came to its end.
    """
    receiving, sending = os.pipe()
    if not (child := os.fork()):
        os.close(receiving)
        try:
            with os.fdopen(sending, "w") as told:
                json.dump(work(job), told)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(sending)
    if job["seconds"] is not None:
        time.sleep(job["seconds"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(receiving) as told:
        text = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("the conversion itself went wrong")
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "moments": json.loads(text) if text.endswith("]") else []}  # fmt: skip


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
