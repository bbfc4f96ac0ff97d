"""Opens what was compressed with gzip, zstd or zip as if it were not, and packs it the same way again.

The packing is told by the first bytes, not by the name. Contents are streamed; what is inside is
not looked at here.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Protocol, TypeVar

import pyarrow as pa

from qatoolkit.errors import UnreadableError

#: What files and bytes in memory are opened as.
Stream = io.BufferedReader | io.BytesIO

_MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
_NAMES = {"gz": "gzip file", "zst": "zstd file", "zip": "zip archive"}

#: What the three libraries raise for damaged bytes; a `BadGzipFile` is an `OSError`.
_DAMAGE = (OSError, EOFError, LookupError, ValueError, struct.error, zlib.error, zipfile.BadZipFile)


def sniff_packing(head: bytes) -> str:
    """How a file is packed, by its first bytes: "gz", "zst", "zip", or "" for not at all."""
    return next((packing for magic, packing in _MAGIC.items() if head.startswith(magic)), "")


def without_suffix(name: str) -> str:
    """A file's name before it was packed: "train.csv" for "train.csv.gz"."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and suffix.lower() in _NAMES else name


def members(stream: Stream, source: str) -> list[str]:
    """The files in a zip archive, in its order, without folders.

    Raises:
        UnreadableError: the archive is damaged.
    """
    infos = _guarded(lambda: zipfile.ZipFile(stream).infolist(), "zip", source)
    return [info.filename for info in infos if not info.is_dir()]


def unpacked(stream: Stream, packing: str, member: str, source: str) -> io.BufferedReader:
    """The content of a packed stream, decompressed as it is read.

    Args:
        stream: the packed bytes, at their start.
        packing: "gz", "zst" or "zip".
        member: the file in a zip archive.
        source: the file's name for messages.

    Raises:
        UnreadableError: now or on a later read, the packing is damaged, cut off or encrypted.
    """

    def opened() -> _Readable:
        if packing == "gz":
            return gzip.GzipFile(fileobj=stream)
        if packing == "zst":
            return pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")  # type: ignore[no-any-return]
        archive = zipfile.ZipFile(stream)
        if archive.getinfo(member).flag_bits & 1:
            raise UnreadableError(f"{source}: is encrypted; unpack it with its password and try again")
        return archive.open(member)

    try:
        inner = _guarded(opened, packing, source)
    except UnreadableError:
        stream.close()
        raise
    return io.BufferedReader(_Guarded(inner, stream, packing, source), 2**20)


def repacked(content: bytes, packing: str, member: str, original: bytes) -> bytes:
    """New content packed as the original is; of a zip archive only the one member changes."""
    if packing == "gz":
        return gzip.compress(content, mtime=0)
    if packing == "zst":
        return bytes(pa.Codec("zstd").compress(content, asbytes=True))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(original)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info, content if info.filename == member else old.read(info), info.compress_type)
    return out.getvalue()


class _Readable(Protocol):
    """What the three libraries decompress with."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Guarded(io.RawIOBase):
    """A decompressing stream whose failures say which file is damaged."""

    def __init__(self, inner: _Readable, outer: Stream, packing: str, source: str) -> None:
        self._inner = inner
        self._outer = outer
        self._packing = packing
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = _guarded(lambda: self._inner.read(len(buffer)), self._packing, self._source)
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._inner.close()
        self._outer.close()
        super().close()


Found = TypeVar("Found")


def _guarded(action: Callable[[], Found], packing: str, source: str) -> Found:
    try:
        return action()
    except NotImplementedError as error:
        raise UnreadableError(f"{source}: {error}; unpack it and try again") from error
    except _DAMAGE as error:
        raise UnreadableError(
            f"{source}: the {_NAMES[packing]} is damaged or cut off ({error}).\n"
            "Fetch or pack it again, or unpack what can be saved and read that."
        ) from error
