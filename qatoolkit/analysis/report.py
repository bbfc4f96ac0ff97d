"""`report`: from predictions on disk to everything that is known about their mistakes.

Gathers what was asked for and hands it to `analyse`. Loads no model and prints nothing; the rendering
is in `render_text`, `render_markdown` and `page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from qatoolkit.analysis.analyse import analyse
from qatoolkit.analysis.calibration import threshold_curve
from qatoolkit.analysis.material import Material, of_predictions, of_run
from qatoolkit.analysis.material import against as load_against
from qatoolkit.analysis.null_odds import above_threshold, best_thresholds, odds_for, with_odds
from qatoolkit.analysis.result import Report
from qatoolkit.analysis.suspects.files import check_target, write_suspects
from qatoolkit.errors import UsageError
from qatoolkit.metrics import detect_language
from qatoolkit.metrics.normalize import profile

FilePath = str | Path


def report(
    run: FilePath | None = None,
    *,
    predictions: FilePath | None = None,
    dataset: FilePath | None = None,
    null_odds: FilePath | None = None,
    split: str | None = None,
    fields: Mapping[str, str] | None = None,
    language: str | None = None,
    against: FilePath | None = None,
    suspects: FilePath | None = None,
    overwrite: bool = False,
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
        language: normalisation profile; by default that of the run, else what the texts are in.
        against: another run, or predictions for the same questions, to compare with.
        suspects: where to write the rows whose annotation is probably wrong: .csv for `qatk fix
            --apply`, .json for Label Studio; by default nowhere.
        overwrite: replace a list of suspects that is there.
        output: where to write the HTML page; by default none is written.

    Raises:
        UsageError: the arguments do not go together, or the files do not.
        UnreadableError: a file or folder cannot be read.
        NotACorpusError: it can be read, and holds something else.
        DestinationError: a file cannot be written, or suspects are there already.
    """
    if (run is None) == (predictions is None):
        raise UsageError(
            "a report is about a run or about a predictions file: give one of them; "
            "what a data set alone looks like is told by profile()"
        )
    if suspects is not None:
        check_target(suspects, overwrite=overwrite)
    if run is not None:
        if dataset is not None or null_odds is not None:
            raise UsageError("a run carries its questions: a data set and null odds go with predictions")
        material = of_run(run, split)
    else:
        assert predictions is not None
        material = of_predictions(predictions, dataset, split, fields)
    chosen, how = _language(material, language)
    other = load_against(against, material) if against is not None else None
    material = replace(material, notes=[*material.notes, *how])
    if null_odds is None:
        made = analyse(material, chosen, other)
    else:
        made = _with_odds(material, null_odds, chosen, other)
    if suspects is not None:
        write_suspects(made.suspects, made.cases, suspects)
    if output is None:
        return made
    # Here, because who wants no page needs no template engine.
    from qatoolkit.analysis.page.render import write_html

    return replace(made, html=write_html(made, output))


def _with_odds(material: Material, null_odds: FilePath, language: str, other: Material | None) -> Report:
    """The report on predictions with null odds, as the official script counts them."""
    examples, raw = material.examples, material.predictions
    odds = odds_for(null_odds, examples, raw)
    kept, notes = above_threshold(examples, raw, odds)
    made = analyse(replace(material, predictions=kept, notes=[*material.notes, *notes]), language, other)
    best = best_thresholds(examples, raw, odds, language)
    curve = threshold_curve(examples, with_odds(examples, raw, odds), language=language)
    return replace(made, metrics={**made.metrics, **best}, thresholds=curve)


def _language(material: Material, asked: str | None) -> tuple[str, list[str]]:
    """The profile to score with, and a sentence where nobody has said it."""
    said = asked or material.settings.get("language")
    if said is not None:
        profile(said)
        return said, []
    texts = [text for example in material.examples for text in (example.context, example.question)]
    found = detect_language(texts)
    if found == "en":
        return found, []
    further = "--lang names another way, --lang en that of the official SQuAD scripts."
    if found == "other":
        return found, [
            f"The texts are in none of the languages that have a way of their own (norm:other); {further}"
        ]
    return found, [
        f"Answers are compared as in {found}, which the texts seem to be in (norm:{found}); {further}"
    ]
