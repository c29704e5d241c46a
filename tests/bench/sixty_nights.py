"""Whether the Spark server grows: ``make bench-nights`` (NIGHTS=60), after ``make demo``; half an hour.

Lives through so many nights that nobody has scored yet, on a copy of the demo's lakehouse, and prints how long each tenth takes and
how much memory the Spark server and its Python workers hold after it: at once, and after a rest.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.record import Record
from tests.bench import night

EVERY = 10
# After the first night and after the last. Spark's cleaner has Java collect its garbage every five minutes, and Java then gives
# back what it no longer needs: nights that follow one another in seconds are many to a collection.
REST_SECONDS = 330


def main() -> int:
    """Live through the nights and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=60)
    nights = parser.parse_args().nights
    plan = Plan.from_environ()
    with tempfile.TemporaryDirectory() as scratch, running_stack(plan) as stack:
        root = Path(scratch)
        shutil.copytree(plan.lakehouse_root, root / "warehouse")
        first = night.fresh_day(root / "warehouse")
        environment = {**stack.env, "LAKEHOUSE_ROOT": str(root / "warehouse"), "LANDING_ROOT": str(root / "landing")}
        print("\n| night | seconds | resident, MB | of it the JVM |\n| --- | --- | --- | --- |")
        for number in range(1, nights + 1):
            parts = night.night(root / "landing", first + dt.timedelta(days=number - 1), environment)
            if number == 1 or number % EVERY == 0:
                show(str(number), f"{sum(parts.values()):.1f}", plan)
            if number in (1, nights):
                time.sleep(REST_SECONDS)
                show(f"{number}, and a rest", str(REST_SECONDS), plan)
    return 0


def show(what: str, seconds: str, plan: Plan) -> None:
    """Print a line of the table."""
    whole, jvm = resident(plan)
    print(f"| {what} | {seconds} | {whole / 1e6:.0f} | {jvm / 1e6:.0f} |", flush=True)


def resident(plan: Plan) -> tuple[int, int]:
    """The memory of the Spark server with its Python workers, and of its JVM alone, in bytes."""
    record = Record.read(plan.state_root)
    assert record is not None
    processes = [psutil.Process(record.started["spark"][0])]
    processes += processes[0].children(recursive=True)
    held = [(one.name(), one.memory_info().rss) for one in processes]
    return sum(size for _, size in held), sum(size for name, size in held if name == "java")


if __name__ == "__main__":
    sys.exit(main())
