"""What it takes to record what runs cost: beside the same runs without it, and to ask for it after two years of 50 use cases.

``python -m tests.bench.recorded_costs [--repeats 15] [--use-cases 50]``
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from lakehouse.declaration import UseCase
from lakehouse.ops import costs, spending
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import commits, table_schema
from lakehouse.tables import COSTS
from tests.jobs import appointments
from tests.recorded_runs import a_run, leave

WITH = "import sys; from jobs.__main__ import main; sys.exit(main(sys.argv[1:], whole_process=True))"
WITHOUT = (
    "import sys; from jobs import run_meter; from lakehouse.storage import spark_use; spark_use.begin = lambda run: None; "
    f"run_meter.RunMeter.name = lambda *given: None; {WITH}"
)
RUNS_A_NIGHT, DAYS = 10, 730
LAST = dt.date(2026, 6, 30)


def of_a_process(code: str) -> tuple[float, float]:
    """Processor and wall seconds of a job that has nothing to do."""
    began = time.monotonic()
    started = subprocess.Popen(
        [sys.executable, "-c", code, "groups"], cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, used = os.wait4(started.pid, 0)
    started.returncode = 0
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    began = time.monotonic()
    work()
    return (time.monotonic() - began) * 1000


def history(use_cases: int) -> None:
    """Two years of runs, a month at a time."""
    days = [LAST - dt.timedelta(days=back) for back in range(DAYS)]
    for month in sorted({f"{day:%Y-%m}" for day in days}):
        started = [dt.datetime.combine(day, dt.time(2), dt.UTC) for day in days if f"{day:%Y-%m}" == month]
        one = a_run().row(None) | {"cost_micros": 1000, "money": 0.001, "currency": "EUR"}
        rows = [
            one
            | {"run_id": uuid.uuid4().hex, "use_case": f"m{number}", "started_at": at, "day": at.date(), "month": month}
            for at in started
            for number in range(use_cases)
            for _ in range(RUNS_A_NIGHT)
        ]
        names = table_schema.arrow_schema(COSTS)
        commits.replace_table(pa.Table.from_pylist(rows, names), COSTS, {"month": [month]})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--use-cases", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "LAKEHOUSE_ROOT": f"{folder}/warehouse",
            "NIGHTJAR_HOME": f"{folder}/state",
            "USE_CASE_ROOTS": f"{folder}/none",
        }
        Path(folder, "warehouse").mkdir()
        found: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
        for _ in range(options.repeats):
            found["without"].append(of_a_process(WITHOUT))
            found["with"].append(of_a_process(WITH))
        for name, measured in found.items():
            cpu, wall = (statistics.median(part) for part in zip(*measured, strict=True))
            print(f"a run with nothing to do, {name} recording: {cpu:.2f} s of processor time, {wall:.2f} s")
        runs = [a_run() for _ in range(50)]
        for run in runs:
            leave(run)
        print(f"50 runs taken in at once: {timed(costs.fold):.0f} ms")
        history(options.use_cases)
        use_cases = [
            UseCase.model_validate(appointments.declaration()).model_copy(update={"name": f"m{number}"})
            for number in range(options.use_cases)
        ]
        asked = [timed(lambda: spending.of_use_cases(use_cases, LAST)) for _ in range(5)]
        count = DAYS * RUNS_A_NIGHT * options.use_cases
        print(f"this month of {options.use_cases} use cases, among {count} runs: {statistics.median(asked):.0f} ms")
        of_one = [timed(lambda: spending.of_use_case(use_cases[0], LAST)) for _ in range(5)]
        print(f"this month of one: {statistics.median(of_one):.0f} ms")
        added = []
        for _ in range(10):
            leave(a_run(started_at=dt.datetime.combine(LAST, dt.time(9), dt.UTC)))
            added.append(timed(costs.fold))
        print(f"one more run of that day: {statistics.median(added):.0f} ms")


if __name__ == "__main__":
    main()
