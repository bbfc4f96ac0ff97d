"""Which column of a source is which field of the record.

People name their columns in a few well-worn ways; this table holds them, and `--map` or the
`[fields]` table of the configuration adds the rest. Nothing is guessed from contents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from qatoolkit.errors import NotACorpusError, UsageError

#: field -> the names it goes by, best first. Compared in lower case with "_" for blanks and hyphens.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "qid", "question_id", "question_identifier", "query_id", "example_id", "key"),
    "title": ("title", "document_title", "article_title"),
    "context": ("context", "passage", "paragraph", "context_text", "passage_text", "paragraph_text",
                "document_text", "document", "article"),
    "question": ("question", "query", "question_text", "query_text"),
    "answers": ("answers", "answer", "answer_text", "answers_text", "gold_answer"),
    "answer_start": ("answer_start", "start", "answer_starts", "start_char", "start_offset", "answer_offset"),
    "answer_end": ("answer_end", "end", "end_char", "end_offset"),
    "is_impossible": ("is_impossible", "impossible", "unanswerable"),
}  # fmt: skip

REQUIRED = ("context", "question")


def match_columns(columns: Iterable[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Finds the column of every field that a source has.

    Args:
        columns: the names as the source spells them.
        mapping: the user's own choice, column -> field; it goes before the usual names. A column that
            one of several files lacks is no fault where the field goes by a usual name there.

    Returns:
        field -> column, without the fields that the source lacks.

    Raises:
        UsageError: the mapping names a field that does not exist, or a column that does not and
            nothing stands in for.
    """
    columns = list(columns)
    found: dict[str, str] = {}
    for column, field in (mapping or {}).items():
        if field not in ALIASES:
            raise UsageError(_no_such_field(column, field))
        if column in columns:
            found[field] = column
        elif not any(plain(name) in ALIASES[field] for name in columns):
            raise UsageError(
                f"no column {column!r} ({_both_ways(column, field)}); columns are {listed(columns)}"
            )
    taken = set(found.values())
    spelled = {plain(column): column for column in reversed(columns) if column not in taken}
    for field, names in ALIASES.items():
        if field not in found:
            hits = [
                spelled[name] for name in names if name in spelled and spelled[name] not in found.values()
            ]
            if hits:
                found[field] = hits[0]
    return found


def _no_such_field(column: str, field: str) -> str:
    if column in ALIASES:
        return f"--map {column}={field}: {column} is a field's name; write {_both_ways(field, column)}"
    return (
        f"--map {column}={field}: no such field; fields are {', '.join(ALIASES)}.\n"
        f"Write {_both_ways('YOUR_COLUMN', 'context')}"
    )


def _both_ways(column: str, field: str) -> str:
    """The option and the line of the configuration file, which has the two the other way round."""
    return f'--map {column}={field}, or below [fields] in qatk.toml {field} = "{column}"'


def require(found: Mapping[str, str], columns: Iterable[str], source: str) -> None:
    """Ends with a message that names the way out when context or question are missing."""
    missing = [name for name in REQUIRED if name not in found]
    if not missing:
        return
    columns = list(columns)
    raise NotACorpusError(
        f"{source}: no column for {' and '.join(missing)}.\n"
        f"Columns found: {listed(columns)}.\n"
        f"Name it with: --map YOUR_COLUMN={missing[0]}"
    )


def plain(name: str) -> str:
    """A name as the table of usual names spells it."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def listed(columns: list[str]) -> str:
    """The first names of a source, for a message."""
    shown = ", ".join(repr(column if len(column) <= 40 else column[:37] + "...") for column in columns[:12])
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "") if columns else "none"
