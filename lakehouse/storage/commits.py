"""The one door for commits: every change of a table of the lakehouse goes through here.

Every commit replaces whole partitions or deliveries, so that it can be repeated for free (rule 3 of the design), and is tried
again when another writer's commit came first. Data of any size comes as a Spark frame; small tables (the ledger, the
events, a day's metrics) come as rows and are committed by delta-rs in this process: Spark would take a second for what takes
a hundredth of one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, Schema, write_deltalake

from lakehouse.declaration import Column
from lakehouse.storage import arrow_dataset, delta_log, small_tables, sql_quoting, table_schema
from lakehouse.storage.commit_retry import retry_on_conflict
from lakehouse.storage.small_tables import Row
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def create(table: Table) -> None:
    """Create the table as declared, unless it exists.

    By delta-rs also where Spark writes it later: its first commit is whole or absent, also when two jobs create the same table.
    Spark's CREATE TABLE IF NOT EXISTS takes any folder for a table, and so would never complete a creation that was killed.
    """

    def attempt() -> None:
        DeltaTable.create(
            delta_log.location(table),
            schema=Schema.from_arrow(table_schema.arrow_schema(table)),
            mode="ignore",
            partition_by=list(table.partition_by),
            description=table.description,
            configuration=dict(table_schema.properties(table)),
            raise_if_key_not_exists=False,
        )

    retry_on_conflict(table, attempt)


def ensure(spark: SparkSession, table: Table) -> None:
    """Create the table as declared when it does not exist; add the columns that were declared since its creation."""
    present = delta_log.column_names(table)
    if not present:
        create(table)
    elif new := [column for column in table.columns if column.name not in present]:
        added = ", ".join(map(_column_ddl, new))
        retry_on_conflict(table, lambda: spark.sql(f"ALTER TABLE {_address(table)} ADD COLUMNS ({added})"))


def replace(frame: DataFrame, table: Table, where: str) -> None:
    """Replace all rows of ``table`` that satisfy ``where`` with those of ``frame``, in one commit.

    Args:
        frame: the declared columns, in any order; every row must satisfy ``where``.
        table: the table, created when missing.
        where: SQL condition, normally on ``partition_by`` columns.

    Raises:
        WriteConflict: when other writers changed the same files again and again.
    """
    ensure(frame.sparkSession, table)
    # Rows of a day go to one task, or each of the tasks would leave a small file in every day of a range. Rebalancing
    # still spreads the days over the cores and splits a day that is too big for one file.
    gathered = frame.select(*table.column_names).hint("rebalance", *table.partition_by)
    writer = gathered.write.format("delta").mode("overwrite").option("replaceWhere", where)
    retry_on_conflict(table, lambda: writer.save(delta_log.location(table)))


def replace_rows(table: Table, rows: Iterable[Row], where: str) -> None:
    """Replace all rows of a small table that satisfy ``where`` with ``rows``, in one commit.

    Args:
        table: created when missing.
        rows: every declared column; every row must satisfy ``where``.
        where: SQL condition.

    Raises:
        WriteConflict: when other writers changed the same files again and again.
    """
    if not delta_log.exists(table):
        create(table)
    content, location = _arrow(table, rows), delta_log.location(table)
    retry_on_conflict(table, lambda: write_deltalake(location, content, mode="overwrite", predicate=where))


def amend_rows(
    table: Table, read: pc.Expression, where: str, change: Callable[[list[dict[str, Any]]], Iterable[Row] | None]
) -> None:
    """Read rows of a small table and replace them with those that ``change`` returns, in one commit, unless they changed meanwhile.

    When another writer came first, ``change`` is called again with the rows as they are then. So its decision holds for the
    very rows that the commit replaces.

    Args:
        table: created when missing.
        read: which rows are read and replaced.
        where: the same as an SQL condition.
        change: given the rows, ordered by the table's key, returns those that replace them; None: leave them.

    Raises:
        WriteConflict: when other writers came first again and again.
    """
    if not delta_log.exists(table):
        create(table)
    location = delta_log.location(table)

    def attempt() -> None:
        # The write begins at the version that was read: delta-rs refuses it when what it replaces has changed since.
        opened = DeltaTable(location)
        dataset = arrow_dataset.open_dataset(opened, location)
        present = dataset.to_table(columns=list(table.column_names), filter=read).to_pylist()
        new = change(small_tables.ordered(table, present))
        if new is not None:
            write_deltalake(opened, _arrow(table, new), mode="overwrite", predicate=where)

    retry_on_conflict(table, attempt)


def compact(spark: SparkSession, table: Table) -> None:
    """Merge small files, and remove those that no version within the table's retention needs."""
    retry_on_conflict(table, lambda: spark.sql(f"OPTIMIZE {_address(table)}").collect())
    vacuum(table)


def compact_rows(table: Table) -> None:
    """The same for a small table, without Spark."""
    retry_on_conflict(table, lambda: DeltaTable(delta_log.location(table)).optimize.compact())
    vacuum(table)


def cluster(spark: SparkSession, table: Table, days: Iterable[dt.date]) -> None:
    """Sort the rows of these days into files by ``clustered_by``."""
    where = f"WHERE {sql_quoting.days_condition(days)} ZORDER BY (`{table.clustered_by}`)"
    retry_on_conflict(table, lambda: spark.sql(f"OPTIMIZE {_address(table)} {where}").collect())


def vacuum(table: Table) -> None:
    """Remove the files that no version within the table's retention needs."""
    # Spark makes a task of each folder that it lists: 20 s for a year of days, and delta-rs takes less than one.
    DeltaTable(delta_log.location(table)).vacuum(table.retention_days * 24, dry_run=False, full=True)


def _arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    lines = [{name: row[name] for name in table.column_names} for row in rows]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table))


def _column_ddl(column: Column) -> str:
    null = "" if column.nullable else " NOT NULL"
    return f"`{column.name}` {column.type}{null} COMMENT {sql_quoting.spark_literal(column.description)}"


def _address(table: Table) -> str:
    return f"delta.{sql_quoting.spark_name(delta_log.location(table))}"
