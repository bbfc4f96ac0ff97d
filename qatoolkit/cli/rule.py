"""`qatk rule`: the manual page of a rule."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qatoolkit.cli.completion import complete_rule
from qatoolkit.cli.console import print_json
from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from qatoolkit.validation.rule import Rule


class OutputFormat(StrEnum):
    """How rules are printed."""

    text = "text"
    json = "json"


def rule(
    code: Annotated[
        str | None,
        typer.Argument(help="Code or name, e.g. QA201 or span-mismatch.", autocompletion=complete_rule),
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="List every rule.")] = False,
    output_format: Annotated[
        OutputFormat, typer.Option(help="For people, or everything that is known of each rule as JSON.")
    ] = OutputFormat.text,
) -> None:
    """Explain a rule, or list them all.

    What it does, why it matters, bad and good records, and how safe its repair is.
    """
    if all == (code is not None):
        raise UsageError("name one rule (qatk rule QA201) or list them (qatk rule --all)")
    from qatoolkit.validation.rules import RULES
    from qatoolkit.validation.select import find_rule

    if output_format is OutputFormat.json:
        print_json(_described(find_rule(code)) if code else [_described(entry) for entry in RULES])
    elif code is not None:
        print(find_rule(code).manual(), end="")
    else:
        for entry in RULES:
            fixes = "[*]" if entry.fixes else "   "
            off = "" if entry.default else " (off by default)"
            print(f"{entry.code} {fixes} {entry.severity:<7} {entry.name}{off}")


def _described(entry: Rule) -> dict[str, Any]:
    """What the manual page says, by its parts."""
    return {
        "code": entry.code,
        "name": entry.name,
        "severity": entry.severity,
        "scope": entry.scope,
        "default": entry.default,
        "what": entry.what,
        "why": entry.why,
        "bad": list(entry.bad),
        "good": list(entry.good),
        "fixes": entry.fixes,
    }
