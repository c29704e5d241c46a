"""Around a use case's transform: the inputs that it may read, and the check of its result against the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.declaration import Input, UseCase
from lakehouse.errors import TransformBroken
from lakehouse.storage import spark_tables

# Spark's names of the types that a feature may have; void is a column of nulls.
NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "void"})
WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
TYPE_NAMES = {"long": "bigint"}
# XGBoost reads features in 32 bits; what is greater becomes infinity, which it refuses.
GREATEST = 3.4028234663852886e38


def window(use_case: UseCase, item: Input, days: list[dt.date]) -> tuple[dt.date | None, dt.date]:
    """The first (None: the table's) and last silver partition of an input that any of the days may read."""
    if use_case.source(item.source).cadence == "occasional":
        return None, max(days)
    return min(days) - dt.timedelta(days=item.first), max(days) - dt.timedelta(days=item.last)


def read_inputs(
    session: SparkSession, use_case: UseCase, days: list[dt.date], snapshots: Mapping[str, dt.date | None]
) -> dict[str, DataFrame]:
    """The silver rows of every input within its window; of a reference table that comes as snapshots, those of one.

    Args:
        session: a session.
        use_case: declares the inputs.
        days: the days to build, which all read the same snapshots.
        snapshots: the day of the snapshot to read, by source.
    """
    inputs = {}
    for item in use_case.inputs:
        table = tables.silver(use_case.source(item.source))
        if item.source in snapshots:
            newest = snapshots[item.source]
            inputs[item.source] = spark_tables.read_days(session, table, [] if newest is None else [newest])
        else:
            inputs[item.source] = spark_tables.read_between(session, table, *window(use_case, item, days))
    return inputs


def conform(built: object, use_case: UseCase) -> DataFrame:
    """The built rows with exactly the declared columns: key, partition and features as doubles, NaN as null.

    Raises:
        TransformBroken: when a declared column is missing, of a wrong type or there twice, or there is an undeclared one.
    """
    if not isinstance(built, DataFrame):
        raise _broken(use_case, f"expected build() to return a DataFrame, found {type(built).__name__}")
    types = built.dtypes
    found = [name for name, _ in types]
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise _broken(use_case, f"expected each column once, found twice: {', '.join(twice)}")
    expected = {*use_case.entity.key, "partition", *use_case.feature_names}
    missing, surplus = sorted(expected - set(found)), sorted(set(found) - expected)
    if missing or surplus:
        raise _broken(
            use_case,
            "expected the key, partition and the declared features; "
            f"missing: {', '.join(missing) or 'none'}; not declared: {', '.join(surplus) or 'none'}",
        )
    if wrong := _wrong_types(dict(types), use_case):
        raise _broken(use_case, "; ".join(wrong))
    # A float widened to double would differ from one computed as double; NaN and null both mean unknown.
    values = [F.nanvl(F.col(name).cast("double"), F.lit(None)).alias(name) for name in use_case.feature_names]
    keys = [F.col(column.name).cast(column.type).alias(column.name) for column in tables.entity_columns(use_case)]
    return built.select(*keys, "partition", *values)


def _wrong_types(types: Mapping[str, str], use_case: UseCase) -> list[str]:
    """What is wrong with the columns' types: a cast would make null, or a truth a number, in silence."""
    wrong = [
        f"expected feature {name} to be a number, found {types[name]}"
        for name in use_case.feature_names
        if types[name] not in NUMBERS and not types[name].startswith("decimal")
    ]
    for column in tables.entity_columns(use_case):
        found, declared = types[column.name], TYPE_NAMES.get(column.type, column.type)
        if found != declared and not {found, declared} <= WHOLE:
            wrong.append(f"expected {column.name} of the key to be {declared} as in its source, found {found}")
    if types["partition"] != "date":
        wrong.append(f"expected partition to be a date, found {types['partition']}")
    return wrong


def _broken(use_case: UseCase, what: str) -> TransformBroken:
    return TransformBroken(f"use case {use_case.name}: features.py: {what}; nothing was written")


def stamp(rows: DataFrame, use_case: UseCase, by_day: Mapping[dt.date, str]) -> DataFrame:
    """Add ``prediction_time``, the local midnight that starts the day, and each day's ``inputs_fingerprint``."""
    midnight = F.to_utc_timestamp(F.col("partition").cast("timestamp"), use_case.calendar.timezone)
    return rows.withColumns({"prediction_time": midnight, tables.INPUTS_FINGERPRINT: spark_tables.value_of_day(by_day)})


def check_rows(built: DataFrame, population: DataFrame, use_case: UseCase, days: list[dt.date]) -> int:
    """Compare the built rows with the population: each entity once a day, none lost, none invented, every value usable.

    Returns:
        How many rows were built.

    Raises:
        TransformBroken: naming a day, and both counts or the value that no model can use and how many rows have it.
    """
    key = [*use_case.entity.key, "partition"]
    expected = population.select(*key).withColumn("_side", F.lit(1)).withColumn("_unusable", F.lit(None).cast("string"))
    returned = built.select(*key, F.lit(0).alias("_side"), _unusable(use_case).alias("_unusable"))
    sides = (
        expected.unionByName(returned)
        .groupBy(*key)
        .agg(
            F.sum("_side").alias("_expected"),
            (F.count("*") - F.sum("_side")).alias("_found"),
            F.max("_unusable").alias("_unusable"),
        )
    )
    totals = sides.groupBy("partition", "_unusable").agg(
        F.sum("_found").alias("found"),
        F.sum("_expected").alias("expected"),
        F.count_if(F.col("_found") != F.col("_expected")).alias("wrong"),
    )
    counted = sorted(totals.collect(), key=lambda row: (str(row["partition"]), row["_unusable"] or ""))
    for row in counted:
        if row["_unusable"] is not None:
            day = "" if row["partition"] is None else f" of {row['partition']}"
            raise _broken(use_case, f"{row['_unusable']}; {row['found']} row(s){day} have another value")
    for row in counted:
        if row["wrong"] or row["partition"] not in days:
            raise _broken(
                use_case,
                f"expected one row for each of the {row['expected']} entities of {row['partition']}, found {row['found']} rows, "
                f"{row['wrong']} keys differ",
            )
    return sum(row["found"] for row in counted)


def _unusable(use_case: UseCase) -> Column:
    """What no model can use in a built row, the first of it in words; null for a row that is in order."""
    reasons = [
        F.when(F.col(name).isNull(), f"expected {name} to be never null, it identifies the row")
        for name in (*use_case.entity.key, "partition")
    ]
    reasons += [
        F.when(
            F.abs(F.col(name)) > GREATEST,
            f"expected feature {name} to be null or a number between -{GREATEST:.2g} and {GREATEST:.2g}, as XGBoost reads in 32 "
            "bits; a division by 0 makes infinity",
        )
        for name in use_case.feature_names
    ]
    return F.coalesce(*reasons)
