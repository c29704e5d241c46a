"""The line that every parser of deliveries yields, as a Python dict and as an Arrow schema."""

from __future__ import annotations

import pyarrow as pa

GZIP_MAGIC = b"\x1f\x8b"

Line = dict[str, str | int | None]


def schema(columns: tuple[str, ...]) -> pa.Schema:
    """Arrow schema of parsed lines."""
    texts = ("path", *columns, "extra", "raw", "malformed")
    return pa.schema([*((name, pa.string()) for name in texts), ("line", pa.int64())])


def broken(line: int, raw: str, why: str) -> Line:
    """A line that can't be taken apart, with the reason."""
    # Readers in other languages end a text at a NUL.
    return {"line": line, "raw": raw.replace("\0", "\\0"), "malformed": why, "extra": None}
