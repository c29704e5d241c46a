"""Rows of a day that are computed again each time (performance, drift), and written only where they have changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from lakehouse.storage import arrow_dataset, commits, small_tables, sql_quoting
from lakehouse.storage.small_tables import Row
from lakehouse.tables import Table


def read(table: Table, days: Iterable[dt.date]) -> list[dict[str, Any]]:
    """The rows of these days, ordered by the table's key; none when the table does not exist.

    Args:
        table: partitioned by ``partition``.
        days: which days.
    """
    return small_tables.read(table, arrow_dataset.among("partition", days))


def replace(table: Table, days: Sequence[dt.date], new: Iterable[Row]) -> bool:
    """Replace the rows of these days with ``new``, in one commit.

    Args:
        table: partitioned by ``partition``.
        days: the days to replace; a day without rows becomes empty.
        new: every declared column of the table, with the days among ``days``.

    Returns:
        Whether anything had to be written: the same rows again make no commit.
    """
    after = small_tables.ordered(table, [{name: row[name] for name in table.column_names} for row in new])
    before = read(table, days)
    changed = [day for day in days if _rows_of_day(before, day) != _rows_of_day(after, day)]
    if changed:
        commits.replace_rows(
            table, [row for row in after if row["partition"] in changed], sql_quoting.days_condition(changed)
        )
    return bool(changed)


def _rows_of_day(rows: list[dict[str, Any]], day: dt.date) -> list[dict[str, Any]]:
    return [row for row in rows if row["partition"] == day]
