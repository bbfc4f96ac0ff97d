"""What the shell is offered, beside commands and options, when the user presses Tab.

Completion must stay silent and quick, so that each list is only loaded when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator


def complete_rule(incomplete: str) -> Iterator[tuple[str, str]]:
    """Codes of rules, with their names; or names, once something is typed that no code begins with."""
    from qatoolkit.validation.rules import RULES

    for rule in RULES:
        if rule.code.startswith(incomplete):
            yield rule.code, rule.name
        elif rule.name.startswith(incomplete):
            yield rule.name, rule.code


def complete_rules(incomplete: str) -> Iterator[tuple[str, str]]:
    """The same for options that take several behind commas: only the last one is completed."""
    done, comma, last = incomplete.rpartition(",")
    for word, what in complete_rule(last):
        yield done + comma + word, what


def complete_layout(incomplete: str) -> Iterator[tuple[str, str]]:
    """Layouts that can be read."""
    from qatoolkit.corpus.sniff import LAYOUTS

    return ((name, what) for name, what in LAYOUTS.items() if name.startswith(incomplete))
