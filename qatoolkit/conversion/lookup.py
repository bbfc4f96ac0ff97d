"""Looks one example up in what a conversion or a run has kept: lineage.parquet or the predictions.

Opens no source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from qatoolkit.corpus.record import Place, content_hash
from qatoolkit.errors import NotACorpusError, UnknownIdError, UsageError
from qatoolkit.validation.finding import location

_NEAR = 3
_PREDICTED = (
    "id", "context", "question", "source", "row", "line", "line_end", "byte_start", "byte_end", "pointer",
    "extra",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What is kept about one example.

    Attributes:
        row: its row of lineage.parquet, or as much of one as its prediction has.
        folder: the dataset's, or where that is gone the run's.
        manifest: of the dataset; None where that is gone.
        notes: what a person should know about where this is from, as sentences.
    """

    row: Mapping[str, Any]
    folder: Path
    manifest: Mapping[str, Any] | None
    notes: list[str] = field(default_factory=list)

    def entry(self, source: str) -> Mapping[str, Any] | None:
        """What the manifest says of a source, None where there is no manifest.

        Raises:
            NotACorpusError: it does not name the source.
        """
        if self.manifest is None:
            return None
        for entry in self.manifest["sources"]:
            if entry["name"] == source:
                return dict(entry)
        raise NotACorpusError(
            f"{self.folder / 'manifest.json'}: does not name {source}, which lineage.parquet does; "
            "convert again with --overwrite"
        )


def look_up(place: Path, id: str) -> Known:
    """What is kept about an example.

    Args:
        place: a folder that `qatk convert` wrote, or one that `qatk finetune` wrote.
        id: of the example.

    Raises:
        UnknownIdError: there is no such example.
        UsageError: the folder is neither.
        NotACorpusError: what it holds is damaged.
    """
    if _is_dataset(place):
        return _in_dataset(place, id)
    if (place / "run.json").is_file():
        return _in_run(place, id)
    if place.is_file():
        raise UsageError(f"{place}: is a file; name the folder that qatk convert wrote of it")
    if not place.is_dir():
        raise UsageError(f"{place}: no such folder; qatk convert FILE -o {place} writes one")
    raise UsageError(
        f"{place}: holds neither the lineage.parquet of a dataset that qatk convert wrote "
        "nor the run.json of a run that qatk finetune wrote"
    )


def _is_dataset(folder: Path) -> bool:
    return (folder / "lineage.parquet").is_file()


def _in_dataset(folder: Path, id: str) -> Known:
    lineage = folder / "lineage.parquet"
    row = _row(lineage, id)
    manifest = _read_json(folder / "manifest.json")
    if row is None:
        lines = [_unknown(folder, id, [lineage]), *_rejected(folder, id)]
        if manifest["options"]["rows"]:
            lines.append(f"--rows {manifest['options']['rows']} kept records out of this dataset.")
        raise UnknownIdError("\n".join(lines))
    return Known(row, folder, manifest)


def _in_run(run: Path, id: str) -> Known:
    """By way of the dataset that the run was trained on, and without it from the run's predictions."""
    name = _read_json(run / "run.json")["dataset"]
    places = [] if name is None else [Path(name), run.resolve().parent / name]
    folder = next((place for place in places if _is_dataset(place)), None)
    if folder is not None and _row(folder / "lineage.parquet", id) is not None:
        return _in_dataset(folder, id)
    predictions = sorted(run.glob("predictions-*.parquet"))
    for path in predictions:
        row = _row(path, id, _PREDICTED)
        if row is not None:
            split = path.stem.removeprefix("predictions-")
            row |= {"split": split, "content_hash": content_hash(row["context"], row["question"])}
            note = f"{_gone(run, name, folder)} What {path.name} says of the example is used."
            return Known(row, run, None, [note])
    if folder is not None:
        return _in_dataset(folder, id)  # which says what is near
    raise UnknownIdError(f"{_unknown(run, id, predictions)}\n{_gone(run, name, folder)}")


def _gone(run: Path, name: str | None, folder: Path | None) -> str:
    """Why the dataset of a run is of no help."""
    if name is None:
        return f"{run} was trained on data in memory."
    if folder is None:
        return f"{name}, on which {run} was trained, is not there any more."
    return f"{folder}, on which {run} was trained, does not hold this id any more."


def _row(path: Path, id: str, columns: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The row of an id, found without reading the others."""
    rows = pl.scan_parquet(path).filter(pl.col("id") == id)
    found = (rows.select(columns) if columns else rows).collect()
    return found.row(0, named=True) if found.height else None


def _unknown(place: Path, id: str, files: list[Path]) -> str:
    """That there is no such id, and which come near: those that it begins, else those that look like it."""
    ids = pl.concat(
        [pl.read_parquet(path, columns=["id"])["id"] for path in files] or [pl.Series(dtype=pl.String)]
    )
    near = ids.filter(ids.str.starts_with(id)).head(_NEAR).to_list() or [
        found
        for found, *_ in process.extract(id, ids.to_list(), scorer=fuzz.ratio, score_cutoff=75, limit=_NEAR)
    ]
    message = f"{place}: no example has the id {id}"
    return f"{message}; near it: {', '.join(near)}" if near else message


def _rejected(folder: Path, id: str) -> Iterator[str]:
    """The records of this id that were not written, and why."""
    path = folder / "rejected.jsonl"
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record.get("id") == id:
                where = location(
                    record["source"], Place(record["row"], record["line"], pointer=record["pointer"])
                )
                yield f"It was rejected: {where} {record['codes'][0]} {record['messages'][0]}"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotACorpusError(f"{path}: is missing or damaged ({error})") from error
    return content
