"""What a table, or a landing zone, has of each day: rows, files and bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs

from lakehouse import settings
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import delta_log, small_tables, stored_files
from lakehouse.tables import ALERTS, Table

# The state of a message that nobody has to be told of any more.
SENT = "sent"


@dataclass(frozen=True)
class DaySize:
    """What there is of a day."""

    rows: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: DaySize) -> DaySize:
        """Of both."""
        return DaySize(self.rows + other.rows, self.files + other.files, self.bytes + other.bytes)


Days = Mapping[dt.date, DaySize]


def of_table(table: Table) -> Days:
    """Of a table with days as partitions, by its log; of one without them, which has few rows, by these."""
    if not delta_log.exists(table):
        return {}
    found: dict[dt.date, DaySize] = {}
    if "partition" not in table.partition_by:
        for row in small_tables.read(table):
            day = row["happened_at"].date() if table is ALERTS else row["partition"]
            found[day] = found.get(day, DaySize()) + DaySize(rows=1)
        return found
    actions = pa.table(delta_log.opened(table).get_add_actions(flatten=True))
    columns = ("partition.partition", "num_records", "size_bytes")
    for day, rows, size in zip(*(actions.column(name).to_pylist() for name in columns), strict=True):
        found[day] = found.get(day, DaySize()) + DaySize(rows or 0, 1, size)
    return found


def unsent() -> set[dt.date]:
    """The days with a message that could not be sent yet."""
    return {row["happened_at"].date() for row in small_tables.read(ALERTS) if row["state"] != SENT}


@dataclass(frozen=True)
class LandedDay:
    """The files of a day in the landing zone.

    Attributes:
        paths: of each, for the file system of the landing zone.
        size: of all.
        newest: when the last of them was written.
    """

    paths: tuple[str, ...]
    size: DaySize
    newest: dt.datetime


def landed(source: str) -> Mapping[dt.date, LandedDay]:
    """What lies there of a source, by day; hidden files, and those whose names are no day, are not looked at."""
    filesystem, root = stored_files.filesystem_of(f"{settings.load().landing_root}/{source}")
    selector = fs.FileSelector(root, recursive=True, allow_not_found=True)
    found: dict[dt.date, LandedDay] = {}
    for info in filesystem.get_file_info(selector):
        name = info.path.removeprefix(f"{root.rstrip('/')}/").split("/")[0]
        day = _day(name)
        if info.type != fs.FileType.File or day is None:
            continue
        size = DaySize(files=1, bytes=info.size)
        before = found.get(day, LandedDay((), DaySize(), info.mtime))
        found[day] = LandedDay((*before.paths, info.path), before.size + size, max(before.newest, info.mtime))
    return found


def not_taken_in(source: str, files: Mapping[dt.date, LandedDay]) -> set[dt.date]:
    """The days with files that the ledger may not have: nothing of the day was ingested, the last of it was refused, or a file was
    written after the day was taken in.
    """
    by_day: dict[dt.date, list[Delivery]] = {}
    for line in deliveries.lines_of([source]):
        by_day.setdefault(line.partition, []).append(line)
    waiting = set()
    for day, of_day in files.items():
        lines = by_day.get(day, [])
        whole = lines and lines[-1].status == deliveries.INGESTED and of_day.newest <= lines[-1].ingested_at
        if not whole:
            waiting.add(day)
    return waiting


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(name[:10]) if name[10:11] in ("", ".") else None
    except ValueError:
        return None
