"""Shows to people what a perfect model could reach, and why not all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qatoolkit.cli.console import plural
from qatoolkit.cli.findings import shown
from qatoolkit.validation.finding import location

if TYPE_CHECKING:
    from qatoolkit.validation.ceiling import CorpusCeiling

_SHOWN = 10


def ceiling_lines(corpus: CorpusCeiling) -> list[str]:
    """The ceiling, the first records that are out of reach, and what may help."""
    found, limits = corpus.ceiling, corpus.limits
    if not found.n_examples:
        return ["Ceiling: no records to look at"]
    lines = [
        f"Ceiling: EM {found.exact:.2f}, F1 {found.f1:.2f} at best, over {_records(found.n_examples)}",
        f"  with windows of {limits.max_seq_length:,} tokens that share {limits.doc_stride:,}, "
        f"answers of at most {limits.max_answer_length:,}",
        f"  {plural(found.n_features, 'window')}, at most {found.most_windows:,} a record, "
        f"{found.answered_share:.0%} with its answer; {found.unknown_share:.2%} unknown tokens",
    ]
    if corpus.left_out:
        lines.append(f"  {_records(corpus.left_out)} left out: to be repaired first, or no room in a window")
    if found.unreachable:
        lines.append(f"Out of reach: {_records(len(found.unreachable))}")
    for missed, place in zip(found.unreachable[:_SHOWN], corpus.places, strict=False):
        lines.append(f"  {shown(location(*place))}: {shown(missed.detail)}")
    if len(found.unreachable) > _SHOWN:
        lines.append(f"  ... {len(found.unreachable) - _SHOWN:,} more; --output-format json has them all")
    lines += [f"Try: {suggestion}" for suggestion in found.suggestions]
    return lines


def _records(number: int) -> str:
    return plural(number, "record")
