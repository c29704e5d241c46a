"""The main job, from nothing to a retrained champion: ``make demo``.

Every step is what a user does by hand, through the same doors: the jobs' command line and Airflow's REST interface. A
step that was done before is not done again, so that a second demo is quick and shows the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from include.flight_delays import demo_summary, feed
from include.flight_delays.nights import Nights
from lakehouse import settings
from stack.airflow_client import AirflowClient
from stack.errors import StackError
from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.running import RunningStack

USE_CASE = "flight_delays"
SOURCES = ("flight_schedule", "flight_outcomes", "weather", "planes")
HISTORY = (dt.date(2013, 1, 1), dt.date(2013, 5, 31))
TRAINED_FOR = dt.date(2013, 6, 1)
# Most of June is caught up with as a range, as after a week without a platform; its last days come night by night.
FIRST_NIGHT = dt.date(2013, 6, 25)
NIGHTS = 7
# Those that this process may use: a container or taskset may leave it fewer than the machine has.
CORES = len(os.sched_getaffinity(0))
TRAINING_SECONDS = 900
CATCH_UP_SECONDS = 600


def main() -> int:
    """Run the demo and print what happened. Exit code 1, and one line that says why, when a step failed."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=NIGHTS, help="from June 25 on (default %(default)s)")
    nights = parser.parse_args().nights
    try:
        run(Plan.from_environ(), nights)
    except (StackError, subprocess.CalledProcessError) as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; what was started is stopped again. make demo goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


def run(plan: Plan, nights: int) -> None:
    """Start the stack, do the main job, print the summary, and stop what was started."""
    landing = Path(plan.landing_root)
    parts: dict[str, float] = {}
    first, last = (str(day) for day in HISTORY)
    with ExitStack() as scope:
        with timed("starting the stack", parts):
            stack = scope.enter_context(running_stack(plan))
        print(stack.addresses(), flush=True)
        with timed("history: landing and ingesting January to May, one run a source", parts):
            feed.deliver(landing, *HISTORY)
            _in_parallel(*(partial(ingest_history, stack, source) for source in SOURCES))
        with timed("history: features", parts):
            _job(stack, "features", "--use-case", USE_CASE, "--partition", first, "--through", last)
        airflow = AirflowClient(stack)
        june = Nights(airflow, USE_CASE, landing)
        with timed("training and gate, through Airflow", parts):
            train(airflow, TRAINED_FOR)
        with timed("June 1 to 24 as a range, through Airflow's forms", parts):
            catch_up(airflow, june, landing, TRAINED_FOR, FIRST_NIGHT - dt.timedelta(days=1))
        with timed(f"{nights} nights, through Airflow, retraining included", parts):
            for offset in range(nights):
                june.live_through(FIRST_NIGHT + dt.timedelta(days=offset))
            june.await_reports()
        demo_summary.show(plan.lakehouse_root, TRAINED_FOR, FIRST_NIGHT + dt.timedelta(days=nights - 1))
        began = time.monotonic()
    parts["stopping the stack"] = time.monotonic() - began
    _show_times(parts)


def ingest_history(stack: RunningStack, source: str) -> None:
    """Load January to May of a source, as a range: one Spark application."""
    _job(stack, "ingest", "--source", source, "--partition", str(HISTORY[0]), "--through", str(HISTORY[1]))


def train(airflow: AirflowClient, day: dt.date) -> None:
    """Train as of ``day`` and pass the gate."""
    run_id = f"demo__{day}"
    airflow.ensure(f"train__{USE_CASE}", run_id, conf={"partition": str(day), "reason": "the first champion"})
    airflow.wait(f"train__{USE_CASE}", run_id, TRAINING_SECONDS)


def catch_up(airflow: AirflowClient, june: Nights, landing: Path, first: dt.date, last: dt.date) -> None:
    """Take the days from ``first`` to ``last`` through every stage, each stage one run over the whole range."""
    day = dt.timedelta(days=1)
    arrivals = {"flight_schedule": (first, last), "flight_outcomes": (first - day, last - day)}
    arrivals["weather"] = arrivals["flight_outcomes"]
    run_id = f"demo__{first}__{last}"
    for source, (begin, end) in arrivals.items():
        feed.deliver(landing, begin, end, [source])
        _range_run(airflow, f"ingest__{source}", run_id, begin, end)
    for source in arrivals:
        airflow.wait(f"ingest__{source}", run_id, CATCH_UP_SECONDS)
    for stage in ("features", "score", "monitor"):
        _range_run(airflow, f"{stage}__{USE_CASE}", run_id, first, last)
        if stage == "monitor":
            june.await_decision(run_id)
        else:
            airflow.wait(f"{stage}__{USE_CASE}", run_id, CATCH_UP_SECONDS)


def _range_run(airflow: AirflowClient, dag_id: str, run_id: str, first: dt.date, last: dt.date) -> None:
    form: dict[str, object] = {"partition": str(first), "through": str(last)}
    if not dag_id.startswith("monitor__"):
        # One run over the range is wanted, not one run a day of everything that follows.
        form["cascade"] = False
    airflow.ensure(dag_id, run_id, conf=form)


@contextmanager
def timed(what: str, parts: dict[str, float]) -> Iterator[None]:
    """Say what begins, and note how long it took."""
    print(f"* {what}", flush=True)
    began = time.monotonic()
    yield
    parts[what] = time.monotonic() - began


def _in_parallel(*steps: Callable[[], None]) -> None:
    # As many as Spark has cores for: more would only wait for one another.
    with ThreadPoolExecutor(max_workers=min(len(steps), CORES)) as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()


def _job(stack: RunningStack, *arguments: str) -> None:
    """Run a job as a user would, and show its last line."""
    command = [sys.executable, "-m", "jobs", *arguments]
    done = subprocess.run(command, env=stack.env, cwd=settings.PROJECT_ROOT, capture_output=True, text=True)
    lines = done.stderr.strip().splitlines() or ["it said nothing"]
    if done.returncode != 0:
        raise StackError(f"python -m jobs {' '.join(arguments)}: {lines[-1]}")
    print(f"    {lines[-1].partition('INFO jobs: ')[2] or lines[-1]}", flush=True)


def _show_times(parts: dict[str, float]) -> None:
    print(f"\nHow long it took, on {CORES} cores:")
    for what, seconds in parts.items():
        print(f"  {seconds:6.0f} s  {what}")
    print(f"  {sum(parts.values()):6.0f} s  in all")


if __name__ == "__main__":
    sys.exit(main())
