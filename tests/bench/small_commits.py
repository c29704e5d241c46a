"""What a commit and a read of a thousand rows cost, by Spark's workers and in this process.

``python -m tests.bench.small_commits``: both in one run, on a Spark of its own in this process. Processor seconds are those of
the JVM and of Python together.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import commits, spark_session, spark_tables
from lakehouse.tables import Table

ROWS, REPEATS = 1_000, 12
DAY = dt.date(2024, 3, 1)
VALUES = {
    "string": lambda: F.concat(F.lit("x"), F.col("id")),
    "timestamp": lambda: F.lit(dt.datetime(2024, 3, 1, tzinfo=dt.UTC)),
}


def rows_of(spark: SparkSession, table: Table, day: dt.date) -> DataFrame:
    """A thousand rows of a day."""
    columns = {
        one.name: VALUES.get(one.type, lambda: F.col("id"))().cast(one.type)
        for one in table.columns
        if one.type != "date"
    }
    return (
        spark.range(ROWS).select(*(columns[name].alias(name) for name in columns)).withColumn("partition", F.lit(day))
    )


def measured(work: Callable[[int], object]) -> tuple[float, float]:
    """Processor and wall seconds of a call, medians."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]

    def used() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    cpu, wall = [], []
    for number in range(REPEATS):
        begin, began = used(), time.monotonic()
        work(number)
        cpu.append(used() - begin)
        wall.append(time.monotonic() - began)
    # The first ones compile.
    return statistics.median(cpu[2:]), statistics.median(wall[2:])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as root:
        os.environ |= {"LAKEHOUSE_ROOT": root, "USE_CASE_ROOTS": str(Path(__file__).parents[1] / "use_cases")}
        os.environ.pop("SPARK_REMOTE", None)
        spark, table = spark_session.session("bench"), tables.features(loader.by_name("bakery_sales"))

        def commit(number: int) -> None:
            day = DAY + dt.timedelta(days=number)
            commits.replace(rows_of(spark, table, day), table, {"partition": [day]}, rows=ROWS)

        def read(number: int) -> None:
            commit(number)
            spark_tables.read_days(spark, table, [DAY + dt.timedelta(days=number)]).count()

        print("| a thousand rows | processor s | s |\n| --- | --- | --- |")
        for limit, how in ((0, "by Spark's workers and its Delta reader"), (10**6, "in this process")):
            commits.COLLECTED_ROWS = spark_tables.GIVEN_ROWS = limit
            alone = measured(commit)
            both = measured(read)
            print(f"| committed {how} | {alone[0]:.2f} | {alone[1]:.2f} |")
            print(f"| committed and read again {how} | {both[0]:.2f} | {both[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
