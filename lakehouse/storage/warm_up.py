"""Work for a young Spark server: what nights make, of rows of its own.

What is given, joins, windows, sums, a kept frame, rows that are collected. It reads no table and writes nothing.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.transforms import trailing_windows

# Few rows: what takes its time on a young server is every plan, whatever its rows.
DAYS, ROWS_A_DAY = 28, 100
LAST = dt.date(2000, 1, DAYS)


def night(session: SparkSession) -> int:
    """Compute one day's rows from a history, as a night does; how many they are."""
    history = session.createDataFrame(_history())
    days = session.createDataFrame([(LAST,)], schema="partition date")
    today = history.join(F.broadcast(days), "partition", "left_semi")
    kept = _features(today, history, session.createDataFrame(_reference())).persist()
    try:
        counted = _counted(kept, today)
        return int(kept.withColumn("rows", F.lit(counted)).toArrow().num_rows)
    finally:
        kept.unpersist()


def _features(today: DataFrame, history: DataFrame, reference: DataFrame) -> DataFrame:
    keys = {"name": F.col("name"), "group": F.col("group"), "both": F.concat_ws("|", "name", "group")}
    happened = history.where(F.col("partition") < F.lit(LAST)).withColumn("late", (F.col("minutes") > 15).cast("long"))
    totals = (
        trailing_windows.by_key(happened, keys, ["partition", "late"])
        .groupBy("key", "value", "partition")
        .agg(F.count("*").alias("seen"), F.sum("late").alias("late"))
    )
    asked = (
        trailing_windows.by_key(today, keys, ["partition"])
        .distinct()
        .select("key", "value", "partition", F.lit(0).cast("long").alias("seen"), F.lit(0).cast("long").alias("late"))
    )
    sums = trailing_windows.trailing_sums(
        totals.unionByName(asked), ["key", "value"], {7: ["seen", "late"], 27: ["seen", "late"]}
    ).where(F.col("partition") == F.lit(LAST))
    rows = trailing_windows.as_of(today, reference, "name")
    order = Window.partitionBy("group").orderBy("minute", "id")
    rows = rows.withColumns({"before": F.lag("minute").over(order), "place": F.row_number().over(order)})
    for name, value in keys.items():
        record = sums.where(F.col("key") == name).select(
            F.col("value").alias(f"{name}_value"),
            *(F.col(column).alias(f"{name}_{column}") for column in ("seen_7d", "late_7d", "seen_27d", "late_27d")),
        )
        rows = rows.join(F.broadcast(record), value == F.col(f"{name}_value"), "left")
    return rows.select("id", "name", "group", "partition", *_rates(keys), *_times())


def _rates(keys: dict[str, Column]) -> list[Column]:
    prior = F.try_divide(F.col("group_late_27d"), F.col("group_seen_27d"))
    return [
        F.round(
            trailing_windows.smoothed(F.col(f"{key}_late_{length}d"), F.col(f"{key}_seen_{length}d"), prior, 10.0), 10
        ).alias(f"{key}_rate_{length}d")
        for key in keys
        for length in (7, 27)
    ]


def _times() -> list[Column]:
    minute = F.floor(F.col("minute") / 100) * 60 + F.col("minute") % 100
    return [
        F.round(value.cast("double"), 10).alias(name)
        for name, value in {
            "minute": minute,
            "weekday": F.weekday("partition"),
            "gap": F.pmod(F.col("minute") - F.col("before"), F.lit(1440)),
            "place": F.col("place"),
            "age": F.year("partition") - F.col("year"),
        }.items()
    ]


def _counted(built: DataFrame, population: DataFrame) -> int:
    sides = (
        population.select("id", "partition", F.lit(1).alias("side"))
        .unionByName(built.select("id", "partition", F.lit(0).alias("side")))
        .groupBy("id", "partition")
        .agg(F.sum("side").alias("expected"), (F.count("*") - F.sum("side")).alias("found"))
    )
    totals = sides.groupBy("partition").agg(
        F.sum("found").alias("found"), F.count_if(F.col("found") != F.col("expected")).alias("wrong")
    )
    return sum(int(row["found"]) for row in totals.collect())


def _history() -> pa.Table:
    numbers = range(DAYS * ROWS_A_DAY)
    return pa.table(
        {
            "id": pa.array([str(number % ROWS_A_DAY) for number in numbers]),
            "name": pa.array([f"n{number % 97}" for number in numbers]),
            "group": pa.array([f"g{number % 7}" for number in numbers]),
            "minute": pa.array([number * 7 % 1440 for number in numbers], pa.int32()),
            "minutes": pa.array([number % 31 * 1.5 for number in numbers]),
            "partition": pa.array([LAST - dt.timedelta(days=number // ROWS_A_DAY) for number in numbers]),
        }
    )


def _reference() -> pa.Table:
    return pa.table(
        {
            "name": pa.array([f"n{number}" for number in range(97)]),
            "year": pa.array([1980 + number % 20 for number in range(97)], pa.int32()),
            "partition": pa.array([LAST - dt.timedelta(days=DAYS)] * 97),
        }
    )
