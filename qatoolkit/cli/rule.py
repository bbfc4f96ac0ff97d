"""`qatk rule`: the manual page of a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from qatoolkit.errors import UsageError


def rule(
    code: Annotated[str | None, typer.Argument(help="Code or name, e.g. QA201 or span-mismatch.")] = None,
    all: Annotated[bool, typer.Option("--all", help="List every rule.")] = False,
) -> None:
    """Explain a rule, or list them all.

    What it does, why it matters, bad and good records, and how safe its repair is.
    """
    if all == (code is not None):
        raise UsageError("name one rule (qatk rule QA201) or list them (qatk rule --all)")
    from qatoolkit.validation.rules import RULES
    from qatoolkit.validation.select import find_rule

    if code is not None:
        print(find_rule(code).manual(), end="")
        return
    for entry in RULES:
        fixes = "[*]" if entry.fixes else "   "
        off = "" if entry.default else " (off by default)"
        print(f"{entry.code} {fixes} {entry.severity:<7} {entry.name}{off}")
