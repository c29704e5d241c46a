"""Reading and writing the tables of the catalogue.

Data goes through Spark; the log's metadata (versions, statistics) is read by delta-rs, which answers in milliseconds and
needs no Spark. Every write replaces whole partitions or deliveries in one Delta commit, so that it can be repeated for
free (rule 3 of the design).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from deltalake import DeltaTable, Schema

from lakehouse import conflicts, settings, shape, sql_text
from lakehouse.declaration import Column
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def location(table: Table) -> str:
    """Where the table lies: ``<LAKEHOUSE_ROOT>/<layer>/<name>``."""
    return f"{settings.load().lakehouse_root.rstrip('/')}/{table.layer}/{table.name}"


def exists(table: Table) -> bool:
    """Whether anything was ever written to the table."""
    return bool(DeltaTable.is_deltatable(location(table)))


def version(table: Table) -> int:
    """The newest version of the table; -1 when it does not exist."""
    return DeltaTable(location(table)).version() if exists(table) else -1


def read(spark: SparkSession, table: Table, at_version: int | None = None) -> DataFrame:
    """The table's rows with the declared columns, as of a version or now. Creates it when it does not exist yet."""
    if at_version is None:
        ensure(spark, table)
    reader = spark.read.format("delta")
    if at_version is not None:
        reader = reader.option("versionAsOf", at_version)
    return reader.load(location(table)).select(*table.column_names)


def ensure(spark: SparkSession, table: Table) -> None:
    """Create the table as declared when it does not exist; add the columns that were declared since it was made."""
    if not exists(table):
        create(table)
        return
    present = {field.name for field in DeltaTable(location(table)).schema().fields}
    if new := [column for column in table.columns if column.name not in present]:
        added = ", ".join(map(_column_ddl, new))
        conflicts.retried(table, lambda: spark.sql(f"ALTER TABLE {_address(table)} ADD COLUMNS ({added})"))


def create(table: Table) -> None:
    """Create the table as declared, unless it is there.

    By delta-rs, whoever writes it later: its first commit is there whole or not at all, also when two jobs make the same table.
    Spark's CREATE TABLE IF NOT EXISTS takes any folder for a table, and so would never make one whose making was killed.
    """

    def make() -> None:
        DeltaTable.create(
            location(table),
            schema=Schema.from_arrow(shape.schema(table)),
            mode="ignore",
            partition_by=list(table.partition_by),
            description=table.description,
            configuration=dict(shape.properties(table)),
            raise_if_key_not_exists=False,
        )

    conflicts.retried(table, make)


def replace(frame: DataFrame, table: Table, where: str) -> None:
    """Put ``frame`` in the place of all rows of ``table`` that satisfy ``where``, in one commit.

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
    conflicts.retried(table, lambda: writer.save(location(table)))


def compact(spark: SparkSession, table: Table) -> None:
    """Make few files of many, and remove those that no version within the table's retention needs."""
    conflicts.retried(table, lambda: spark.sql(f"OPTIMIZE {_address(table)}").collect())
    vacuum(table)


def cluster(spark: SparkSession, table: Table, days: Iterable[dt.date]) -> None:
    """Sort the rows of these days into files by ``clustered_by``."""
    where = f"WHERE {days_condition(days)} ZORDER BY (`{table.clustered_by}`)"
    conflicts.retried(table, lambda: spark.sql(f"OPTIMIZE {_address(table)} {where}").collect())


def vacuum(table: Table) -> None:
    """Remove the files that no version within the table's retention needs."""
    # Spark makes a task of each folder that it lists: 20 s for a year of days, and delta-rs takes less than one.
    DeltaTable(location(table)).vacuum(table.retention_days * 24, dry_run=False, full=True)


def days_condition(days: Iterable[dt.date], column: str = "partition") -> str:
    """SQL condition that holds for exactly these days."""
    return f"{column} IN ({', '.join(f'DATE {sql_text.literal(day.isoformat())}' for day in sorted(days))})"


def constant_by_partition(table: Table, column: str, **partition: str) -> dict[dt.date, str]:
    """The value of a column that is constant within each day, read from the log's statistics alone.

    Args:
        table: partitioned by ``partition``.
        column: a string or integer column of at most 32 characters.
        partition: further partition columns and the value wanted, such as ``role="champion"``.

    Returns:
        Value as text by day, for the days in which all files agree on it.
    """
    if not exists(table):
        return {}
    actions = DeltaTable(location(table)).get_add_actions(flatten=True)
    rows = {name: actions.column(name).to_pylist() for name in actions.schema.names}
    found: dict[dt.date, set[str]] = {}
    for index, day in enumerate(rows.get("partition.partition", [])):
        if all(rows[f"partition.{name}"][index] == value for name, value in partition.items()):
            low, high = rows.get(f"min.{column}"), rows.get(f"max.{column}")
            values = found.setdefault(day, set())
            values.update(str(bound[index]) if bound is not None else "" for bound in (low, high))
    return {day: values.pop() for day, values in found.items() if len(values) == 1}


def bounds_by_partition(table: Table, column: str, **partition: str) -> dict[dt.date, tuple[str, str] | None]:
    """The least and greatest value of a column on each day, by the log's statistics; None where a file has none.

    Args:
        table: partitioned by ``partition``.
        column: one that the log has statistics of.
        partition: further partition columns and the value wanted, such as ``role="champion"``.
    """
    if not exists(table):
        return {}
    actions = DeltaTable(location(table)).get_add_actions(flatten=True)
    rows = {name: actions.column(name).to_pylist() for name in actions.schema.names}
    found: dict[dt.date, list[object]] = {}
    for index, day in enumerate(rows.get("partition.partition", [])):
        if all(rows[f"partition.{name}"][index] == value for name, value in partition.items()):
            bounds = (rows.get(f"{end}.{column}") for end in ("min", "max"))
            found.setdefault(day, []).extend(bound[index] if bound is not None else None for bound in bounds)
    return {
        day: None if None in values else (str(min(values)), str(max(values)))  # type: ignore[type-var]
        for day, values in found.items()
    }


def rows_in(table: Table, days: Iterable[dt.date], **partition: str) -> int:
    """How many rows the table holds for these days, by the log's statistics."""
    if not exists(table):
        return 0
    actions = DeltaTable(location(table)).get_add_actions(flatten=True)
    rows = {name: actions.column(name).to_pylist() for name in actions.schema.names}
    wanted = set(days)
    return sum(
        rows["num_records"][index]
        for index, day in enumerate(rows["partition.partition"])
        if day in wanted and all(rows[f"partition.{name}"][index] == value for name, value in partition.items())
    )


def _column_ddl(column: Column) -> str:
    null = "" if column.nullable else " NOT NULL"
    return f"`{column.name}` {column.type}{null} COMMENT {sql_text.spark_literal(column.description)}"


def _address(table: Table) -> str:
    return f"delta.{sql_text.spark_name(location(table))}"
