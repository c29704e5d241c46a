"""Trailing sums, smoothed rates and as-of joins on frames of a few rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.transforms import trailing_windows


def day(number: int) -> dt.date:
    return dt.date(2013, 3, number)


def totals(spark: SparkSession, rows: list[tuple[str, dt.date, int]]) -> DataFrame:
    return spark.createDataFrame(rows, "series string, partition date, late long")


def sums(frame: DataFrame, *columns: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {(row.series, row.partition): tuple(row[name] for name in columns) for row in frame.collect()}


def test_a_trailing_sum_covers_the_days_before_and_not_the_day_itself(spark: SparkSession) -> None:
    rows = [("a", day(1), 1), ("a", day(2), 10), ("a", day(3), 100), ("b", day(2), 7)]
    found = sums(trailing_windows.trailing_sums(totals(spark, rows), ["series"], {2: ["late"]}), "late_2d")
    assert found == {("a", day(1)): (0,), ("a", day(2)): (1,), ("a", day(3)): (11,), ("b", day(2)): (0,)}


def test_a_window_counts_calendar_days_over_days_without_rows(spark: SparkSession) -> None:
    rows = [("a", day(1), 1), ("a", day(5), 10), ("a", day(8), 100)]
    found = sums(
        trailing_windows.trailing_sums(totals(spark, rows), ["series"], {1: ["late"], 7: ["late"]}),
        "late_1d",
        "late_7d",
    )
    assert found[("a", day(8))] == (0, 11)
    assert found[("a", day(5))] == (0, 1)


def test_a_window_can_end_further_back(spark: SparkSession) -> None:
    rows = [("a", day(1), 1), ("a", day(2), 10), ("a", day(3), 100)]
    found = sums(trailing_windows.trailing_sums(totals(spark, rows), ["series"], {7: ["late"]}, until=2), "late_7d")
    assert found[("a", day(3))] == (1,)


def test_a_row_is_repeated_for_each_key_that_it_has(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("UA", "N1", 5), ("B6", None, 6)], "carrier string, tailnum string, late int")
    keys = {"all": F.lit("all"), "carrier": F.col("carrier"), "aircraft": F.col("tailnum")}
    found = {(row.key, row.value, row.late) for row in trailing_windows.by_key(rows, keys, ["late"]).collect()}
    assert found == {
        ("all", "all", 5),
        ("all", "all", 6),
        ("carrier", "UA", 5),
        ("carrier", "B6", 6),
        ("aircraft", "N1", 5),
    }


def test_a_smoothed_rate_lies_between_the_rate_and_the_prior(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(5, 10, 0.2), (0, 0, 0.2), (5, 10, None)], "late int, n int, prior double")
    rate = trailing_windows.smoothed(F.col("late"), F.col("n"), F.col("prior"), 10)
    assert [row[0] for row in rows.select(rate).collect()] == [0.35, 0.2, None]
    # Nothing seen and no weight given to the prior: nothing known, and no division by zero.
    assert [
        row[0] for row in rows.select(trailing_windows.smoothed(F.col("late"), F.col("n"), F.col("prior"), 0)).collect()
    ] == [
        0.5,
        None,
        None,
    ]


def test_a_row_gets_the_latest_reference_delivered_by_its_day(spark: SparkSession) -> None:
    planes = spark.createDataFrame(
        [("N1", day(1), 100), ("N1", day(5), 120), ("N2", day(6), 50)], "tailnum string, partition date, seats int"
    )
    flights = spark.createDataFrame(
        [("N1", day(4)), ("N1", day(5)), ("N1", day(9)), ("N2", day(5)), (None, day(5))],
        "tailnum string, partition date",
    )
    found = {
        (row.tailnum, row.partition): row.seats for row in trailing_windows.as_of(flights, planes, "tailnum").collect()
    }
    assert found == {
        ("N1", day(4)): 100,
        ("N1", day(5)): 120,
        ("N1", day(9)): 120,
        ("N2", day(5)): None,
        (None, day(5)): None,
    }


def test_windows_of_integers_are_the_same_as_differences_of_running_sums(spark: SparkSession) -> None:
    rows = [("a", day(number), number * number) for number in range(1, 31) if number % 4] + [("b", day(9), 5)]
    lengths = {1: ["late"], 7: ["late"], 28: ["late"]}
    columns = ("late_1d", "late_7d", "late_28d")
    for until in (1, 3):
        plain = trailing_windows.trailing_sums(totals(spark, rows), ["series"], lengths, until=until)
        running = trailing_windows.trailing_sums(totals(spark, rows), ["series"], lengths, until=until, integers=True)
        assert running.columns == plain.columns
        assert sums(running, *columns) == sums(plain, *columns)
