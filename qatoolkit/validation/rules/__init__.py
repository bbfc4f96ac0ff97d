"""The registry: every rule there is, in the order of the manual. Adding one is one line here."""

from __future__ import annotations

from qatoolkit.validation.rule import Rule
from qatoolkit.validation.rules import answers, corpus, spans, structure, text

RULES: tuple[Rule, ...] = (
    structure.MISSING_COLUMN,
    structure.WRONG_TYPE,
    structure.MISSING_VALUE,
    structure.DUPLICATE_ID,
    structure.LENGTHS_DIFFER,
    structure.UNDECODABLE_BYTES,
    structure.RAGGED_ROW,
    structure.MALFORMED_RECORD,
    structure.MALFORMED_ARTICLE,
    structure.CONTRACT,
    spans.SPAN_MISMATCH,
    spans.AMBIGUOUS_SPAN,
    spans.ANSWER_NOT_IN_CONTEXT,
    spans.ANSWER_WRITTEN_DIFFERENTLY,
    spans.START_OUT_OF_RANGE,
    spans.PLACEHOLDER_START,
    answers.EMPTY_ANSWER,
    answers.ANSWER_EDGE_WHITESPACE,
    answers.MID_WORD_SPAN,
    answers.ANSWER_END_DISAGREES,
    answers.REPEATED_ANSWER,
    answers.IMPOSSIBLE_CONTRADICTED,
    text.BLANK_QUESTION,
    text.CONTROL_CHARACTER,
    text.REPLACEMENT_CHARACTER,
    text.LEFTOVER_MARKUP,
    corpus.DUPLICATE_QUESTION,
)
