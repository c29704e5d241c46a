"""Trailing windows over days, smoothed rates and rows as last known: what the features of most use cases are made of.

Pure functions of DataFrames and Columns. Sums are meant for whole numbers: those are the same in whatever order Spark
adds them up, so a day built alone equals the same day built in a range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

DAY = "partition"


def by_key(rows: DataFrame, keys: Mapping[str, Column], keep: Sequence[str]) -> DataFrame:
    """Repeat every row once for each of its keys, so that all keys are aggregated in one pass.

    Args:
        rows: any rows.
        keys: expression of a key's value by the key's name. A row whose value is null is left out for that key.
        keep: columns to carry along.

    Returns:
        The columns ``keep``, then ``key`` (the name) and ``value`` (as text).
    """
    pairs = (F.struct(F.lit(name).alias("key"), value.cast("string").alias("value")) for name, value in keys.items())
    return rows.select(*keep, F.inline(F.array(*pairs))).where(F.col("value").isNotNull())


def trailing_sums(
    totals: DataFrame, by: Sequence[str], sums: Mapping[int, Sequence[str]], *, until: int = 1, integers: bool = False
) -> DataFrame:
    """Sum daily totals over the days before each row's own day.

    Args:
        totals: one row per ``by`` and ``partition`` (a date); days may be missing, a missing day adds nothing.
        by: columns that identify a series.
        sums: for each window length in days, the columns to sum over it, whole numbers.
        until: how many days before the row's day the window ends; 1 is the day before.
        integers: whether all the columns are of an integer type. Then a window is the difference of two running sums, which
            takes as long for 28 days as for one; of other numbers that would not be exact.

    Returns:
        The rows of ``totals`` with a column ``<sum>_<length>d`` for each sum and length; 0 where the window has no row.
    """
    # Ordered by the day's number, a range counts calendar days; a frame of rows would reach back too far over gaps.
    series = Window.partitionBy(*by).orderBy(F.unix_date(DAY))
    wanted = [(name, length) for length, names in sums.items() for name in names]
    if not integers:
        return totals.select(
            "*",
            *(
                _sum(name, series.rangeBetween(1 - until - length, -until)).alias(f"{name}_{length}d")
                for name, length in wanted
            ),
        )
    ends = {f"_{name}_until_{back}": (name, back) for name, n in wanted for back in (until, until + n)}
    running = totals.withColumns(
        {end: _sum(name, series.rangeBetween(Window.unboundedPreceding, -back)) for end, (name, back) in ends.items()}
    )
    differences = (
        (F.col(f"_{name}_until_{until}") - F.col(f"_{name}_until_{until + n}")).alias(f"{name}_{n}d")
        for name, n in wanted
    )
    return running.select("*", *differences).drop(*ends)


def _sum(name: str, window: WindowSpec) -> Column:
    return F.coalesce(F.sum(name).over(window), F.lit(0))


def smoothed(part: Column, whole: Column, prior: Column, weight: float) -> Column:
    """The share ``part / whole``, pulled towards ``prior`` as if ``weight`` more had been seen there.

    Null where ``prior`` is null, or where both ``whole`` and ``weight`` are 0.
    """
    return F.try_divide(part + F.lit(float(weight)) * prior, whole + F.lit(float(weight)))


def as_of(rows: DataFrame, reference: DataFrame, key: str) -> DataFrame:
    """Join each row with the latest reference row of its key that had been delivered by the row's day.

    Args:
        rows: has ``key`` and ``partition``.
        reference: has ``key`` and ``partition`` (the day delivered), unique together; small enough to broadcast.
        key: the column that both share.

    Returns:
        All rows, with the other columns of ``reference``, null where nothing was known yet. A later delivery never
        changes what an earlier day gets.
    """
    versions = Window.partitionBy(key).orderBy(DAY)
    known = reference.select(
        F.col(key).alias("_key"),
        F.col(DAY).alias("_from"),
        F.lead(DAY).over(versions).alias("_until"),
        *(name for name in reference.columns if name not in (key, DAY)),
    )
    match = (
        (F.col(key) == F.col("_key"))
        & (F.col(DAY) >= F.col("_from"))
        & (F.col("_until").isNull() | (F.col(DAY) < F.col("_until")))
    )
    return rows.join(F.broadcast(known), match, "left").drop("_key", "_from", "_until")
