"""Says in which encoding bytes are text, turns them into UTF-8 a piece at a time, and back again.

UTF-8 is the rule: where most bytes beyond ASCII make UTF-8 characters the file is UTF-8, and a
record with other bytes in it is a finding. Only a file in which they do not is guessed at, and a
guess is always said. Nothing here looks at records.
"""

from __future__ import annotations

import codecs
import io

from qatoolkit.errors import UnreadableError, UsageError

HEAD_BYTES = 256 * 1024
#: A file that begins in ASCII is read on this far for the first byte that tells its encoding.
_LOOK_BYTES = 64 * 2**20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before the mark of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: What texts that are not Unicode are in, by far; fewer candidates make better guesses.
_LIKELY = [
    "cp1252", "cp1250", "iso8859_2", "cp1254", "cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256",
    "cp874", "cp932", "euc_jp", "gb18030", "big5hkscs", "cp949",
]  # fmt: skip


def known_encoding(name: str) -> str:
    """An encoding as Python calls it.

    Raises:
        UsageError: there is no such encoding of text.
    """
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"--encoding {name}: unknown; names are those that Python knows, "
            "such as utf-8, windows-1252, shift_jis or gb18030"
        ) from error


def marked(head: bytes, encoding: str) -> str:
    """The encoding that a person named, in the variant that takes the file's byte order mark away."""
    mark = next((name for mark, name in _MARKS if head.startswith(mark)), "")
    if mark and encoding.startswith(mark.removesuffix("-sig")):
        return mark
    return f"{encoding}-le" if encoding in ("utf-16", "utf-32") else encoding


def sniff_encoding(head: bytes, rest: io.BufferedIOBase, source: str) -> tuple[str, bool]:
    """The encoding of a file, and whether it is a guess.

    Args:
        head: the first `HEAD_BYTES` bytes.
        rest: what follows; read on only while everything so far is ASCII.
        source: the file's name for messages.

    Raises:
        UnreadableError: the bytes are no text that we can tell.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, False
    if b"\0" in head[:4096]:
        return _wide(head, source), False
    looked = len(head)
    while head.isascii() and looked < _LOOK_BYTES and (more := rest.read(HEAD_BYTES)):
        head = more
        looked += len(more)
    if _share_of_utf8(head) > 0.5:
        return "utf-8", False
    return _guess(head, source), True


def _wide(head: bytes, source: str) -> str:
    """UTF-16 without a mark shows in the NUL that is half of every character of a header or a bracket."""
    units = head[: 128 if len(head) >= 128 else len(head) // 2 * 2]
    first, second = units[0::2].count(0), units[1::2].count(0)
    if not first and second * 4 >= len(units):
        return "utf-16-le"
    if not second and first * 4 >= len(units):
        return "utf-16-be"
    raise UnreadableError(
        f"{source}: holds NUL bytes and is not in UTF-16, so it is no text.\n"
        "If it is text all the same, name its encoding with --encoding, or save it as UTF-8."
    )


def _share_of_utf8(sample: bytes) -> float:
    """How many of the bytes beyond ASCII make characters of UTF-8; a character cut off at the end counts."""
    decoder = codecs.getincrementaldecoder("utf-8")
    try:
        decoder().decode(sample)
        return 1.0
    except UnicodeDecodeError:
        text = decoder("surrogateescape").decode(sample)
    stray = sum("\udc80" <= character <= "\udcff" for character in text)
    return 1 - stray / sum(byte > 0x7F for byte in sample)


def _guess(sample: bytes, source: str) -> str:
    """What charset-normalizer makes of the lines that are not ASCII."""
    from charset_normalizer import from_bytes

    if len(sample) == HEAD_BYTES:  # it may end inside a character, but not before one of these bytes
        sample = sample[: max(sample.rfind(byte) for byte in b'\n ",')]
    lines = b"\n".join(line for line in sample.split(b"\n") if not line.isascii())
    found = list(from_bytes(lines, cp_isolation=_LIKELY, threshold=0.5))
    if not found:
        raise UnreadableError(
            f"{source}: is not UTF-8, nor text in another encoding that we can tell.\n"
            "Name its encoding with --encoding, or save it as UTF-8."
        )
    best = found[0]
    if "cp1252" in best.could_be_from_charset:
        return "cp1252"
    # Western and central European texts often score alike; the western code page is the commoner one.
    for match in found:
        close = match.chaos <= best.chaos + 0.03 and match.coherence >= best.coherence - 0.05
        if match.encoding == "cp1252" and close and (best.coherence or match.chaos <= best.chaos):
            return "cp1252"
    return best.encoding


def shown(encoding: str) -> str:
    """An encoding's name as people know it: "windows-1252" for cp1252."""
    if encoding.startswith("cp12") or encoding == "cp874":
        return f"windows-{encoding[2:]}"
    return encoding.upper() if encoding.startswith("utf") else encoding.replace("_", "-")


def is_utf8(encoding: str) -> bool:
    """Whether bytes in this encoding are UTF-8 as they stand."""
    return encoding in ("utf-8", "utf-8-sig")


def decode(content: bytes, encoding: str, source: str) -> str:
    """The text of a whole file, line breaks as they are; in UTF-8 a byte that is none becomes a surrogate.

    Raises:
        UnreadableError: the bytes are not text in another encoding.
    """
    if is_utf8(encoding):
        return content.decode(encoding, "surrogateescape")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_in(encoding, error.start, source) from error


def encode(text: str, encoding: str, original: bytes, source: str) -> bytes:
    """The inverse of `decode`, in the byte order of the original and with its mark.

    Raises:
        UsageError: the encoding has no bytes for a character.
    """
    if is_utf8(encoding):
        mark = codecs.BOM_UTF8 if encoding == "utf-8-sig" else b""
        return mark + text.encode("utf-8", "surrogateescape")
    if encoding in ("utf-16", "utf-32"):
        mark = next(mark for mark, name in _MARKS if name == encoding and original.startswith(mark))
        little = mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF32_LE)
        return mark + text.encode(f"{encoding}-{'le' if little else 'be'}")
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{source}: {shown(encoding)} has no character {text[error.start]!r}; save it as UTF-8 first"
        ) from error


class Recoded(io.RawIOBase):
    """A stream in any encoding, read as UTF-8 without ever holding it whole."""

    def __init__(self, stream: io.BufferedIOBase, encoding: str, source: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._read = 0
        self._ready = b""
        self._done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._done:
            self._ready = self._next().encode("utf-8")
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _next(self) -> str:
        pending = len(self._decoder.getstate()[0])
        raw = self._stream.read(HEAD_BYTES)
        self._done = not raw
        try:
            text = self._decoder.decode(raw, final=self._done)
        except UnicodeDecodeError as error:
            raise _not_in(self._encoding, self._read - pending + error.start, self._source) from error
        self._read += len(raw)
        return text

    def close(self) -> None:
        self._stream.close()
        super().close()


def _not_in(encoding: str, byte: int, source: str) -> UnreadableError:
    return UnreadableError(
        f"{source}: byte {byte} is not {shown(encoding)}.\n"
        "Name the right encoding with --encoding, or save the file as UTF-8."
    )
