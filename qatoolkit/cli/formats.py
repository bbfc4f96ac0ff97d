"""Findings for machines: JSON Lines, GitHub's annotations, SARIF. For people see `findings`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import qatoolkit

if TYPE_CHECKING:
    from qatoolkit.validation.finding import Finding
    from qatoolkit.validation.validate import ValidationReport

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def json_lines(report: ValidationReport) -> Iterator[str]:
    """One JSON object a finding."""
    for finding in report.findings:
        yield json.dumps(finding.to_dict(), ensure_ascii=False)


def github(report: ValidationReport) -> Iterator[str]:
    """Workflow commands that GitHub Actions turns into annotations at the lines of the file."""
    for finding in report.findings:
        line = f",line={finding.place.line}" if finding.place.line is not None else ""
        title = _property(f"{finding.code} {finding.name}")
        message = _data(finding.message if line else f"{finding.location}: {finding.message}")
        command = _COMMANDS[finding.severity]
        yield f"::{command} file={_property(finding.file)}{line},title={title}::{message}"


def sarif(report: ValidationReport) -> dict[str, Any]:
    """A SARIF 2.1.0 log, as code-scanning services read it."""
    from qatoolkit.validation.rules import RULES

    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.what},
            "fullDescription": {"text": rule.why},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        }
        for rule in RULES
    ]
    driver = {"name": "qatk", "version": qatoolkit.__version__, "rules": rules}
    results = [_result(finding) for finding in report.findings]
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: Finding) -> dict[str, Any]:
    place = finding.place
    region: dict[str, int] = {}
    if place.line is not None:
        region = {"startLine": place.line, "endLine": place.line_end or place.line}
    elif place.byte_start is not None and place.byte_end is not None:
        region = {"byteOffset": place.byte_start, "byteLength": place.byte_end - place.byte_start}
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(finding.file))}}
    location: dict[str, Any] = {"physicalLocation": physical | ({"region": region} if region else {})}
    if place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": place.pointer}]
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
    }


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
