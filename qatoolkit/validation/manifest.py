"""Reads `manifest.json`, the certificate of a converted dataset, and proves what it says of files and counts.

What single examples are is the business of `examples`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from qatoolkit.corpus.folder import is_data_file
from qatoolkit.errors import UnreadableError

LINEAGE = "lineage.parquet"
REJECTED = "rejected.jsonl"

_VERSION = 1
_BLOCK = 2**20
#: What people edit, what `datasets` leaves beside a split that it has worked on, and file managers anywhere.
_FREE = re.compile(r"README\.md|.+/cache-[^/]*\.arrow|(.+/)?(\.DS_Store|Thumbs\.db|desktop\.ini)")
_SHARD = re.compile(r"(-\d{5}-of-\d{5})?\.\w+$")
_ASIDE = "leave the certificate aside with --ignore QA6"


@dataclass(frozen=True)
class Split:
    """Examples of a split, and how many of them have no answer."""

    rows: int
    unanswerable: int


@dataclass(frozen=True)
class Manifest:
    """As much of manifest.json as can be proved without the sources.

    Attributes:
        files: path in the folder -> bytes and digest.
        counts: read, written, merged, rejected and left_out.
        records: of all sources together.
        splits: by name.
        rules: codes of which no example has a finding.
    """

    files: dict[str, tuple[int, str]]
    counts: dict[str, int]
    records: int
    splits: dict[str, Split]
    rules: frozenset[str]

    def unit(self, name: str) -> str:
        """What a file is part of: the folder of its split in Arrow, or itself."""
        first = name.partition("/")[0]
        return first if f"{first}/state.json" in self.files else name

    @cached_property
    def splits_by_unit(self) -> dict[str, str]:
        """The split that each file, or folder of files, was written for."""
        stems = {unit: _SHARD.sub("", Path(unit).name) for unit in map(self.unit, self.files)}
        return {unit: stem for unit, stem in stems.items() if stem in self.splits}

    def changes(self, folder: Path) -> Iterator[tuple[str, str]]:
        """The files that are not what they were, with what is different about them."""
        for name, (size, digest) in self.files.items():
            path = folder / name
            if is_free(name):
                continue
            if not path.is_file():
                yield name, "is missing"
            elif (now := path.stat().st_size) != size:
                yield name, f"has {now:,} bytes, not {size:,}"
            elif file_digest(path) != digest:
                yield name, "has other bytes"
        for place in sorted({(folder / name).parent for name in self.files}):
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                name = path.relative_to(folder).as_posix()
                counts = (is_data_file(path.name) or path.name == REJECTED) and path.is_file()
                if counts and name not in self.files and not is_free(name):
                    yield name, "was added"

    def disagreements(self) -> Iterator[str]:
        """Where the counts do not add up by themselves."""
        read, written, merged, rejected, left_out = self.counts.values()
        if read != written + merged + rejected + left_out:
            parts = f"{written:,} written, {merged:,} merged, {rejected:,} rejected and {left_out:,} left out"
            yield f"{read:,} read, which is not {parts}"
        if read != self.records:
            yield f"{read:,} read, and {self.records:,} in the sources"
        if written != (examples := sum(split.rows for split in self.splits.values())):
            yield f"{written:,} written, and {examples:,} in the splits"


def is_free(name: str) -> bool:
    """Whether a file in a converted folder may change, come and go."""
    return _FREE.fullmatch(name) is not None


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None if there is none, or one that something else wrote.

    Raises:
        UnreadableError: it is damaged, or of a version that is not known here.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        content = error
    ours = (folder / LINEAGE).is_file() or (isinstance(content, dict) and "qatk" in content)
    if not ours:
        return None
    if isinstance(content, Exception):
        raise UnreadableError(f"{path}: cannot be read ({content}); {_ways_out(folder)}") from content
    try:
        version = int(content["version"])
        if version <= _VERSION:
            return _parsed(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            f"{path}: is damaged ({type(error).__name__}: {error}); {_ways_out(folder)}"
        ) from error
    raise UnreadableError(
        f"{path}: is of version {version}, and this qatk knows {_VERSION}; update qatoolkit, or {_ASIDE}"
    )


def _ways_out(folder: Path) -> str:
    return f"remove {folder} and write the dataset again with qatk convert, or {_ASIDE}"


def _parsed(content: dict[str, Any]) -> Manifest:
    counted = ("read", "written", "merged", "rejected", "left_out")
    return Manifest(
        {name: (int(file["bytes"]), str(file["xxh3_128"])) for name, file in content["files"].items()},
        {name: int(content["counts"][name]) for name in counted},
        sum(int(source["records"]) for source in content["sources"]),
        {
            name: Split(int(split["rows"]), int(split["unanswerable"]))
            for name, split in content["splits"].items()
        },
        frozenset(content["rules"]),
    )


def line_count(path: Path) -> int:
    """Number of lines of a file; 0 if there is none."""
    return sum(block.count(b"\n") for block in _blocks(path)) if path.is_file() else 0


def file_digest(path: Path) -> str:
    """XXH3 of a file, 128 bits, in hex."""
    digest = xxhash.xxh3_128()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
