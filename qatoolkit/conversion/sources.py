"""How manifest.json describes a source, and how a source is opened again from what it says.

A file is looked for where the user typed it and beside the dataset, so that both may move together.
Reads no records.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qatoolkit.corpus import hub
from qatoolkit.corpus.arrow import is_saved_dataset
from qatoolkit.corpus.opening import Wanted, open_path
from qatoolkit.corpus.source import Source
from qatoolkit.errors import QatkError, UnreadableError


def describe(source: Source, records: int, folder: Path, sha256: str | None) -> dict[str, Any]:
    """The entry of a source in manifest.json, from which `reopen` makes the source again.

    Args:
        source: as it was read.
        records: how many records it holds, unreadable ones included.
        folder: where the dataset will lie in the end.
        sha256: what `file_hash` said of the source.
    """
    return {
        "name": source.name,
        "path": None if source.path is None else _from_folder(source.path, folder),
        "layout": source.layout,
        "encoding": source.encoding or None,
        "delimiter": source.delimiter or None,
        "packing": source.packing or None,
        "member": source.member or None,
        "split": source.split,
        "records": records,
        "sha256": sha256,
    }


def file_hash(source: Source) -> str | None:
    """SHA-256 of the file's bytes as they lie on disk, in hex; None for what is not one file.

    Of a member of an archive it is that of the archive.
    """
    return _sha256(source.path) if source.path is not None and source.path.is_file() else None


def reopen(entry: Mapping[str, Any], folder: Path) -> Source:
    """The source that an entry of manifest.json describes, to be read as it was then.

    Where files lie both where the user typed it and beside the dataset, the one whose bytes are
    still those of the conversion is taken, else the one that was typed.

    Args:
        entry: see `describe`.
        folder: of the dataset.

    Raises:
        UnreadableError: the file is at neither place, or there never was one to go back to.
    """
    name, layout = entry["name"], entry["layout"]
    encoding, delimiter = entry["encoding"] or "", entry["delimiter"] or ""
    packing, member = entry["packing"] or "", entry["member"] or ""
    source = Source(name, None, layout, encoding, delimiter, entry["split"], packing=packing, member=member)
    if layout == "hub":
        (dataset,) = hub.load(name).values()
        return replace(source, dataset=dataset)
    if entry["path"] is None:
        raise not_kept(name)
    typed = Path(name.removesuffix(f"/{source.member}") if source.member else name)
    beside = Path(os.path.normpath(folder.resolve() / entry["path"]))
    found = [path for path in (typed, beside) if path.exists()]
    if not found:
        raise UnreadableError(
            f"{name}: the file is not there any more, neither as {typed} in {Path.cwd()} "
            f"nor as {beside}.\nPut it back at one of these places, or go to the folder in which it "
            "was converted and try again."
        )
    if len(found) > 1 and entry["sha256"] is not None and not typed.samefile(beside):
        found.sort(key=lambda path: not path.is_file() or _sha256(path) != entry["sha256"])
    return replace(source, path=found[0])


def find_source(name: str) -> Source:
    """The source of a name, where nothing but the name is known; its layout is found out anew.

    Args:
        name: as the user typed it, of a member of an archive with the archive's name before it.

    Raises:
        UnreadableError: there is no such file, or there never was one.
    """
    if name.startswith(hub.PREFIX):
        return next(open_path(name, Wanted()))
    if name == "-" or name.startswith("<"):
        raise not_kept(name)
    for place in (Path(name), *Path(name).parents):
        if place.is_file() or is_saved_dataset(place):
            for source in open_path(str(place), Wanted()):
                if source.name == name:
                    return source
    raise UnreadableError(
        f"{name}: no such file in {Path.cwd()}; go to the folder in which it was converted and try again"
    )


def sniffed_again(source: Source) -> Source | None:
    """A file as it looks now, where that is not how it was read; saving it anew may have changed that.

    A program for tables likes to choose another delimiter and encoding.
    """
    if source.path is None or not source.path.is_file():
        return None
    try:
        now = next(
            (found for found in open_path(str(source.path), Wanted()) if found.member == source.member), None
        )
    except QatkError:
        return None
    if now is None:
        return None
    again = replace(
        source, layout=now.layout, encoding=now.encoding, delimiter=now.delimiter, packing=now.packing
    )
    return again if again != source else None


def not_kept(name: str) -> UnreadableError:
    """What to say of a source that was no file."""
    what = "standard input" if name == "-" else "a pipe or held in memory"
    return UnreadableError(
        f"{name}: was {what}, which is not kept, so there is nothing to go back to.\n"
        "Save the data to a file and convert that; its records can then be traced."
    )


def _from_folder(path: Path, folder: Path) -> str:
    """A path from the folder on; the links on the way are followed, the last step is not."""
    place = path.parent.resolve() / path.name
    try:
        return Path(os.path.relpath(place, folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return place.as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
