"""Maintenance changes how tables lie on disk and no row of theirs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.maintain import clustering, job
from jobs.maintain.arguments import MaintainArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import TableUnreadable
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import file_layout
from tests.jobs.bakery_days import DAY, build, copy, prepared


def maintain() -> dict[str, object]:
    return job.run(MaintainArguments()).as_json()


@pytest.fixture(scope="module")
def features(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The features of a day. What they were built from is put away: each table takes its time to be maintained."""
    with prepared(tmp_path_factory.mktemp("features"), ingested) as root:
        build(DAY, DAY)
        for layer in ("bronze", "silver"):
            shutil.rmtree(root / "warehouse" / layer)
    return root


@pytest.fixture
def built(features: Path, lakehouse_root: Path, landing_root: Path) -> Path:
    """The features' table in a lakehouse of the test's own."""
    return copy(features, lakehouse_root, landing_root) / "gold/bakery_sales_features"


def rows(table: Path) -> list[str]:
    return sorted(str(sorted(row.items())) for row in DeltaTable(table).to_pyarrow_table().to_pylist())


def scatter(spark: SparkSession, table: Path, times: int) -> None:
    """Write the day's rows anew as files that lie across one another, eight times as many rows."""
    day = spark.read.format("delta").load(str(table))
    many = day.withColumn("copy", F.explode(F.sequence(F.lit(1), F.lit(times)))).withColumn(
        "bread", F.concat("bread", "copy")
    )
    many.drop("copy").repartition(4).write.format("delta").mode("overwrite").save(str(table))


def test_many_files_become_one_and_no_row_changes(built: Path, spark: SparkSession) -> None:
    scatter(spark, built, 2)
    before = rows(built)
    assert len(DeltaTable(built).file_uris()) == 4
    maintain()
    assert len(DeltaTable(built).file_uris()) == 1
    assert rows(built) == before


def test_a_day_of_several_files_is_sorted_so_that_a_key_lies_in_few_and_only_once(
    built: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tables.features(loader.by_name("bakery_sales"))
    scatter(spark, built, 400)
    before = rows(built)
    # Files as small as the test's data is: a real day has several when it is larger than a gigabyte.
    monkeypatch.setattr(file_layout, "FILE_BYTES", 4000)
    assert clustering.crossed_days(table) == {DAY}
    assert maintain()["clustered_days"] == {table.full_name: 1}
    assert len(DeltaTable(built).file_uris()) > 1
    assert clustering.crossed_days(table) == set()
    assert maintain()["clustered_days"] == {}
    assert rows(built) == before


def test_files_older_than_the_retention_go_and_those_that_a_version_needs_stay(
    built: Path, spark: SparkSession
) -> None:
    old = set(DeltaTable(built).file_uris())
    scatter(spark, built, 1)
    maintain()
    assert all(Path(file).exists() for file in old)
    age(built, 8)
    maintain()
    assert all(Path(file).exists() for file in old), "features are kept for thirty days"
    age(built, 31)
    maintain()
    assert not any(Path(file).exists() for file in old)
    assert len(DeltaTable(built).to_pyarrow_table()) == 18


def test_a_gold_table_that_a_promised_reader_can_not_read_is_named(built: Path, spark: SparkSession) -> None:
    spark.sql(f"ALTER TABLE delta.`{built}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    spark.sql(f"DELETE FROM delta.`{built}` WHERE shop = 'canal' AND bread = 'rye'")
    with pytest.raises(TableUnreadable, match=r"found gold\.bakery_sales_features: "):
        maintain()


def age(table: Path, days: int) -> None:
    """Let everything that was ever removed from the table have been removed so many days ago."""
    then = time.time() - days * 24 * 3600
    for log in (table / "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            if "remove" in line:
                line["remove"]["deletionTimestamp"] = int(then * 1000)
        log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        (log.parent / f".{log.name}.crc").unlink(missing_ok=True)
    for file in table.rglob("*.parquet"):
        os.utime(file, (then, then))


@pytest.mark.process
def test_the_last_line_is_the_jobs_own(lakehouse_root: Path) -> None:
    command = [sys.executable, "-m", "jobs", "maintain"]
    environment = {**os.environ, "SPARK_MASTER": "local[1]"}
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "maintain done in" in done.stderr.splitlines()[-1], done.stderr
