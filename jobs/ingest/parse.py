"""From a delivered file, or a piece of one, to tables of its rows: every value as text, nothing lost.

Runs in the job's process for small deliveries, and in Spark's Python workers for great ones. What can't be split becomes a
line with a reason; where that holds for the whole file, it begins as `jobs.ingest.delivery_errors` declares.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import BinaryIO

import pyarrow as pa

from jobs.ingest import csv_columns, csv_rows, json_lines, parquet_rows
from jobs.ingest.blocks import Block, blocks, count_lines, line_end
from jobs.ingest.csv_header import ORDER_MARK, split_header
from jobs.ingest.delivery_errors import CHANGED, HEADER, TRUNCATED
from jobs.ingest.lines import MALFORMED, Layout, Line, broken, table
from jobs.ingest.pieces import Piece
from jobs.ingest.streams import UTF_8, Unreadable, opened
from lakehouse.extraction import envelope
from lakehouse.storage import places

# Rows that are Python objects at a time.
ROWS = 20_000


def tables(piece: Piece, layout: Layout) -> Iterator[pa.Table]:
    """The rows of a piece as `jobs.ingest.lines.schema` has them, some at a time, in their order.

    A file that was replaced since the piece was cut has a last line that says so.
    """
    digest = hashlib.sha256() if piece.whole else None
    with places.of(piece.path).open("rb") as file:
        try:
            yield from _by_kind(piece, file, layout, digest)
        except (Unreadable, UnicodeError) as error:
            yield table([broken(1, "", _no_text(layout, error))], layout.columns)
        if digest is not None:
            # What the parser left, such as the bytes behind an error.
            while rest := file.read(1 << 20):
                digest.update(rest)
            if digest.hexdigest() != piece.checksum:
                yield _replaced(layout)


def _by_kind(piece: Piece, file: BinaryIO, layout: Layout, digest: hashlib._Hash | None) -> Iterator[pa.Table]:
    if digest is None:
        yield from _range(piece, file, layout)
    elif piece.kind == "parquet":
        content = file.read()
        digest.update(content)
        yield from parquet_rows.parse(pa.BufferReader(content), layout)
    else:
        stream = opened(file, layout.encoding, digest)
        yield from (_json if piece.kind == "jsonl" else _csv)(stream, layout)


def _range(piece: Piece, file: BinaryIO, layout: Layout) -> Iterator[pa.Table]:
    file.seek(piece.offset)
    content = file.read(piece.length)
    if f"{zlib.crc32(content):08x}" != piece.checksum:
        yield _replaced(layout)
        return
    if layout.encoding != UTF_8:
        content = content.decode(layout.encoding).encode()
    block = Block(content, piece.offset, piece.line, piece.last)
    if piece.kind == "jsonl":
        yield from _json_block(block, layout)
    else:
        yield from _csv_block(block, layout, list(piece.header))


def _csv(stream: BinaryIO, layout: Layout) -> Iterator[pa.Table]:
    header: list[str] = []
    problem: str | None = None
    for block in blocks(stream, layout.delimiter):
        if not header and problem is None:
            try:
                block.content.decode("utf-8")
                header, block, problem = split_header(block, layout)
            except UnicodeError as error:
                problem = _no_text(layout, error)
                # The names of the columns are no row.
                end = line_end(block.content, 0)
                block = Block(block.content[end:], end, 2 if end else 1, block.last)
        if problem is None:
            yield from _csv_block(block, layout, header)
        else:
            yield from _refused(block, layout, problem)


def _refused(block: Block, layout: Layout, why: str) -> Iterator[pa.Table]:
    """Each line of a block of a file that is refused as a whole: also these are counted."""
    lines = io.StringIO(block.content.decode("utf-8", "backslashreplace"), newline="")
    found = (
        broken(number, line.rstrip("\r\n"), why) for number, line in enumerate(lines, block.line) if line.strip("\r\n")
    )
    first = next(found, None)
    if first is not None:
        yield from _batches(chain([first], found), layout)
    elif block.last and block.line <= 2:
        yield table([broken(1, "", why)], layout.columns)


def _csv_block(block: Block, layout: Layout, header: list[str]) -> Iterator[pa.Table]:
    try:
        text = block.content.decode("utf-8")
    except UnicodeError as error:
        yield from _refused(block, layout, _no_text(layout, error))
        return
    found = csv_columns.parse(block.content, layout, header, block.line)
    if found is None or (block.last and _cut_off(block.content, found)):
        yield from _batches(csv_rows.parse(text, layout, header, block.line, block.last), layout)
    else:
        yield found


def _cut_off(content: bytes, found: pa.Table) -> bool:
    return not content.endswith((b"\n", b"\r")) and found.column(MALFORMED).null_count < len(found)


def _json(stream: BinaryIO, layout: Layout) -> Iterator[pa.Table]:
    parts = blocks(stream, None)
    first = next(parts)
    first = replace(first, content=first.content.removeprefix(ORDER_MARK))
    if not first.content:
        yield table(
            [broken(1, "", f"{HEADER}expected a JSON object a line, found none: the file is empty")], layout.columns
        )
    elif envelope.origin(first.content.partition(b"\n")[0].decode("utf-8", "replace")) is not None:
        yield from _extracted(chain([first], parts), layout)
    else:
        for block in chain([first], parts):
            yield from _json_block(block, layout)


def _extracted(parts: Iterable[Block], layout: Layout) -> Iterator[pa.Table]:
    """The documents of an extracted file: all lines between its first and its last, if the last one's count is theirs."""
    line, held, last = 1, b"", b""
    for part in parts:
        content = held + part.content
        if line == 1:
            content = content.partition(b"\n")[2]
            line = 2
        # The file's last line may have come now, or come with the next block.
        end = content.rstrip(b"\n").rfind(b"\n") + 1
        content, held = content[:end], content[end:]
        yield from _json_block(Block(content, 0, line, False), layout)
        line += count_lines(content)
        last = held
    if problem := _incomplete(line - 2, envelope.documents(last.decode("utf-8", "replace").rstrip("\n"))):
        yield table([broken(1, "", problem)], layout.columns)


def _json_block(block: Block, layout: Layout) -> Iterator[pa.Table]:
    try:
        text = block.content.decode("utf-8")
    except UnicodeError as error:
        yield from _refused(block, layout, _no_text(layout, error))
        return
    yield from _batches(json_lines.parse(text, layout, block.line, block.last), layout)


def _incomplete(lines: int, documents: int | None) -> str | None:
    if documents is None:
        return f"{TRUNCATED}expected a last line with the count of documents, found none: extract the day again"
    if documents != lines:
        return f"{TRUNCATED}expected {documents} documents as the last line says, found {lines} lines"
    return None


def _batches(lines: Iterable[Line], layout: Layout) -> Iterator[pa.Table]:
    rows = iter(lines)
    while batch := list(islice(rows, ROWS)):
        yield table(batch, layout.columns)


def _replaced(layout: Layout) -> pa.Table:
    return table([broken(1, "", f"{CHANGED}the file was replaced while it was read")], layout.columns)


def _no_text(layout: Layout, error: Exception) -> str:
    encoding = "UTF-8" if layout.encoding == "utf-8" else layout.encoding
    return f"{HEADER}expected {encoding} text or gzip of it, found {error}"
