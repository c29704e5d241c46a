"""Tables are made as declared, also where an earlier attempt was killed; few rows and many end the same, and never meet."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import MigrationNeeded
from lakehouse.storage import (
    arrow_dataset,
    commits,
    delta_log,
    file_locks,
    small_tables,
    spark_config,
    spark_tables,
    table_schema,
    table_shape,
)
from lakehouse.storage.sql_quoting import days_condition
from lakehouse.tables import BUILDS, Table

LEFT_BEHIND = {
    "an empty log": None,
    "a first commit of Spark's that was never renamed": ".00000000000000000000.json.0b1c.tmp",
    "a first commit of delta-rs' that was never renamed": "00000000000000000000.json#1",
}
DAY = dt.date(2024, 3, 1)
NEXT = dt.date(2024, 3, 2)


@pytest.fixture(params=LEFT_BEHIND.values(), ids=LEFT_BEHIND.keys())
def half_made(request: pytest.FixtureRequest, lakehouse_root: Path) -> Path:
    log = lakehouse_root / "ops" / "builds" / "_delta_log"
    log.mkdir(parents=True)
    if request.param is not None:
        (log / request.param).write_text('{"commitInfo"')
    return log.parent


def test_a_table_whose_making_was_killed_is_made_as_declared(half_made: Path) -> None:
    table_shape.ensure(BUILDS)
    made = DeltaTable(half_made)
    assert made.metadata().partition_columns == list(BUILDS.partition_by)
    assert made.metadata().configuration == table_schema.properties(BUILDS)
    assert [(field.name, field.nullable) for field in made.schema().fields] == [
        (column.name, column.nullable) for column in BUILDS.columns
    ]


def test_so_is_a_table_of_a_few_rows(half_made: Path) -> None:
    assert small_tables.read(BUILDS) == []
    commits.replace_rows(BUILDS, [], "true")
    assert DeltaTable(half_made).metadata().partition_columns == list(BUILDS.partition_by)


@pytest.fixture
def outcomes(lakehouse_root: Path) -> Table:
    return tables.outcomes(loader.by_name("bakery_sales"))


def labels(spark: SparkSession, day: dt.date, count: int) -> DataFrame:
    """Labels of a day: every third value is not known."""
    rows = spark.range(count).select(
        F.concat(F.lit("shop "), F.col("id")).alias("shop"),
        F.lit("rye").alias("bread"),
        F.lit(day).alias("partition"),
        F.when(F.col("id") % 3 > 0, F.col("id") / 7).alias("value"),
        F.when(F.col("id") % 3 > 0, F.col("id") % 2).cast("double").alias("label"),
    )
    return rows.withColumn(tables.INPUTS_FINGERPRINT, F.lit(f"{day} {count}"))


@pytest.mark.parametrize("collected", [True, False], ids=["collected", "by Spark's tasks"])
def test_a_commit_replaces_its_days_and_no_other(
    spark: SparkSession, outcomes: Table, monkeypatch: pytest.MonkeyPatch, collected: bool
) -> None:
    monkeypatch.setattr(commits, "COLLECTED_ROWS", 1000 if collected else 0)
    for day, count in ((DAY, 5), (NEXT, 7), (DAY, 4)):
        commits.replace(labels(spark, day, count), outcomes, {"partition": [day]}, rows=count)
    assert delta_log.rows_by_day(outcomes) == {DAY: 4, NEXT: 7}
    # Both kinds of writers leave the statistics that reruns look at.
    assert delta_log.constant_by_partition(outcomes, tables.INPUTS_FINGERPRINT) == {DAY: f"{DAY} 4", NEXT: f"{NEXT} 7"}
    expected = sorted(labels(spark, DAY, 4).unionAll(labels(spark, NEXT, 7)).toArrow().to_pylist(), key=repr)
    columns = list(expected[0])
    assert sorted(arrow_dataset.read(outcomes).select(columns).to_pylist(), key=repr) == expected


@pytest.mark.parametrize(
    ("given_rows", "given_bytes", "named_files"),
    [(1000, 10**6, 9), (0, 10**6, 9), (1000, 10, 9), (0, 10**6, 1)],
    ids=["given", "too many rows", "too large", "too many files"],
)
def test_rows_are_read_the_same_whether_they_are_given_to_spark_or_not(
    spark: SparkSession,
    outcomes: Table,
    monkeypatch: pytest.MonkeyPatch,
    given_rows: int,
    given_bytes: int,
    named_files: int,
) -> None:
    monkeypatch.setattr(spark_tables, "GIVEN_ROWS", given_rows)
    monkeypatch.setattr(spark_config, "GIVEN_BYTES", given_bytes)
    monkeypatch.setattr(spark_tables, "NAMED_FILES", named_files)
    assert spark_tables.read_days(spark, outcomes, [DAY]).count() == 0
    for day, count in ((DAY, 5), (NEXT, 7), (DAY, 4)):
        commits.replace(labels(spark, day, count), outcomes, {"partition": [day]}, rows=count)
    of_day = spark_tables.read_days(spark, outcomes, [DAY])
    assert of_day.columns == list(outcomes.column_names)
    expected = labels(spark, DAY, 4).select(*outcomes.column_names)
    assert sorted(map(repr, of_day.collect())) == sorted(map(repr, expected.collect()))
    assert spark_tables.read_days(spark, outcomes, [DAY], at_version=1).count() == 5
    assert spark_tables.read_between(spark, outcomes, None, DAY).count() == 4
    assert spark_tables.read_between(spark, outcomes, DAY, NEXT).count() == 11
    assert spark_tables.read_between(spark, outcomes, NEXT, NEXT).count() == 7


def test_a_server_keeps_no_rows_that_are_given_to_it() -> None:
    """Spark Connect keeps beside the plan, as long as the session lives, what has at least so many bytes."""
    kept_from = int(spark_config.SERVER_CONFIG["spark.sql.session.localRelationCacheThreshold"])
    assert kept_from > spark_config.GIVEN_BYTES


def test_a_value_that_must_be_there_and_is_not_stops_the_commit(spark: SparkSession, outcomes: Table) -> None:
    rows = labels(spark, DAY, 4).withColumn("bread", F.lit(None).cast("string"))
    with pytest.raises(Exception, match="bread"):
        commits.replace(rows, outcomes, {"partition": [DAY]}, rows=4)
    assert delta_log.rows_by_day(outcomes) == {}


def test_a_column_that_was_declared_since_is_added_and_null_before(outcomes: Table, lakehouse_root: Path) -> None:
    fewer = Table(**{**vars(outcomes), "columns": tuple(one for one in outcomes.columns if one.name != "value")})
    key = {"shop": "canal", "bread": "rye"}
    row = {"partition": DAY, **key, "label": 1.0, tables.INPUTS_FINGERPRINT: "x"}
    commits.replace_rows(fewer, [row], days_condition([DAY]))
    assert arrow_dataset.read(outcomes).column("value").to_pylist() == [None]
    table_shape.ensure(outcomes)
    assert delta_log.column_names(outcomes) == set(outcomes.column_names)
    assert arrow_dataset.read(outcomes).column("value").to_pylist() == [None]


def test_a_commit_of_sparks_and_one_of_delta_rs_never_meet(
    outcomes: Table, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table_shape.create(outcomes)
    row = {
        "partition": DAY,
        "shop": "canal",
        "bread": "rye",
        "value": 1.0,
        "label": 1.0,
        tables.INPUTS_FINGERPRINT: "x",
    }
    writer = threading.Thread(target=commits.replace_rows, args=(outcomes, [row], days_condition([DAY])))
    lock = lakehouse_root / file_locks.FOLDER / outcomes.full_name
    # As a commit of Spark's holds it.
    with file_locks.locked(lock):
        writer.start()
        writer.join(0.3)
        assert writer.is_alive() and delta_log.rows_by_day(outcomes) == {}
    writer.join(10)
    assert delta_log.rows_by_day(outcomes) == {DAY: 1}
    # Those of delta-rs share it.
    with file_locks.locked(lock, shared=True):
        commits.replace_rows(outcomes, [], days_condition([DAY]))
    assert delta_log.rows_by_day(outcomes) == {}


def test_a_column_that_is_declared_no_longer_stays_without_values(outcomes: Table) -> None:
    row = {
        "partition": DAY,
        "shop": "canal",
        "bread": "rye",
        "value": 1.0,
        "label": 1.0,
        tables.INPUTS_FINGERPRINT: "x",
    }
    commits.replace_rows(outcomes, [row], days_condition([DAY]))
    fewer = Table(**{**vars(outcomes), "columns": tuple(one for one in outcomes.columns if one.name != "value")})
    commits.replace_rows(fewer, [{**row, "partition": NEXT}], days_condition([NEXT]))
    assert arrow_dataset.read(outcomes).sort_by("partition").column("value").to_pylist() == [1.0, None]


def test_a_column_of_another_type_is_a_named_error_before_anything_is_written(outcomes: Table) -> None:
    table_shape.create(outcomes)
    other = tuple(one.model_copy(update={"type": "long"}) if one.name == "value" else one for one in outcomes.columns)
    with pytest.raises(MigrationNeeded, match="value is double, expected int64; nothing was written"):
        table_shape.ensure(Table(**{**vars(outcomes), "columns": other}))


@pytest.mark.parametrize("name", ["plain", "with blank", "100%", "a*?", "ä+ö"])
def test_a_lakehouse_is_read_wherever_it_lies(
    spark: SparkSession, tmp_path: Path, outcomes: Table, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / name))
    monkeypatch.setattr(spark_tables, "GIVEN_ROWS", 0)
    commits.replace(labels(spark, DAY, 5), outcomes, {"partition": [DAY]}, rows=5)
    read = spark_tables.read_days(spark, outcomes, [DAY])
    assert sorted(map(repr, read.collect())) == sorted(map(repr, labels(spark, DAY, 5).select(*read.columns).collect()))


def test_a_column_that_was_declared_since_is_null_in_files_that_are_named(
    spark: SparkSession, outcomes: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = Table(**{**vars(outcomes), "columns": tuple(one for one in outcomes.columns if one.name != "value")})
    row = {"partition": DAY, "shop": "canal", "bread": "rye", "label": 1.0, tables.INPUTS_FINGERPRINT: "x"}
    commits.replace_rows(fewer, [row], days_condition([DAY]))
    monkeypatch.setattr(spark_tables, "GIVEN_ROWS", 0)
    assert [one.value for one in spark_tables.read_days(spark, outcomes, [DAY]).collect()] == [None]


def described(table: Table, words: str) -> Table:
    """The table with other descriptions of itself and of each column."""
    columns = tuple(
        column.model_copy(update={"description": words and f"{words} {column.name}"}) for column in table.columns
    )
    return Table(**{**vars(table), "columns": columns, "description": words})


@pytest.mark.parametrize("collected", [True, False], ids=["here", "by Spark's workers"])
@pytest.mark.parametrize("words", ["other", "", "ä"])
def test_other_descriptions_stop_no_write_to_a_table_that_is_there(
    spark: SparkSession, outcomes: Table, monkeypatch: pytest.MonkeyPatch, collected: bool, words: str
) -> None:
    monkeypatch.setattr(commits, "COLLECTED_ROWS", 1000 if collected else 0)
    commits.replace(labels(spark, DAY, 5), outcomes, {"partition": [DAY]}, rows=5)
    commits.replace(labels(spark, NEXT, 7), described(outcomes, words), {"partition": [NEXT]}, rows=7)
    commits.replace(labels(spark, DAY, 4), outcomes, {"partition": [DAY]}, rows=4)
    assert delta_log.rows_by_day(outcomes) == {DAY: 4, NEXT: 7}


def test_nor_to_a_small_table_that_an_earlier_release_made(lakehouse_root: Path) -> None:
    at = dt.datetime(2024, 3, 4, tzinfo=dt.UTC)
    line = {"table": "x", "partition": DAY, "fingerprint": "f", "inputs": "{}", "recorded_at": at}
    commits.replace_rows(described(BUILDS, "as it was called"), [line], "table = 'x'")
    commits.replace_rows(BUILDS, [line], "table = 'x'")
    commits.amend_rows(
        BUILDS, pc.field("table") == "x", "table = 'x'", lambda rows: [row | {"inputs": "{1}"} for row in rows]
    )
    assert [row["inputs"] for row in small_tables.read(BUILDS)] == ["{1}"]
