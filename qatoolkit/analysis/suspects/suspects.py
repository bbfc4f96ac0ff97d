"""Rows whose annotation is probably wrong, the most suspicious first, as a list of corrections.

What speaks against an annotation, and how much, is weighed in `evidence`; here the rows are chosen and
laid out, each with the span that it should perhaps have. Nothing is changed: a person goes through the list
and `qatk fix --apply` makes what was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from qatoolkit.analysis.cases import Case, Span
from qatoolkit.analysis.suspects.clues import SharedWords
from qatoolkit.analysis.suspects.evidence import Evidence, disagrees, weigh
from qatoolkit.analysis.suspects.reasons import overlap
from qatoolkit.corpus.offsets import whole_words
from qatoolkit.corpus.record import content_hash
from qatoolkit.validation.corrections import COLUMNS, HASH_PREFIX
from qatoolkit.validation.finding import Finding

#: From this confidence on a person would be convinced; from the other one on a row is worth a look.
STRONG = 0.9
_LISTED = 0.05

_MID_WORD = "QA209"
# Of what follows a word within a word; more letters than that were cut off.
_LONGEST_ENDING = 3
_NUMBERS: dict[str, type[pl.DataType]] = {
    "row": pl.Int64, "line": pl.Int64, "answer": pl.Int64, "old_start": pl.Int64, "new_start": pl.Int64,
    "confidence": pl.Float64,
}  # fmt: skip
#: Columns of the suspects.
SCHEMA: dict[str, type[pl.DataType]] = {
    "index": pl.UInt32,
    "strong": pl.Boolean,
    **{name: _NUMBERS.get(name, pl.String) for name in COLUMNS},
}


def find_suspects(
    cases: Sequence[Case],
    *,
    findings: Mapping[int, Sequence[Finding]] | None = None,
    crossfit: pl.DataFrame | None = None,
    language: str = "en",
) -> pl.DataFrame:
    """The questions whose annotation is probably wrong.

    A question that the model answers as annotated is none of them, unless a rule found an error or
    something to mend in its answers. Where no question at all has an answer, nothing is annotated.

    Args:
        cases: the judged questions.
        findings: index of a case -> what the rules of validation found about its answers.
        crossfit: n rows in the order of the cases, whose predictions are then those of the cross-fit;
            `confidence` is the out-of-fold probability of the annotated answer.
        language: a key of `metrics.normalize.PROFILES`.

    Returns:
        One row a question, most suspicious first: `index` of the case; `strong`, whether the evidence would
        convince a person; and the columns of a list of corrections, undecided. `new_text` at `new_start` of
        the context is the proposed answer; no text where the context does not answer the question, or
        nothing can be proposed, which the reason then says.
    """
    known = findings or {}
    confidences = [None] * len(cases) if crossfit is None else crossfit["confidence"].to_list()
    annotated = any(case.example.answers for case in cases)
    suspicious = [i for i, case in enumerate(cases) if i in known or (annotated and disagrees(case))]
    shared = SharedWords([cases[i].example.context for i in suspicious], language)
    rows = []
    for i in suspicious:
        told = _telling(known.get(i, ()), cases[i])
        evidence = weigh(cases[i], told, confidences[i], shared, language)
        if evidence.confidence >= _LISTED:
            rows.append({"index": i, **_row(cases[i], told, evidence)})
    # Of equally suspicious rows the earlier one comes first.
    rows.sort(key=lambda row: (-row["confidence"], row["index"]))
    return pl.DataFrame(rows, SCHEMA)


def _telling(findings: Sequence[Finding], case: Case) -> list[Finding]:
    """The findings that count; one without a repair says nothing against an answer that a model gave too."""
    return [f for f in findings if f.severity == "error" or f.fix or disagrees(case)]


def _row(case: Case, findings: Sequence[Finding], evidence: Evidence) -> dict[str, Any]:
    example, answer, reason = case.example, evidence.answer, evidence.reason
    proposed = _proposed(case, findings, evidence)
    if proposed is None and not (disagrees(case) and case.prediction.text == ""):
        reason += "; nothing is proposed: write the right answer into new_text before accepting"
    start = example.answer_starts[answer] if example.answers else -1
    return {
        "strong": evidence.confidence >= STRONG,
        "file": example.source or "",
        "row": example.row,
        "line": example.line,
        "id": example.id,
        "content_hash": HASH_PREFIX + content_hash(example.context, example.question),
        "answer": answer,
        "old_text": example.answers[answer] if example.answers else "",
        "old_start": start if start >= 0 else None,
        "new_text": example.context[slice(*proposed)] if proposed else "",
        "new_start": proposed.start if proposed else None,
        "reason": reason,
        "confidence": evidence.confidence,
        "decision": "",
    }


def _proposed(case: Case, findings: Sequence[Finding], evidence: Evidence) -> Span | None:
    """What the stronger witness would have, else the other; a model that mends the same span knows better."""
    repaired, predicted = _repaired(case, findings, evidence.answer), _predicted(case)
    same = predicted and repaired and overlap(predicted, repaired)
    return (predicted or repaired) if evidence.by_model or same else (repaired or predicted)


def _repaired(case: Case, findings: Sequence[Finding], answer: int) -> Span | None:
    """The span that a rule proposes for an answer, if it stands in the context."""
    context = case.example.context
    for finding in findings:
        if finding.answer != answer:
            continue
        if finding.fix:
            new = {edit.field: edit.new for edit in finding.fix.edits if edit.answer == answer}
            text = new.get("text", case.example.answers[answer])
            start = new.get("answer_start", case.example.answer_starts[answer])
            if text and start >= 0 and context.startswith(text, start):
                return Span(start, start + len(text))
        if finding.code == _MID_WORD and finding.span:
            return _mended(context, Span(*finding.span))
    return None


def _mended(context: str, span: Span) -> Span | None:
    """The span with the rest of its outer words; what is glued or inflected ("burned") was not cut."""
    start, end = whole_words(context, *span)
    before, after = context[start : span.start], context[span.end : end]
    glued = span.start > start and context[span.start].isupper() and not before.isupper()
    inflected = len(after) <= _LONGEST_ENDING
    mended = Span(span.start if glued else start, span.end if inflected else end)
    return mended if mended != span else None


def _predicted(case: Case) -> Span | None:
    """The model's span, if it is not the annotated one."""
    return case.predicted if disagrees(case) else None
