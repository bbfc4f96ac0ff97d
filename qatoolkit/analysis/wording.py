"""Texts of the user made fit for a line, and the few phrases that the renderers share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl
from rich.cells import cell_len, set_cell_size

from qatoolkit.analysis.cases import Case
from qatoolkit.analysis.comparison import Comparison
from qatoolkit.analysis.result import Report

if TYPE_CHECKING:
    from qatoolkit.analysis.profile.profile import Profile

COLUMNS = 80
_MOST_IDS = 5
_LONGEST = 60
# Zero-width joiners, without which Persian words and many emoji fall apart.
_JOINERS = "\u200c\u200d"


def notes(found: Report | Profile) -> Iterator[str]:
    """What a reader must know, the ids that found no counterpart included."""
    yield from found.notes
    if not isinstance(found, Report):
        return
    for ids, what in (
        (found.missing, "questions without a prediction, counted as wrong"),
        (found.unknown, "predicted ids that the data set does not have, ignored"),
    ):
        if ids:
            yield f"{what} ({len(ids):,}): {_listed(ids)}"
    if found.dropped:
        of = [f"{found.cases[index].example.id} ({what})" for index, what in found.dropped]
        yield (
            f"counted as exact only because comparing drops a digit, sign or currency ({len(of):,}): "
            f"{_listed(of)}"
        )


def profile_tables(profile: Profile) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """The tables of a profile as text, its splits as columns: the heads, and the rows."""
    heads = ("", *profile.splits)
    totals = {name: profile.totals[name].to_list() for name in profile.totals.columns if name != "split"}
    yield heads, [(name, *map(_cell, values)) for name, values in totals.items()]
    for facet, table in profile.tables.items():
        sizes = [sum(table[split]) or 1 for split in profile.splits]
        rows = []
        for value, *counts in table.iter_rows():
            shares = zip(counts, sizes, strict=True)
            rows.append(
                (f"{value}" or "none", *(f"{count:,} {100 * count / of:5.1f}%" for count, of in shares))
            )
        yield (facet, *profile.splits), rows


def _cell(value: float | int | str) -> str:
    return value if isinstance(value, str) else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def between(low: float | None, high: float | None) -> str:
    """An interval of a difference; one cluster has none."""
    return "no interval" if low is None or high is None else f"{low:+.1f} to {high:+.1f}"


def chance(p: float) -> str:
    """A p value as it is told."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def moves(found: Comparison, most: int) -> list[tuple[str, str, int]]:
    """The classes that most often became another one: from, to, how often."""
    changed = found.transitions.filter(pl.col("other_class") != pl.col("this_class"))
    rows: list[tuple[str, str, int]] = changed.sort("total", descending=True).head(most).rows()
    return rows


def part_name(facet: str, value: str, facet_2: str | None = None, value_2: str | None = None) -> str:
    """A slice as people say it: "question word why", "title none", or two of them."""
    one = f"{facet}: {value or 'none'}"
    return one if facet_2 is None else f"{one}, {facet_2}: {value_2 or 'none'}"


def where(case: Case, most: int = _LONGEST) -> str:
    """The place, its end rather than its beginning where it is long."""
    return cut_front(case.example.origin or case.example.id, most)


def cut_front(text: str, most: int = _LONGEST) -> str:
    """On one line, at most `most` columns wide, with its end."""
    place = one_line(text)
    if cell_len(place) <= most:
        return place
    while cell_len(place) > most - 3:
        place = place[max(1, (cell_len(place) - most + 3) // 2) :]
    return f"...{place}"


def annotated(case: Case) -> str:
    """The annotated answers, each once."""
    texts = list(dict.fromkeys(case.example.answers))
    return cut(" / ".join(texts)) if texts else "no answer"


def predicted(case: Case) -> str:
    """The predicted answer."""
    if case.prediction.text is None:
        return "no prediction"
    return cut(case.prediction.text) if case.prediction.text else "no answer"


def cut(text: str, most: int = _LONGEST) -> str:
    """On one line, at most `most` columns wide."""
    plain = one_line(text[: 4 * most])
    if cell_len(plain) <= most and len(text) <= 4 * most:
        return plain
    return set_cell_size(plain, most - 3).rstrip() + "..."


def one_line(text: str) -> str:
    """User text on one line, with control characters written out."""
    return "".join(
        c if c.isprintable() or c in _JOINERS else " " if c.isspace() else _written_out(ord(c)) for c in text
    )


def wrapped(text: str, indent: str = "") -> str:
    """Broken between words; unlike textwrap it knows that some characters are two columns wide."""
    lines = [""]
    for word in text.split():
        begun = lines[-1]
        if begun and cell_len(begun) + 1 + cell_len(word) > COLUMNS - len(indent):
            lines.append(word)
        else:
            lines[-1] = f"{begun} {word}".strip()
    return "\n".join(indent + line for line in lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no link, markup, entity, formula, mention or cell border."""
    marked = "".join(f"\\{c}" if c in "\\`*_[]<>|#!~&$@" else c for c in one_line(text))
    # GitHub makes links of bare addresses.
    return re.sub(r"(?i)(?<=www)\.|:(?=//)", lambda found: f"\\{found[0]}", marked)


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_IDS:,} more" if len(ids) > _MOST_IDS else ""
    return ", ".join(cut(key, 40) for key in ids[:_MOST_IDS]) + more


def _written_out(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
