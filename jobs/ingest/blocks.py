"""Cutting a text delivery into blocks that end where a row ends, so that several workers can parse one file.

A line without a quote is a row by itself. Only lines with quotes are looked at by the CSV reader: a quoted cell may hold line
breaks, and a block must not end within it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from jobs.ingest.streams import Unreadable

# About so many bytes of text are one block: some hundred MB as columns.
BLOCK_BYTES = 32 << 20
# No row is longer. A packed file of a megabyte may be one of a gigabyte, and to split that takes ten times its size.
LONGEST_ROW_BYTES = 64 << 20
# Within so many bytes after a quoted row the next quote is expected by the reader itself.
NEAR = 4096


@dataclass(frozen=True)
class Block:
    """A part of a file.

    Attributes:
        content: its bytes, whole rows.
        offset: where it begins in the file, in bytes.
        line: the number of its first line; the first line of the file is 1.
        last: whether the file ends with it.
    """

    content: bytes
    offset: int
    line: int
    last: bool


def blocks(stream: BinaryIO, delimiter: str | None, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The blocks of an unpacked text file whose characters below 128 are ASCII's.

    Args:
        stream: of the file's bytes, read to its end.
        delimiter: of its cells; None for JSON lines, in which a quote makes no difference.
        size: bytes that are read at a time; a block is about as long.

    Yields:
        The blocks in order; a file without bytes has one empty block.

    Raises:
        Unreadable: a row is longer than any row is.
    """
    buffer, offset, line = b"", 0, 1
    while True:
        more = stream.read(size)
        buffer += more
        # One that reads less than it was asked for has not ended before it reads nothing.
        if not more:
            yield Block(buffer, offset, line, True)
            return
        cut = _last_row_end(buffer, delimiter)
        if not cut:
            if len(buffer) > LONGEST_ROW_BYTES:
                raise Unreadable(f"a row of more than {LONGEST_ROW_BYTES >> 20} MB, which begins in line {line}")
            continue
        content, buffer = buffer[:cut], buffer[cut:]
        yield Block(content, offset, line, False)
        offset += cut
        line += count_lines(content)


def count_lines(content: bytes) -> int:
    """How many line ends there are: a line feed, a carriage return, or both."""
    returns = content.count(b"\r")
    return content.count(b"\n") + (returns - content.count(b"\r\n") if returns else 0)


def line_end(content: bytes, start: int) -> int:
    """Where the line that contains ``start`` ends, its line end included; 0 where that is not within ``content``.

    A carriage return that is the last byte is no end yet: a line feed may follow.
    """
    feed = content.find(b"\n", start)
    carriage = content.find(b"\r", start, feed if feed >= 0 else len(content))
    if carriage < 0:
        return feed + 1
    if carriage + 1 == len(content):
        return 0
    return carriage + (2 if content[carriage + 1 : carriage + 2] == b"\n" else 1)


def _last_row_end(content: bytes, delimiter: str | None) -> int:
    """Where the last row that is known to have ended ends; 0 when none has."""
    if delimiter is None or content.find(b'"') < 0:
        return _last_line_end(content, 0)
    position = 0
    while True:
        quote = content.find(b'"', position)
        if quote < 0:
            return _last_line_end(content, position)
        start = max(content.rfind(b"\n", position, quote), content.rfind(b"\r", position, quote)) + 1 or position
        ended = _quoted_rows_end(content, start, delimiter)
        if ended == start:
            # The row goes on behind the content: it begins the next block.
            return start
        position = ended


def _quoted_rows_end(content: bytes, start: int, delimiter: str) -> int:
    """Where the rows from ``start`` on end, up to one after which no quote is near; ``start`` when the first has no end here."""
    lines = _Lines(content, start)
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    ended = start
    while True:
        try:
            next(reader)
        except csv.Error:
            # The parser rejects these lines, and goes on with the next one. Or the content has come to its end.
            if lines.exhausted:
                return ended
        except StopIteration:
            return ended
        ended = lines.position
        if content.find(b'"', ended, ended + NEAR) < 0:
            return ended


class _Lines:
    """The complete lines from a position on, as the CSV reader takes them: a byte is a character."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self.position = position
        self.exhausted = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        end = line_end(self._content, self.position)
        if not end:
            self.exhausted = True
            raise StopIteration
        line = self._content[self.position : end].decode("latin-1")
        self.position = end
        return line


def _last_line_end(content: bytes, start: int) -> int:
    """Where the last complete line from ``start`` on ends; ``start`` when there is none."""
    feed = content.rfind(b"\n", start)
    carriage = content.rfind(b"\r", max(feed, start), len(content) - 1)
    return max(feed, carriage, start - 1) + 1
