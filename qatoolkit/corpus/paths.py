"""Where a value stands in a JSON record, by names such as `meta.passage`, `answers.0.at`, `choices.*.text`.

A step is a key, the number of a list's element, or `*` for each of its elements. A key that holds
a dot itself is found as it is spelled, before the name is taken apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

#: A way down a record, one key or index a step.
Path = tuple[str | int, ...]

#: The step that stands for every element of a list.
EACH = "*"


@lru_cache(maxsize=1024)
def steps_of(name: str) -> tuple[str, ...]:
    """The steps of a name."""
    return tuple(name.split("."))


def resolve(record: dict[str, Any], name: str, numbers: Sequence[int] = ()) -> Path | None:
    """The path that a name means in one record, None if nothing stands there.

    Args:
        record: the record as decoded.
        name: a key, or steps with dots between.
        numbers: what to put for each `*`, in order; more than there are do no harm.
    """
    if name in record:
        return (name,)
    left = iter(numbers)
    value: Any = record
    path: list[str | int] = []
    for step in steps_of(name):
        key: str | int | None = next(left, None) if step == EACH else step
        if isinstance(value, list):
            key = int(key) if isinstance(key, str) and key.isdecimal() else key
            if not isinstance(key, int) or key >= len(value):
                return None
        elif not isinstance(value, dict) or key not in value:
            return None
        assert key is not None
        path.append(key)
        value = value[key]
    return tuple(path)


def value_at(record: Any, path: Path | None) -> Any:
    """The value at a path that `resolve` gave; None for no path."""
    if path is None:
        return None
    for step in path:
        record = record[step]
    return record


def leads(record: dict[str, Any], name: str) -> bool:
    """Whether a name means something in a record: as far as its first `*`, which may stand for no element."""
    if name in record:
        return True
    steps = steps_of(name)
    known = steps[: steps.index(EACH)] if EACH in steps else steps
    return bool(known) and resolve(record, ".".join(known)) is not None


def spread(value: Any, steps: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """The numbers to put for the `*` of a name, one tuple for each value it stands for.

    Below an element something may be missing where a list belongs; it still counts as one value,
    so that the element is not passed over.
    """
    if EACH not in steps:
        yield ()
        return
    at = steps.index(EACH)
    items = value_at(value, resolve(value, ".".join(steps[:at]))) if at and isinstance(value, dict) else value
    if not isinstance(items, list):
        yield (0,) * steps.count(EACH)
        return
    for number, item in enumerate(items):
        for more in spread(item, steps[at + 1 :]):
            yield (number, *more)


def without(record: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What a record holds besides the values of some names; a list that holds one of them stays whole."""
    rest = {key: value for key, value in record.items() if key not in names}
    for name in names:
        if name not in record:
            rest = _dropped(rest, steps_of(name))
    return rest


def _dropped(record: dict[str, Any], steps: Sequence[str]) -> dict[str, Any]:
    first, *more = steps
    inner = record.get(first)
    if more and isinstance(inner, dict):
        inner = _dropped(inner, more)
        if inner:
            return {**record, first: inner}
    elif more or first not in record:
        return record
    return {key: value for key, value in record.items() if key != first}
