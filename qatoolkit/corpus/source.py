"""One place that records are read from: a file, a member of an archive, or a split of a saved dataset.

A source knows how its bytes are packed and encoded and which reader its layout has. It can be read
any number of times, and is never changed.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qatoolkit.corpus import packed
from qatoolkit.corpus.arrow import file_tables, saved_tables
from qatoolkit.corpus.delimited import read_delimited
from qatoolkit.corpus.documents import Documents
from qatoolkit.corpus.encoding import Recoded, decode, is_utf8
from qatoolkit.corpus.frames import read_frames
from qatoolkit.corpus.json_records import read_json
from qatoolkit.corpus.record import Batch
from qatoolkit.errors import UnreadableError

if TYPE_CHECKING:
    import datasets
    import polars as pl


@dataclass(frozen=True)
class Source:
    """One file, or one split of a saved dataset, that can be read any number of times.

    Attributes:
        name: as the user typed it; a member of an archive as "data.zip/train.csv".
        path: where it lies; None for what is held in memory.
        layout: a key of `LAYOUTS`, or "hub".
        encoding: how its bytes are text; "" where they are not.
        delimiter: between fields, "" where there is none.
        split: the split it says it is, by its folder or file name, else None.
        content: the bytes themselves where there is no file.
        packing: "gz", "zst" or "zip" where they are compressed, else "".
        member: the file in a zip archive.
        guessed: whether the encoding is a guess.
        remark: what a person should know about how it is read, as sentences; "" if nothing.
        dataset: what the `datasets` library loaded, for layout "hub".
        on_batch: is shown every batch that is read, for whoever wants to see how far it is.
        documents: the contexts, where they stand apart from the questions.
        folder: the folder that the user named and that it was found in.
    """

    name: str
    path: Path | None
    layout: str
    encoding: str = ""
    delimiter: str = ""
    split: str | None = None
    content: bytes = field(default=b"", repr=False)
    packing: str = ""
    member: str = ""
    guessed: bool = False
    remark: str = ""
    dataset: datasets.Dataset | None = field(default=None, repr=False, compare=False)
    on_batch: Callable[[Batch], None] | None = field(default=None, repr=False, compare=False)
    documents: Documents | None = field(default=None, repr=False, compare=False)
    folder: Path | None = None

    @property
    def is_text(self) -> bool:
        """Whether its content is text, in which a value can be replaced and the rest left alone."""
        return bool(self.encoding)

    @property
    def is_file(self) -> bool:
        """Whether it is one run of bytes; a saved dataset is a folder."""
        return self.path.is_file() if self.path is not None else self.dataset is None

    @property
    def is_editable(self) -> bool:
        """Whether single values in it can be replaced; in an Arrow or Parquet file they cannot."""
        return self.is_text or self.layout == "xlsx"

    @property
    def is_table(self) -> bool:
        """Whether its records are rows of cells: an answer comes and goes by filling or emptying them."""
        return self.layout in ("csv", "xlsx")

    def batches(self, mapping: Mapping[str, str] | None = None) -> Iterator[Batch]:
        """The records, in order.

        Args:
            mapping: column -> field, for names that are not the usual ones.
        """
        if self.documents is None:
            found = self._batches(mapping)
        else:
            found = self.documents.fill(self._batches(self.documents.mapping(mapping), keyed=True))
        for batch in found:
            if self.on_batch is not None:
                self.on_batch(batch)
            yield batch

    def _batches(self, mapping: Mapping[str, str] | None, *, keyed: bool = False) -> Iterator[Batch]:
        if self.layout in ("hub", "arrow", "parquet"):
            yield from read_frames(self.tables(), self.name, mapping, keyed=keyed)
        elif self.layout == "xlsx":
            from qatoolkit.corpus.workbook import read_workbook

            yield from read_workbook(self.unpacked_bytes(), self.name, mapping)
        elif self.layout == "csv":
            with self.as_utf8() as stream:
                yield from read_delimited(stream, self.name, self.delimiter, mapping)
        else:
            first_byte = len(codecs.BOM_UTF8) if self.encoding == "utf-8-sig" else 0
            text = self.read_text()
            yield from read_json(text, self.name, self.layout, mapping, first_byte=first_byte, keyed=keyed)

    def tables(self) -> Iterator[pl.DataFrame]:
        """The tables of layout "hub", "arrow" or "parquet", with the columns that they have there."""
        if self.layout == "hub":
            from qatoolkit.corpus.hub import hub_tables

            return hub_tables(self.dataset)
        if self.layout == "arrow" and self.path is not None and not self.path.is_file():
            return saved_tables(self.path, self.name)
        plain = self.path is not None and not self.packing
        place = self.path if self.path is not None and plain else self.unpacked_bytes()
        return file_tables(place, self.layout, self.name)

    def read_bytes(self) -> bytes:
        """The file as it lies on disk."""
        with self._opened() as stream:
            return stream.read()

    def unpacked(self) -> packed.Stream:
        """A stream of the content, decompressed."""
        stream = self._opened()
        if not self.packing:
            return stream
        return packed.unpacked(stream, self.packing, self.member, self.name)

    def unpacked_bytes(self) -> bytes:
        """The whole content, decompressed."""
        with self.unpacked() as stream:
            return stream.read()

    def read_text(self) -> str:
        """The whole content, line breaks as they are."""
        return decode(self.unpacked_bytes(), self.encoding, self.name)

    def as_utf8(self) -> packed.Stream:
        """A stream of the text in UTF-8, which is what the byte places of records count."""
        stream = self.unpacked()
        if is_utf8(self.encoding):
            return stream
        return io.BufferedReader(Recoded(stream, self.encoding, self.name), 2**20)

    def _opened(self) -> packed.Stream:
        try:
            return self.path.open("rb") if self.path is not None else io.BytesIO(self.content)
        except OSError as error:
            raise UnreadableError(f"{self.name}: {error.strerror}") from error
