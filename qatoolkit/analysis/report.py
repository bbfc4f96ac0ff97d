"""`report`: from predictions on disk to everything that is known about their mistakes.

Finds out what was asked for, loads it, and hands it to `judge`. Loads no model and prints
nothing; the rendering is in `render_text`, `render_markdown` and `render_html`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from qatoolkit.analysis.cases import Prediction
from qatoolkit.analysis.judge import analyse
from qatoolkit.analysis.null_odds import above_threshold, best_thresholds, odds_for
from qatoolkit.analysis.predictions import load_predictions
from qatoolkit.analysis.run import load_run
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.source import load_examples
from qatoolkit.errors import UsageError
from qatoolkit.metrics import Reference

FilePath = str | Path


def report(
    run: FilePath | None = None,
    *,
    predictions: FilePath | None = None,
    dataset: FilePath | None = None,
    null_odds: FilePath | None = None,
    split: str | None = None,
    fields: Mapping[str, str] | None = None,
    output: FilePath | None = None,
) -> Report:
    """Analyses the predictions of a run, or a predictions file.

    Args:
        run: folder that `qatk finetune` wrote; instead of `predictions`.
        predictions: official JSON {id: text}, or a parquet or JSON Lines file of `qatk predict`.
        dataset: what the predictions are scored against: a converted folder, or a file of any
            layout that can be validated. Needed unless the predictions file carries its examples.
        null_odds: official JSON {id: number}, for the best thresholds; with `predictions` only.
        split: of the run or the data set; by default test before validation.
        fields: column -> field of the data set, where the usual names do not fit.
        output: where to write the HTML page; by default none is written.

    Raises:
        UsageError: the arguments do not go together, or the files do not.
        UnreadableError: a file or folder cannot be read.
        NotACorpusError: it can be read, and holds something else.
    """
    if predictions is None:
        if run is None:
            raise UsageError("a report is about a run or about a predictions file: give one of them")
        if dataset is not None or null_odds is not None:
            raise UsageError("a run carries its questions: a data set and null odds go with predictions")
        made = _of_run(run, split)
    else:
        if run is not None:
            raise UsageError("a report is about a run or about a predictions file: give only one of them")
        made = _of_predictions(predictions, dataset, null_odds, split, fields)
    if output is None:
        return made
    # Here, because who wants no page needs no template engine.
    from qatoolkit.analysis.render_html import write_html

    return replace(made, html=write_html(made, output))


def _of_run(run: FilePath, split: str | None) -> Report:
    loaded = load_run(run, split)
    if not loaded.examples:
        raise UsageError(f"{run}: the predictions for {loaded.split} hold no questions")
    modes: dict[str | None, Reference] = {"squad": "squad", "squad_v2": "squad_v2"}
    return analyse(
        str(run),
        loaded.examples,
        loaded.predictions,
        split=loaded.split,
        reference=modes.get(loaded.facts.get("mode")),
        settings=loaded.settings,
        epochs=loaded.epochs,
    )


def _of_predictions(
    path: FilePath,
    dataset: FilePath | None,
    null_odds: FilePath | None,
    split: str | None,
    fields: Mapping[str, str] | None,
) -> Report:
    given = load_predictions(path)
    examples = given.examples
    if dataset is not None:
        split, examples = load_examples(dataset, split, fields=fields)
    elif split is not None:
        raise UsageError(f"{path} has no splits: --split goes with a run or a data set")
    if not examples:
        if dataset is not None:
            raise UsageError(f"{dataset} holds no questions")
        raise UsageError(f"{path} carries no questions: name the data set that was predicted with --dataset")
    ids = {example.id for example in examples}
    # A file that carries its questions is judged row by row; only a data set has to be joined by id.
    predicted = given.by_id() if dataset is not None else {}
    if dataset is not None and not ids & predicted.keys():
        raise UsageError(
            f"{path} and {dataset} belong to different data sets or splits: they have no id in common "
            f"(for example {next(iter(predicted), '')!r} and {examples[0].id!r})"
        )
    raw = given.predictions
    if dataset is not None:
        raw = [predicted.get(example.id, Prediction(None)) for example in examples]
    unknown = [key for key in predicted if key not in ids]
    if null_odds is None:
        return replace(analyse(str(path), examples, raw, split=split), unknown=unknown)
    odds = odds_for(null_odds, examples, raw)
    kept, notes = above_threshold(examples, raw, odds)
    made = analyse(str(path), examples, kept, split=split, notes=notes)
    best = best_thresholds(examples, raw, odds)
    return replace(made, metrics={**made.metrics, **best}, unknown=unknown)
