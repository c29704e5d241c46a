"""How long a task and a night take: ``make bench``, after ``make demo`` (PARENT=folder: beside another clone, in the same hour).

Measures on a copy of the demo's lakehouse, so that nothing of the user's is written. The first three nights after the start of
the stack, and after what `make up` does in the background, are days that nobody has scored yet; they are delivered to a landing
zone of the measurement's own. The third is run as the stack's tasks run their jobs. Then one day is scored again and again: cold
by spark-submit, warm as a process, and when there is nothing to do.

PARENT is a clone of another commit with an environment of its own (`make env` there). It is measured before this one, with a stack
of its own: on a copy of the same tables, or of its own where `make demo` was run there. A commit that can't load today's models
needs that.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deltalake import DeltaTable

from include.flight_delays.demo import feed
from stack.jars import spark_home
from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.processes import marked
from stack.running import RunningStack

# The folder whose code is measured: this one, or PARENT's.
PROJECT = Path.cwd()
USE_CASE = ("--use-case", "flight_delays")
LAST_OF_ALL = dt.date(2013, 12, 31)
WARM_RUNS = 5
SOURCES = ("flight_schedule", "flight_outcomes", "weather")
Parts = dict[str, float]


def main() -> int:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parent", type=Path, help="a clone of another commit, with its environment")
    parser.add_argument("--json", action="store_true", help="print the seconds alone, for --parent")
    options = parser.parse_args()
    plan = Plan.from_environ()
    if not (Path(plan.lakehouse_root) / "gold" / "flight_delays_scores").is_dir():
        print("There is nothing to measure on: run make demo first.", file=sys.stderr)
        return 1
    if options.parent is not None:
        before = of_parent(options.parent.resolve(), plan)
    found = measure(plan)
    if options.json:
        print(json.dumps(found))
        return 0
    print(f"\nOn {len(os.sched_getaffinity(0))} cores:\n")
    if options.parent is None:
        print("| what | seconds |\n| --- | --- |")
        for what, took in found.items():
            print(f"| {what} | {took:.1f} |")
    else:
        print("| what | parent, seconds | seconds | ratio |\n| --- | --- | --- | --- |")
        for what, took in found.items():
            # What the parent has not is told without it.
            beside = (
                f"{before[what]:.1f} | {took:.1f} | {took / before[what]:.2f}" if what in before else f"| {took:.1f} |"
            )
            print(f"| {what} | {beside} |")
    cold = (before if options.parent is not None else found)[COLD]
    print(f"\nscore one day, warm, as a process / cold: {found['score one day, warm, as a process'] / cold:.3f}")
    print(f"score one day, warm, as a task of the stack / cold: {found[COPIED] / cold:.3f}")
    return 0


COLD = "score one day, cold `spark-submit`"
COPIED = "score one day, warm, as a task of the stack"
# A parent may run its tasks otherwise.
COPIES = "tests/bench/copied_job.py"


def measure(plan: Plan) -> Parts:
    """The seconds of each part, with a stack that is started for it."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        shutil.copytree(plan.lakehouse_root, root / "warehouse")
        day = fresh_day(root / "warehouse")
        with running_stack(plan, say=lambda line: print(line, file=sys.stderr)) as stack:
            if stack.was_up:
                raise SystemExit(
                    "The stack is up: run make down first, since a night right after its start is measured."
                )
            warmed_up(stack)
            environment = {
                **stack.env,
                "LAKEHOUSE_ROOT": str(root / "warehouse"),
                "LANDING_ROOT": str(root / "landing"),
            }
            found: Parts = {}
            for which, number in (("first", 0), ("second", 1)):
                parts = night(root / "landing", day + dt.timedelta(days=number), environment)
                found |= {f"the {which} night, {what}": took for what, took in parts.items()}
                found[f"the {which} night after the start of the stack"] = sum(parts.values())
            third = night_by_tasks(root / "landing", day + dt.timedelta(days=2), environment)
            found |= {f"the third night as the stack runs it, {what}": took for what, took in third.items()}
            found["the third night, by jobs as the stack's tasks run them"] = sum(third.values())
            score = ["score", *USE_CASE, "--partition", str(day)]
            found[COLD] = seconds(
                [str(spark_home() / "bin/spark-submit"), "jobs/__main__.py", *score, "--force"], _alone(environment)
            )
            warm = [job([*score, "--force"], environment) for _ in range(WARM_RUNS)]
            found["score one day, warm, as a process"] = statistics.median(warm)
            if (PROJECT / COPIES).is_file():
                copies = copied([[[*score, "--force"]]] * WARM_RUNS, environment)
                found[COPIED] = statistics.median(copies)
            for stage in ("features", "score", "monitor"):
                again = [job([stage, *USE_CASE, "--partition", str(day)], environment) for _ in range(WARM_RUNS)]
                found[f"{stage} with nothing to do"] = statistics.median(again)
    return found


def warmed_up(stack: RunningStack) -> None:
    """Let the server do its first work, as `make up` has it do in the background, and wait for it: 15 s."""
    try:
        from stack import warm_up
    except ImportError:
        # A parent that does not warm up.
        return
    warm_up.begin(stack)
    while marked(stack.plan.state_root, warm_up.NAME):
        time.sleep(0.5)


def fresh_day(warehouse: Path) -> dt.date:
    """The first day that nobody has scored, after all that are scored."""
    rows = (
        DeltaTable(str(warehouse / "gold" / "flight_delays_scores"))
        .to_pyarrow_dataset()
        .to_table(columns=["partition"])
    )
    day = max(rows.column("partition").to_pylist()) + dt.timedelta(days=1)
    if day + dt.timedelta(days=2) > LAST_OF_ALL:
        raise SystemExit("Every day of 2013 is scored: run make clean demo first.")
    return day


def night(landing: Path, day: dt.date, environment: dict[str, str]) -> Parts:
    """The chain of a night by jobs, each a process, the ingestions side by side as Airflow runs them."""
    stages, parts = delivered_night(landing, day), {}
    for what, commands in stages.items():
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=len(commands)) as pool:
            for one in [pool.submit(job, command, environment) for command in commands]:
                one.result()
        parts[what] = time.monotonic() - began
    return parts


def night_by_tasks(landing: Path, day: dt.date, environment: dict[str, str]) -> Parts:
    """The same as the stack's tasks run it: by copies of a process that has imported what jobs import, if the commit has them."""
    if not (PROJECT / COPIES).is_file():
        return night(landing, day, environment)
    stages = delivered_night(landing, day)
    return dict(zip(stages, copied(list(stages.values()), environment), strict=True))


def delivered_night(landing: Path, day: dt.date) -> dict[str, list[list[str]]]:
    """Deliver a night; its groups of command lines, by name."""
    yesterday = day - dt.timedelta(days=1)
    arrivals = {source: day if source == "flight_schedule" else yesterday for source in SOURCES}
    for source, on in arrivals.items():
        feed.deliver(landing, on, on, [source])
    ingests = [["ingest", "--source", source, "--partition", str(on)] for source, on in arrivals.items()]
    stages = {stage: [[stage, *USE_CASE, "--partition", str(day)]] for stage in ("features", "score", "monitor")}
    return {"three ingestions at once": ingests, **stages}


def of_parent(folder: Path, plan: Plan) -> Parts:
    """The same by the code of another clone, on its own tables or else on the same."""
    lakehouse, state = (folder / "warehouse", folder / ".nightjar")
    if not (lakehouse / "gold").is_dir():
        lakehouse, state = Path(plan.lakehouse_root), Path(plan.state_root)
    with tempfile.TemporaryDirectory() as scratch:
        # A state of its own, with this one's models: another commit may write it otherwise.
        shutil.copytree(state, Path(scratch) / "state", ignore=shutil.ignore_patterns("airflow", "spark", "logs"))
        shutil.copy(__file__, Path(scratch) / "night.py")
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "LAKEHOUSE_ROOT": str(lakehouse),
            "NIGHTJAR_HOME": str(Path(scratch) / "state"),
            "PYTHONPATH": str(folder),
        }
        command = [str(folder / ".venv/bin/python"), f"{scratch}/night.py", "--json"]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{folder}: {done.stderr[-1500:]}")
        found: Parts = json.loads(done.stdout.splitlines()[-1])
        return found


def job(arguments: list[str], environment: dict[str, str]) -> float:
    """Seconds of one job as its own process, start to end."""
    return seconds([sys.executable, "-m", "jobs", *arguments], environment)


def copied(groups: list[list[list[str]]], environment: dict[str, str]) -> list[float]:
    """Seconds of each group of jobs as the stack's tasks run them: as copies of a process that has imported what jobs import."""
    command = [sys.executable, "-m", "tests.bench.copied_job", json.dumps(groups)]
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-1500:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of one command that has to succeed."""
    began = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-1500:]}")
    return time.monotonic() - began


def _alone(environment: dict[str, str]) -> dict[str, str]:
    """Without the Connect server's address: spark-submit would become its client."""
    return {name: value for name, value in environment.items() if name != "SPARK_REMOTE"}


if __name__ == "__main__":
    sys.exit(main())
