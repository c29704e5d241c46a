"""What this process has written so far: the door for commits and anyone who writes files add to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Written:
    """Counts since the process began, or a difference of two of them.

    Attributes:
        commits: of tables.
        rows: in the files that were committed with new data, but for the platform's own tables in ``ops``.
        predictions: those of them that are the champion's scores.
        bytes: of committed, landed and delivered files.
    """

    commits: int = 0
    rows: int = 0
    predictions: int = 0
    bytes: int = 0

    def since(self, before: Written) -> Written:
        """What came after ``before``."""
        return Written(
            self.commits - before.commits,
            self.rows - before.rows,
            self.predictions - before.predictions,
            self.bytes - before.bytes,
        )


_lock = threading.Lock()
_so_far = Written()


def so_far() -> Written:
    """The counts now."""
    return _so_far


def committed(rows: int, predictions: int, size: int) -> None:
    """A commit with so many rows and bytes."""
    global _so_far
    with _lock:
        _so_far = Written(
            _so_far.commits + 1, _so_far.rows + rows, _so_far.predictions + predictions, _so_far.bytes + size
        )


def file(size: int) -> None:
    """A file of so many bytes that is no part of a table: landed, delivered or published."""
    global _so_far
    with _lock:
        _so_far = replace(_so_far, bytes=_so_far.bytes + size)
