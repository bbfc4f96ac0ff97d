"""Picks the files of a folder that hold data, and leaves what lies beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from qatoolkit.corpus.arrow import is_saved_dataset
from qatoolkit.corpus.packed import without_suffix
from qatoolkit.errors import UnreadableError

_SUFFIXES = (
    ".csv", ".tsv", ".json", ".jsonl", ".jsonlines", ".ndjson", ".parquet", ".arrow", ".feather", ".xlsx",
    ".zip",
)  # fmt: skip
#: What is laid beside data by `qatk convert`, by the Hub and by `datasets`.
_BESIDE = frozenset({
    "manifest.json", "split.json", "rejected.jsonl", "lineage.parquet", "dataset_infos.json",
    "dataset_info.json", "state.json",
})  # fmt: skip
#: Folders that `qatk convert` writes the same examples to, the best to read first.
_FORMATS = ("parquet", "squad", "squad2.0", "squad1.1", "jsonl", "csv")


def is_data_file(name: str) -> bool:
    """Whether a file's path speaks of data: by its ending, and not hidden or beside the data."""
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    plain = path.name if path.suffix.lower() == ".zip" else without_suffix(path.name)
    return not hidden and path.name not in _BESIDE and PurePosixPath(plain).suffix.lower() in _SUFFIXES


def data_files(folder: Path, name: str, format: str | None) -> tuple[list[Path], str]:
    """The files to read, in order, and a remark on what else there is.

    Args:
        folder: no saved dataset.
        name: the folder as the user typed it.
        format: the layout that the user asks for, None for any.

    Raises:
        UnreadableError: there is no data in it.
    """
    if found := _at_root(folder):
        return found, _left_aside(folder, name)
    same = [part for part in _FORMATS if (folder / part).is_dir() and _at_root(folder / part)]
    if len({frozenset(stem_of(path) for path in _at_root(folder / part)) for part in same}) == 1:
        chosen = format if format in same else same[0]
        others = [f"{part}/" for part in same if part != chosen]
        holds = "holds" if len(others) == 1 else "hold"
        remark = f"{name}: {chosen}/ is read; {', '.join(others)} {holds} the same data" if others else ""
        return _at_root(folder / chosen), remark
    if found := list(_below(folder)):
        return found, ""
    raise UnreadableError(
        f"{name}: holds neither a saved dataset nor a file ending in {', '.join(_SUFFIXES)}"
    )


def _left_aside(folder: Path, name: str) -> str:
    """A remark on the folders that hold data beside the files that are read."""
    aside = [f"{inner.name}/" for inner in _inner(folder) if is_saved_dataset(inner) or _at_root(inner)]
    if not aside:
        return ""
    verb, them = ("is", "it") if len(aside) == 1 else ("are", "them")
    return f"{name}: {', '.join(aside)} {verb} not read, because files lie beside {them}; name {them} too"


def _inner(folder: Path) -> list[Path]:
    """The folders in a folder in which data is looked for."""
    return sorted(
        inner
        for inner in folder.iterdir()
        if inner.is_dir() and not inner.is_symlink() and not inner.name.startswith((".", "__"))
    )


def _at_root(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_data_file(path.name) and path.is_file())


def _below(folder: Path) -> Iterator[Path]:
    """The data files of the folders in a folder, saved datasets as themselves."""
    for inner in _inner(folder):
        if is_saved_dataset(inner):
            yield inner
        else:
            yield from _at_root(inner) or _below(inner)


def declared_splits(folder: Path) -> dict[str, bool]:
    """The splits that manifest.json names, if `qatk convert` wrote the folder or the one that it is in.

    Returns:
        split -> whether its questions without an answer are unanswerable, not merely without annotation.
    """
    for place in (folder, folder.parent):
        try:
            splits = json.loads((place / "manifest.json").read_text(encoding="utf-8"))["splits"]
            return {name: bool(facts["labelled"]) for name, facts in splits.items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return {}


def stem_of(path: Path) -> str:
    """What a file is called, of one in pieces what all of them are called."""
    return re.sub(r"-\d{5}-of-\d{5}$", "", without_suffix(path.name).partition(".")[0])
