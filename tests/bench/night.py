"""How long a task and a night take: ``make bench``, after ``make demo``.

Measures on a copy of the demo's lakehouse, so that nothing of the user's is written. Cold and warm are measured in one run on
one machine; the ratio is what holds elsewhere.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from include.flight_delays.demo import feed
from lakehouse.settings import PROJECT_ROOT
from stack.jars import spark_home
from stack.lifecycle import running_stack
from stack.plan import Plan

USE_CASE = ("--use-case", "flight_delays")
SCORED_DAY, NEXT_DAY = dt.date(2013, 6, 30), dt.date(2013, 7, 2)
WARM_RUNS = 5


def main() -> int:
    """Measure and print a table in Markdown."""
    plan = Plan.from_environ()
    if not (Path(plan.lakehouse_root) / "gold" / "flight_delays_scores").is_dir():
        print("There is nothing to measure on: run make demo first.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch, running_stack(plan) as stack:
        root = Path(scratch)
        shutil.copytree(plan.lakehouse_root, root / "warehouse")
        environment = {**stack.env, "LAKEHOUSE_ROOT": str(root / "warehouse"), "LANDING_ROOT": str(root / "landing")}
        score = ["score", *USE_CASE, "--partition", str(SCORED_DAY), "--force"]
        cold = seconds([str(spark_home() / "bin/spark-submit"), "jobs/__main__.py", *score], _alone(environment))
        job(score, environment)
        warm = statistics.median(job(score, environment) for _ in range(WARM_RUNS))
        repeated = job(score[:-1], environment)
        parts = night(root / "landing", environment)
    print(f"\nOn {len(os.sched_getaffinity(0))} cores:\n\n| what | seconds |\n| --- | --- |")
    print(f"| score one day, cold `spark-submit` | {cold:.1f} |")
    print(f"| score one day on the warm server (median of {WARM_RUNS}) | {warm:.1f} |")
    print(f"| warm / cold | {warm / cold:.2f} |")
    print(f"| score a day that is up to date | {repeated:.1f} |")
    for what, took in parts.items():
        print(f"| a night: {what} | {took:.1f} |")
    print(f"| a night, ingest to monitor | {sum(parts.values()):.1f} |")
    return 0


def night(landing: Path, environment: dict[str, str]) -> dict[str, float]:
    """The chain of a night by jobs, the ingestions side by side as Airflow runs them."""
    yesterday = NEXT_DAY - dt.timedelta(days=1)
    arrivals = {"flight_schedule": NEXT_DAY, "flight_outcomes": yesterday, "weather": yesterday}
    # The demo ended with the night of July 1; the schedule of that day is there, its outcomes are not.
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(arrivals)) as pool:
        for source, day in arrivals.items():
            feed.deliver(landing, day, day, [source])
            pool.submit(job, ["ingest", "--source", source, "--partition", str(day)], environment)
    parts = {"three ingestions at once": time.monotonic() - began}
    for stage in ("features", "score", "monitor"):
        parts[stage] = job([stage, *USE_CASE, "--partition", str(NEXT_DAY)], environment)
    return parts


def job(arguments: list[str], environment: dict[str, str]) -> float:
    """Seconds of one job as its own process, start to end."""
    return seconds([sys.executable, "-m", "jobs", *arguments], environment)


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of one command that has to succeed."""
    began = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-1500:]}")
    return time.monotonic() - began


def _alone(environment: dict[str, str]) -> dict[str, str]:
    """Without the Connect server's address: spark-submit would become its client."""
    return {name: value for name, value in environment.items() if name != "SPARK_REMOTE"}


if __name__ == "__main__":
    sys.exit(main())
