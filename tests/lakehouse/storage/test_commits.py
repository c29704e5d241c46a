"""Tables are made as declared, also where an earlier attempt was killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.storage import commits, small_tables, spark_tables, table_schema
from lakehouse.tables import BUILDS

LEFT_BEHIND = {
    "an empty log": None,
    "a first commit of Spark's that was never renamed": ".00000000000000000000.json.0b1c.tmp",
    "a first commit of delta-rs' that was never renamed": "00000000000000000000.json#1",
}


@pytest.fixture(params=LEFT_BEHIND.values(), ids=LEFT_BEHIND.keys())
def half_made(request: pytest.FixtureRequest, lakehouse_root: Path) -> Path:
    log = lakehouse_root / "ops" / "builds" / "_delta_log"
    log.mkdir(parents=True)
    if request.param is not None:
        (log / request.param).write_text('{"commitInfo"')
    return log.parent


def test_a_table_whose_making_was_killed_is_made_as_declared(half_made: Path, spark: SparkSession) -> None:
    assert spark_tables.read(spark, BUILDS).count() == 0
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
