"""What retention took away, in ``ops.retention``: written down before it goes, and closed when it is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import RETENTION

REMOVING, REMOVED = "removing", "removed"


@dataclass(frozen=True)
class Removal:
    """One line; the fields are the table's columns. A range has no day that stayed, but it may have days that never had rows."""

    table: str
    first_day: dt.date | None
    last_day: dt.date | None
    days: int
    rows: int
    files: int
    bytes: int
    whole_from: dt.date | None
    rule: str
    state: str
    actor: str
    planned_at: dt.datetime
    removed_at: dt.datetime | None

    def has(self, day: dt.date) -> bool:
        """Whether the range has this day."""
        return self.first_day is not None and self.last_day is not None and self.first_day <= day <= self.last_day


def lines(table: str | None = None) -> list[Removal]:
    """All lines, or those of a table, oldest first."""
    found = small_tables.read(RETENTION, None if table is None else pc.field("table") == table)
    return sorted((Removal(**row) for row in found), key=lambda line: (line.planned_at, line.first_day or dt.date.min))


def record(removals: Iterable[Removal]) -> None:
    """Write lines, all of one table and instant, in one commit; those of the same table and instant are replaced."""
    written = list(removals)
    if not written:
        return
    one = written[0]
    where = (
        f"\"table\" = {sql_quoting.literal(one.table)} AND planned_at = TIMESTAMP '{one.planned_at.isoformat(sep=' ')}'"
    )
    commits.replace_rows(RETENTION, map(asdict, written), where)


def close(removals: Iterable[Removal], now: dt.datetime) -> list[Removal]:
    """The same lines when what they name is gone, written down."""
    done = [replace(one, state=REMOVED, removed_at=now) for one in removals]
    record(done)
    return done


def take_back(removal: Removal) -> None:
    """Remove a line, in one commit: what it names did not go."""
    at = removal.planned_at.isoformat(sep=" ")
    where = f"\"table\" = {sql_quoting.literal(removal.table)} AND planned_at = TIMESTAMP '{at}'"
    commits.amend_rows(
        RETENTION,
        (pc.field("table") == removal.table) & (pc.field("planned_at") == removal.planned_at),
        where,
        lambda rows: [row for row in rows if row["first_day"] != removal.first_day],
    )
