"""How fast deliveries are taken in: ``make bench-ingest`` (ROWS=5000000; a GB of landing zone, twice that of tables).

One delivery of many rows and 20 columns through `jobs.ingest`, beside Spark's own CSV reader that writes a Delta table of the same
typed columns, both on one warm Spark in this process, one after the other, twice; and 300 files of 165 rows as a range.
Memory is the greatest that was seen while ours ran: of the JVM, of a Python worker, and of the job's own process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.storage import spark_session

DAY = dt.date(2024, 3, 5)
FILES, ROWS_A_FILE = 300, 165
TYPES = {"id": "long", "shop": "string", "day": "date", "at": "timestamp", "flag": "boolean"}
TYPES |= {f"n{number}": "int" for number in range(7)} | {f"x{number}": "double" for number in range(8)}
USE_CASE = Path(__file__).parents[1] / "use_cases" / "bakery_sales"


def main() -> None:
    """Print two tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        os.environ |= {
            "LAKEHOUSE_ROOT": str(root / "warehouse"),
            "LANDING_ROOT": str(root / "landing"),
            "NIGHTJAR_HOME": str(root / "state"),
            "USE_CASE_ROOTS": str(root / "use_cases"),
            "SPARK_MASTER": "local[2]",
        }
        os.environ.pop("SPARK_REMOTE", None)
        declare(root / "use_cases" / USE_CASE.name)
        many(root, rows)
        few(root)


def declare(folder: Path) -> None:
    """A use case with one more source: ``many``."""
    shutil.copytree(USE_CASE, folder)
    file = folder / "use_case.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    columns = [{"name": name, "type": type_} for name, type_ in TYPES.items()]
    content["sources"].append({"name": "many", "key": ["id"], "columns": columns})
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def many(root: Path, rows: int) -> None:
    """One delivery of many rows."""
    file = deliver(root, DAY, rows)
    session = spark_session.session("bench")
    warm = DAY - dt.timedelta(days=1)
    deliver(root, warm, 1_000_000)
    ingest(warm)
    read_by_spark(session, root / "landing" / "many" / f"{warm}.csv", root / "peer")
    print(f"\n{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB of CSV, {os.cpu_count()} cores, warm\n", flush=True)
    print("| | s | rows a second | of Spark's reader |\n| --- | --- | --- | --- |")
    for _ in range(2):
        peer = timed(lambda: read_by_spark(session, file, root / "peer"))
        with Watch() as watch:
            ours = timed(lambda: ingest(DAY, force=True))
        print(f"| Spark's CSV reader to a Delta table | {peer:.1f} | {rows / peer:,.0f} | 1 |")
        print(f"| ingest: bronze, silver, ledger | {ours:.1f} | {rows / ours:,.0f} | {peer / ours:.2f} |", flush=True)
    print(f"\nPeak memory while ingesting: {watch.told()}", flush=True)


def few(root: Path) -> None:
    """A file a day, as a range."""
    first = DAY + dt.timedelta(days=7)
    days = [first + dt.timedelta(days=number) for number in range(2 * FILES)]
    for day in days:
        deliver(root, day, ROWS_A_FILE)
    print(f"\n{FILES} files of {ROWS_A_FILE} rows as a range\n\n| | s |\n| --- | --- |")
    for when, part in (("the first", days[:FILES]), ("again, others", days[FILES:])):
        print(f"| {when} | {timed(lambda part=part: ingest(part[0], part[-1])):.1f} |", flush=True)


def deliver(root: Path, day: dt.date, rows: int) -> Path:
    """Land a delivery of made-up rows, the same for the same day."""
    file = root / "landing" / "many" / f"{day}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(day.toordinal())
    with file.open("w", encoding="utf-8") as out:
        out.write(",".join(TYPES) + "\n")
        for first in range(0, rows, 100_000):
            count = min(100_000, rows - first)
            shops, whole = dice.integers(0, 1000, count).tolist(), dice.integers(0, 100_000, (count, 7)).tolist()
            reals = np.round(dice.normal(0, 1000, (count, 8)), 4).tolist()
            for number in range(count):
                at = f"2024-03-05T10:{number % 60:02}:{number % 59:02}Z"
                cells = [first + number, f"shop{shops[number]}", f"2024-03-{1 + number % 28:02}", at]
                cells += ["true" if number % 2 else "false", *whole[number], *reals[number]]
                out.write(",".join(map(str, cells)) + "\n")
    return file


def ingest(first: dt.date, last: dt.date | None = None, force: bool = False) -> None:
    """Take the deliveries in."""
    job.run(IngestArguments(source="many", partition=first, through=last, force=force))


def read_by_spark(session: SparkSession, file: Path, target: Path) -> None:
    """What somebody would write who trusts the file: Spark's reader with the columns' types, its code compiled."""
    for name, value in (("spark.sql.codegen.wholeStage", "true"), ("spark.sql.codegen.factoryMode", "FALLBACK")):
        session.conf.set(name, value)
    schema = ", ".join(f"{name} {type_}" for name, type_ in TYPES.items())
    rows = session.read.schema(schema).option("header", True).csv(str(file))
    dated = rows.withColumn("partition", F.lit(str(DAY)).cast("date"))
    dated.write.format("delta").mode("overwrite").partitionBy("partition").save(str(target))


def timed(work: Callable[[], object]) -> float:
    """Seconds of a call."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


class Watch:
    """The greatest memory that was seen of each kind of process."""

    def __init__(self) -> None:
        self._most: dict[str, float] = {}
        self._ended = threading.Event()

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._thread.join()

    def told(self) -> str:
        """In words."""
        return ", ".join(f"{kind} {most / 2**20:,.0f} MB" for kind, most in sorted(self._most.items()))

    def _look(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.2):
            for process in (me, *me.children(recursive=True)):
                try:
                    kind = "the job" if process == me else "the JVM" if "java" in process.name() else "a Python worker"
                    self._most[kind] = max(self._most.get(kind, 0), process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


if __name__ == "__main__":
    main()
