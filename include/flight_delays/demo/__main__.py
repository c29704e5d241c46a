"""The main job, from nothing to a retrained champion: ``make demo``.

Every step is one that a user takes by hand, through the same interfaces: the jobs' command line and Airflow's REST API.
A step that was done before is not done again, so that a second demo is quick and shows the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from include.flight_delays.demo import feed, summary
from include.flight_delays.demo.nights import Nights
from lakehouse.storage import places
from stack import steps
from stack.airflow_client import AirflowClient
from stack.errors import StackError
from stack.lifecycle import await_all, running_stack
from stack.plan import Plan
from stack.running import RunningStack

USE_CASE = "flight_delays"
SOURCES = ("flight_schedule", "flight_outcomes", "weather", "planes")
HISTORY = (dt.date(2013, 1, 1), dt.date(2013, 5, 31))
TRAINED_FOR = dt.date(2013, 6, 1)
# Most of June is loaded as a range, as after a week without a platform; its last days follow night by night.
FIRST_NIGHT = dt.date(2013, 6, 25)
NIGHTS = 10
# Those that this process may use: a container or taskset may leave it fewer than the machine has.
CORES = len(os.sched_getaffinity(0))
TRAINING_SECONDS = 900
CATCH_UP_SECONDS = 600


def main() -> int:
    """Run the demo and print what happened. Exit code 1, and one line with the reason, when a step failed."""
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
    landing = places.of(plan.landing_root)
    parts: dict[str, float] = {}
    first, last = (str(day) for day in HISTORY)
    with ExitStack() as scope:
        with steps.timed("starting Spark, then Airflow and MLflow", parts):
            # History needs nothing but Spark.
            stack = scope.enter_context(running_stack(plan, wait_for=["spark"]))
        print(stack.addresses(), flush=True)
        with steps.timed("history: landing and ingesting January to May, one run a source", parts):
            feed.deliver(landing, *HISTORY)
            _in_parallel(*(partial(ingest_history, stack, source) for source in SOURCES))
            await_all(stack)
        with steps.timed("history: features", parts):
            steps.job(stack, "features", "--use-case", USE_CASE, "--partition", first, "--through", last)
        airflow = AirflowClient(stack)
        june = Nights(airflow, USE_CASE, landing)
        catching_up = CatchUp(airflow, landing, TRAINED_FOR, FIRST_NIGHT - dt.timedelta(days=1))
        with steps.timed("training and gate; meanwhile June 1 to 24 arrives as a range; all through Airflow", parts):
            begin_training(airflow, TRAINED_FOR)
            catching_up.take_in()
            await_training(airflow, TRAINED_FOR)
        with steps.timed("June 1 to 24 scored and monitored as a range", parts):
            june.await_decision(catching_up.score_and_monitor())
        with steps.timed(f"{nights} nights, retraining included", parts):
            for offset in range(nights):
                june.live_through(FIRST_NIGHT + dt.timedelta(days=offset))
            june.end()
            june.await_pages()
            june.await_rollbacks()
        summary.show(plan.lakehouse_root, TRAINED_FOR, FIRST_NIGHT + dt.timedelta(days=nights - 1))
        began = time.monotonic()
    parts["stopping the stack"] = time.monotonic() - began
    steps.show_times(parts, CORES)


def ingest_history(stack: RunningStack, source: str) -> None:
    """Load January to May of a source, as a range: one Spark application."""
    steps.job(stack, "ingest", "--source", source, "--partition", str(HISTORY[0]), "--through", str(HISTORY[1]))


def begin_training(airflow: AirflowClient, day: dt.date) -> None:
    """Trigger the training of the first champion, as of ``day``."""
    airflow.ensure(f"train__{USE_CASE}", f"demo__{day}", conf={"partition": str(day), "reason": "the first champion"})


def await_training(airflow: AirflowClient, day: dt.date) -> None:
    """Wait until it has passed the gate."""
    airflow.wait(f"train__{USE_CASE}", f"demo__{day}", TRAINING_SECONDS)


class CatchUp:
    """The days from ``first`` to ``last``, each stage one run over the whole range."""

    def __init__(self, airflow: AirflowClient, landing: Path, first: dt.date, last: dt.date) -> None:
        self._airflow = airflow
        self._landing = landing
        self._first, self._last = first, last
        self._run_id = f"demo__{first}__{last}"

    def take_in(self) -> None:
        """Ingest the days, and build their features."""
        day = dt.timedelta(days=1)
        arrivals = {"flight_schedule": (self._first, self._last)}
        arrivals |= dict.fromkeys(("flight_outcomes", "weather"), (self._first - day, self._last - day))
        for source, (first, last) in arrivals.items():
            feed.deliver(self._landing, first, last, [source])
            self._begin(f"ingest__{source}", first, last)
        for source in arrivals:
            self._await(f"ingest__{source}")
        self._begin(f"features__{USE_CASE}", self._first, self._last)
        self._await(f"features__{USE_CASE}")

    def score_and_monitor(self) -> str:
        """Score the days and begin to monitor them; returns the name of the monitor's run."""
        self._begin(f"score__{USE_CASE}", self._first, self._last)
        self._await(f"score__{USE_CASE}")
        self._begin(f"monitor__{USE_CASE}", self._first, self._last, cascade=None)
        return self._run_id

    def _begin(self, dag_id: str, first: dt.date, last: dt.date, cascade: bool | None = False) -> None:
        # One run over the range, not one run a day of each DAG that follows. None follows the monitor.
        form: dict[str, object] = {"partition": str(first), "through": str(last)}
        self._airflow.ensure(dag_id, self._run_id, conf=form if cascade is None else form | {"cascade": cascade})

    def _await(self, dag_id: str) -> None:
        self._airflow.wait(dag_id, self._run_id, CATCH_UP_SECONDS)


def _in_parallel(*steps: Callable[[], None]) -> None:
    # As many as Spark has cores for: more would only wait for one another.
    with ThreadPoolExecutor(max_workers=min(len(steps), CORES)) as pool:
        for step in [pool.submit(step) for step in steps]:
            step.result()


if __name__ == "__main__":
    sys.exit(main())
