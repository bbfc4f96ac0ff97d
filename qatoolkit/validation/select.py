"""Which rules run, and how grave each of them is: by code, by prefix of a code, or by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import get_args

from qatoolkit.errors import UsageError
from qatoolkit.validation.rule import Rule, Severity
from qatoolkit.validation.rules import RULES

OFF = "off"
#: What a rule can be set to.
LEVELS: tuple[str, ...] = (*get_args(Severity), OFF)


def select_rules(
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    extend: Iterable[str] = (),
    severities: Mapping[str, str] | None = None,
) -> list[Rule]:
    """The rules to run, in the registry's order.

    Args:
        select: codes, prefixes ("QA2") or names; empty means every rule that is on by default.
        ignore: the same, to leave out.
        extend: the same, to run besides.
        severities: the same -> "error", "warning", "info" or "off"; where several match a rule, the
            last one holds. A rule that is off by default runs once it has a severity; one that is
            turned off runs all the same where it is selected by its own code or name.

    Raises:
        UsageError: something that matches no rule, or no severity.
    """
    select, extend = list(select), list(extend)
    levels = _levels(severities or {})
    chosen = _matching(select) if select else {rule.code for rule in RULES if rule.default} | levels.keys()
    chosen |= _matching(extend)
    chosen -= {code for code, level in levels.items() if level == OFF} - _named([*select, *extend])
    chosen -= _matching(ignore)
    return [_at(rule, levels) for rule in RULES if rule.code in chosen]


def find_rule(word: str) -> Rule:
    """The one rule of a code or name.

    Raises:
        UsageError: there is none.
    """
    for rule in RULES:
        if word.upper() == rule.code or word.lower() == rule.name:
            return rule
    raise UsageError(_unknown(word))


def _at(rule: Rule, levels: Mapping[str, str]) -> Rule:
    level = levels.get(rule.code, OFF)
    if level == OFF:
        return rule
    return replace(rule, severity=level)  # type: ignore[arg-type]  # `_levels` lets no other word through


def _levels(severities: Mapping[str, str]) -> dict[str, str]:
    """Code -> level, for the rules that are named."""
    levels: dict[str, str] = {}
    for word, level in severities.items():
        if level not in LEVELS:
            raise UsageError(f"{word}: {level!r} is no severity; choose from {', '.join(LEVELS)}")
        levels |= dict.fromkeys(_matching([word]), level)
    return levels


def _named(words: Iterable[str]) -> set[str]:
    """The rules that are meant one by one, and not by a prefix."""
    spelled = {word.upper() for word in words}
    return {rule.code for rule in RULES if {rule.code, rule.name.upper()} & spelled}


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
