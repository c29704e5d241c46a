"""The label of next_purchase: the purchases of the 30 days that begin with the day; none is a 0."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.transforms.leading_windows import in_windows


def build(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    """One row a customer of the population and day."""
    later = in_windows(inputs["shop_purchases"], 0, 29).groupBy("customer", "partition").agg(F.count("*").alias("n"))
    value = F.coalesce("n", F.lit(0)).alias("value")
    return days.join(later, ["customer", "partition"], "left").select("customer", "partition", value)
