"""The features of next_purchase: how recently, how often and for how long a customer has bought."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row a known customer and day, from the purchases before the day."""
    customers = inputs["shop_customers"].join(days, "partition", "left_semi")
    bought = inputs["shop_purchases"].groupBy("customer", F.col("partition").alias("day")).agg(F.count("*").alias("n"))
    past = customers.join(bought, "customer").where("day < partition")
    back, number = F.date_diff("partition", "day"), F.col("n")
    known = past.groupBy("customer", "partition").agg(
        F.min(back).alias("recency"),
        F.sum(number).alias("purchases"),
        F.count("*").alias("purchase_days"),
        F.try_divide(F.max(back) - F.min(back), F.count("*") - 1).alias("mean_gap"),
        F.sum(F.when(back <= 30, number).otherwise(0)).alias("purchases_30d"),
        F.sum(F.when(back <= 90, number).otherwise(0)).alias("purchases_90d"),
    )
    age = F.date_diff("partition", "first_purchase").alias("age")
    return customers.select("customer", "partition", age).join(known, ["customer", "partition"], "left")
