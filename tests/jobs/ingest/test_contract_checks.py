"""A contract types what it can, and gives every reason for what it can't."""

from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.ingest import contract_checks
from lakehouse.declaration import Source

DAY = dt.date(2024, 3, 1)
SOURCE = Source.model_validate(
    {
        "name": "loaves",
        "key": ["shop"],
        "columns": [
            {"name": "shop", "type": "string", "pattern": "[a-z]+"},
            {"name": "bread", "type": "string", "allowed": ["rye", "wheat"]},
            {"name": "baked", "type": "int", "minimum": 0, "maximum": 100},
            {"name": "price", "type": "double", "nullable": True},
            {"name": "day", "type": "date", "nullable": True},
        ],
        "row_rules": [{"name": "no_free_rye", "expression": "bread <> 'rye' OR price > 0"}],
    }
)


def delivered(spark: SparkSession, *rows: tuple[str | None, ...], delivery: str = "d1", hour: int = 1) -> DataFrame:
    names = ("shop", "bread", "baked", "price", "day")
    arrived = dt.datetime(2024, 3, 2, hour, tzinfo=dt.UTC)
    schema = ", ".join(f"{name} string" for name in names)
    content = [(*row, "raw", None, None, number + 2, delivery, arrived, DAY) for number, row in enumerate(rows)]
    return spark.createDataFrame(
        content,
        f"{schema}, raw string, extra string, malformed string, line long, "
        "delivery_id string, ingested_at timestamp, partition date",
    )


def test_a_good_row_is_typed_and_has_no_reasons(spark: SparkSession) -> None:
    row = contract_checks.check(delivered(spark, ("canal", "rye", "7", "2.5", "2024-02-29")), SOURCE).collect()[0]
    assert (row.shop, row.baked, row.price, row.day) == ("canal", 7, 2.5, dt.date(2024, 2, 29))
    assert row.reasons == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("Canal", "rye", "7", "1", None), "shop: expected the form [a-z]+, found 'Canal'"),
        (("canal", "oats", "7", "1", None), "bread: expected one of rye, wheat, found 'oats'"),
        (("canal", "rye", "7.5", "1", None), "baked: expected an int, found '7.5'"),
        (("canal", "rye", "-1", "1", None), "baked: expected at least 0, found '-1'"),
        (("canal", "rye", "101", "1", None), "baked: expected at most 100, found '101'"),
        (("canal", "rye", None, "1", None), "baked: expected a value, found none"),
        (("canal", "wheat", "7", "NaN", None), "price: expected a finite number, found 'NaN'"),
        (("canal", "wheat", "7", "1e400", None), "price: expected a finite number, found '1e400'"),
        (("canal", "wheat", "7", "1", "2013-02-30"), "day: expected a date, found '2013-02-30'"),
        (("canal", "rye", "7", "0", None), "no_free_rye: expected bread <> 'rye' OR price > 0"),
    ],
)
def test_a_broken_rule_is_named_with_what_was_expected_and_found(
    spark: SparkSession, row: tuple[str | None, ...], reason: str
) -> None:
    assert contract_checks.check(delivered(spark, row), SOURCE).collect()[0].reasons == [reason]


def test_a_row_that_breaks_several_rules_keeps_every_reason(spark: SparkSession) -> None:
    reasons = contract_checks.check(delivered(spark, ("Canal", "oats", "x", "1", None)), SOURCE).collect()[0].reasons
    assert [reason.split(":")[0] for reason in reasons] == ["shop", "bread", "baked"]


def test_the_books_add_up_and_the_last_line_of_a_repeated_key_counts(spark: SparkSession) -> None:
    rows = [("canal", "rye", "1", "1", None), ("canal", "rye", "2", "1", None), ("MARKET", "rye", "3", "1", None)]
    marked = contract_checks.mark_duplicates(contract_checks.check(delivered(spark, *rows), SOURCE), SOURCE)
    count = contract_checks.counts(marked).collect()[0]
    assert (count.delivered, count.accepted, count.rejected, count.duplicates) == (3, 1, 1, 1)
    assert [row.baked for row in contract_checks.silver_rows(marked, SOURCE).collect()] == [2]
    assert [row.line for row in contract_checks.reject_rows(marked, SOURCE).collect()] == [4]


def test_a_correction_supersedes_the_earlier_delivery_of_the_same_key_only(spark: SparkSession) -> None:
    first = delivered(spark, ("canal", "rye", "1", "1", None), ("market", "rye", "5", "1", None))
    later = delivered(spark, ("canal", "rye", "9", "1", None), delivery="d2", hour=2)
    marked = contract_checks.mark_duplicates(contract_checks.check(first.unionByName(later), SOURCE), SOURCE)
    rows = {row.shop: row.baked for row in contract_checks.silver_rows(marked, SOURCE).collect()}
    assert rows == {"canal": 9, "market": 5}
