"""The tables of the catalogue as Spark frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lakehouse.declaration import Column
from lakehouse.storage import delta_log, sql_quoting
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, SparkSession


def read(spark: SparkSession, table: Table, at_version: int | None = None) -> DataFrame:
    """The table's rows with the declared columns, as of a version or now.

    Reading commits nothing: a table that does not exist has no rows, and a column that was declared since is null.
    """
    if at_version is not None:
        versioned = spark.read.format("delta").option("versionAsOf", at_version)
        return versioned.load(delta_log.location(table)).select(*table.column_names)
    present = delta_log.column_names(table)
    if not present:
        return spark.createDataFrame([], schema=_ddl(table.columns))
    from pyspark.sql import functions as F

    columns = [
        F.col(one.name) if one.name in present else F.lit(None).cast(one.type).alias(one.name) for one in table.columns
    ]
    return spark.read.format("delta").load(delta_log.location(table)).select(*columns)


def _ddl(columns: Iterable[Column]) -> str:
    return ", ".join(f"{sql_quoting.spark_name(column.name)} {column.type}" for column in columns)


def value_of_day(value: Mapping[dt.date, str]) -> SparkColumn:
    """A column with the value of the row's ``partition``; ``value`` has every day that occurs."""
    from pyspark.sql import functions as F

    pairs = [F.lit(part) for day, text in sorted(value.items()) for part in (day.isoformat(), text)]
    return F.create_map(*pairs)[F.col("partition").cast("string")]
