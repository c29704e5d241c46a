"""How the text files of a sample are written: their encoding, and the mark between the cells of CSV."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lakehouse.errors import BadArguments

# What is looked at of a file to see how it is written.
LOOKED_AT = 1 << 20
_ROWS = 300
_DELIMITERS = (",", ";", "\t", "|", "^", "~")
# Bytes that Windows' own encoding of western texts gives no letter; Latin-1 has controls there.
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# UTF-16's little mark begins UTF-32's, which so comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class TextForm:
    """How a text file is written.

    Attributes:
        encoding: as a contract names it; a byte order mark is no part of the text.
        delimiter: between the cells of CSV.
    """

    encoding: str = "utf-8"
    delimiter: str = ","


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file's text, unpacked where it is packed by gzip, line ends as they are.

    Raises:
        BadArguments: when it can't be read as that.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        opener = gzip.open if packed else open
        # A mark at the beginning is no part of the text.
        with opener(path, "rt", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
            yield text
    except (OSError, EOFError, UnicodeError) as error:
        raise BadArguments(f"--from {path}: expected {encoding} text or gzip of it, found {error}") from error


def of_json(path: Path) -> TextForm:
    """How a file of JSON is written."""
    return TextForm(_encoding(path))


def of_csv(path: Path) -> TextForm:
    """How a file of CSV is written: with the mark by which most of its rows have as many cells as its header, and the most.

    Raises:
        BadArguments: when it has no text.
    """
    encoding = _encoding(path)
    with opened(path, encoding) as text:
        start = text.read(LOOKED_AT)
    if not start.strip():
        raise BadArguments(f"--from {path}: expected a line of column names and rows, found an empty file")
    # The last line may be cut off, in the middle of a cell.
    whole = start if len(start) < LOOKED_AT else start[: start.rfind("\n") + 1]
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        cells, share = _fit(whole, delimiter)
        if cells > 1 and share >= 0.8 and cells * share > most:
            best, most = delimiter, cells * share
    return TextForm(encoding, best)


def _fit(text: str, delimiter: str) -> tuple[int, float]:
    """How many cells the header has, and which share of the rows has as many."""
    reader, header, fitting, rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 0, 0, 0
    try:
        for cells in reader:
            if not cells:
                continue
            if not header:
                header = len(cells)
                continue
            rows += 1
            fitting += len(cells) == header
            if rows == _ROWS:
                break
    except csv.Error:
        pass
    return header, fitting / rows if rows else 1.0


def _encoding(path: Path) -> str:
    """UTF-8 where all bytes are; else as a mark at the beginning says, or one of the encodings with a byte a letter."""
    decoder, utf_8, undefined = codecs.getincrementaldecoder("utf-8")(), True, False
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as content:
            block = content.read(LOOKED_AT)
            if (marked := next((name for mark, name in _MARKS if block.startswith(mark)), None)) is not None:
                return marked
            while block:
                undefined = undefined or _UNDEFINED.search(block) is not None
                if utf_8:
                    try:
                        decoder.decode(block)
                    except UnicodeDecodeError:
                        utf_8 = False
                block = content.read(LOOKED_AT)
    except (OSError, EOFError) as error:
        raise BadArguments(f"--from {path}: expected a file that can be read, found {error}") from error
    if utf_8 and not decoder.getstate()[0]:
        return "utf-8"
    return "latin-1" if undefined else "cp1252"
