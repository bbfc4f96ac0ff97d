"""Which rules run: by code, by prefix of a code, or by name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from qatoolkit.errors import UsageError
from qatoolkit.validation.rule import Rule
from qatoolkit.validation.rules import RULES


def select_rules(
    select: Iterable[str] = (), ignore: Iterable[str] = (), extend: Iterable[str] = ()
) -> list[Rule]:
    """The rules to run, in the registry's order.

    Args:
        select: codes, prefixes ("QA2") or names; empty means every rule that is on by default.
        ignore: the same, to leave out.
        extend: the same, to run besides.

    Raises:
        UsageError: something that matches no rule.
    """
    chosen = _matching(select) if select else {rule.code for rule in RULES if rule.default}
    chosen |= _matching(extend)
    chosen -= _matching(ignore)
    return [rule for rule in RULES if rule.code in chosen]


def find_rule(word: str) -> Rule:
    """The one rule of a code or name.

    Raises:
        UsageError: there is none.
    """
    for rule in RULES:
        if word.upper() == rule.code or word.lower() == rule.name:
            return rule
    raise UsageError(_unknown(word))


def _matching(words: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for word in words:
        hits = {r.code for r in RULES if r.code.startswith(word.upper()) or r.name == word.lower()}
        if not hits:
            raise UsageError(_unknown(word))
        found |= hits
    return found


def _unknown(word: str) -> str:
    names = [rule.code for rule in RULES] + [rule.name for rule in RULES]
    close = get_close_matches(word, names, n=1)
    return f"{word}: no such rule" + (f"; did you mean {close[0]}?" if close else "; see: qatk rule --all")
