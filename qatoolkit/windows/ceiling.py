"""The ceiling: the best scores that a perfect model could reach with a tokenizer and its windows.

A perfect model's logits peak at the annotated answer. They go through the real `decode` and the real
metric, one annotated answer after the other until one is reached. What cannot be reached, an answer
that is too long, cut in two or part of a token, has a cause; how much of it can be had after all is
found by decoding pieces of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from qatoolkit.errors import UsageError
from qatoolkit.metrics.score import Reference, score
from qatoolkit.windows.causes import CAUSES, find_cause
from qatoolkit.windows.cut import holding_window
from qatoolkit.windows.features import Features
from qatoolkit.windows.featurize import featurize
from qatoolkit.windows.peaks import decode_peaks, pieces, whole_answers
from qatoolkit.windows.ragged import places
from qatoolkit.windows.reach import Integers, Reach, Setting, measure_reach, whole_contexts
from qatoolkit.windows.suggest import suggest
from qatoolkit.windows.tokenizer import NO_LIMIT, check_lengths

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Examples looked at together: bounds the memory, not the corpus.
_CHUNK = 500

# Which official script scores is known at the end only: when no example lacks an answer.
_REFERENCES: tuple[Reference, ...] = get_args(Reference)


@dataclass(frozen=True)
class Unreachable:
    """An example that even a perfect model could not answer exactly.

    Attributes:
        index: of the example.
        id: of the example.
        cause: "no-token", "no-window-holds-it", "longer-than-max-answer-length", "token-edges",
            "not-in-place" or "normalised-away".
        f1: 0..1, what pieces of its answers reach.
        detail: for people.
    """

    index: int
    id: str
    cause: str
    f1: float
    detail: str


@dataclass(frozen=True, eq=False)
class Ceiling:
    """The best that a perfect model could reach, and why it is no more.

    Attributes:
        n_examples: that were looked at.
        n_features: windows of them.
        most_windows: of one example.
        exact: percent.
        f1: percent.
        answered_share: 0..1 of the windows, those that hold their example's first answer.
        unknown_share: 0..1 of the contexts' tokens, those that are the unknown token.
        unreachable: in the order of the examples.
        suggestions: settings to try, in words of the command line.
    """

    n_examples: int
    n_features: int
    most_windows: int
    exact: float
    f1: float
    answered_share: float
    unknown_share: float
    unreachable: list[Unreachable]
    suggestions: list[str]


def find_ceiling(
    examples: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerFast,
    max_seq_length: int = 384,
    doc_stride: int = 128,
    max_answer_length: int = 30,
    language: str = "en",
    features: Features | None = None,
) -> Ceiling:
    """The ceiling of examples.

    Args:
        examples: as for `featurize`.
        tokenizer: from `load_tokenizer`.
        max_seq_length: tokens of a window, with question and special tokens.
        doc_stride: tokens that two neighbouring windows of a context share.
        max_answer_length: longest answer in tokens that decoding gives.
        language: normalisation profile of the metric.
        features: of these examples and lengths, where they are at hand; else they are made in passing.

    Raises:
        UsageError: a length cannot be, or a question leaves no room, see `check_room`.
    """
    running = RunningCeiling(tokenizer, max_seq_length, doc_stride, max_answer_length, language)
    running.add(examples, features)
    return running.ceiling()


class RunningCeiling:
    """A ceiling that grows batch by batch and keeps no text: numbers, and what is out of reach."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        max_seq_length: int = 384,
        doc_stride: int = 128,
        max_answer_length: int = 30,
        language: str = "en",
    ) -> None:
        check_lengths(tokenizer, max_seq_length, doc_stride)
        if max_answer_length < 1:
            raise UsageError(f"max_answer_length must be 1 or more, not {max_answer_length}")
        self._tokenizer = tokenizer
        self._setting = Setting(max_seq_length, doc_stride, max_answer_length)
        self._language = language
        self._counts: Counter[str] = Counter()
        self._most_windows = 0
        self._sums = dict.fromkeys(_REFERENCES, (0.0, 0.0))
        self._reaches: list[Reach] = []
        self._missed: list[tuple[Unreachable, dict[Reference, tuple[float, float]]]] = []

    def add(self, examples: Mapping[str, Sequence[Any]], features: Features | None = None) -> list[int]:
        """Looks at further examples.

        Args:
            examples: as for `featurize`.
            features: of these examples, where they are at hand.

        Returns:
            Indices of those out of reach, in these examples.

        Raises:
            UsageError: a question leaves no room, see `check_room`.
        """
        columns = {name: list(examples[name]) for name in ("id", "question", "context", "answers")}
        before, known = self._counts["examples"], len(self._missed)
        for first in range(0, len(columns["id"]), _CHUNK):
            some = {name: column[first : first + _CHUNK] for name, column in columns.items()}
            if features is None:
                own = featurize(some, self._tokenizer, self._setting.max_seq_length, self._setting.doc_stride)
            else:
                own = _of_examples(features, first, first + len(some["id"]))
            self._add(some, own)
        return [missed.index - before for missed, _ in self._missed[known:]]

    def ceiling(self) -> Ceiling:
        """The ceiling of all examples so far."""
        counts = self._counts
        reference: Reference = "squad_v2" if counts["unanswerable"] else "squad"
        exact, f1 = self._sums[reference]
        unreachable = [
            replace(missed, f1=best[reference][1]) for missed, best in self._missed if best[reference][0] < 1
        ]
        return Ceiling(
            counts["examples"],
            counts["features"],
            self._most_windows,
            100.0 * exact / max(1, counts["examples"]),
            100.0 * f1 / max(1, counts["examples"]),
            counts["answered"] / max(1, counts["features"]),
            counts["unknown"] / max(1, counts["tokens"]),
            unreachable,
            self._suggestions(unreachable),
        )

    def _suggestions(self, unreachable: Sequence[Unreachable]) -> list[str]:
        if not self._reaches:
            return []
        missed = np.zeros(self._counts["examples"], bool)
        missed[[example.index for example in unreachable]] = True
        most = self._tokenizer.model_max_length
        most = most if most < NO_LIMIT else self._setting.max_seq_length
        return suggest(Reach.join(self._reaches), self._setting, missed, most)

    def _add(self, examples: Mapping[str, list[Any]], features: Features) -> None:
        reach = measure_reach(features, examples["context"], examples["answers"])
        best = self._try(examples, features, reach)
        first = self._counts["examples"]
        held = reach.held(self._setting)
        for i in best.missed.tolist():
            cause, detail = _cause(examples, reach, i, held, self._setting)
            missed = Unreachable(first + i, examples["id"][i], cause, 0.0, detail)
            self._missed.append(
                (
                    missed,
                    {name: (float(best.exact[name][i]), float(best.f1[name][i])) for name in _REFERENCES},
                )
            )
        for name in _REFERENCES:
            exact, f1 = self._sums[name]
            self._sums[name] = _sum(exact, best.exact[name]), _sum(f1, best.f1[name])
        self._reaches.append(reach)
        self._count(examples, features)

    def _try(self, examples: Mapping[str, list[Any]], features: Features, reach: Reach) -> _Best:
        contexts, setting = examples["context"], self._setting
        best = _Best([answers["text"] for answers in examples["answers"]], self._language)
        nothing = np.array([i for i, texts in enumerate(best.answers) if not texts], np.int64)
        best.add(nothing, [""] * len(nothing))
        room = (setting.max_seq_length - reach.beside)[reach.example]
        tokens = reach.tokens[reach.example]
        window = holding_window(reach.first, reach.last, tokens, room, setting.doc_stride)
        givable = (window >= 0) & (reach.sizes <= setting.max_answer_length)
        nth = np.arange(len(reach.example)) - np.searchsorted(reach.example, reach.example)
        for turn in range(int(nth.max(initial=-1)) + 1):
            here = givable & (nth == turn) & ~best.reached[reach.example]
            peaks = whole_answers(reach, window, here, features)
            best.add(peaks.example, decode_peaks(peaks, features, contexts, setting.max_answer_length))
        peaks = pieces(reach, window, best.missed, features, setting)
        best.add(peaks.example, decode_peaks(peaks, features, contexts, setting.max_answer_length))
        return best

    def _count(self, examples: Mapping[str, list[Any]], features: Features) -> None:
        _, _, once = whole_contexts(features)
        width = np.diff(features.context_bounds)
        ids = features.input_ids[places(features.bounds[:-1] + features.context_start, width)][once]
        unknown = self._tokenizer.unk_token_id
        windows = np.bincount(features.example, minlength=1)
        self._most_windows = max(self._most_windows, int(windows.max()))
        self._counts += Counter(
            examples=len(examples["id"]),
            unanswerable=sum(not answers["text"] for answers in examples["answers"]),
            features=len(features),
            answered=int(features.answered.sum()),
            tokens=len(ids),
            unknown=int((ids == unknown).sum()) if unknown is not None else 0,
        )


class _Best:
    """The best scores so far of some examples, by either official script."""

    def __init__(self, answers: list[list[str]], language: str) -> None:
        self.answers = answers
        self.exact: dict[Reference, NDArray[np.float64]] = {n: np.zeros(len(answers)) for n in _REFERENCES}
        self.f1: dict[Reference, NDArray[np.float64]] = {n: np.zeros(len(answers)) for n in _REFERENCES}
        self._language = language

    def add(self, example: Integers, texts: list[str]) -> None:
        accepted = [self.answers[i] for i in example.tolist()]
        for name in _REFERENCES:
            scores = score(texts, accepted, self._language, name)
            np.maximum.at(self.exact[name], example, scores.exact)
            np.maximum.at(self.f1[name], example, scores.f1)

    @property
    def reached(self) -> NDArray[np.bool_]:
        by_all: NDArray[np.bool_] = np.all([exact == 1 for exact in self.exact.values()], axis=0)
        return by_all

    @property
    def missed(self) -> Integers:
        return np.flatnonzero(~self.reached)


def _of_examples(features: Features, first: int, behind: int) -> Features:
    """The features of some examples, numbered from 0."""
    own = features.take(np.arange(*np.searchsorted(features.example, [first, behind])))
    return replace(own, example=own.example - np.int32(first), n_examples=behind - first)


def _cause(
    examples: Mapping[str, list[Any]], reach: Reach, i: int, held: NDArray[np.bool_], setting: Setting
) -> tuple[str, str]:
    """Of an example's answers, the one for which least has to change: its cause and detail."""
    rows = range(*np.searchsorted(reach.example, [i, i + 1]).tolist())
    answers, context = examples["answers"][i], examples["context"][i]
    found = [
        find_cause(reach, row, setting, text, start, context, held=bool(held[row]))
        for row, text, start in zip(rows, answers["text"], answers["answer_start"], strict=True)
    ]
    return min(found, key=lambda pair: CAUSES.index(pair[0]))


def _sum(start: float, values: NDArray[np.float64]) -> float:
    """Adds one by one, as the official scripts do, so that the last digit is theirs."""
    for value in values.tolist():
        start += value
    return start
