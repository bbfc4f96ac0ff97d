"""`apply_corrections`: the corrections that a person accepted, spliced into a copy of the source.

Only the values that the list names are changed. Nothing else is mended on the way: for that there
is `fix`. What a list looks like is in `corrections`, what it takes to be applied in `review`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qatoolkit.corpus.reader import Corpus
from qatoolkit.corpus.record import Place, content_hash
from qatoolkit.corpus.splice import Edit, splice
from qatoolkit.validation.corrections import Correction, read_corrections
from qatoolkit.validation.fix import check_destination, in_memory, open_one, write_copy
from qatoolkit.validation.review import CANNOT_RECOUNT, Outcome, Record, Verdict, review


@dataclass(frozen=True)
class ApplyReport:
    """What was changed, and what became of every row of the list.

    Attributes:
        source: the file as the user typed it.
        content: the corrected file, byte for byte.
        original: the file as it was.
        outcomes: one for each row of the list, in its order.
    """

    source: str
    content: bytes = field(repr=False)
    original: bytes = field(repr=False)
    outcomes: list[Outcome]

    @property
    def changed(self) -> bool:
        return self.content != self.original

    def having(self, verdict: Verdict) -> list[Outcome]:
        """The outcomes of one verdict."""
        return [outcome for outcome in self.outcomes if outcome.verdict == verdict]


def apply_corrections(
    path: str | Path | Corpus,
    corrections: str | Path | Sequence[Correction],
    output: str | Path | None = None,
    *,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> ApplyReport:
    """Makes the accepted corrections of a list, and leaves every other byte as it is.

    Args:
        path: the file; or a corpus of one file that is open already.
        corrections: a list in CSV, or its rows.
        output: where the copy goes; None writes nothing, to look at the report first.
        format: layout, where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        overwrite: replace an output that exists.

    Raises:
        UsageError: the path is a saved dataset or names several files, or the list lacks a column.
        UnreadableError: the list is missing or no text.
        DestinationError: the output exists, is the source itself, or cannot be written.
    """
    corpus = open_one(path, format=format, fields=fields)
    source = corpus.sources[0]
    if output is not None:
        check_destination(source, Path(output), overwrite)
    listed = read_corrections(corrections) if isinstance(corrections, str | Path) else list(corrections)
    outcomes = _review_all(corpus, listed)
    content = _proved(corpus, outcomes)
    if content is None:  # as where a cell holds a whole list of answers
        outcomes = [_without_recount(outcome) for outcome in outcomes]
        content = _proved(corpus, outcomes)
        if content is None:
            raise AssertionError(f"{source.name}: does not read as corrected")
    if output is not None:
        write_copy(Path(output), content)
    return ApplyReport(source.name, content, source.read_bytes(), outcomes)


def _review_all(corpus: Corpus, listed: list[Correction]) -> list[Outcome]:
    """An outcome for each row of the list; of several on one answer, the first holds."""
    known, with_starts = _records(corpus, {correction.content_hash for correction in listed})
    outcomes: list[Outcome] = []
    first: dict[tuple[int, int], Outcome] = {}
    for correction in listed:
        records = known.get(correction.content_hash, [])
        outcome = review(correction, records, corpus.sources[0], with_starts=with_starts)
        if outcome.verdict == "made":
            before = first.setdefault((outcome.record["row"], outcome.answer), outcome)
            if before is not outcome and before.edits == outcome.edits:
                outcome = replace(outcome, verdict="already so", edits=())
            elif before is not outcome:
                why = f"line {before.correction.line} of the list makes something else of this answer"
                outcome = replace(outcome, verdict="skipped", reason=why, edits=())
        outcomes.append(outcome)
    return outcomes


def _records(corpus: Corpus, hashes: set[str]) -> tuple[dict[str, list[Record]], bool]:
    """The records that the list speaks of, by hash; and whether any record at all has a start."""
    found: dict[str, list[Record]] = {}
    with_starts = False
    for batch in corpus:
        starts = batch.records["answer_start"].explode()
        with_starts = with_starts or starts.null_count() < starts.len()
        pairs = batch.records.select("context", "question").iter_rows()
        for index, (context, question) in enumerate(pairs):
            key = content_hash(context or "", question or "")
            if key in hashes:
                found.setdefault(key, []).append(batch.records.row(index, named=True))
    return found, with_starts


def _proved(corpus: Corpus, outcomes: list[Outcome]) -> bytes | None:
    """The corrected content, None if it does not read as corrected or has no place for a value."""
    try:
        content = _written(corpus, outcomes)
    except LookupError:  # a list in a cell is too short for the answer, or a column is not there
        return None
    return content if _reads_back(corpus, content, outcomes) else None


def _written(corpus: Corpus, outcomes: list[Outcome]) -> bytes:
    changes: dict[Place, list[Edit]] = {}
    for outcome in outcomes:
        if outcome.edits:
            edits = changes.setdefault(outcome.place, [])
            edits += [edit for edit in outcome.edits if edit not in edits]  # two answers may turn one flag
    return splice(corpus.sources[0], corpus.mapping, list(changes.items()))


def _reads_back(corpus: Corpus, content: bytes, outcomes: list[Outcome]) -> bool:
    """Whether a reader finds in every record that was changed what was to be written there."""
    wanted = _wanted(outcomes)
    mended = replace(corpus, sources=[in_memory(corpus.sources[0], content)])
    for batch in mended if wanted else ():
        for record in batch.records.iter_rows(named=True):
            values = wanted.pop(record["row"], None)
            if values is not None and any(record[name] != value for name, value in values.items()):
                return False
    return not wanted


def _wanted(outcomes: list[Outcome]) -> dict[int, Record]:
    """Row -> fields of the record as they are to be read."""
    names = ("context", "question", "text", "answer_start", "answer_end", "is_impossible")
    changed: dict[int, Record] = {}
    for outcome in outcomes:
        if not outcome.edits:
            continue
        record = changed.setdefault(outcome.record["row"], {n: outcome.record[n] for n in names})
        if not outcome.correction.new_text:
            record |= {"text": [], "answer_start": [], "answer_end": []}
        elif not outcome.record["text"]:
            record |= {"text": [None], "answer_start": [None], "answer_end": [None]}
        for edit in outcome.edits:
            values = record[edit.field]
            if not isinstance(values, list):
                record[edit.field] = edit.new
            elif values:
                record[edit.field] = [edit.new if i == edit.answer else v for i, v in enumerate(values)]
    return changed


def _without_recount(outcome: Outcome) -> Outcome:
    """The same, but skipped if it changes how many answers there are."""
    if outcome.verdict != "made" or outcome.keeps_count:
        return outcome
    return replace(outcome, verdict="skipped", reason=CANNOT_RECOUNT, edits=())
