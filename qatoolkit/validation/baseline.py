"""A baseline: the findings that were there before, so that only new ones fail.

A finding is known again by its rule, its file's name, its question and the field concerned, and not
by its line or message: lines move when the file is edited above. Equal findings are counted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qatoolkit.errors import DestinationError, UnreadableError
from qatoolkit.validation.finding import Finding


@dataclass(frozen=True)
class Sifted:
    """Findings, parted by a baseline: new ones, and how many are known."""

    new: list[Finding]
    known: int


def write_baseline(findings: Sequence[Finding], path: Path) -> None:
    """Writes the findings as a baseline, replacing the one that is there.

    Raises:
        DestinationError: the file cannot be written, or is something else than a baseline.
    """
    if path.exists():
        try:
            sift([], path)
        except UnreadableError as error:
            raise DestinationError(f"{path}: exists and is no baseline; choose another name") from error
    counts = Counter(fingerprint(finding) for finding in findings)
    content = {"version": 1, "findings": dict(sorted(counts.items()))}
    try:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DestinationError(f"{path}: cannot be written: {error.strerror}") from error


def sift(findings: Sequence[Finding], path: Path) -> Sifted:
    """Parts findings into new ones and those that a baseline knows.

    Raises:
        UnreadableError: the file is missing or is no baseline.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        left = Counter({str(key): int(count) for key, count in content["findings"].items()})
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}; write one with --write-baseline {path}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"{path}: is no baseline; write one with --write-baseline {path}") from error
    new = []
    for finding in findings:
        key = fingerprint(finding)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(finding)
    return Sifted(new, len(findings) - len(new))


def fingerprint(finding: Finding) -> str:
    """32 hex digits that stay the same when lines are added above the finding."""
    subject = finding.message if finding.id is None else finding.id
    parts = (finding.code, Path(finding.file).name, subject, finding.field, str(finding.answer))
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
