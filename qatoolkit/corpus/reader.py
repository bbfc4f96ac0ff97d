"""Opens what the user names, files, globs and folders, and yields their records in batches.

The table below is the list of layouts; each reader turns bytes into the same columns. Reading
judges nothing: a wrong record is a record, and one that cannot be read at all is a note.
"""

from __future__ import annotations

import codecs
import glob
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from qatoolkit.corpus.arrow import is_saved_dataset, read_arrow, saved_splits
from qatoolkit.corpus.delimited import read_delimited
from qatoolkit.corpus.json_records import read_json
from qatoolkit.corpus.record import Batch
from qatoolkit.corpus.sniff import LAYOUTS, sniff_delimiter, sniff_encoding, sniff_layout
from qatoolkit.errors import UnreadableError, UsageError

_HEAD_BYTES = 256 * 1024
_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".jsonlines")
#: What `qatk convert` lays beside its data, and what is no data.
_BESIDE = frozenset({"manifest.json", "split.json", "rejected.jsonl"})
_SPLIT_WORDS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "eval": "validation",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One file, or one split of a saved dataset, that can be read any number of times.

    Attributes:
        name: as the user typed it.
        path: where it lies; None for text held in memory.
        layout: a key of `LAYOUTS`.
        encoding: how its bytes are text; "" where they are not.
        delimiter: between fields, "" where there is none.
        split: the split it says it is, by its folder or file name, else None.
        content: the bytes themselves where there is no file.
    """

    name: str
    path: Path | None
    layout: str
    encoding: str = ""
    delimiter: str = ""
    split: str | None = None
    content: bytes = b""

    def batches(self, mapping: Mapping[str, str] | None = None) -> Iterator[Batch]:
        """The records, in order.

        Args:
            mapping: column -> field, for names that are not the usual ones.
        """
        if self.layout == "arrow":
            assert self.path is not None
            yield from read_arrow(self.path, self.name, mapping)
        elif self.layout == "csv":
            with self._utf8_stream() as stream:
                yield from read_delimited(stream, self.name, self.delimiter, mapping)
        else:
            marked = len(codecs.BOM_UTF8) if self.encoding == "utf-8-sig" else 0
            yield from read_json(self.read_text(), self.name, self.layout, mapping, first_byte=marked)

    def read_bytes(self) -> bytes:
        """The file as it lies on disk."""
        if self.path is None:
            return self.content
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise UnreadableError(f"{self.name}: {error.strerror}") from error

    def read_text(self) -> str:
        """The whole content, line breaks as they are."""
        try:
            return self.read_bytes().decode(self.encoding)
        except UnicodeDecodeError as error:
            raise UnreadableError(
                f"{self.name}: byte {error.start} is not {self.encoding.upper()}. "
                "Save the file as UTF-8 and try again."
            ) from error

    def _utf8_stream(self) -> io.BufferedIOBase:
        if not self.encoding.startswith("utf-8"):
            return io.BytesIO(self.read_text().encode("utf-8"))
        try:
            return self.path.open("rb") if self.path is not None else io.BytesIO(self.content)
        except OSError as error:
            raise UnreadableError(f"{self.name}: {error.strerror}") from error


@dataclass(frozen=True)
class Corpus:
    """The sources that one command reads, in order. Iterating yields their batches.

    Attributes:
        sources: files or splits.
        mapping: column -> field, the same for all of them.
    """

    sources: list[Source]
    mapping: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Batch]:
        for source in self.sources:
            yield from source.batches(self.mapping)

    def to_polars(self) -> pl.DataFrame:
        """All records in one frame, with a column `source`; what could not be read is not in it."""
        return pl.concat([batch.records.with_columns(source=pl.lit(batch.source)) for batch in self])


def read(
    paths: str | Path | Sequence[str | Path],
    *,
    format: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> Corpus:
    """Opens files, globs, folders of files and saved datasets.

    Args:
        paths: one or several; "-" is standard input.
        format: a key of `LAYOUTS` where detection would be wrong.
        fields: column -> field, where the usual names do not fit.

    Raises:
        UnreadableError: a path does not exist or is no text.
        NotACorpusError: a file is empty.
        UsageError: an unknown format.
    """
    _check_format(format)
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    if not listed:
        raise UsageError("no file named")
    found = [source for path in listed for source in _open(str(path), format)]
    return Corpus(found, dict(fields or {}))


def from_text(text: str, *, format: str | None = None, name: str = "<text>") -> Corpus:
    """Opens a corpus that is held in memory."""
    _check_format(format)
    if format == "arrow":
        raise UsageError(f"--format arrow: {name} is text; that layout is a folder written by save_to_disk")
    layout = format or sniff_layout(text, name)
    delimiter = sniff_delimiter(text) if layout == "csv" else ""
    return Corpus(
        [Source(name, None, layout, "utf-8", delimiter, content=text.encode("utf-8", "surrogatepass"))]
    )


def _check_format(format: str | None) -> None:
    if format is not None and format not in LAYOUTS:
        raise UsageError(f"--format {format}: unknown; formats are {', '.join(LAYOUTS)}")


def _open(name: str, format: str | None) -> Iterator[Source]:
    path = Path(name)
    if name == "-":
        yield _open_bytes(sys.stdin.buffer.read(), name, format)
    elif path.is_dir():
        yield from _open_folder(path, name, format)
    elif path.is_file():
        yield _open_file(path, name, format)
    elif path.exists():  # a pipe, which can be read only once
        yield _open_bytes(path.read_bytes(), name, format)
    else:
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise UnreadableError(f"{name}: no such file or folder")
        for match in matches:
            yield from _open(match, format)


def _open_folder(folder: Path, name: str, format: str | None) -> Iterator[Source]:
    if is_saved_dataset(folder):
        for split, place in saved_splits(folder).items():
            shown = name if place == folder else f"{name.rstrip('/')}/{split}"
            yield Source(shown, place, "arrow", split=split)
        return
    own = _BESIDE if (folder / "manifest.json").is_file() else frozenset()
    files = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.name not in own
    )
    if not files:
        raise UnreadableError(
            f"{name}: holds neither a saved dataset nor a file ending in {', '.join(_SUFFIXES)}"
        )
    for path in files:
        yield _open_file(path, str(path), format)


def _open_file(path: Path, name: str, format: str | None) -> Source:
    if format == "arrow":
        raise UsageError(f"--format arrow: {name} is a file; that layout is a folder written by save_to_disk")
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise UnreadableError(f"{name}: {error.strerror}") from error
    return Source(name, path, *_sniff(head, name, format), split_of(path.name))


def _open_bytes(content: bytes, name: str, format: str | None) -> Source:
    return Source(name, None, *_sniff(content[:_HEAD_BYTES], name, format), content=content)


def _sniff(head: bytes, name: str, format: str | None) -> tuple[str, str, str]:
    """Layout, encoding and delimiter, from a file's first bytes."""
    encoding = sniff_encoding(head, name)
    text = head.decode(encoding, "replace")
    layout = format or sniff_layout(text, name)
    return layout, encoding, sniff_delimiter(text) if layout == "csv" else ""


def split_of(filename: str) -> str | None:
    """The split that a file's name speaks of ("dev-v2.0.json" -> "validation"), else None."""
    words = re.split(r"[^a-z]+", filename.lower())
    return next((_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS), None)
