"""What has to hold of every delivery, whatever was done to it; an independent count of lines is the judge."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fuzz.damaged_files import HEADER, KINDS, DamagedFile

WHOLE, REAL = re.compile(r"[+-]?[0-9]+"), re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Reasons for which a file is refused as a whole; of bytes that can't be unpacked nobody knows the lines.
UNREADABLE = ("Compressed file ended", "Not a gzipped file", "CRC check", "Error -", "invalid", "incorrect")


def physical_lines(content: bytes) -> list[str] | None:
    """The lines behind the header that are not blank; None when the file can't be unpacked."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError):
            return None
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "backslashreplace")
    lines = [line.rstrip("\r\n") for line in io.StringIO(text, newline="")]
    return [line for line in lines[1:] if line]


def check(
    file: DamagedFile, bronze: Sequence[Mapping[str, Any]], silver: Sequence[Mapping[str, Any]], book: Any
) -> None:
    """Expect that every line is in exactly one row, that the books balance, and that silver has only rows that are written so.

    Args:
        file: what was delivered.
        bronze: its rows there.
        silver: its rows there.
        book: the ledger's line; None when the file was refused before it had one.

    Raises:
        AssertionError: naming the damage.
    """
    what = f"{file.damage}: {file.content!r}"
    lines = physical_lines(file.content)
    assert book.delivered_rows == book.accepted_rows + book.rejected_rows + book.duplicate_rows == len(bronze), what
    if lines is not None and not (len(bronze) == 1 and not bronze[0]["raw"]):
        told = [line for row in bronze for line in io.StringIO(row["raw"], newline="")]
        told = [line.rstrip("\r\n").replace("\\0", "\0") for line in told if line.rstrip("\r\n")]
        assert sorted(told) == sorted(line for line in lines), what
    if book.status == "refused":
        assert not silver and book.rejected_rows == book.delivered_rows, what
        return
    good = [row for row in bronze if row["malformed"] is None]
    assert len(silver) + book.duplicate_rows + book.rejected_rows == len(bronze), what
    for row in good:
        honest = row["raw"].replace("\r\n", "\n") in file.rows
        assert honest or "\n" not in row["raw"].replace("\r\n", "\n").replace("\r", "\n") or file.damage, what
    for row in silver:
        assert row["kind"] in KINDS and row["count"] >= 0 and row["item"], what
    assert HEADER not in [row["raw"] for row in good], what
    swallowed = [line for row in good for line in row["raw"].splitlines()[1:-1] if line in file.rows]
    assert not swallowed, f"rows within a cell {swallowed}: {what}"
