"""Gates for pipelines: what a report has to reach, and whether it does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qatoolkit.analysis.result import Report
from qatoolkit.errors import UsageError

_PERCENT = re.compile(r"[0-9]+(\.[0-9]+)?")


def read_gates(asked: Sequence[str]) -> dict[str, float]:
    """`f1=70` as name -> least score in percent.

    Raises:
        UsageError: it is written otherwise.
    """
    gates = {}
    for gate in asked:
        name, _, least = (part.strip() for part in gate.partition("="))
        if not name or not _PERCENT.fullmatch(least) or float(least) > 100:
            raise UsageError(f"--fail-under {gate}: write it as METRIC=PERCENT, e.g. f1=70")
        if 0 < float(least) < 1:
            raise UsageError(f"--fail-under {gate}: scores are in percent, so 0.7 would be f1=70")
        gates[name] = float(least)
    return gates


def failures(report: Report, gates: dict[str, float], *, worse_fails: bool) -> list[str]:
    """The gates that the report does not pass, each as a sentence.

    Args:
        report: what was found.
        gates: metric -> the least it has to be, percent.
        worse_fails: whether being worse than what it is compared with is a failure.

    Raises:
        UsageError: a gate is about a metric that the report does not have.
    """
    scores = {name: value for name, value in report.metrics.items() if _is_score(name)}
    unknown = [name for name in gates if name not in scores]
    if unknown:
        raise UsageError(
            f"--fail-under {unknown[0]}: there is no such metric here; there is {', '.join(scores)}"
        )
    found = [
        f"{name} is {scores[name]:.2f}, below {least:g}."
        for name, least in gates.items()
        if scores[name] < least
    ]
    if worse_fails and report.comparison is not None and report.comparison.verdict == "worse":
        found.append(f"Compared with {report.comparison.against}: {report.comparison.sentence}")
    return found


def _is_score(name: str) -> bool:
    return not name.endswith(("total", "thresh"))
