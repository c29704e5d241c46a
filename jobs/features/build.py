"""Around a use case's transform: the inputs that it may read, and the check of its result against the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.declaration import Input, UseCase
from lakehouse.errors import TransformBroken
from lakehouse.storage import spark_tables


def window(use_case: UseCase, item: Input, days: list[dt.date]) -> tuple[dt.date | None, dt.date]:
    """The first (None: the table's) and last silver partition of an input that any of the days may read."""
    if use_case.source(item.source).cadence == "occasional":
        return None, max(days)
    return min(days) - dt.timedelta(days=item.first), max(days) - dt.timedelta(days=item.last)


def read_inputs(session: SparkSession, use_case: UseCase, days: list[dt.date]) -> dict[str, DataFrame]:
    """The silver rows of every input within its window."""
    return {
        item.source: spark_tables.read_between(
            session, tables.silver(use_case.source(item.source)), *window(use_case, item, days)
        )
        for item in use_case.inputs
    }


def conform(built: DataFrame, use_case: UseCase) -> DataFrame:
    """The built rows with exactly the declared columns: key, partition and features as doubles, NaN as null.

    Raises:
        TransformBroken: when a declared column is missing or there is an undeclared one.
    """
    expected = {*use_case.entity.key, "partition", *use_case.feature_names}
    missing, surplus = sorted(expected - set(built.columns)), sorted(set(built.columns) - expected)
    if missing or surplus:
        raise TransformBroken(
            f"use case {use_case.name}: features.py: expected the key, partition and the declared features; "
            f"missing: {', '.join(missing) or 'none'}; not declared: {', '.join(surplus) or 'none'}"
        )
    # A float widened to double would differ from one computed as double; NaN and null both mean unknown.
    values = [F.nanvl(F.col(name).cast("double"), F.lit(None)).alias(name) for name in use_case.feature_names]
    keys = [F.col(column.name).cast(column.type).alias(column.name) for column in tables.entity_columns(use_case)]
    return built.select(*keys, "partition", *values)


def stamp(rows: DataFrame, use_case: UseCase, by_day: Mapping[dt.date, str]) -> DataFrame:
    """Add ``prediction_time``, the local midnight that starts the day, and each day's ``inputs_fingerprint``."""
    midnight = F.to_utc_timestamp(F.col("partition").cast("timestamp"), use_case.calendar.timezone)
    return rows.withColumns({"prediction_time": midnight, tables.INPUTS_FINGERPRINT: spark_tables.value_of_day(by_day)})


def check_rows(built: DataFrame, population: DataFrame, use_case: UseCase, days: list[dt.date]) -> int:
    """Compare the built rows with the population: each entity once a day, none lost, none invented.

    Returns:
        How many rows were built.

    Raises:
        TransformBroken: naming a day and both counts.
    """
    key = [*use_case.entity.key, "partition"]
    expected = population.select(*key).withColumn("_side", F.lit(1))
    returned = built.select(*key).withColumn("_side", F.lit(0))
    sides = (
        expected.unionByName(returned)
        .groupBy(*key)
        .agg(F.sum("_side").alias("expected"), (F.count("*") - F.sum("_side")).alias("found"))
    )
    totals = sides.groupBy("partition").agg(
        F.sum("found").alias("found"),
        F.sum("expected").alias("expected"),
        F.count_if(F.col("found") != F.col("expected")).alias("wrong"),
    )
    rows = {row["partition"]: row for row in totals.collect()}
    for day, row in sorted(rows.items(), key=lambda item: str(item[0])):
        if row["wrong"] or day not in days:
            raise TransformBroken(
                f"use case {use_case.name}: features.py: expected one row for each of the {row['expected']} entities of "
                f"{day}, found {row['found']} rows, {row['wrong']} keys differ; nothing was written"
            )
    return sum(row["found"] for row in rows.values())
