"""How probable it is that an annotation is wrong, and what speaks for it. One question at a time.

Two witnesses are heard, and each can convince alone: probability = 1 - (1 - model) * (1 - rules).

The model's word counts where its answer is another one. Log-odds that the annotation is wrong:

    -6 + surprise / 2 + 2.5 * gain + kind + annotators

    surprise    natural logarithm of how many times more probable the model finds its own answer. Out of
                fold (a cross-fit) that is the probability of the annotated span itself, averaged over the
                epochs. Else it is that of the annotated text among the best candidates; a text that is none
                of them gets 1 in 10,000. A prediction without scores is held to be worth 6.
    gain        how much more of the question's words, the rare ones weighing more, stands in the sentence
                of the model's answer than in that of the annotated one, -1 to 1
    kind        1 where only the model's answer is of the kind that the question asks for, -1 where only the
                annotated one is
    annotators  -1 for each further annotator, at most two, whose answer overlaps the annotated one; 1 where
                there are others and all of them chose another place

Prior, surprise and gain are round numbers near those of logistic regressions for one wrong annotation in
twenty, over wrong spans of several kinds planted in a corpus (docs/report.md). They are not finely tuned:
with twice the weight on either, or half of it on the gain, a cross-fit finds as many. The models were weak
ones, so the probabilities are rather cautious. The last two terms are rare there and set by judgement.

What the rules of validation found is held to be as sure as its severity: 0.95 for an error, 0.5 for a
warning, 0.4 for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from qatoolkit.analysis.cases import Case, Span
from qatoolkit.analysis.suspects.clues import SharedWords, better_kind
from qatoolkit.analysis.suspects.reasons import overlap, preference
from qatoolkit.validation.finding import Finding

_PRIOR = -6.0
_PER_SURPRISE = 0.5
_PER_GAIN = 2.5
_MOST_AGREEING = 2
#: What is no candidate at all has less than this; a cross-fit measures far smaller ones.
_NO_CANDIDATE = 1e-4
_SMALLEST = 1e-9
_WITHOUT_SCORES = 6.0
_OF_RULES = {"error": 0.95, "warning": 0.5, "info": 0.4}

# From this on the difference in shared words is worth a mention.
_TELLING_GAIN = 0.2


class Evidence(NamedTuple):
    """What speaks against an annotation.

    Attributes:
        confidence: 0..1, how probable it is that the annotation is wrong.
        answer: 0-based index of the annotated answer concerned; 0 where there is none.
        reason: in plain words, the strongest first.
        by_model: whether the model is the stronger witness.
    """

    confidence: float
    answer: int
    reason: str
    by_model: bool


def weigh(
    case: Case, findings: Sequence[Finding], confidence: float | None, shared: SharedWords, language: str
) -> Evidence:
    """Weighs what is known about one question.

    Args:
        case: the judged question.
        findings: what the rules found about its answers.
        confidence: out-of-fold probability of the annotated answer, None without a cross-fit.
        shared: over the contexts of all questions.
        language: a key of `metrics.normalize.PROFILES`.
    """
    nearest = _nearest_answer(case)
    model = Evidence(0.0, nearest, "", True)
    if disagrees(case):
        model = _of_model(case, nearest, confidence, shared, language)
    if not findings:
        return model
    surest = max(findings, key=lambda finding: _OF_RULES[finding.severity])
    reason = "; ".join(dict.fromkeys(f"{finding.message} ({finding.code})" for finding in findings))
    answer = nearest if surest.answer is None else surest.answer
    rules = Evidence(_OF_RULES[surest.severity], answer, reason, False)
    first, second = (rules, model) if rules.confidence >= model.confidence else (model, rules)
    if not model.reason or rules.answer != model.answer:  # two faults, and a row is about one answer
        return first
    both = 1 - (1 - model.confidence) * (1 - rules.confidence)
    return Evidence(both, answer, f"{first.reason}; {second.reason}", first.by_model)


def disagrees(case: Case) -> bool:
    """Whether the model gave another answer than the annotated one, in its text or in its place."""
    if case.prediction.text is None:
        return False
    return case.exact < 1 or case.error_class == "other-occurrence"


def _of_model(
    case: Case, nearest: int, confidence: float | None, shared: SharedWords, language: str
) -> Evidence:
    example, annotated, predicted = case.example, case.annotated, case.predicted
    text = example.answers[nearest] if example.answers else ""
    gain, kind, asked_for = 0.0, 0, ""
    if annotated and predicted and not overlap(annotated, predicted):
        gain = shared.gain(example.question, example.context, annotated, predicted)
        other = example.context[slice(*predicted)]
        kind, asked_for = better_kind(example.question, text, other, language)
    annotators = _annotators(case, nearest)
    surprise = _surprise(case, confidence)
    logit = _PRIOR + _PER_SURPRISE * surprise + _PER_GAIN * gain + kind + annotators
    parts = [preference(case, text, confidence)]
    if gain >= _TELLING_GAIN:
        parts.append("that sentence shares more words with the question")
    if kind > 0:
        parts.append(f"only that is {asked_for}, as the question asks for")
    if annotators > 0:
        parts.append("the annotators disagree")
    return Evidence(1 / (1 + math.exp(-logit)), nearest, "; ".join(parts), True)


def _surprise(case: Case, confidence: float | None) -> float:
    own, among_best = case.prediction.score, case.prediction.annotated_score
    if own is not None and confidence is not None and not math.isnan(confidence):
        return math.log(max(own, _SMALLEST) / max(confidence, _SMALLEST))
    if own is not None and among_best is not None:
        return math.log(max(own, _NO_CANDIDATE) / max(among_best, _NO_CANDIDATE))
    return _WITHOUT_SCORES


def _annotators(case: Case, nearest: int) -> int:
    """What the other annotated answers say of the one that is judged."""
    example, annotated = case.example, case.annotated
    if len(example.answers) < 2 or annotated is None:
        return 0
    pairs = zip(example.answers, example.answer_starts, strict=True)
    others = [Span(start, start + len(text)) for i, (text, start) in enumerate(pairs) if i != nearest]
    agreeing = sum(overlap(annotated, other) for other in others)
    return -min(agreeing, _MOST_AGREEING) if agreeing else 1


def _nearest_answer(case: Case) -> int:
    """The annotated answer that the case was judged by."""
    if case.annotated is None:
        return 0
    text = case.example.context[slice(*case.annotated)]
    pairs = list(zip(case.example.answers, case.example.answer_starts, strict=True))
    exactly = [i for i, pair in enumerate(pairs) if pair == (text, case.annotated.start)]
    return next(iter([*exactly, *(i for i, (other, _) in enumerate(pairs) if other == text)]), 0)
