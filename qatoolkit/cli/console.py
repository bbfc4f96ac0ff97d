"""Where results and hints go, and the few formatting habits that the commands share."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qatoolkit.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


def make_console(*, stderr: bool = False) -> Console:
    """A console that treats text as text: no markup, no emoji codes, no wrapping when piped."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)


def hint(message: str) -> None:
    """Something that is no result goes to stderr."""
    print(message, file=sys.stderr)


def plural(count: int, noun: str, many: str | None = None) -> str:
    """A count and its noun: 1 record, 2 records."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def listed(values: Sequence[str] | None) -> list[str]:
    """Options that may be repeated or hold several values behind commas."""
    return [part.strip() for value in values or () for part in value.split(",") if part.strip()]


def read_mapping(pairs: Sequence[str] | None) -> dict[str, str]:
    """`--map passage=context` as column -> field."""
    mapping: dict[str, str] = {}
    for pair in pairs or ():
        column, sign, field = pair.rpartition("=")
        if not sign or not column:
            raise UsageError(f"--map {pair}: write it as --map YOUR_COLUMN=FIELD, e.g. --map passage=context")
        mapping[column] = field
    return mapping


def need_paths(paths: Sequence[str] | None, command: str) -> list[str]:
    """The files to read, or what to type where neither the command nor a qatk.toml names one."""
    if not paths:
        raise UsageError(
            f"no file named. Type: qatk {command} data.csv\n"
            'Or name your data once, in qatk.toml:  data = ["data.csv"]'
        )
    return list(paths)


def print_json(value: Mapping[str, object] | Sequence[object]) -> None:
    """One JSON document on stdout."""
    import json

    # A lone surrogate, which no encoding takes, becomes the escape that JSON has for it.
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))
