"""Nights, one after the other: deliveries land, Airflow does the rest, and this module waits for it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from include.flight_delays.demo import feed
from stack.airflow_client import PAUSE_SECONDS, AirflowClient, Run
from stack.errors import StackError

NIGHT_SECONDS = 600
TRAINING_SECONDS = 900
DECIDED = frozenset({"success", "skipped"})


class Nights:
    """The nights of one Airflow, as close to one another as it allows."""

    def __init__(self, airflow: AirflowClient, use_case: str, landing: Path) -> None:
        self._airflow = airflow
        stages = ("score", "monitor", "train", "rollback")
        self._score, self._monitor, self._train, self._rollback = (f"{it}__{use_case}" for it in stages)
        self._landing = landing
        self._undecided: tuple[dt.date, float] | None = None
        self._with_pages: list[str] = []

    def live_through(self, day: dt.date) -> None:
        """Land what arrives in the night before ``day``, start the ingestion, and wait until the day is scored.

        Yesterday's outcomes are taken in while the night before is still measured. The schedule, without which no feature is
        built, arrives when that night has ended: the champion at that time scores the day.

        Raises:
            StackError: naming the run that failed or did not appear.
        """
        yesterday = day - dt.timedelta(days=1)
        self._arrives("flight_outcomes", yesterday)
        self._arrives("weather", yesterday)
        self.end()
        arrived = time.monotonic()
        self._arrives("flight_schedule", day)
        self._await(
            partial(self._run_of, self._score, day), lambda run: run["state"] == "success", f"{day} to be scored"
        )
        self._undecided = day, arrived

    def end(self) -> None:
        """End the last night: wait for its decision, and for the retraining if it requests one."""
        if self._undecided is None:
            return
        (day, arrived), self._undecided = self._undecided, None
        self._await_decision(partial(self._run_of, self._monitor, day), f"{day} to be monitored")
        took = time.monotonic() - arrived
        print(f"    {day}: built, scored and monitored {took:.0f} s after its schedule arrived", flush=True)
        retraining = self._airflow.run(self._train, f"retrain__{day}")
        if retraining is not None:
            print(f"    drift asks for retraining: waiting for {self._train}", flush=True)
            self._airflow.wait(self._train, f"retrain__{day}", TRAINING_SECONDS)

    def await_decision(self, run_id: str) -> None:
        """Wait until that run of the monitor has decided about retraining; its drift page may not be finished."""
        self._await_decision(partial(self._airflow.run, self._monitor, run_id), f"{run_id} to decide")

    def await_pages(self) -> None:
        """Wait for the drift pages, which are made in the background."""
        for run_id in self._with_pages:
            self._airflow.wait(self._monitor, run_id, NIGHT_SECONDS)

    def await_rollbacks(self) -> None:
        """Wait for what the monitor has started and does not wait for: the nights of a version, scored again by the one before."""
        for run in self._airflow.under_way(self._rollback):
            self._airflow.wait(self._rollback, run["dag_run_id"], NIGHT_SECONDS)

    def _arrives(self, source: str, day: dt.date) -> None:
        feed.deliver(self._landing, day, day, [source])
        self._airflow.ensure(f"ingest__{source}", f"demo__{day}", str(day))

    def _run_of(self, dag_id: str, day: dt.date) -> Run | None:
        """The run of that DAG for the day. Any failed run of the day is an error: those after it never start."""
        runs = self._airflow.runs_of(str(day))
        for run in runs:
            if run["state"] == "failed":
                raise StackError(self._airflow.explain(run["dag_id"], run["dag_run_id"]))
        return next((run for run in runs if run["dag_id"] == dag_id), None)

    def _await_decision(self, find: Callable[[], Run | None], expected: str) -> None:
        run = self._await(find, self._has_decided, expected)
        self._with_pages.append(run["dag_run_id"])

    def _has_decided(self, run: Run) -> bool:
        tasks = self._airflow.tasks(self._monitor, run["dag_run_id"])
        return all(tasks.get(name) in DECIDED for name in ("request_retraining", "all_quiet"))

    def _await(self, find: Callable[[], Run | None], reached: Callable[[Run], bool], expected: str) -> Run:
        deadline = time.monotonic() + NIGHT_SECONDS
        while time.monotonic() < deadline:
            run = find()
            if run is not None and run["state"] == "failed":
                raise StackError(self._airflow.explain(run["dag_id"], run["dag_run_id"]))
            if run is not None and reached(run):
                return run
            time.sleep(PAUSE_SECONDS)
        raise StackError(f"expected {expected} within {NIGHT_SECONDS} s: see what runs in Airflow")
