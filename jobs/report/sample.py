"""The rows that Evidently draws: a sample of the day's trailing window."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def window_sample(
    features: DataFrame, scores: DataFrame, key: tuple[str, ...], columns: list[str], rows: int
) -> DataFrame:
    """At most ``rows`` rows, the same ones each time: those whose key has the smallest hash.

    Args:
        features: feature rows of the window's days.
        scores: the champion's scores of the same days, or of some of them.
        key: columns that identify an entity within a day.
        columns: the features to return.
        rows: how many rows at most.

    Returns:
        ``partition``, the features, and ``score`` (null for a row that this champion has not scored).
    """
    on = ["partition", *key]
    joined = features.select(*on, *columns).join(scores.select(*on, "score"), on, "left")
    return joined.orderBy(F.xxhash64(*on), *on).limit(rows).select("partition", *columns, "score")
