"""Answers all questions of a split or a file with a run or a model, and writes the predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qatoolkit.corpus.arrow import is_saved_dataset
from qatoolkit.corpus.reader import Corpus, read
from qatoolkit.errors import UsageError
from qatoolkit.training.answering import answer, load_answering_model, require_count
from qatoolkit.training.data import COLUMNS, Columns, fingerprint, infer_mode, pick
from qatoolkit.training.model import require_training
from qatoolkit.training.output import check_output, write_answers
from qatoolkit.training.questions import PLACE, Questions, load_questions, read_questions
from qatoolkit.training.settings import Mode, Settings, read_run, run_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from qatoolkit.metrics import Scores

OnBatch = Callable[[int, int], None]
Data = str | Path | Mapping[str, Any] | Corpus


@dataclass(frozen=True, eq=False)
class PredictionRun:
    """Predictions of a split or a file.

    Attributes:
        split: its name; None for a file.
        mode: "squad" or "squad_v2".
        settings: how contexts were cut and answers decoded.
        table: a row per question, the columns of a predictions file; `reason` besides, if any has one.
        scores: per question that could be asked, or None when there are no annotated answers.
        summary: the official aggregates, or None.
        signature: what the scores mean, or None.
        unasked: place and reason of each row that could not be asked; its answer is None.
        seen_as: "train" or "validation" when the run was trained on these questions, or chosen by them.
        path: the file that was written, or None.
    """

    split: str | None
    mode: Mode
    settings: Settings
    table: pa.Table
    scores: Scores | None
    summary: dict[str, float | int] | None
    signature: str | None
    unasked: list[tuple[str, str]]
    seen_as: str | None = None
    path: Path | None = None


def predict(
    model: str | Path,
    dataset: Data | None = None,
    *,
    split: str | None = None,
    output: str | Path | None = None,
    batch_size: int = 32,
    int8: bool = False,
    overwrite: bool = False,
    on_batch: OnBatch | None = None,
) -> PredictionRun:
    """Answers the questions of a split or a file.

    Args:
        model: the folder of a run, whose settings then hold, or any question-answering model: a
            folder, "pkg:NAME" or a hub id.
        dataset: a folder written by `qatk convert`, a mapping of splits, a file or folder of
            questions in any layout, or what `read` opened. None: the dataset of the run.
        split: which split, by default validation; of a file, only the parts of that split.
        output: the file to write, ending in .jsonl, .csv or .parquet. None: for a split, and if the
            model is a run, `predictions-SPLIT.parquet` in its folder; else nothing.
        batch_size: windows at a time.
        int8: run the model with weights of eight bits, on the CPU.
        overwrite: replace `output`; the file in a run's folder is always replaced.
        on_batch: called with (questions done, questions in all).

    Raises:
        MissingExtraError: torch or transformers are not installed.
        UsageError: no such split, no dataset to be found, another suffix, or a batch size below 1.
        UnreadableError, NotACorpusError: the questions cannot be read.
        DestinationError: `output` exists.
        ModelError: the model cannot be loaded, or has not learnt to answer questions.
    """
    require_training("predicting")
    if output is not None:
        check_output(Path(output), overwrite=overwrite)
    questions = open_questions(model, dataset, split)
    result = answer_questions(model, questions, batch_size=batch_size, int8=int8, on_batch=on_batch)
    path = None if output is None else Path(output)
    run = read_run(Path(model))
    if run is not None and questions.split is not None:
        path = path or Path(model) / f"predictions-{questions.split}.parquet"
        result = replace(result, seen_as=_seen_as(run, dataset, questions))
    if path is None:
        return result
    write_answers(result.table, path, null_scores=result.mode == "squad_v2")
    return replace(result, path=path)


def open_questions(model: str | Path, dataset: Data | None, split: str | None) -> Questions:
    """The questions that `predict` answers; the arguments are the same.

    Raises:
        UsageError: there is no dataset to be found, or no such split.
        UnreadableError, NotACorpusError: the questions cannot be read.
    """
    if dataset is None:
        run = read_run(Path(model))
        if Path(model).is_file():
            raise UsageError(f"{model}: is a file; name the model before it: qatk predict run {model}")
        if run is None and not Path(model).exists():
            raise UsageError(f"{model}: no such folder; qatk finetune DIR -o {model} writes a run")
        if run is None or not run["dataset"]:
            raise UsageError(
                "which questions? Name a converted dataset or a file, or --question and --context"
            )
        if not Path(run["dataset"]).is_dir():
            raise UsageError(
                f"{run['dataset']}: no such folder here; it is the dataset that {model} was trained on. "
                f"Name it where it is now: qatk predict {model} PATH"
            )
        return load_questions(run["dataset"], split or "validation")
    if isinstance(dataset, Corpus):
        return read_questions(dataset, split)
    if isinstance(dataset, Mapping) or is_saved_dataset(Path(dataset)):
        return load_questions(dataset, split or "validation")
    return read_questions(read(dataset), split)


def answer_questions(
    model: str | Path,
    questions: Questions,
    *,
    batch_size: int = 32,
    int8: bool = False,
    on_batch: OnBatch | None = None,
) -> PredictionRun:
    """Answers questions and scores the answers; writes nothing. Arguments and errors as of `predict`."""
    import pyarrow as pa

    from qatoolkit.training.evaluate import SCHEMA, predictions_table

    require_count("batch_size", batch_size)
    run = read_run(Path(model))
    loaded = load_answering_model(model, int8=int8)
    settings, mode = run_settings(run, loaded.tokenizer.model_max_length)
    asked = questions.askable
    columns = pick(questions.columns, asked)
    # A model from elsewhere says nothing about its mode; the data do, unless they are unlabelled.
    mode = mode or (infer_mode(columns) if questions.labelled else "squad")
    refused: dict[int, str] = {}
    count = None if on_batch is None else lambda done: on_batch(round(done), len(asked))
    tables = [
        predictions_table(part.columns, part.predictions, {})
        for part in answer(loaded, columns, settings, mode, batch_size, on_batch=count, refused=refused)
    ]
    reasons = dict(enumerate(questions.reasons)) | {asked[i]: reason for i, reason in refused.items()}
    table = _table(pa.concat_tables([SCHEMA.empty_table(), *tables]), questions, list(reasons.values()))
    unasked = [(questions.origin(row), reason) for row, reason in reasons.items() if reason is not None]
    result = PredictionRun(questions.split, mode, settings, table, None, None, None, unasked)
    if not questions.labelled:
        return result
    from qatoolkit.metrics import score
    from qatoolkit.training.evaluate import signature

    texts = [answers["text"] for answers in columns["answers"]]
    scores = score(table["answer"].take(pa.array(asked, pa.int64())).to_pylist(), texts, settings.language)
    return replace(result, scores=scores, summary=scores.summary(), signature=signature(scores, settings))


def _table(answered: pa.Table, questions: Questions, reasons: list[str | None]) -> pa.Table:
    """A row for each question, those that were not answered in their places too."""
    import pyarrow as pa

    if len(answered) < len(reasons):
        number = iter(range(len(answered)))
        rows = [next(number) if reason is None else None for reason in reasons]
        answered = answered.take(pa.array(rows, pa.int64()))
    columns: Columns = {name: questions.columns[name] for name in COLUMNS}
    columns |= {name: [place.get(name) for place in questions.places] for name in PLACE}
    for name, values in columns.items():
        index = answered.schema.get_field_index(name)
        field = answered.schema.field(index)
        answered = answered.set_column(index, field, pa.array(values, field.type))
    if any(reasons):
        answered = answered.append_column("reason", pa.array(reasons, pa.string()))
    return answered


def _seen_as(run: Mapping[str, Any], dataset: Data | None, questions: Questions) -> str | None:
    """The part that these questions had in the training of a run, as far as it can be known."""
    if questions.split not in ("train", "validation"):
        return None
    known = run.get("hashes", {}).get("data", {}).get(questions.split)
    same = dataset is None or known == fingerprint(questions.columns)
    return questions.split if same else None
