"""Which lines of a delivered file are of a subject: found by the parser that takes the file in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.erase.subject import Subject
from jobs.ingest import parse, pieces
from jobs.ingest.blocks import count_lines
from jobs.ingest.delivery_errors import CHANGED, HEADER
from jobs.ingest.lines import LINE, MALFORMED, RAW, Layout
from jobs.ingest.pieces import Kind, Piece
from jobs.ingest.streams import Unreadable, opened
from lakehouse import value_text

# What may be written in two ways, in a cell or in JSON: a file that could have such an id is parsed. Lists and objects lose their
# blanks, and an instant of extended JSON is a number there.
ESCAPED = frozenset('"\\/[{')
INSTANT = re.compile(value_text.CLOCK)
CHUNK = 1 << 20
# Types whose values are written in one way, but for signs and zeros before them.
SOUGHT = ("string", "int", "long")
# What holds for a whole file whose rows are not known; and what is no matter, since the file has none.
WHOLE, EMPTY = f"^({HEADER}|{CHANGED})", "the file is empty"


@dataclass(frozen=True)
class Found:
    """What a delivered file has of a subject.

    Attributes:
        rows: how many.
        lines: the numbers of their lines, or of Parquet's rows.
        broken: why the file as a whole can't be taken apart, though it seems to have the subject; empty where it can.
    """

    rows: int = 0
    lines: frozenset[int] = frozenset()
    broken: str = ""


def find(file: Path, subject: Subject) -> Found:
    """What a file has of a subject."""
    layout = Layout.of(subject.source)
    kind = pieces.kind_of(file.name)
    if kind != "parquet" and not _may_have(file, subject, layout):
        return Found()
    with file.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    rows, lines, broken = 0, set[int](), ""
    for table in parse.tables(Piece(str(file), kind, True, checksum), layout):
        mask = pc.or_(
            subject.delivered(table),
            pc.and_(pc.is_valid(table[MALFORMED]), subject.named_in(table[RAW])),
        )
        broken = broken or _broken(table, kind, pc.any(mask).as_py())
        for line, raw in _taken(table.filter(mask)):
            rows += 1
            lines.update([line] if kind == "parquet" else range(line, line + 1 + count_lines(raw.encode())))
    return Found(rows, frozenset(lines), broken)


def _broken(rows: pa.Table, kind: Kind, named: bool) -> str:
    """Why nobody can tell which lines of the file are of the subject; empty where that can be told.

    Of a table whose header is wrong nobody knows which lines are one row.
    """
    found = rows.select([MALFORMED, RAW]).filter(pc.fill_null(pc.match_substring_regex(rows[MALFORMED], WHOLE), False))
    for why, raw in zip(found[MALFORMED].to_pylist(), found[RAW].to_pylist(), strict=True):
        if not why.endswith(EMPTY) and (kind == "parquet" or not raw or (kind == "csv" and named)):
            return str(why)
    return ""


def _taken(rows: pa.Table) -> Iterator[tuple[int, str]]:
    return zip(rows[LINE].to_pylist(), rows[RAW].to_pylist(), strict=True)


def _may_have(file: Path, subject: Subject, layout: Layout) -> bool:
    """Whether the text of the file can have the key: looked for as it is, and wherever characters may be written in another way.

    Of a number with decimals, a day or an instant nobody knows how it is written: such a file is parsed.
    """
    texts = [part.text for part in subject.parts if part.column.type in SOUGHT]
    plain = [
        text
        for text in texts
        if not ESCAPED & set(text) and text.isprintable() and text.lstrip("-") and not INSTANT.match(text)
    ]
    if not plain:
        return True
    # The longest one is the rarest.
    wanted = max(plain, key=len).lstrip("-").encode("utf-8", "surrogatepass")
    held = b""
    with file.open("rb") as raw:
        stream = opened(raw, layout.encoding, hashlib.sha256())
        try:
            while content := stream.read(CHUNK):
                text = held + content
                if wanted in text or b"\\u" in text:
                    return True
                held = text[-max(len(wanted), 2) :]
        except (Unreadable, UnicodeError):
            # The parser says what is wrong with it.
            return True
    return False
