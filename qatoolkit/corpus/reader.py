"""Opens what the user names, files, globs, folders and datasets, and yields their records in batches.

`opening` finds out what each is, a `Source` reads it. Reading judges nothing: a wrong record is a
record, and one that cannot be read at all is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from qatoolkit.corpus.documents import Documents, read_folder, read_table
from qatoolkit.corpus.opening import Wanted, open_path, split_of
from qatoolkit.corpus.record import Batch
from qatoolkit.corpus.sniff import sniff_delimiter, sniff_layout
from qatoolkit.corpus.source import Source
from qatoolkit.errors import NotACorpusError, UsageError

__all__ = ["Corpus", "Source", "from_text", "read", "split_of"]


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
    encoding: str | None = None,
    documents: str | Path | None = None,
    on: str | None = None,
) -> Corpus:
    """Opens files, archives, globs, folders of files, saved datasets and datasets of the Hub.

    Args:
        paths: one or several, each file of which is read once; "-" is standard input, "hub:NAME[train]" a
            dataset of the Hub.
        format: a key of `LAYOUTS` where detection would be wrong.
        fields: column -> field, where the usual names do not fit.
        encoding: how the bytes of text files are text, where detection would be wrong.
        documents: where contexts stand apart, the table or the folder of texts that holds them.
        on: the column that says which document a question is on; "doc=id" if the documents call it id.

    Raises:
        UnreadableError: a path does not exist, or is damaged or no text.
        NotACorpusError: a file is empty, or a saved dataset has no split.
        UsageError: an unknown format or encoding.
    """
    wanted = Wanted(format, encoding, fields or {})
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    if not listed:
        raise UsageError("no file named")
    found = _each_once(source for path in listed for source in open_path(str(path), wanted))
    if not found:
        raise NotACorpusError(f"{', '.join(map(str, listed))}: a saved dataset without any split")
    mapping = dict(fields or {})
    if documents is not None:
        texts = open_documents(str(documents), on, fields)
        found = [replace(source, documents=texts) for source in found]
        mapping = {column: name for column, name in mapping.items() if name != "context"}  # is the documents'
        found[0] = replace(found[0], remark=f"{found[0].remark}\n{texts.remark}".strip())
    elif on is not None:
        raise UsageError(f"--on {on}: says how questions find their documents; name those with --documents")
    return Corpus(found, mapping)


def _each_once(sources: Iterable[Source]) -> list[Source]:
    """The sources without those that are named again, by whatever path."""
    kept: dict[object, Source] = {}
    times: Counter[object] = Counter()
    for source in sources:
        place = (len(kept), "") if source.path is None else (source.path.resolve(), source.member)
        times[place] += 1
        # As part of a folder it is held against the folder's certificate.
        if place not in kept or (source.folder is not None and kept[place].folder is None):
            kept[place] = source
    return [
        replace(source, remark=f"{source.remark}\n{_named_again(source, times[place])}".strip())
        if times[place] > 1
        else source
        for place, source in kept.items()
    ]


def _named_again(source: Source, times: int) -> str:
    return f"{source.name}: named {'twice' if times == 2 else f'{times} times'}, read once"


def open_documents(name: str, on: str | None, fields: Mapping[str, str] | None) -> Documents:
    """Opens what holds the contexts; the arguments are those of `read`."""
    if Path(name).is_dir():
        return replace(read_folder(Path(name), name, on), on=on, fields=fields or {})
    sources = list(open_path(name, Wanted()))
    if len(sources) != 1:
        raise UsageError(f"--documents {name}: stands for {len(sources)} files; name one table or a folder")
    return replace(read_table(sources[0], on, fields), on=on, fields=fields or {})


def from_text(text: str, *, format: str | None = None, name: str = "<text>") -> Corpus:
    """Opens a corpus that is held in memory."""
    if Wanted(format).is_binary:
        raise UsageError(f"--format {format}: {name} is text, and that layout is not")
    layout = format or sniff_layout(text, name)
    delimiter = sniff_delimiter(text) if layout == "csv" else ""
    return Corpus(
        [Source(name, None, layout, "utf-8", delimiter, content=text.encode("utf-8", "surrogatepass"))]
    )
