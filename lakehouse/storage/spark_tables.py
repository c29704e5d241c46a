"""The tables of the catalogue as Spark frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakehouse.storage import commits, delta_log
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession


def read(spark: SparkSession, table: Table, at_version: int | None = None) -> DataFrame:
    """The table's rows with the declared columns, as of a version or now. Creates it when it does not exist yet."""
    if at_version is None:
        commits.ensure(spark, table)
    reader = spark.read.format("delta")
    if at_version is not None:
        reader = reader.option("versionAsOf", at_version)
    return reader.load(delta_log.location(table)).select(*table.column_names)


def value_of_day(value: Mapping[dt.date, str]) -> Column:
    """A column with the value of the row's ``partition``; ``value`` has every day that occurs."""
    from pyspark.sql import functions as F

    pairs = [F.lit(part) for day, text in sorted(value.items()) for part in (day.isoformat(), text)]
    return F.create_map(*pairs)[F.col("partition").cast("string")]
