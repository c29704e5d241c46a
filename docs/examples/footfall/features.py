"""The features of footfall: a sensor's days, rolled up from its hours."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row a sensor and day, from the 28 days before it."""
    evening = F.when(F.col("hour") >= 18, F.col("pedestrians"))
    hours = inputs["footfall_counts"].groupBy("sensor", F.col("partition").alias("past"))
    rolled_up = hours.agg(F.sum("pedestrians").alias("total"), F.sum(evening).alias("evening"))
    total, back = F.col("total"), F.date_diff("partition", "past")
    known = (
        days.join(rolled_up, F.col("past").between(F.date_sub("partition", 28), F.date_sub("partition", 1)))
        .groupBy("sensor", "partition")
        .agg(
            F.max(F.when(back == 1, total)).alias("total_1d"),
            F.max(F.when(back == 1, F.col("evening"))).alias("evening_1d"),
            F.avg(F.when(back <= 7, total)).alias("mean_7d"),
            F.avg(total).alias("mean_28d"),
            F.max(F.when(back == 7, total)).alias("same_weekday"),
            F.avg(F.when(back % 7 == 0, total)).alias("same_weekday_mean"),
        )
    )
    sensors = inputs["footfall_sensors"].join(days, "partition", "left_semi").select("sensor", "partition")
    dates = {"day_of_week": F.weekday("partition"), "day_of_year": F.dayofyear("partition")}
    return sensors.withColumns({"site": F.col("sensor"), **dates}).join(known, ["sensor", "partition"], "left")
