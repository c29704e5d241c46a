"""A file as the parser reads it: written, cut into its pieces, and parsed."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from jobs.ingest import parse, pieces
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout

COLUMNS = ("shop", "loaves")
NAMES = {EXTRA: "extra", RAW: "raw", MALFORMED: "malformed", LINE: "line"}


def layout(*columns: str, **how: Any) -> Layout:
    """A layout with these columns, all of them texts unless ``types`` says otherwise."""
    names = columns or COLUMNS
    return Layout(**{"fields": {name: name for name in names}, "types": ("string",) * len(names), **how})


def rows(content: bytes, of: Layout | None = None, name: str = "2024-03-01.csv") -> list[dict[str, Any]]:
    """The rows of a file with this content."""
    how = of or layout()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        checksum = hashlib.sha256(content).hexdigest()
        found = [
            row
            for piece in pieces.cut(file, checksum, how)
            for table in parse.tables(piece, how)
            for row in table.to_pylist()
        ]
    return [{NAMES.get(key, key): value for key, value in row.items()} for row in found]
