"""Times whole processes and prints the table of it; the benchmarks share this."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time


def timed(command: list[str]) -> tuple[float, float, str]:
    """Seconds and peak megabytes of one process, and what it printed."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=printed, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        printed.seek(0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            said.seek(0)
            raise SystemExit(f"{said.read()}\n{command} failed")
        return seconds, usage.ru_maxrss / 1024, printed.read()


def report(figures: dict[str, list[tuple[float, float]]], base: str) -> None:
    """Prints all rounds, and medians as multiples of the one that others are compared with."""
    floor = statistics.median(seconds for seconds, _ in figures[base]) if base in figures else None
    print(f"| | seconds (each round) | median over {base} | peak MB |\n|---|---|---:|---:|")
    for name, runs in figures.items():
        seconds = [f"{second:.1f}" for second, _ in runs]
        ratio = f"{statistics.median(second for second, _ in runs) / floor:.1f}" if floor else ""
        print(f"| {name} | {', '.join(seconds)} | {ratio} | {max(peak for _, peak in runs):,.0f} |")
