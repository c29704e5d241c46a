"""The index of a table's newest days as what JSON can say, and back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lakehouse.storage.day_index import DAY, DayIndex, IndexedFile, arranged, instant
from lakehouse.tables import Table


def written(index: DayIndex) -> dict[str, Any]:
    """The index as what JSON can say."""
    days = {
        day.isoformat(): [
            [
                one.path,
                [one.partition[name] for name in index.table.partition_by if name != DAY],
                one.rows,
                round(one.written.timestamp() * 1000),
                {name: list(ends) for name, ends in one.bounds.items()},
            ]
            for one in files
        ]
        for day, files in index.by_day.items()
    }
    return {"newest": None if index.newest is None else index.newest.isoformat(), "days": days}


def read(table: Table, said: Any) -> DayIndex:
    """The index again.

    Args:
        table: whose it is.
        said: what ``written`` made.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    others = [name for name in table.partition_by if name != DAY]
    newest = None if said["newest"] is None else dt.date.fromisoformat(said["newest"])
    files = []
    for text, of_day in said["days"].items():
        day = dt.date.fromisoformat(text)
        for path, values, rows, at, bounds in of_day:
            partition = {DAY: day, **dict(zip(others, values, strict=True))}
            ends = {name: (least, greatest) for name, (least, greatest) in bounds.items()}
            files.append(IndexedFile(path, partition, rows, instant(at), ends))
    return arranged(table, newest, files)
