"""Shows answers to people: one in its text, two side by side, the scores of many, and a comparison."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from qatoolkit.cli.console import hint, plural
from qatoolkit.cli.findings import shown

if TYPE_CHECKING:
    from qatoolkit.training.compare import Comparison, Difference
    from qatoolkit.training.predict import PredictionRun

# Characters shown on either side of an answer, and of an answer that is too long to show whole.
_AROUND = 30
_LONGEST = 60

# Rows without an answer that are named before the rest is counted.
_NAMED = 5


def as_document(names: list[str], question: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    """What JSON says of one question: the answer, or with several models an answer of each."""
    if len(answers) == 1:
        return {"version": 1, "question": question, **answers[0]}
    given = [{"model": name, **answer} for name, answer in zip(names, answers, strict=True)]
    return {"version": 1, "question": question, "answers": given}


def print_json_line(value: dict[str, Any]) -> None:
    """One line of JSON Lines; a lone surrogate, which no encoding takes, becomes JSON's escape for it."""
    text = json.dumps(value, ensure_ascii=False)
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def print_answers(names: list[str], answers: list[dict[str, Any]], context: str) -> None:
    """The answers to one question, of one model or several."""
    if len(answers) == 1:
        print_answer(answers[0], context)
    else:
        print_side_by_side([{"model": name, **answer} for name, answer in zip(names, answers, strict=True)])


def print_answer(answer: dict[str, Any], context: str) -> None:
    """One answer, and where it stands in its text."""
    if not answer["answer"]:
        print(f"no answer in this text\nscore   {answer['score']:.4f}")
        return
    print(f"answer  {shown(answer['answer'])}")
    print(f"score   {answer['score']:.4f}")
    print(f"start   {answer['start']}")
    print(f"end     {answer['end']}")
    for line in _surroundings(context, answer["start"], answer["end"]):
        print(f"        | {line}")


def print_side_by_side(given: list[dict[str, Any]]) -> None:
    """The answers of several models to one question, a line each."""
    names = [shown(answer["model"]) for answer in given]
    width = max(map(cell_len, names))
    for name, answer in zip(names, given, strict=True):
        text = shown(answer["answer"]) or "no answer in this text"
        place = f" at {answer['start']}" if answer["answer"] else ""
        print(f"{_padded(name, width)}  {text}  (score {answer['score']:.4f}{place})")


def summary(result: PredictionRun) -> dict[str, Any]:
    """What `--output-format json` says of a prediction."""
    return {
        "version": 1,
        "split": result.split,
        "questions": result.table.num_rows,
        "scores": result.summary,
        "signature": result.signature,
        "seen_as": result.seen_as,
        "unasked": [{"place": place, "reason": reason} for place, reason in result.unasked],
        "path": None if result.path is None else str(result.path),
    }


def answers_of(result: PredictionRun) -> Iterator[dict[str, Any]]:
    """The rows of an answers file."""
    from qatoolkit.training.output import answer_rows

    return answer_rows(result.table, null_scores=result.mode == "squad_v2")


def print_result(result: PredictionRun, model: str, say: Callable[[str], None]) -> None:
    """Scores and where the answers are; rows without an answer are named on stderr."""
    print_unasked(result.unasked)
    answered = result.table.num_rows - len(result.unasked)
    of = f" of {result.split}" if result.split else ""
    say(f"{plural(answered, 'question')}{of} answered")
    if result.summary is None:
        say("No scores: there are no annotated answers")
    else:
        for line in _score_lines([result.summary]):
            say(line)
        say(f"  {result.signature}")
    if result.seen_as == "train":
        say("The model was trained on these questions; how good it is, only others can tell")
    elif result.seen_as == "validation":
        threshold = " and its no-answer threshold" if result.mode == "squad_v2" else ""
        say(
            f"The model{threshold} was chosen by these questions; the honest figure is that of held-out "
            f"ones: qatk predict {shown(model)} --split test"
        )
    if result.path is not None:
        say(f"Written to {result.path}")
        following = _report_command(result, model)
        if following is not None:
            say(f"Next: {following}")
    elif result.split is not None:
        say("Nothing written: name a file with -o")


def _report_command(result: PredictionRun, model: str) -> str | None:
    """What says where the answers are wrong; None where nothing tells right from wrong."""
    if result.path is None or result.summary is None:
        return None
    if result.split is not None and result.path == Path(model) / f"predictions-{result.split}.parquet":
        return f"qatk report {quote(model)} --split {quote(result.split)}"
    if result.path.suffix == ".parquet":
        return f"qatk report --predictions {quote(str(result.path))}"
    return None  # JSON Lines and CSV do not carry the texts


def print_unasked(unasked: list[tuple[str, str]]) -> None:
    """The rows without an answer, the first by name, on stderr."""
    if not unasked:
        return
    for place, reason in unasked[:_NAMED]:
        hint(shown(f"{place or 'a row'}: {reason}"))
    if len(unasked) > _NAMED:
        hint(f"... {len(unasked) - _NAMED:,} more; the column reason of the answers has them all")
    hint(f"{plural(len(unasked), 'row')} could not be asked and got no answer")


def print_comparison(found: Comparison, show: int) -> None:
    """Both scores, who is right where, and the first differences (0 = all)."""
    print_unasked(found.unasked)
    names = [shown(name) for name in found.models]
    of = f" of {found.split}" if found.split else ""
    print(f"{plural(found.questions, 'question')}{of} answered by both models")
    if found.scores:
        _print_standing(found, names)
    print()
    if not found.differences:
        print("They give the same answers.")
        return
    print(f"{plural(len(found.differences), 'question')} answered differently")
    shown_first = found.differences[:show] if show else found.differences
    width = max(map(cell_len, [*names, "annotated"]))
    for difference in shown_first:
        _print_difference(difference, names, width)
    hidden = len(found.differences) - len(shown_first)
    if hidden:
        print(f"\n... {hidden:,} more; --show 0 shows all")


def _print_standing(found: Comparison, names: list[str]) -> None:
    for line in _score_lines(found.scores, names):
        print(line)
    print(f"  {found.signature}")
    right = found.right
    print(
        f"exactly right: both {right['both']:,}, only {names[0]} {right['only_first']:,}, "
        f"only {names[1]} {right['only_second']:,}, neither {right['neither']:,}"
    )
    assert found.f1_difference is not None
    line = f"F1 of {names[1]} less that of {names[0]}: {found.f1_difference:+.2f}"
    if found.f1_interval is not None:
        low, high = found.f1_interval
        line += f" (95 % interval {low:+.2f} to {high:+.2f})"
    print(line)


def _print_difference(difference: Difference, names: list[str], width: int) -> None:
    place = difference.origin or difference.id
    print(f"\n{shown(place)}  {shown(difference.question)}")
    if difference.answers:
        texts = Counter(difference.answers)
        print(f"  {_padded('annotated', width)}  {' | '.join(map(shown, texts))}")
    for name, given in zip(names, difference.given, strict=True):
        missing = "(no answer)" if given["answer"] == "" else "(could not be asked)"
        print(f"  {_padded(name, width)}  {shown(given['answer'] or '') or missing}")


def _score_lines(summaries: list[dict[str, float | int]], names: list[str] | None = None) -> Iterator[str]:
    """A line for each figure, a column for each model."""
    keys = list(dict.fromkeys(key for found in summaries for key in found))
    first = max(map(len, keys))
    widths = [max(6, cell_len(name)) for name in names or [""] * len(summaries)]
    if names:
        titles = "  ".join(
            _padded(name, width, right=True) for name, width in zip(names, widths, strict=True)
        )
        yield f"  {'':<{first}}  {titles}"
    for key in keys:
        values = [found.get(key, 0.0) for found in summaries]
        texts = [str(value) if isinstance(value, int) else f"{value:.2f}" for value in values]
        yield f"  {key:<{first}}  " + "  ".join(
            f"{text:>{width}}" for text, width in zip(texts, widths, strict=True)
        )


def _padded(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks


def _surroundings(context: str, start: int, end: int) -> list[str]:
    """The answer within its text on one line, and a line that marks it."""
    left, right = max(0, start - _AROUND), min(len(context), end + _AROUND)
    before = ("..." if left else "") + shown(context[left:start])
    inside = context[start:end]
    if len(inside) > _LONGEST:
        inside = f"{inside[: _LONGEST // 2]} ... {inside[-_LONGEST // 2 :]}"
    inside = shown(inside)
    after = shown(context[end:right]) + ("..." if right < len(context) else "")
    return [before + inside + after, " " * cell_len(before) + "^" * max(1, cell_len(inside))]
