"""The scripts and styles of the pages, and the policy that allows exactly them, by their hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class Script(NamedTuple):
    """A script and its type: "module", or "" for a classic one."""

    text: str
    type: str


class Assets(NamedTuple):
    """What a page carries; the policy belongs into its head."""

    style: str
    scripts: Sequence[Script]
    policy: str


@cache
def assets(*, table: bool) -> Assets:
    """Everything a page needs to draw charts and, if asked for, to show the table of examples."""
    style = _read("templates/page.css")
    scripts = [Script(_kept("vega.min.js"), "module")]
    own = [_read("templates/page.js"), _read("templates/charts.js")]
    if table:
        style = _kept("tabulator.min.css") + style + _read("templates/examples.css")
        scripts.append(Script(_kept("tabulator.min.js"), ""))
        own += [_read(f"templates/{name}.js") for name in ("filters", "example", "examples")]
    scripts.append(Script("\n".join([*own, "start();\n"]), "module"))
    hashes = " ".join(_source(script.text) for script in scripts)
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {hashes}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Assets(style, scripts, policy)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _kept(name: str) -> str:
    """A kept copy, without the address of a source map that does not travel with the page."""
    text = _read(f"vendor/{name}")
    for mark in ("//# sourceMappingURL=", "/*# sourceMappingURL="):
        text = text.split(mark)[0]
    return text


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
