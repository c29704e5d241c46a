"""The features of flight_cancelled, beside those that it takes from the group airport_record."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

KEY = ("carrier", "flight", "origin", "sched_dep_time")


def build(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    """One row a scheduled flight, from what is known at the midnight before it."""
    flights, tomorrow = inputs["flight_schedule"].join(days, "partition", "left_semi"), F.date_add("partition", 1)
    cancelled = F.avg(F.col("dep_time").isNull().cast("int")).alias("airline_cancelled_1d")
    airlines = inputs["flight_outcomes"].groupBy("carrier", tomorrow.alias("partition")).agg(cancelled)
    last = F.max(F.struct("hour", "visib", "wind_speed")).alias("last")
    weather = inputs["weather"].groupBy("origin", tomorrow.alias("partition")).agg(last, F.sum("precip").alias("rain"))
    hour = F.floor(F.col("sched_dep_time") / 100)
    at_once = F.count("*").over(Window.partitionBy("partition", "origin", hour))
    known = flights.join(airlines, ["carrier", "partition"], "left").join(weather, ["origin", "partition"], "left")
    return known.select(
        *(*KEY, "partition", F.col("carrier").alias("airline"), F.col("dest").alias("destination")),
        (hour * 60 + F.col("sched_dep_time") % 100).alias("departure_minute"),
        *(F.weekday("partition").alias("day_of_week"), F.col("distance").alias("miles"), at_once.alias("hour_flights")),
        *("airline_cancelled_1d", F.col("last.visib").alias("visibility"), F.col("last.wind_speed").alias("wind")),
        F.round("rain", 6).alias("precipitation"),
    )
