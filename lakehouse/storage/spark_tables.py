"""The tables of the catalogue as Spark frames.

Few rows are read in this process and given to Spark as they are, of more it is told the files. Through its Delta reader a table
that has a new version costs 0.8 s of processor time, mostly for questions to the log, whatever the rows, and a young server
several seconds; a thousand rows that are given take a tenth of a second (two cores, a warm server: `make bench-commits`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse.storage import arrow_dataset, delta_log, spark_config, sql_quoting, table_schema, touched
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# More rows than this are read by Spark's own tasks: they would travel through one process.
GIVEN_ROWS = 50_000
# So many files are named one by one; the names of more would be longer than a plan should be.
NAMED_FILES = 5_000
# Spark takes a path with one of these for a pattern of paths.
_PATTERN = frozenset("*?[]{}\\")


def read_days(spark: SparkSession, table: Table, days: Collection[dt.date], at_version: int | None = None) -> DataFrame:
    """The rows of these days with the declared columns, as of a version or now.

    Reading commits nothing: a table that does not exist has no rows, and a column that was declared since is null.
    """
    rows = delta_log.rows_by_day(table, at_version)
    present = {day: rows[day] for day in days if day in rows}
    return _read_present(spark, table, present, sql_quoting.days_condition(days), at_version)


def read_between(
    spark: SparkSession, table: Table, first: dt.date | None, last: dt.date, at_version: int | None = None
) -> DataFrame:
    """The same for the days from ``first`` (None: the table's first day) to ``last``."""
    rows = delta_log.rows_by_day(table, at_version)
    present = {day: count for day, count in rows.items() if day <= last and (first is None or day >= first)}
    begin = f"partition >= DATE '{first}' AND " if first is not None else ""
    return _read_present(spark, table, present, f"{begin}partition <= DATE '{last}'", at_version)


def _read_present(
    spark: SparkSession, table: Table, present: Mapping[dt.date, int], where: str, at_version: int | None
) -> DataFrame:
    """The rows of the days that are there, by their numbers given to Spark or read by it; ``where`` is the days' condition."""
    if sum(present.values()) <= GIVEN_ROWS:
        rows = arrow_dataset.read(table, arrow_dataset.among("partition", present), at_version)
        if rows.nbytes <= spark_config.GIVEN_BYTES:
            return _given(spark, table, rows)
    by_day = delta_log.files_by_day(table, at_version)
    files = [file for day in sorted(present) for file in by_day.get(day, ())]
    if len(files) > NAMED_FILES or _PATTERN.intersection(delta_log.location(table)):
        return read(spark, table, at_version).where(where)
    return _of_files(spark, table, files)


def _of_files(spark: SparkSession, table: Table, files: list[str]) -> DataFrame:
    """The rows of files, named as the table's log has them; a column that was declared since is null."""
    place = delta_log.location(table)
    # Typed by the declaration, so that no file is opened to be asked; partition columns are in the paths alone.
    reader = spark.read.schema(_schema(table)).option("basePath", place)
    return reader.parquet(*(f"{place}/{file}" for file in files)).select(*table.column_names)


def read(spark: SparkSession, table: Table, at_version: int | None = None) -> DataFrame:
    """All rows of the table by Spark's own Delta reader, as of a version or now."""
    present = delta_log.column_names(table, at_version)
    if not present:
        return _given(spark, table, table_schema.arrow_schema(table).empty_table())
    from pyspark.sql import functions as F

    if touched.watching():
        touched.read(delta_log.location(table), delta_log.version(table) if at_version is None else at_version)
    reader = spark.read.format("delta")
    if at_version is not None:
        reader = reader.option("versionAsOf", at_version)
    columns = [
        F.col(one.name) if one.name in present else F.lit(None).cast(one.type).alias(one.name) for one in table.columns
    ]
    return reader.load(delta_log.location(table)).select(*columns)


def given(spark: SparkSession, table: Table, rows: pa.Table) -> DataFrame:
    """Rows of this process with the table's columns."""
    return _given(spark, table, rows)


def schema(table: Table) -> str:
    """The table's columns and their types in Spark's SQL."""
    return _schema(table)


def _given(spark: SparkSession, table: Table, rows: pa.Table) -> DataFrame:
    if len(rows):
        return spark.createDataFrame(rows)
    # Spark finds out the types of rows, and of no rows it cannot.
    return spark.createDataFrame([], schema=_schema(table))


def _schema(table: Table) -> str:
    return ", ".join(f"{sql_quoting.spark_name(column.name)} {column.type}" for column in table.columns)


def value_of_day(value: Mapping[dt.date, str]) -> Column:
    """A column with the value of the row's ``partition``; ``value`` has every day that occurs."""
    from pyspark.sql import functions as F

    pairs = [F.lit(part) for day, text in sorted(value.items()) for part in (day.isoformat(), text)]
    return F.create_map(*pairs)[F.col("partition").cast("string")]
