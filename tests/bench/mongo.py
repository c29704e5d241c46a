"""How fast a MongoDB collection is read, and in how much memory: ``make bench-mongo``, or with a count of documents.

Loads planes into the emulator (tests/mongo_server.py; not MongoDB, so its speed is not MongoDB's), extracts them by
the job in a process of its own, and takes the file in. The peak of 10,000 documents stands beside, to show that it does
not grow with them.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from pymongo import MongoClient

from lakehouse.settings import PROJECT_ROOT
from tests import mongo_server

DAY = "2013-01-02"
FIRST = dt.datetime(2012, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Run:
    """Seconds of a job, and the peak resident memory in MB of its own process and of its largest Python worker."""

    seconds: float
    own: float
    worker: float


def main() -> int:
    """Measure and print a table in Markdown."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    mongo_server.fetch()
    server = mongo_server.Server("6g")
    print(f"On {len(os.sched_getaffinity(0))} cores:\n")
    print("| documents | what | seconds | documents/s | peak of its process, MB | of its largest Python worker, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    try:
        for count in (10_000, many):
            _measure(server, count)
    finally:
        server.close()
    return 0


def _measure(server: mongo_server.Server, count: int) -> None:
    address = f"mongodb://127.0.0.1:{server.direct_port}/"
    began = time.monotonic()
    _load(address, count)
    print(f"| {count:,} | (loading the emulator) | {time.monotonic() - began:.1f} | | | |", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "LAKEHOUSE_ROOT": f"{scratch}/warehouse",
            "LANDING_ROOT": f"{scratch}/landing",
            "SPARK_MASTER": f"local[{len(os.sched_getaffinity(0))}]",
            "MONGO_URI": address,
            "PYSPARK_PYTHON": sys.executable,
        }
        environment.pop("SPARK_REMOTE", None)
        for stage in ("extract", "ingest"):
            run = measured([sys.executable, "-m", "jobs", stage, "--source", "planes", "--partition", DAY], environment)
            print(
                f"| {count:,} | {stage} | {run.seconds:.1f} | {count / run.seconds:,.0f} | {run.own:.0f} | {run.worker:.0f} |",
                flush=True,
            )
        (file,) = Path(scratch, "landing", "planes").iterdir()
        print(f"| {count:,} | (the file: {file.stat().st_size / 1e6:.1f} MB) | | | | |", flush=True)


def _load(address: str, count: int) -> None:
    with MongoClient(address) as client:
        client.drop_database("flights")
        planes = client["flights"]["planes"]
        for first in range(0, count, 5000):
            planes.insert_many([_plane(number) for number in range(first, min(first + 5000, count))], ordered=False)


def _plane(number: int) -> dict[str, object]:
    return {
        "tailnum": f"N{number:06d}",
        "year": 1960 + number % 54,
        "type": "Fixed wing multi engine",
        "manufacturer": ("EMBRAER", "BOEING", "AIRBUS INDUSTRIE")[number % 3],
        "model": f"{number % 97}-{number % 11}",
        "engines": 1 + number % 4,
        "seats": 50 + number % 300,
        "engine": "Turbo-fan",
        # A hundred documents share a date.
        "updated_at": FIRST + dt.timedelta(seconds=number // 100),
    }


def measured(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command, and say how long it took and how much memory."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=environment, cwd=PROJECT_ROOT, stdout=said, stderr=said)
        watched, worker = psutil.Process(process.pid), 0
        while True:
            done, status, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            worker = max(worker, _largest_worker(watched))
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read()[-3000:]}")
    return Run(time.monotonic() - began, used.ru_maxrss / 1024, worker / 2**20)


def _largest_worker(process: psutil.Process) -> int:
    sizes = [0]
    try:
        for child in process.children(recursive=True):
            if "python" in child.name():
                sizes.append(child.memory_info().rss)
    except psutil.NoSuchProcess:
        pass
    return max(sizes)


if __name__ == "__main__":
    sys.exit(main())
