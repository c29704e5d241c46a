"""For whom a challenger decides: a stable share, which anybody can work out."""

from __future__ import annotations

import hashlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.score import canary

FLIGHTS = [("UA", number, origin) for number in range(1, 1001) for origin in ("EWR", "JFK")]


def chosen(spark: SparkSession, share: float, name: str = "flights") -> set[tuple[str, int, str]]:
    frame = spark.createDataFrame(FLIGHTS, "carrier string, flight int, origin string")
    rows = frame.where(canary.within(share, name, ["carrier", "flight", "origin"])).collect()
    return {(row["carrier"], row["flight"], row["origin"]) for row in rows}


def test_it_is_the_first_32_bits_of_the_keys_md5(spark: SparkSession) -> None:
    def by_hand(carrier: str, flight: int, origin: str) -> float:
        text = f"flights|{carrier}|{flight}|{origin}"
        return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) / 2**32

    # Written down once: a change of it would try the challenger on other entities from one night to the next.
    assert round(by_hand("UA", 1545, "EWR"), 4) == 0.4574
    assert chosen(spark, 0.2) == {flight for flight in FLIGHTS if by_hand(*flight) < 0.2}


def test_a_larger_share_holds_the_smaller_one_and_no_share_nobody(spark: SparkSession) -> None:
    few, more = chosen(spark, 0.1), chosen(spark, 0.3)
    assert few < more and 150 < len(few) < 250 and 540 < len(more) < 660
    assert chosen(spark, 0.0) == set()


def test_two_use_cases_with_the_same_keys_try_on_different_entities(spark: SparkSession) -> None:
    assert len(chosen(spark, 0.1) & chosen(spark, 0.1, name="delays")) < 60


def test_a_key_of_numbers_alone_is_spread_too(spark: SparkSession) -> None:
    share = spark.range(1000).where(canary.within(0.5, "n", ["id"])).agg(F.count("*")).collect()[0][0]
    assert 440 < share < 560
