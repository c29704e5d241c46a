"""How the stages of a night grow with rows and with Spark's workers, and that a small driver is enough: ``make bench-scale``.

A real standalone Spark on loopback: a master, one and then two workers of a core and 2 GB each, and a Connect server whose driver
has 512 MB. A made-up use case gets a day of ROWS orders and of what came back of them (5,000,000, and a fifth of that to compare
with): deliveries of CSV to silver, features with a trailing rate, scores, labels, drift and performance; and a small day after it,
whose features are made of all that came back. Each stage is a process of its own.

What a stage's process and the driver take must not grow with the rows; a driver of 512 MB that collected them would fail.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pytest
import yaml
from pyarrow import csv

from jobs.__main__ import main as run
from lakehouse.declaration import loader
from lakehouse.models import registry
from lakehouse.storage import spark_config
from stack import jars
from stack.ports import free_ports
from tests.jobs.shelf import Shelf

NAME = "returned_orders"
DAY = dt.date(2024, 3, 5)
SHOPS = 500
AT_A_TIME = 500_000
DRIVER_MB, WORKER_MB = 512, 2048
WAIT_SECONDS = 120
NUMBERS = tuple(f"x{number}" for number in range(8))
TRANSFORM = '''"""The features: what an order has, and how much of its shop's orders of the week before came back."""

from pyspark.sql import functions as F


def build(days, inputs):
    """One row an order and day."""
    feeds = F.explode(F.sequence(F.date_add("partition", 1), F.date_add("partition", 7)))
    came_back = (
        inputs["returns"]
        .join(inputs["orders"].select("order_id", "partition", "shop"), ["order_id", "partition"])
        .select("shop", "returned", feeds.alias("day"))
        .groupBy("shop", F.col("day").alias("partition"))
        .agg(F.round(F.avg("returned"), 6).alias("shop_rate_7d"))
    )
    orders = inputs["orders"].join(days, "partition", "left_semi")
    return orders.join(came_back, ["shop", "partition"], "left").select("order_id", "partition", NUMBERS, "shop_rate_7d")
'''


@dataclass(frozen=True)
class Cost:
    """What a stage took: seconds, and the most memory of its process and of the driver in MB."""

    seconds: float
    job: float
    driver: float


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--workers", default="1,2", help="how many workers of one core, in turn")
    options = parser.parse_args()
    sizes = (options.rows // 5, options.rows)
    found: dict[tuple[int, int], dict[str, Cost]] = {}
    for workers in map(int, options.workers.split(",")):
        for rows in sizes:
            with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
                found[workers, rows] = night(Path(scratch), patch, rows, workers)
    show(found)


def show(found: dict[tuple[int, int], dict[str, Cost]]) -> None:
    """The table: a line a stage, and for each size and number of workers seconds, and the memory of process and driver."""
    head = [f"{rows:,} rows, {workers} worker{'s' * (workers > 1)}" for workers, rows in found]
    print(f"\nSeconds; MB of the stage's process; MB of the driver (heap of {DRIVER_MB}); {os.cpu_count()} cores\n")
    print(f"| stage | {' | '.join(head)} |\n| --- |{' --- |' * len(head)}")
    for stage in next(iter(found.values())):
        cells = [f"{c.seconds:.1f}; {c.job:.0f}; {c.driver:.0f}" for c in (one[stage] for one in found.values())]
        print(f"| {stage} | {' | '.join(cells)} |", flush=True)


def night(root: Path, patch: pytest.MonkeyPatch, rows: int, workers: int) -> dict[str, Cost]:
    """The stages of a day of so many rows, on so many workers."""
    folders = {
        "LAKEHOUSE_ROOT": "warehouse",
        "LANDING_ROOT": "landing",
        "NIGHTJAR_HOME": "state",
        "USE_CASE_ROOTS": "use",
    }
    for name, folder in folders.items():
        patch.setenv(name, str(root / folder))
    declare(root / "use")
    deliver(root / "landing", DAY - dt.timedelta(days=1), 20_000)
    deliver(root / "landing", DAY, rows)
    deliver(root / "landing", DAY + dt.timedelta(days=1), 20_000)
    with cluster(root, workers) as (remote, driver):
        patch.setenv("SPARK_REMOTE", remote)
        before, later = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
        works: dict[str, list[str]] = {
            "a champion": [],
            "a small day, to warm up": ["ingest", "--source", "orders", "--partition", str(before)],
            "and its returns": ["ingest", "--source", "returns", "--partition", str(before)],
            "ingest orders": ["ingest", "--source", "orders", "--partition", str(DAY)],
            "ingest returns": ["ingest", "--source", "returns", "--partition", str(DAY)],
            "features": ["features", "--use-case", NAME, "--partition", str(DAY)],
            "score": ["score", "--use-case", NAME, "--partition", str(DAY)],
            "monitor: drift of the day": ["monitor", "--use-case", NAME, "--partition", str(DAY)],
            "a small day's orders": ["ingest", "--source", "orders", "--partition", str(later)],
            "its features, of what came back of the many": ["features", "--use-case", NAME, "--partition", str(later)],
            "its scores": ["score", "--use-case", NAME, "--partition", str(later)],
            "monitor: labels and performance of the many": ["monitor", "--use-case", NAME, "--partition", str(later)],
        }
        return {name: cost(work, root / name, driver) for name, work in works.items()}


def stage(work: list[str], folder: Path) -> int:
    """Run a stage in this process, in which the registry has one model; without a stage, promote it."""
    shelf = Shelf(loader.by_name(NAME), folder)
    with pytest.MonkeyPatch.context() as patch:
        shelf.install(patch)
        shelf.add()
        if not work:
            shelf.promote(1)
            return 0
        shelf.aliases[registry.CHAMPION] = 1
        return run(work)


def declare(root: Path) -> None:
    """A use case of many orders a day."""
    folder = root / NAME
    folder.mkdir(parents=True)
    order = [{"name": "order_id", "type": "long"}]
    columns = [*order, {"name": "shop", "type": "string"}, *({"name": name, "type": "double"} for name in NUMBERS)]
    returned = [*order, {"name": "returned", "type": "int"}]
    content = {
        "name": NAME,
        "title": "Orders that come back",
        "description": "Which orders of a day come back?",
        "owner": "bench",
        "calendar": {"start": DAY - dt.timedelta(days=1)},
        "sources": [
            {"name": "orders", "key": ["order_id"], "columns": columns},
            {"name": "returns", "key": ["order_id"], "columns": returned, "arrives_after_days": 1},
        ],
        "entity": {"source": "orders", "key": ["order_id"]},
        "inputs": [{"source": "orders"}, {"source": "returns", "first": 1, "last": 1}],
        "features": [{"name": name, "description": name} for name in (*NUMBERS, "shop_rate_7d")],
        "label": {"source": "returns", "column": "returned", "at_least": 1, "maturity_days": 1},
        "split": {
            "train": {"first": 60, "last": 22},
            "validation": {"first": 20, "last": 12},
            "holdout": {"first": 10, "last": 1},
        },
        "model": {"task": "classification"},
        "gate": {"metric": "log_loss", "min_improvement": 0.0},
        "drift": {"window_days": 7},
    }
    (folder / "use_case.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    numbers = ", ".join(f'"{name}"' for name in NUMBERS)
    (folder / "features.py").write_text(TRANSFORM.replace("NUMBERS", numbers), encoding="utf-8")


def deliver(landing: Path, day: dt.date, rows: int) -> None:
    """Land a day's orders, and what came back of them."""
    dice = np.random.default_rng(day.toordinal())
    writers: dict[str, csv.CSVWriter] = {}
    for first in range(0, rows, AT_A_TIME):
        count = min(AT_A_TIME, rows - first)
        key = pa.array(np.arange(first, first + count))
        shops = pa.array([f"shop {number}" for number in dice.integers(0, SHOPS, count).tolist()])
        numbers = {name: pa.array(np.round(dice.random(count), 4)) for name in NUMBERS}
        made = {
            "orders": pa.table({"order_id": key, "shop": shops, **numbers}),
            "returns": pa.table({"order_id": key, "returned": pa.array((dice.random(count) < 0.2).astype(np.int32))}),
        }
        for name, part in made.items():
            if name not in writers:
                file = landing / name / f"{day}.csv"
                file.parent.mkdir(parents=True, exist_ok=True)
                writers[name] = csv.CSVWriter(file, part.schema)
            writers[name].write_table(part)
    for writer in writers.values():
        writer.close()


@contextmanager
def cluster(root: Path, workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """A standalone Spark; its Connect server's address, and the process of the driver."""
    master, connect = free_ports(2)
    home = jars.spark_home()
    environ = os.environ | {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    environ = {name: value for name, value in environ.items() if name != "SPARK_REMOTE"}
    settings = {
        **spark_config.CONFIG,
        **spark_config.SERVER_CONFIG,
        "spark.master": f"spark://127.0.0.1:{master}",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": f"{DRIVER_MB}m",
        "spark.executor.memory": f"{WORKER_MB * 3 // 4}m",
        "spark.executor.cores": "1",
        "spark.connect.grpc.binding.port": str(connect),
        "spark.ui.enabled": "false",
        "spark.local.dir": str(root / "local"),
        "spark.sql.warehouse.dir": str(root / "spark"),
    }
    file = root / "server.conf"
    file.write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
    spark_class, submit = str(home / "bin" / "spark-class"), str(home / "bin" / "spark-submit")
    at = ["--host", "127.0.0.1", "--webui-port", "0"]
    of_worker = [*at, "--cores", "1", "--memory", f"{WORKER_MB}m", f"spark://127.0.0.1:{master}"]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    deploy = "org.apache.spark.deploy"
    commands = {
        "master": [spark_class, f"{deploy}.master.Master", *at, "--port", str(master)],
        **{
            f"worker{number}": [
                spark_class,
                f"{deploy}.worker.Worker",
                "--work-dir",
                str(root / f"w{number}"),
                *of_worker,
            ]
            for number in range(workers)
        },
        "driver": [submit, "--properties-file", str(file), "--class", server, "spark-internal"],
    }
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            with (root / f"{name}.log").open("wb") as log:
                started[name] = subprocess.Popen(
                    command, env=environ, stdout=log, stderr=log, cwd=root, start_new_session=True
                )
            if name == "master":
                _await(master)
        _await(connect)
        session = "0f6c9a52-6f0e-4d3c-9d59-6c1f5c5b7a11"
        yield f"sc://127.0.0.1:{connect}/;user_id=bench;session_id={session}", psutil.Process(started["driver"].pid)
    finally:
        ending = [psutil.Process(one.pid) for one in started.values()]
        ending += [child for one in ending for child in one.children(recursive=True)]
        for process in ending:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(ending, timeout=30)


def cost(work: list[str], folder: Path, driver: psutil.Process) -> Cost:
    """Run a stage in a copy of this process, and watch it and the driver."""
    most, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            family = [driver, *driver.children(recursive=True)]
            java = [one.memory_info().rss for one in family if one.is_running() and "java" in one.name()]
            most[0] = max(most[0], sum(java) / 2**20)

    watching = threading.Thread(target=look)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            os._exit(stage(work, folder))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    watching.start()
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - began
    ended.set()
    watching.join()
    if status:
        raise SystemExit(
            f"{' '.join(work)}: expected it to end well with a driver of {DRIVER_MB} MB, found status {status}"
        )
    print(f"{work}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return Cost(seconds, used.ru_maxrss / 2**10, most[0])


def _await(port: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"Spark on port {port}: expected an answer within {WAIT_SECONDS} s, found none")


if __name__ == "__main__":
    main()
