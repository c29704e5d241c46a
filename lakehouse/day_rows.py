"""Small tables that are computed anew each time: read without Spark, and written only where the rows have changed.

For tables with a few rows a day (performance, drift), where comparing costs less than a commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse import delta
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Row = Mapping[str, Any]


def read(table: Table, days: Iterable[dt.date]) -> list[dict[str, Any]]:
    """The rows of these days, ordered by the table's key; none when the table does not exist.

    Args:
        table: partitioned by ``partition``.
        days: which days.
    """
    if not delta.exists(table):
        return []
    dataset = DeltaTable(delta.location(table)).to_pyarrow_dataset()
    wanted = pc.field("partition").isin(list(days))
    return _ordered(table, dataset.to_table(columns=list(table.column_names), filter=wanted).to_pylist())


def replace(spark: SparkSession, table: Table, days: Sequence[dt.date], rows: Iterable[Row]) -> bool:
    """Make ``rows`` the rows of these days, in one commit.

    Args:
        spark: any session.
        table: partitioned by ``partition``.
        days: the days to replace; a day without rows becomes empty.
        rows: every declared column of the table, with the days among ``days``.

    Returns:
        Whether anything had to be written: the same rows again make no commit.
    """
    wanted = _ordered(table, [{name: row[name] for name in table.column_names} for row in rows])
    before = {day: [row for row in read(table, days) if row["partition"] == day] for day in days}
    changed = [day for day in days if before[day] != [row for row in wanted if row["partition"] == day]]
    if not changed:
        return False
    values = [tuple(row.values()) for row in wanted if row["partition"] in changed]
    schema = ", ".join(f"`{column.name}` {column.type}" for column in table.columns)
    # Spark would spread these few rows over all cores, and each task would write a file of its own a day.
    frame = spark.createDataFrame(values, schema=schema).coalesce(1)
    delta.replace(frame, table, where=delta.days_condition(changed))
    return True


def _ordered(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(row[name] for name in table.key))
