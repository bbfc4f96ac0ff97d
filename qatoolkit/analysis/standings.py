"""The scores that belong beside each other: the predictions, their parts, and what to beat."""

from __future__ import annotations

from typing import Any, NamedTuple

from qatoolkit.analysis.result import Report


class Standing(NamedTuple):
    """One line of the comparison; scores in percent.

    Attributes:
        label: what was scored.
        kind: "self", "part", "before", "best" or "floor".
        f1: its F1.
        exact: its exact match.
        f1_interval: 95% interval of F1, where there is one.
        exact_interval: the same of exact match.
    """

    label: str
    kind: str
    f1: float
    exact: float
    f1_interval: tuple[float, float] | None = None
    exact_interval: tuple[float, float] | None = None


def standings(report: Report) -> list[Standing]:
    """The report's score first, then its parts, then what it is measured against."""
    metrics = report.metrics
    rows = [
        Standing(
            "these predictions",
            "self",
            metrics["f1"],
            metrics["exact"],
            report.intervals.get("f1"),
            report.intervals.get("exact"),
        )
    ]
    for prefix, label in (("HasAns", "answerable"), ("NoAns", "unanswerable")):
        if f"{prefix}_f1" in metrics and f"{prefix}_total" in metrics:
            total = f"{metrics[f'{prefix}_total']:,} {label}"
            rows.append(Standing(total, "part", metrics[f"{prefix}_f1"], metrics[f"{prefix}_exact"]))
    if "best_f1" in metrics:
        rows.append(Standing("best no-answer threshold", "best", metrics["best_f1"], metrics["best_exact"]))
    first = before_training(report)
    if first is not None:
        where = "" if report.split == "validation" else " (validation)"
        rows.append(Standing(f"before training{where}", "before", first["f1"], first["exact"]))
    for _, label, exact, overlap in report.floors.iter_rows():
        rows.append(Standing(label, "floor", overlap, exact))
    return rows


def before_training(report: Report) -> dict[str, Any] | None:
    """The evaluation before the first training step, if the run tells of it."""
    for row in report.epochs:
        if row.get("epoch") == 0 and row.get("f1") is not None and row.get("exact") is not None:
            return row
    return None
