"""Living through nights, one after the other: deliveries land, Airflow does the rest, and one waits as on call."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from include.flight_delays import feed
from stack.airflow_client import AirflowClient
from stack.errors import StackError

NIGHT_SECONDS = 600
TRAINING_SECONDS = 900
DECIDED = frozenset({"success", "skipped"})


class Nights:
    """The nights of one Airflow."""

    def __init__(self, airflow: AirflowClient, use_case: str, landing: Path) -> None:
        self._airflow = airflow
        self._use_case = use_case
        self._landing = landing
        self._monitor = f"monitor__{use_case}"
        self._monitored: list[str] = []

    def live_through(self, day: dt.date) -> None:
        """Land what arrives in the night before ``day``, start the ingestion, and wait until the cascade has ended.

        Raises:
            StackError: naming the run that failed or never came.
        """
        began = time.monotonic()
        yesterday = day - dt.timedelta(days=1)
        arrivals = {"flight_schedule": day, "flight_outcomes": yesterday, "weather": yesterday}
        for source, delivered in arrivals.items():
            feed.deliver(self._landing, delivered, delivered, [source])
            self._airflow.ensure(f"ingest__{source}", f"demo__{delivered}", str(delivered))
        self._await_cascade(day)
        retraining = self._airflow.run(f"train__{self._use_case}", f"retrain__{day}")
        if retraining is not None:
            print(f"    {day}: drift asks for retraining, waiting for train__{self._use_case}", flush=True)
            self._airflow.wait(f"train__{self._use_case}", f"retrain__{day}", TRAINING_SECONDS)
        print(f"    {day}: ingested, built, scored and monitored ({time.monotonic() - began:.0f} s)", flush=True)

    def await_reports(self) -> None:
        """Wait for what the nights left running in the background: the drift pages."""
        for run_id in self._monitored:
            self._airflow.wait(self._monitor, run_id, NIGHT_SECONDS)

    def await_decision(self, run_id: str) -> None:
        """Wait until that run of the monitor has decided about retraining; its page may still be in the making."""
        deadline = time.monotonic() + NIGHT_SECONDS
        while not self._decided(run_id):
            run = self._airflow.run(self._monitor, run_id)
            if run is not None and run["state"] == "failed":
                raise StackError(self._airflow.explain(self._monitor, run_id))
            if time.monotonic() > deadline:
                raise StackError(f"{run_id}: expected {self._monitor} to decide within {NIGHT_SECONDS} s")
            time.sleep(0.5)
        self._monitored.append(run_id)

    def _await_cascade(self, day: dt.date) -> None:
        """Wait until the runs of the day have come to the monitor and it has decided."""
        deadline = time.monotonic() + NIGHT_SECONDS
        while time.monotonic() < deadline:
            runs = self._airflow.runs_of(str(day))
            for run in runs:
                if run["state"] == "failed":
                    raise StackError(self._airflow.explain(run["dag_id"], run["dag_run_id"]))
            for run in runs:
                if run["dag_id"] == self._monitor:
                    return self.await_decision(run["dag_run_id"])
            time.sleep(0.5)
        seen = ", ".join(f"{run['dag_id']} {run['state']}" for run in runs) or "none"
        raise StackError(f"{day}: expected {self._monitor} to decide within {NIGHT_SECONDS} s; runs of the day: {seen}")

    def _decided(self, run_id: str) -> bool:
        tasks = self._airflow.tasks(self._monitor, run_id)
        return all(tasks.get(name) in DECIDED for name in ("request_retraining", "all_quiet"))
