"""Which questions of a run no model could have answered exactly, with the windows that it used.

What the run wrote down is taken; for a split that was predicted later, the run's own tokenizer cuts the
windows again. Loads no model, and nothing at all where neither is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qatoolkit.analysis.cases import Example
from qatoolkit.analysis.load.run import Run

_LENGTHS = ("max_seq_length", "doc_stride", "max_answer_length")


def unreachable(run: Run, wrong: Sequence[int], language: str) -> dict[int, str]:
    """Index of an example -> why its answer is out of reach.

    Args:
        run: what was predicted.
        wrong: the examples to look at; what was answered exactly was in reach.
        language: normalisation profile of the scores.
    """
    written = (run.metrics.get("ceiling") or {}).get(run.split)
    if written is not None:
        return {item["index"]: item["detail"] for item in written["unreachable"] if _is_same(run, item)}
    if not wrong or not (Path(run.folder) / "tokenizer.json").is_file() or not _knows_lengths(run):
        return {}
    # Here, because it takes half of transformers, which most reports do without.
    from qatoolkit.windows import find_ceiling, load_tokenizer

    ceiling = find_ceiling(
        _columns([run.examples[index] for index in wrong]),
        load_tokenizer(run.folder),
        language=language,
        **{name: run.settings[name] for name in _LENGTHS},
    )
    return {wrong[item.index]: item.detail for item in ceiling.unreachable}


def _is_same(run: Run, item: dict[str, object]) -> bool:
    index = item["index"]
    return isinstance(index, int) and index < len(run.examples) and run.examples[index].id == item["id"]


def _knows_lengths(run: Run) -> bool:
    return all(isinstance(run.settings.get(name), int) for name in _LENGTHS)


def _columns(examples: Sequence[Example]) -> dict[str, list[object]]:
    return {
        "id": [example.id for example in examples],
        "context": [example.context for example in examples],
        "question": [example.question for example in examples],
        "answers": [
            {"text": list(example.answers), "answer_start": list(example.answer_starts)}
            for example in examples
        ],
    }
