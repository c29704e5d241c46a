"""A use case from its deliveries to a monitored day, in the store that the environment names: ``python -m tests.jobs.store_chain``.

A process of its own: Spark reads how it reaches a store when it starts. Prints one JSON object.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

from jobs.__main__ import main
from jobs.ingest import bronze
from lakehouse import settings, tables
from lakehouse.declaration import loader
from lakehouse.storage import commits, delta_log, places, spark_session, spark_tables
from tests.use_cases import bakery

FIRST, DAY = dt.date(2024, 3, 1), dt.date(2024, 5, 10)
USE_CASE = "bakery_sales"


def run(stage: str, **options: object) -> None:
    """One job, as its command line runs it.

    Raises:
        AssertionError: when it fails.
    """
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    assert main([stage, *arguments]) == 0, (stage, options)


def chain() -> None:
    """All stages."""
    bakery.deliver(places.of(settings.load().landing_root), FIRST, DAY)
    # One source as great ones are taken in: its rows are parsed and checked by Spark's workers, who write the files.
    few = bronze.HERE_BYTES
    bronze.HERE_BYTES = 0
    run("ingest", source="bakery_plan", partition=FIRST, through=DAY)
    bronze.HERE_BYTES = few
    run("ingest", source="bakery_sales_counted", partition=FIRST, through=DAY - dt.timedelta(days=7))
    # And its features' rows are written by them.
    commits.COLLECTED_ROWS = 0
    run("features", use_case=USE_CASE, partition=FIRST + dt.timedelta(days=16), through=DAY)
    run("train", use_case=USE_CASE, partition=DAY, actor="tests")
    run("gate", use_case=USE_CASE, partition=DAY, actor="tests")
    run("score", use_case=USE_CASE, partition=DAY)
    run("monitor", use_case=USE_CASE, partition=DAY, actor="tests")
    run("maintain")
    expect_no_commit_of_spark()


def expect_no_commit_of_spark() -> None:
    """Spark's Delta writer, which could take another's commit away, is refused.

    Raises:
        AssertionError: when it writes.
    """
    table = tables.silver(loader.by_name(USE_CASE).source("bakery_plan"))
    place, version = delta_log.location(table), delta_log.version(table)
    spark = spark_session.session("tests")
    rows = spark_tables.read(spark, table)
    assert rows.count() > 0
    for address in (place, place.replace("s3://", "s3a://")):
        try:
            rows.write.format("delta").mode("append").save(address)
        except Exception as error:
            print("refused", type(error).__name__)
        else:
            raise AssertionError(f"Spark wrote to {address}")
    assert delta_log.version(table) == version


if __name__ == "__main__":
    chain()
    json.dump({"done": True}, sys.stdout)
