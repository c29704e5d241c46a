"""Tables of a few rows, written without Spark."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse import delta, ledger, rows
from lakehouse.ledger import Delivery
from lakehouse.tables import DELIVERIES

DAY = dt.date(2024, 5, 1)


def delivered(name: str, day: dt.date = DAY, delivered_rows: int = 3) -> Delivery:
    return Delivery(
        "s", name, day, "s.csv", "0", delivered_rows, delivered_rows, 0, 0, "ingested", dt.datetime.now(dt.UTC)
    )


def test_a_line_written_again_takes_its_own_place_and_no_other(lakehouse_root: Path) -> None:
    ledger.record([delivered("a"), delivered("b")])
    ledger.record([delivered("b", delivered_rows=5)])
    assert {(line.delivery_id, line.delivered_rows) for line in ledger.of_sources(["s"])} == {("a", 3), ("b", 5)}


def test_writers_at_once_lose_nothing_and_double_nothing(lakehouse_root: Path) -> None:
    lines = [delivered(f"d{number % 6}") for number in range(18)]
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as writers:
        list(writers.map(ledger.record, [[line] for line in lines]))
    assert sorted(line.delivery_id for line in ledger.of_sources(["s"])) == [f"d{number}" for number in range(6)]


def test_every_reader_sees_the_same_rows(spark: SparkSession, lakehouse_root: Path) -> None:
    ledger.record([delivered("a"), delivered("b", DAY + dt.timedelta(1))])
    by_spark = {row["delivery_id"] for row in delta.read(spark, DELIVERIES).collect()}
    dataset = DeltaTable(delta.location(DELIVERIES)).to_pyarrow_dataset()
    by_duckdb = {row[0] for row in duckdb.from_arrow(dataset).project("delivery_id").fetchall()}
    assert by_spark == by_duckdb == {"a", "b"}


def test_compaction_keeps_every_row(lakehouse_root: Path) -> None:
    for number in range(4):
        ledger.record([delivered(f"d{number}", DAY + dt.timedelta(number))])
    before = rows.read(DELIVERIES)
    rows.compact(DELIVERIES)
    assert rows.read(DELIVERIES) == before
    assert len(DeltaTable(delta.location(DELIVERIES)).file_uris()) == 1


def test_a_row_without_a_value_that_must_be_there_is_refused(lakehouse_root: Path) -> None:
    row = vars(delivered("a")) | {"origin": None}
    with pytest.raises(Exception, match=r"(?i)null"):
        rows.replace(DELIVERIES, [row], "delivery_id = 'a'")
    assert rows.read(DELIVERIES) == []
