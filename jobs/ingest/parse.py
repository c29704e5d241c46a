"""Splitting a delivery's bytes into lines and columns, every value as text, nothing lost: CSV here, JSON in `json_lines`.

Runs in Spark's Python workers, a whole file at a time: only so do a line's number, its raw text and quoted line breaks
stay right. What can't be split becomes a line with ``malformed`` set; where that holds for the whole file, it begins as
`jobs.ingest.delivery_errors` declares.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from jobs.ingest import json_lines
from jobs.ingest.delivery_errors import CHANGED, HEADER, TRUNCATED
from jobs.ingest.lines import GZIP_MAGIC, Line, broken, schema

JSON_ENDINGS = (".jsonl", ".jsonl.gz")
BATCH_ROWS = 10_000
# A batch of documents that are megabytes each is closed before.
BATCH_CHARACTERS = 50_000_000


def parser(
    columns: tuple[str, ...], checksums: Mapping[str, str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow``: from batches of (path, content) to batches of parsed lines.

    Args:
        columns: the columns that the contract declares.
        checksums: the SHA-256 by which each file is known, by its name: a file may be replaced before it is read.

    Returns:
        The function; it yields the columns of :func:`jobs.ingest.lines.schema`. The file's ending says how it is written.
    """
    names, expected = columns, dict(checksums)
    result_schema = schema(columns)

    def split(path: str, content: bytes) -> Iterator[Line]:
        if hashlib.sha256(content).hexdigest() != expected[path.rsplit("/", 1)[-1]]:
            return iter([broken(1, "", f"{CHANGED}the file was replaced while it was read")])
        return (json_lines.parse if path.endswith(JSON_ENDINGS) else parse)(content, names)

    def parse_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path, content in zip(batch.column("path"), batch.column("content"), strict=True):
                pending: list[Line] = []
                characters = 0
                for line in split(path.as_py(), content.as_py()):
                    pending.append({"path": path.as_py(), **line})
                    characters += len(str(line["raw"]))
                    if len(pending) == BATCH_ROWS or characters > BATCH_CHARACTERS:
                        yield pa.RecordBatch.from_pylist(pending, schema=result_schema)
                        pending, characters = [], 0
                yield pa.RecordBatch.from_pylist(pending, schema=result_schema)

    return parse_batches


def parse(content: bytes, columns: tuple[str, ...]) -> Iterator[Line]:
    """The lines of one delivery.

    Args:
        content: the file's bytes: CSV with a header, UTF-8 with or without a byte order mark, plain or gzip.
        columns: the columns that the contract declares.

    Yields:
        A dict a line with ``line``, ``raw``, ``malformed``, ``extra`` and one text (or None when empty) a column.
    """
    try:
        text = _decode(content)
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        yield broken(1, "", f"{HEADER}expected UTF-8 text or gzip of it, found {error}")
        return
    lines = _Recorder(text)
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        yield broken(1, "", f"{HEADER}expected a line of column names, found an empty file")
        return
    except csv.Error as error:
        yield broken(1, lines.take(), f"{HEADER}expected a line of column names, found {error}")
        return
    raw_header = lines.take()
    if problem := _header_problem(header, columns):
        yield broken(1, raw_header, problem)
        return
    yield from _rows(reader, lines, header, columns)


def _rows(reader: Iterator[list[str]], lines: _Recorder, header: list[str], columns: tuple[str, ...]) -> Iterator[Line]:
    position = {name: header.index(name) for name in columns}
    unknown = [index for index, name in enumerate(header) if name not in position]
    while True:
        number = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield broken(number, lines.take(), f"{lines.cut()}can't be split into columns: {error}")
            continue
        raw = lines.take()
        if not cells:
            continue
        if "\0" in raw:
            yield broken(number, raw, "expected text, found a NUL byte")
            continue
        if len(cells) != len(header):
            yield broken(number, raw, f"{lines.cut()}expected {len(header)} columns, found {len(cells)}")
            continue
        extra = {header[index]: cells[index] for index in unknown}
        yield {
            **{name: cells[index].strip() or None for name, index in position.items()},
            "extra": json.dumps(extra) if extra else None,
            "raw": raw,
            "malformed": None,
            "line": number,
        }


class _Recorder:
    """An iterator over physical lines that remembers what the CSV reader took for the current record."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._taken: list[str] = []
        self._last = ""
        self.count = 0

    def __iter__(self) -> _Recorder:
        return self

    def __next__(self) -> str:
        self._last = line = next(self._lines)
        self._taken.append(line)
        self.count += 1
        return line

    def cut(self) -> str:
        """The beginning of the reason when the file ends inside the current record, without a line end; else empty."""
        return (
            ""
            if self._last.endswith(("\n", "\r"))
            else f"{TRUNCATED}the last line, {self.count}, has no end and is broken: "
        )

    def take(self) -> str:
        """The raw text since the last call, without its line end."""
        raw = "".join(self._taken).rstrip("\r\n")
        self._taken.clear()
        return raw


def _decode(content: bytes) -> str:
    if content.startswith(GZIP_MAGIC):
        content = gzip.decompress(content)
    return content.decode("utf-8-sig")


def _header_problem(header: list[str], columns: tuple[str, ...]) -> str | None:
    if twice := sorted({name for name in header if header.count(name) > 1}):
        return f"{HEADER}column(s) named twice: {', '.join(twice)}"
    if missing := [name for name in columns if name not in header]:
        return f"{HEADER}missing column(s) {', '.join(missing)}; found {', '.join(header)}"
    return None
