"""The pieces of a delivered file that can be parsed apart from one another: the whole file, or ranges of a great one."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from jobs.ingest.blocks import BLOCK_BYTES, blocks
from jobs.ingest.csv_header import ORDER_MARK, split_header
from jobs.ingest.lines import Layout
from jobs.ingest.streams import CUT_AT_LINE_ENDS, Unreadable, is_packed
from lakehouse.extraction import envelope

Kind = Literal["csv", "jsonl", "parquet"]


@dataclass(frozen=True)
class Piece:
    """A part of a file, whole rows.

    Attributes:
        path: of the file.
        kind: how it is written, by its name's ending.
        whole: whether it is the whole file; else ``length`` bytes from ``offset`` on, without the header.
        checksum: of the whole file SHA-256, of a range CRC-32: a file may be replaced before it is read.
        line: the number of its first line.
        last: whether the file ends with it.
        header: the names of CSV's columns, for a range.
    """

    path: str
    kind: Kind
    whole: bool
    checksum: str
    offset: int = 0
    length: int = 0
    line: int = 1
    last: bool = True
    header: tuple[str, ...] = ()


def kind_of(name: str) -> Kind:
    """How a file is written, by its name's ending."""
    bare = name.removesuffix(".gz")
    return "parquet" if bare.endswith(".parquet") else "jsonl" if bare.endswith(".jsonl") else "csv"


def cut(file: Path, checksum: str, layout: Layout) -> Iterator[Piece]:
    """The pieces of a file: ranges of about `BLOCK_BYTES` where it is plain text that can be cut, and longer than two.

    ``checksum`` is the file's SHA-256. A file that is no longer what it was is one piece, whose parser says so.
    """
    kind = kind_of(file.name)
    whole = Piece(str(file), kind, True, checksum)
    if kind == "parquet" or file.stat().st_size <= 2 * BLOCK_BYTES or not CUT_AT_LINE_ENDS.fullmatch(layout.encoding):
        yield whole
        return
    with file.open("rb") as stream:
        if is_packed(stream) or (kind == "jsonl" and _is_extracted(stream)):
            yield whole
            return
        try:
            ranges = list(_ranges(stream, Piece(str(file), kind, False, ""), layout))
        except Unreadable:
            # The parser of the whole file says so.
            ranges = []
    yield from ranges if ranges and _sha256(file) == checksum else [whole]


def _ranges(stream: BinaryIO, piece: Piece, layout: Layout) -> Iterator[Piece]:
    """No piece when the header is wrong: the parser of the whole file says why."""
    header: tuple[str, ...] = ()
    for block in blocks(stream, layout.delimiter if piece.kind == "csv" else None, BLOCK_BYTES):
        if block.offset == 0 and piece.kind == "csv":
            try:
                names, block, problem = split_header(block, layout, layout.encoding)
            except UnicodeError:
                return
            if problem:
                return
            header = tuple(names)
        elif block.offset == 0 and block.content.startswith(ORDER_MARK):
            return
        yield Piece(
            piece.path,
            piece.kind,
            False,
            f"{zlib.crc32(block.content):08x}",
            block.offset,
            len(block.content),
            block.line,
            block.last,
            header,
        )


def _is_extracted(stream: BinaryIO) -> bool:
    """Whether the file has a line of its own at both ends, which only its reader from end to end can compare."""
    first = stream.readline(2_000)
    stream.seek(0)
    return envelope.origin(first.decode("utf-8", "replace")) is not None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
