"""The tables `[rules]` and `[limits]` of the configuration, checked, as the library takes them."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from qatoolkit.config import Config
from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from qatoolkit.validation.limits import Limits


def read_severities(context: typer.Context) -> dict[str, str]:
    """`[rules]`: code, prefix or name of a rule -> severity.

    Raises:
        UsageError: a rule or a severity that does not exist; the message names the file.
    """
    from qatoolkit.validation.select import select_rules

    config: Config = context.obj
    try:
        select_rules(severities=config.rules)
    except UsageError as error:
        raise UsageError(f"{config.path}: [rules] {error}") from error
    return config.rules


def read_limits(context: typer.Context) -> Limits:
    """`[limits]`: the thresholds that rules go by.

    Raises:
        UsageError: a limit that does not exist, or a fraction where a whole number belongs.
    """
    from qatoolkit.validation.limits import Limits

    config: Config = context.obj
    known = {field.name: type(field.default) for field in fields(Limits)}
    given = {name.replace("-", "_"): value for name, value in config.limits.items()}
    for name, value in given.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            way = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"
            raise UsageError(f"{config.path}: [limits] {name} is no limit; {way}")
        if known[name] is int and not isinstance(value, int):
            raise UsageError(f"{config.path}: [limits] {name} is a whole number, not {value}")
    return Limits(**given)  # type: ignore[arg-type]  # the line above has checked them
