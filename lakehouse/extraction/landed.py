"""What a window came to: the file that has landed, if any, and the result of all windows of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse import settings
from lakehouse.declaration import Source
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.storage import places


@dataclass(frozen=True)
class Landed:
    """One window: its origin, its rows, and the file, which an empty window does not have.

    ``undated``: the rows without a date of their change, which are among the rows; of a window of days, those without a day,
    which are not.
    """

    origin: str
    file: Path
    rows: int
    undated: int = 0
    what: str = "row"


def file_of(source: Source, window: ExtractionWindow) -> Path:
    """Where the delivery of a window lands."""
    return places.of(settings.load().landing_root) / source.name / f"{window.last_day}.jsonl.gz"


def result(windows: Sequence[Landed]) -> dict[str, Any]:
    """The result of a run, by the names that other programs read.

    Returns:
        ``status`` extracted, with ``file`` and ``origin`` of the last window that has rows, all ``files``, ``documents`` (the rows
        of all) and ``undated_documents``; or none, with a ``message``.
    """
    full = [window for window in windows if window.rows]
    if not full:
        last = windows[-1]
        found = f"no {last.what} in {last.origin}"
        if last.undated:
            found += f"; {last.undated} have no day and so belong to no delivery"
        return {
            "status": "none",
            "message": found,
            "origin": last.origin,
            "documents": 0,
            "undated_documents": last.undated,
        }
    return {
        "status": "extracted",
        "file": str(full[-1].file),
        "files": [str(window.file) for window in full],
        "origin": full[-1].origin,
        "documents": sum(window.rows for window in full),
        "undated_documents": max(window.undated for window in windows),
    }
