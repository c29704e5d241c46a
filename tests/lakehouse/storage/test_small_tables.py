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

from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, delta_log, file_layout, small_tables, spark_tables
from lakehouse.tables import DELIVERIES

DAY = dt.date(2024, 5, 1)


def delivered(name: str, day: dt.date = DAY, delivered_rows: int = 3) -> Delivery:
    return Delivery(
        "s", name, day, "s.csv", "0", delivered_rows, delivered_rows, 0, 0, "ingested", dt.datetime.now(dt.UTC)
    )


def test_a_line_written_again_takes_its_own_place_and_no_other(lakehouse_root: Path) -> None:
    deliveries.record([delivered("a"), delivered("b")])
    deliveries.record([delivered("b", delivered_rows=5)])
    assert {(line.delivery_id, line.delivered_rows) for line in deliveries.lines_of(["s"])} == {("a", 3), ("b", 5)}


@pytest.mark.process
def test_writers_at_once_lose_nothing_and_double_nothing(lakehouse_root: Path) -> None:
    lines = [delivered(f"d{number % 6}") for number in range(18)]
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as writers:
        list(writers.map(deliveries.record, [[line] for line in lines]))
    assert sorted(line.delivery_id for line in deliveries.lines_of(["s"])) == [f"d{number}" for number in range(6)]


def test_every_reader_sees_the_same_rows(spark: SparkSession, lakehouse_root: Path) -> None:
    deliveries.record([delivered("a"), delivered("b", DAY + dt.timedelta(1))])
    by_spark = {row["delivery_id"] for row in spark_tables.read(spark, DELIVERIES).collect()}
    dataset = DeltaTable(delta_log.location(DELIVERIES)).to_pyarrow_dataset()
    by_duckdb = {row[0] for row in duckdb.from_arrow(dataset).project("delivery_id").fetchall()}
    assert by_spark == by_duckdb == {"a", "b"}


def test_compaction_keeps_every_row(lakehouse_root: Path) -> None:
    for number in range(4):
        deliveries.record([delivered(f"d{number}", DAY + dt.timedelta(number))])
    before = small_tables.read(DELIVERIES)
    file_layout.compact(DELIVERIES)
    assert small_tables.read(DELIVERIES) == before
    assert len(DeltaTable(delta_log.location(DELIVERIES)).file_uris()) == 1


def test_a_row_without_a_value_that_must_be_there_is_refused(lakehouse_root: Path) -> None:
    row = vars(delivered("a")) | {"origin": None}
    with pytest.raises(Exception, match=r"(?i)null"):
        commits.replace_rows(DELIVERIES, [row], "delivery_id = 'a'")
    assert small_tables.read(DELIVERIES) == []
