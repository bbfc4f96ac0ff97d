"""Finds what a path stands for and how to read it: packing, encoding, layout.

A file gives a source, an archive one for each file in it, a folder those of its files, a saved
dataset one for each split. Nothing is read but beginnings.
"""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from qatoolkit.corpus import hub, packed
from qatoolkit.corpus.arrow import is_saved_dataset, saved_splits, sniff_table
from qatoolkit.corpus.encoding import HEAD_BYTES, known_encoding, marked, shown, sniff_encoding
from qatoolkit.corpus.folder import data_files, declared_splits, is_data_file, stem_of
from qatoolkit.corpus.sniff import LAYOUTS, sniff_delimiter, sniff_layout
from qatoolkit.corpus.source import Source
from qatoolkit.errors import UnreadableError, UsageError

#: Layouts that are no text, and what a file of each is called.
_BINARY = {"arrow": "an Arrow file", "parquet": "a Parquet file", "xlsx": "an Excel workbook"}
_SPLIT_WORDS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "eval": "validation",
}  # fmt: skip


def split_of(filename: str) -> str | None:
    """The split that a file's name speaks of ("dev-v2.0.json" -> "validation"), else None."""
    words = re.split(r"[^a-z]+", filename.lower())
    return next((_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS), None)


@dataclass(frozen=True)
class Wanted:
    """What the user says about the files, which goes before what they look like.

    Attributes:
        format: a key of `LAYOUTS`, None to find out.
        encoding: the encoding of text, None to find out.
        fields: column -> field, by which the sheet of a workbook is chosen.
    """

    format: str | None = None
    encoding: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in LAYOUTS:
            raise UsageError(f"--format {self.format}: unknown; formats are {', '.join(LAYOUTS)}")
        if self.encoding is not None:
            object.__setattr__(self, "encoding", known_encoding(self.encoding))

    @property
    def is_binary(self) -> bool:
        """Whether the format is one of no text."""
        return self.format in _BINARY


def open_path(name: str, wanted: Wanted) -> Iterator[Source]:
    """The sources that a path, a glob, "-" or a "hub:" address stands for."""
    path = Path(name)
    if name == "-":
        yield from _open_file(Source(name, None, "", content=sys.stdin.buffer.read()), wanted)
    elif name.startswith(hub.PREFIX):
        for split, dataset in hub.load(name).items():
            shown_as = name if "[" in name else f"{name}[{split}]"
            yield Source(shown_as, None, "hub", split=split_of(split) or split, dataset=dataset)
    elif path.is_dir():
        yield from (replace(source, folder=path) for source in _open_folder(path, name, wanted))
    elif path.is_file():
        yield from _open_file(Source(name, path, "", split=split_of(path.name)), wanted)
    elif path.exists():  # a pipe, which can be read only once
        yield from _open_file(Source(name, None, "", content=path.read_bytes()), wanted)
    else:
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - absolute patterns too
        if "**" in name:  # which stands for folders and for the files in them; each is to be read once
            matches = [match for match in matches if is_data_file(Path(match).name) and Path(match).is_file()]
        if not matches:
            raise UnreadableError(f"{name}: no such file or folder")
        for match in matches:
            yield from open_path(match, wanted)


def _open_folder(folder: Path, name: str, wanted: Wanted) -> Iterator[Source]:
    if is_saved_dataset(folder):
        for split, place in saved_splits(folder).items():
            shown_as = name if place == folder else f"{name.rstrip('/')}/{split}"
            yield Source(shown_as, place, "arrow", split=split)
        return
    found, remark = data_files(folder, name, wanted.format)
    known = declared_splits(folder)
    for path in found:
        if path.is_dir():  # a saved dataset further down
            yield from _open_folder(path, str(path), wanted)
            continue
        inner = path.parent.name if path.parent != folder else ""
        stem = stem_of(path)
        told = stem if stem in known else split_of(path.name) or split_of(inner)
        source = Source(str(path), path, "", split=told, remark=remark)
        if known and not path.stat().st_size:  # an error once it is read, and first a finding of a proof
            yield replace(source, layout="csv", encoding="utf-8", delimiter=",")
        else:
            yield from _open_file(source, wanted)
        remark = ""  # said once


def _open_file(source: Source, wanted: Wanted) -> Iterator[Source]:
    """The sources in one file: itself, or the members of an archive."""
    with source.unpacked() as stream:
        packing = packed.sniff_packing(stream.read(4))
    if packing != "zip":
        yield _sniffed(replace(source, packing=packing), wanted)
        return
    with source.unpacked() as stream:
        names = packed.members(stream, source.name)
    if "xl/workbook.xml" in names:
        yield _sniffed(source, wanted)
        return
    own = [name for name in names if is_data_file(name) and not name.lower().endswith(".zip")]
    if not own:
        raise UnreadableError(
            f"{source.name}: the zip archive holds no table or JSON file; "
            f"it holds {', '.join(names[:5]) or 'nothing'}"
        )
    for name in own:
        inner = replace(source, name=f"{source.name}/{name}", packing="zip", member=name)
        yield _sniffed(replace(inner, split=split_of(Path(name).name) or source.split), wanted)


def _sniffed(source: Source, wanted: Wanted) -> Source:
    """The source with its layout and, where it is text, its encoding and delimiter."""
    with source.unpacked() as stream:
        head = stream.read(HEAD_BYTES)
        layout = _binary_layout(head, source.name)
        if layout or wanted.is_binary:
            return _binary(replace(source, layout=_as_wanted(layout, wanted, source.name)), wanted)
        if wanted.encoding is not None:
            encoding, guessed = marked(head, wanted.encoding), False
        else:
            encoding, guessed = sniff_encoding(head, stream, source.name)
    text = head.decode(encoding, "replace")
    layout = wanted.format or sniff_layout(text, source.name)
    remark = source.remark
    if guessed:
        guess = f"{source.name}: not UTF-8; read as {shown(encoding)} (a guess; --encoding to override)"
        remark = f"{remark}\n{guess}".lstrip()
    delimiter = sniff_delimiter(text) if layout == "csv" else ""
    return replace(
        source, layout=layout, encoding=encoding, delimiter=delimiter, guessed=guessed, remark=remark
    )


def _binary_layout(head: bytes, name: str) -> str:
    """The layout of what is no text, "" for text."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(
            f"{name}: is a file of Office 97, or protected by a password; save it as .xlsx or CSV without one"
        )
    return sniff_table(head)


def _binary(source: Source, wanted: Wanted) -> Source:
    """The source; of a workbook, with a remark on the sheets that are not read."""
    if source.layout != "xlsx":
        return source
    from qatoolkit.corpus.workbook import other_sheets

    read, others = other_sheets(source.unpacked_bytes(), source.name, wanted.fields)
    if not others:
        return source
    remark = f"{source.name}: sheet {read!r} is read, {', '.join(map(repr, others))} not"
    return replace(source, remark=f"{source.remark}\n{remark}".lstrip())


def _as_wanted(layout: str, wanted: Wanted, name: str) -> str:
    if wanted.format is None or wanted.format == layout:
        return layout
    if layout:
        raise UsageError(f"--format {wanted.format}: {name} is {_BINARY[layout]}; leave --format out")
    raise UsageError(f"--format {wanted.format}: {name} is not {_BINARY[wanted.format]}; leave --format out")
