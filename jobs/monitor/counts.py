"""Rows counted by day and bin, in Spark: all that the drift statistics need of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.evaluation.drift_profile import Distribution

Counts = NDArray[np.int64]
# By column name and day: rows in each bin, null last.
DailyCounts = Mapping[str, Mapping[dt.date, Counts]]


def bin_number(value: Column, distribution: Distribution) -> Column:
    """The bin of a value, as ``Distribution.bins`` numbers them: how many edges it exceeds; null and NaN last."""
    last = F.lit(len(distribution.edges) + 1)
    below = F.lit(0)
    for edge in distribution.edges:
        below = below + (value > F.lit(edge)).cast("int")
    return F.when(value.isNull() | F.isnan(value), last).otherwise(below)


def count_bins(rows: DataFrame, distributions: Mapping[str, Distribution]) -> DataFrame:
    """Count rows by day, column and bin.

    Args:
        rows: ``partition`` (date) and the columns named in ``distributions`` (double).
        distributions: the bins of each column.

    Returns:
        ``partition``, ``name`` (of the column), ``bin`` (int) and ``rows`` (long); empty bins have no row.
    """
    binned = rows.select(
        "partition", *(bin_number(F.col(name), item).alias(name) for name, item in distributions.items())
    )
    long = binned.unpivot("partition", list(distributions), "name", "bin")
    return long.groupBy("partition", "name", "bin").agg(F.count("*").alias("rows"))


def daily_counts(*parts: tuple[DataFrame, Mapping[str, Distribution]]) -> DailyCounts:
    """``count_bins`` of each part in one pass, as one array of counts for each column and day that has rows.

    Args:
        parts: rows and the bins of their columns; no column name occurs twice.
    """
    distributions = {name: item for _, bins in parts for name, item in bins.items()}
    counted = reduce(DataFrame.unionAll, (count_bins(rows, bins) for rows, bins in parts if bins))
    by_column: dict[str, dict[dt.date, Counts]] = {name: {} for name in distributions}
    for day, name, number, count in counted.collect():
        width = len(distributions[name].shares)
        by_column[name].setdefault(day, np.zeros(width, dtype=np.int64))[number] = count
    return by_column


def window(counts: Mapping[dt.date, Counts], days: Iterable[dt.date]) -> tuple[int, Counts | None]:
    """The number of these days that have rows, and their counts added up; None when there is no such day."""
    present = [counts[day] for day in days if day in counts]
    return len(present), sum(present[1:], start=present[0]) if present else None
