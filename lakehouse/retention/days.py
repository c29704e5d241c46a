"""What a table has of each day: rows, files and bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.storage import delta_log, small_tables
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
