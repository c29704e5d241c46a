"""The files of a day in parts, each as much as a worker takes for one task: a file's name travels, its rows do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.storage.day_files import DayFile, DayFiles

# Some seconds of work at most, so that the cores end together; a task's own cost is hundredths of a second.
ROWS_A_PART = 1_000_000


@dataclass(frozen=True)
class Part:
    """Some row groups of a file; all when None."""

    file: DayFile
    groups: tuple[int, ...] | None


def parts_of(files: DayFiles, day: dt.date, whole: bool) -> Iterator[Part]:
    """The parts of the day's files; ``whole``: each file is one."""
    for file in files.by_day[day]:
        if whole or file.rows <= ROWS_A_PART:
            yield Part(file, None)
            continue
        count = files.row_groups(file)
        pieces = min(count, -(-file.rows // ROWS_A_PART))
        for piece in range(pieces):
            yield Part(file, tuple(range(piece * count // pieces, (piece + 1) * count // pieces)))
