"""The features of airport_record: shares of an airport's departures over the days before."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row an airport and day."""
    outcomes = inputs["flight_outcomes"].withColumnRenamed("partition", "past")
    known = days.join(outcomes, F.col("past").between(F.date_sub("partition", 7), F.date_sub("partition", 1)))
    cancelled, yesterday = F.col("dep_time").isNull(), F.date_diff("partition", "past") == 1
    evening = yesterday & (F.col("sched_dep_time") >= 1800)
    return known.groupBy("origin", "partition").agg(
        _share(cancelled, yesterday).alias("cancelled_1d"),
        _share(cancelled, evening).alias("evening_cancelled_1d"),
        _share(cancelled, F.lit(True)).alias("cancelled_7d"),
        _share(F.col("arr_delay") >= 15, yesterday).alias("late_1d"),
    )


def _share(which: Column, of_rows: Column) -> Column:
    """The share of these rows for which it is true; those for which it is null are left out."""
    return F.avg(F.when(of_rows, which.cast("int")))
