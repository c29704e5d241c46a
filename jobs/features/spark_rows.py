"""The built rows as a Spark frame, of many rows: counted against the population and stamped by Spark's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.features import promise
from jobs.features.promise import DayCount
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.storage import spark_tables


def stamp(rows: DataFrame, use_case: UseCase, by_day: Mapping[dt.date, str]) -> DataFrame:
    """Add ``prediction_time``, the local midnight that starts the day, and each day's ``inputs_fingerprint``."""
    midnight = F.to_utc_timestamp(F.col("partition").cast("timestamp"), use_case.calendar.timezone)
    return rows.withColumns({"prediction_time": midnight, tables.INPUTS_FINGERPRINT: spark_tables.value_of_day(by_day)})


def count(built: DataFrame, population: DataFrame, use_case: UseCase) -> list[DayCount]:
    """Compare the built rows with the population, for `jobs.features.promise.judge`."""
    key = [*use_case.entity.key, "partition"]
    expected = population.select(*key).withColumn("_side", F.lit(1)).withColumn("_unusable", F.lit(None).cast("string"))
    returned = built.select(*key, F.lit(0).alias("_side"), unusable(use_case).alias("_unusable"))
    sides = (
        expected.unionByName(returned)
        .groupBy(*key)
        .agg(
            F.sum("_side").alias("_expected"),
            (F.count("*") - F.sum("_side")).alias("_found"),
            F.max("_unusable").alias("_unusable"),
        )
    )
    totals = sides.groupBy("partition", F.col("_unusable").alias("unusable")).agg(
        F.sum("_found").alias("found"),
        F.sum("_expected").alias("expected"),
        F.count_if(F.col("_found") != F.col("_expected")).alias("wrong"),
    )
    return [DayCount(**row.asDict()) for row in totals.collect()]


def unusable(use_case: UseCase | FeatureGroup) -> Column:
    """What no model can use in a built row, the first of it in words; null for a row that is in order."""
    key = (*use_case.key_names, "partition")
    reasons = [F.when(F.col(name).isNull(), promise.null_in(name)) for name in key]
    reasons += [
        F.when(F.abs(F.col(name)) > promise.GREATEST, promise.beyond(name)) for name in use_case.own_number_names
    ]
    return F.coalesce(*reasons)
