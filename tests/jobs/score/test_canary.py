"""For whom a challenger decides: a stable share, which anybody can work out."""

from __future__ import annotations

import datetime as dt
import hashlib
import random

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.score import canary
from lakehouse.evaluation import key_texts

KEY = ["carrier", "flight", "origin"]
FLIGHTS = [("UA", number, origin) for number in range(1, 1001) for origin in ("EWR", "JFK")]
ROWS = pa.table([list(column) for column in zip(*FLIGHTS, strict=True)], names=KEY)


def chosen(share: float, name: str = "flights") -> set[tuple[str, int, str]]:
    among = canary.within(share, name, ROWS, KEY)
    return {flight for flight, one in zip(FLIGHTS, among, strict=True) if one}


def test_it_is_the_first_32_bits_of_the_keys_md5() -> None:
    def by_hand(carrier: str, flight: int, origin: str) -> float:
        text = f"flights|{carrier}|{flight}|{origin}"
        return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) / 2**32

    # Written down once: a change of it would try the challenger on other entities from one night to the next.
    assert round(by_hand("UA", 1545, "EWR"), 4) == 0.4574
    assert chosen(0.2) == {flight for flight in FLIGHTS if by_hand(*flight) < 0.2}


def test_a_larger_share_holds_the_smaller_one_and_no_share_nobody() -> None:
    few, more = chosen(0.1), chosen(0.3)
    assert few < more and 150 < len(few) < 250 and 540 < len(more) < 660
    assert chosen(0.0) == set()


def test_two_use_cases_with_the_same_keys_try_on_different_entities() -> None:
    assert len(chosen(0.1) & chosen(0.1, name="delays")) < 60


def test_a_key_of_numbers_alone_is_spread_too() -> None:
    share = canary.within(0.5, "n", pa.table({"id": list(range(1000))}), ["id"]).sum()
    assert 440 < share < 560


@pytest.mark.parametrize("seed", range(3))
def test_a_value_of_any_type_is_hashed_as_spark_writes_it(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    # Below a thousand million: before version 19 Java wrote some great numbers with a digit too many.
    doubles = [float(f"{dice.uniform(-10, 10) * 10.0 ** dice.randint(-9, 8):.9e}") for _ in range(300)]
    doubles += [0.0, -0.0, 1e-3, 1e7, 123456789.0, 9999999.0, 0.1, float("inf"), float("-inf")]
    start = dt.datetime(1999, 12, 31, 23, 0, tzinfo=dt.UTC)
    kinds = pa.table(
        {
            "text": pa.array([dice.choice(["é", "", "a|b", "x"]) for _ in doubles]),
            "whole": pa.array([dice.randint(-(2**63), 2**63 - 1) for _ in doubles], pa.int64()),
            "truth": pa.array([dice.random() < 0.5 for _ in doubles]),
            "day": pa.array([start.date() + dt.timedelta(days=dice.randint(-9999, 9999)) for _ in doubles]),
            "instant": pa.array(
                [
                    start + dt.timedelta(seconds=dice.randint(0, 10**9), microseconds=dice.choice([0, 5, 120000]))
                    for _ in doubles
                ],
                pa.timestamp("us", "UTC"),
            ),
            "number": pa.array(doubles),
        }
    )
    written = spark.createDataFrame(kinds).select(
        *(F.col(name).cast("string").alias(name) for name in kinds.schema.names)
    )
    by_spark = written.toArrow()
    for name in kinds.schema.names:
        assert key_texts.texts_of(kinds.column(name)).to_pylist() == by_spark.column(name).to_pylist(), name
