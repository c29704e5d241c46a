"""Delivered files of text without some of their lines: every other byte stays as it was.

A packed file is packed again, as an extraction packs it: the same lines, maybe in other bytes.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from jobs.ingest import streams
from lakehouse.extraction import envelope

# So many bytes are written at a time.
AT_ONCE = 1 << 18
LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class NotTheSame(Exception):
    """A file's text, written again, would not have the bytes that it has now."""


def write_without(file: Path, target: Path, gone: Collection[int], encoding: str, extracted: bool) -> None:
    """Write a file again without some of its lines.

    Args:
        file: as it was delivered.
        target: written to.
        gone: the numbers of the lines; the first is 1.
        encoding: of the text.
        extracted: whether its last line has the count of the others.

    Raises:
        NotTheSame: when nobody knows how to write the rest as it was.
    """
    with file.open("rb") as opened:
        packed = streams.is_packed(opened)
        content: BinaryIO = gzip.GzipFile(fileobj=opened) if packed else opened  # type: ignore[assignment]
        if streams.CUT_AT_LINE_ENDS.fullmatch(encoding):
            lines = _without(_lines(content), gone)
        else:
            lines = _recoded(content.read(), gone, encoding)
        with target.open("wb") as raw:
            if packed:
                # Without a name and a time of its own, as lakehouse.extraction.landing_file packs.
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as out:
                    _write(out, _counted(lines, len(gone)) if extracted else lines)
            else:
                _write(raw, _counted(lines, len(gone)) if extracted else lines)


def is_extracted(file: Path) -> bool:
    """Whether a file of JSON lines was written by an extraction, as its first line says."""
    with file.open("rb") as opened:
        stream = gzip.GzipFile(fileobj=opened) if streams.is_packed(opened) else opened
        first: bytes = stream.readline(2_000)
    return envelope.origin(first.decode("utf-8", "replace")) is not None


def _lines(content: BinaryIO) -> Iterator[bytes]:
    """The lines with their ends: a line feed, a carriage return, or both."""
    for part in content:
        if b"\r" in part:
            yield from LINE.findall(part)
        else:
            yield part


def _without(lines: Iterable[bytes], gone: Collection[int]) -> Iterator[bytes]:
    return (line for number, line in enumerate(lines, 1) if number not in gone)


def _recoded(content: bytes, gone: Collection[int], encoding: str) -> Iterator[bytes]:
    """The same for an encoding whose line ends are not ASCII's."""
    text = content.decode(encoding)
    encode = _encoder(content, text, encoding)
    kept = (line for number, line in enumerate(io.StringIO(text, newline=""), 1) if number not in gone)
    yield encode("".join(kept))


def _encoder(content: bytes, text: str, encoding: str) -> Callable[[str], bytes]:
    """What writes a text as the file is written: an encoding may have its bytes in two orders."""
    for name, mark in ((encoding, b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        for name_, mark_ in ((name, mark), (name.replace("16", "32"), _wide(mark))):
            if mark_ + text.encode(name_) == content:
                return lambda kept, name_=name_, mark_=mark_: mark_ + kept.encode(name_)  # type: ignore[misc]
    raise NotTheSame(encoding)


def _wide(mark: bytes) -> bytes:
    return {b"\xff\xfe": b"\xff\xfe\0\0", b"\xfe\xff": b"\0\0\xfe\xff"}.get(mark, b"")


def _counted(lines: Iterable[bytes], gone: int) -> Iterator[bytes]:
    """The lines, of which the last one that has a text is an extraction's count of the others."""
    held: list[bytes] = []
    for line in lines:
        if line.strip() and held:
            yield from held
            held = []
        held.append(line)
    if held:
        count = envelope.documents(held[0].decode("utf-8", "replace").rstrip("\r\n"))
        if count is not None:
            text = held[0].rstrip(b"\r\n")
            held[0] = envelope.trailer(count - gone).encode() + held[0][len(text) :]
    yield from held


def _write(out: BinaryIO | gzip.GzipFile, lines: Iterable[bytes]) -> None:
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= AT_ONCE:
            out.write(b"".join(waiting))
            waiting, size = [], 0
    out.write(b"".join(waiting))
