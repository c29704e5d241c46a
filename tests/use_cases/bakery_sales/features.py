"""The features of bakery_sales."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

KNOWN_AFTER_DAYS = 7
WINDOW_DAYS = 14


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row a shop, bread and day; sales are those counted by then."""
    plan = inputs["bakery_plan"].join(days, "partition", "left_semi")
    first, last = KNOWN_AFTER_DAYS, KNOWN_AFTER_DAYS + WINDOW_DAYS - 1
    feeds = F.explode(F.sequence(F.date_add("partition", first), F.date_add("partition", last)))
    known = (
        inputs["bakery_sales_counted"]
        .select("shop", "bread", "sold", feeds.alias("day"))
        .groupBy("shop", "bread", F.col("day").alias("partition"))
        .agg(F.round(F.avg("sold"), 6).alias("sold_mean_14d"))
    )
    return plan.join(known, ["shop", "bread", "partition"], "left").select(
        "shop", "bread", "partition", "planned", "price", F.weekday("partition").alias("day_of_week"), "sold_mean_14d"
    )
