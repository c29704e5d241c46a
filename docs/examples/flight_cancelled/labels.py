"""The label of flight_cancelled: a flight without a departure."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def build(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    """One row a flight of the day."""
    key = ("carrier", "flight", "origin", "sched_dep_time", "partition")
    return inputs["flight_outcomes"].select(*key, F.col("dep_time").isNull().alias("value"))
