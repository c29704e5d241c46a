"""A delivered file as a stream of UTF-8 bytes: unpacked where it is packed, recoded where it is written in another encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from typing import BinaryIO, Protocol, cast

GZIP_MAGIC = b"\x1f\x8b"
UTF_8 = "utf-8"

# Encodings in which each byte below 128 is the character of ASCII, wherever it stands: such a file can be cut at its line ends.
CUT_AT_LINE_ENDS = re.compile(r"(utf-8|ascii|iso8859-\d+|cp125\d|cp437|cp85\d|cp86\d|koi8-[a-z]+|mac-[a-z0-9]+)")


class Unreadable(Exception):
    """The bytes are not what they should be: no gzip, or cut off."""


class Digest(Protocol):
    """What the bytes of a file are given to as they are read."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""


def opened(file: BinaryIO, encoding: str, digest: Digest) -> BinaryIO:
    """The file's text as UTF-8, from its beginning; ``digest`` gets every byte that is read from it.

    Reading raises Unreadable or UnicodeError.
    """
    raw: io.RawIOBase = _Read(file, digest)
    packed = file.read(2) == GZIP_MAGIC
    file.seek(0)
    stream = cast("BinaryIO", io.BufferedReader(raw, 1 << 20))
    if packed:
        stream = cast("BinaryIO", _Unpacked(stream))
    return stream if encoding == UTF_8 else cast("BinaryIO", _Recoded(stream, encoding))


def is_packed(file: BinaryIO) -> bool:
    """Whether a file that is open at its beginning is packed by gzip."""
    start = file.read(2)
    file.seek(0)
    return start == GZIP_MAGIC


class _Read(io.RawIOBase):
    def __init__(self, file: BinaryIO, digest: Digest) -> None:
        self._file, self._digest = file, digest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._file.read(len(buffer))
        self._digest.update(content)
        buffer[: len(content)] = content
        return len(content)


class _Unpacked:
    """What gzip packed, all members of it one behind another."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = gzip.GzipFile(fileobj=stream)

    def read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Unreadable(str(error)) from error


class _Recoded:
    """Text of another encoding, as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ended = False

    def read(self, size: int) -> bytes:
        while not self._ended:
            content = self._stream.read(size)
            self._ended = not content
            if text := self._decoder.decode(content, final=self._ended):
                return text.encode(UTF_8)
        return b""
