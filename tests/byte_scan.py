"""Where a key is still found on a disk, looked for by other means than those that take it out.

Every file is looked at, hidden ones too: its bytes as UTF-8 and UTF-16, what is packed in it, every value of a Parquet file with
its dictionaries, statistics and notes, every line of JSON with the numbers in it, and every row of an SQLite file and its pages.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import math
import sqlite3
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
# Bytes of a shorter text, or of a small number, are in too many files by chance.
SHORTEST = 4


@dataclass(frozen=True)
class Needle:
    """A value of a key.

    Attributes:
        value: as Python has it.
        texts: how it may be written.
    """

    value: Any
    texts: tuple[str, ...]

    def in_bytes(self, content: bytes) -> bool:
        """Whether the bytes have one of its texts, in any encoding, or a great number as such."""
        forms = [text.encode(code) for text in self.texts if len(text) >= SHORTEST for code in ENCODINGS]
        if isinstance(self.value, int) and not isinstance(self.value, bool) and abs(self.value) > 1 << 28:
            forms += [struct.pack("<q", self.value), struct.pack(">q", self.value)]
            if abs(self.value) < 1 << 31:
                forms += [struct.pack("<i", self.value), struct.pack(">i", self.value)]
        if isinstance(self.value, float) and self.value != round(self.value, 2):
            forms += [struct.pack("<d", self.value), struct.pack(">d", self.value)]
        return any(form in content for form in forms)

    def is_in(self, value: Any) -> bool:
        """Whether a value is it, or has it within."""
        if isinstance(value, dict):
            return any(self.is_in(one) for pair in value.items() for one in pair)
        if isinstance(value, list | tuple):
            return any(map(self.is_in, value))
        if isinstance(value, str):
            return value in self.texts or any(text in value for text in self.texts if len(text) >= SHORTEST)
        if isinstance(value, bytes):
            return self.in_bytes(value)
        if type(value) is not type(self.value):
            return isinstance(value, int | float) and isinstance(self.value, int | float) and self._equal(value)
        return bool(value == self.value)

    def _equal(self, value: float) -> bool:
        if isinstance(value, bool) or isinstance(self.value, bool) or abs(self.value) < 1 << 20:
            return False
        return not math.isnan(value) and value == self.value


def found(folder: Path, *needles: Needle, all_of: bool = False) -> list[str]:
    """The files under a folder that have one of the needles, or are named so; ``all_of``: a row that has all of them."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return [str(file.relative_to(folder)) for file in files if _has(file, needles, all_of)]


def _has(file: Path, needles: Iterable[Needle], all_of: bool) -> bool:
    listed = tuple(needles)

    def has(part: Any) -> bool:
        each = (one.in_bytes(part) if isinstance(part, bytes) else one.is_in(part) for one in listed)
        return all(each) if all_of else any(each)

    return any(map(has, (str(file), *_parts(file.read_bytes(), str(file), all_of))))


def _parts(content: bytes, name: str, rows_alone: bool) -> Iterator[Any]:
    """What is to be looked at: bytes, and values. Of a composite key the rows alone tell."""
    if not rows_alone:
        yield content
    yield from (part for inner in _unpacked(content) for part in _parts(inner, name, rows_alone))
    if content[:4] == b"PAR1":
        yield from _parquet(content, rows_alone)
    elif content[:16] == b"SQLite format 3\0":
        yield from _sqlite(name)
    else:
        yield from _lines(content)


def _unpacked(content: bytes) -> Iterator[bytes]:
    for signs, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if content.startswith(signs):
            yield unpack(content)
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(one) for one in packed.namelist())
    if content[:4] == b"\x28\xb5\x2f\xfd":
        yield pa.input_stream(io.BytesIO(content), compression="zstd").read()


def _parquet(content: bytes, rows_alone: bool) -> Iterator[Any]:
    opened = parquet.ParquetFile(io.BytesIO(content))
    for row in opened.read().to_pylist():
        yield {name: _parsed(value) for name, value in row.items()}
    if rows_alone:
        return
    for group in range(opened.num_row_groups):
        for column in range(opened.metadata.num_columns):
            said = opened.metadata.row_group(group).column(column).statistics
            if said is not None and said.has_min_max:
                yield [said.min, said.max]
    notes = opened.metadata.metadata or {}
    yield [part.decode("utf-8", "replace") for pair in notes.items() for part in pair]
    texts = [field.name for field in opened.schema_arrow if pa.types.is_string(field.type)]
    # A dictionary may have values that no row has.
    pages = parquet.read_table(pa.BufferReader(content), read_dictionary=texts)
    for column in pages.columns:
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type):
                yield chunk.dictionary.to_pylist()


def _sqlite(name: str) -> Iterator[Any]:
    with sqlite3.connect(f"file:{name}?mode=ro", uri=True) as opened:
        tables = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            yield from (list(row) for row in opened.execute(f'SELECT * FROM "{table}"'))


def _lines(content: bytes) -> Iterator[Any]:
    for line in content.splitlines():
        if line[:1] in (b"{", b"["):
            try:
                yield _parsed(line.decode())
            except UnicodeDecodeError:
                continue
        elif line.strip():
            yield line.decode("utf-8", "replace").replace('"', "").split(",")


def _parsed(value: Any) -> Any:
    """A text of JSON as what it says, also within what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _parsed(json.loads(value))
        except (ValueError, RecursionError):
            return value
    if isinstance(value, dict):
        return {name: _parsed(one) for name, one in value.items()}
    return [_parsed(one) for one in value] if isinstance(value, list) else value
