"""A night through a cluster's Airflow, watched by somebody whose questions may fail while something is broken."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import requests

from include.flight_delays.demo import feed
from stack.airflow_client import AirflowClient, Run
from stack.cluster.native import Cluster
from stack.cluster.variables import JOBS
from stack.errors import StackError
from tests.cluster.campaign import DAY, PLAN, RESULTS, USE_CASE
from tests.cluster.compare import met

PAUSE_SECONDS = 0.5
# A night, and what may be tried again in it.
NIGHT_SECONDS = 420
# How long one question is repeated.
ANSWER_SECONDS = 180
ENDED = frozenset({"success", "failed"})

Answer = TypeVar("Answer")


class NotSurvived(AssertionError):
    """A night did not end as it should."""


@dataclass
class Told:
    """What is known of a night afterwards.

    Attributes:
        seconds: from the arrival of its deliveries to the end of the last of its runs.
        again: tasks that were begun more than once, with how often.
        hosts: that tasks ran on.
        failed: runs that failed for good.
    """

    seconds: float
    again: dict[str, int] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)


class Watcher:
    """Lives through nights of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._client: AirflowClient | None = None

    def begin(self, day: dt.date) -> float:
        """Land what arrives in the night before ``day`` and start its ingestion; returns when it began."""
        began = time.monotonic()
        with met(self._cluster):
            self._answered(lambda _: feed.deliver(JOBS["LANDING_ROOT"], day - DAY, day - DAY, RESULTS))
            self._answered(lambda _: feed.deliver(JOBS["LANDING_ROOT"], day, day, [PLAN]))
        for source in (*RESULTS, PLAN):
            self._ingest(source, day if source == PLAN else day - DAY)
        return began

    def end(self, day: dt.date, began: float) -> Told:
        """Wait until all runs of the night have ended, and the retraining that it asked for.

        Raises:
            NotSurvived: they did not in time.
        """
        deadline = began + NIGHT_SECONDS
        while True:
            runs = self._runs(day)
            done = {
                run["dag_id"].partition("__")[0] for run in runs if run["state"] == "success" and run["day"] == str(day)
            }
            if {"score", "monitor"} <= done and all(run["state"] in ENDED for run in runs):
                break
            if any(run["state"] == "failed" for run in runs) and not any(run["state"] not in ENDED for run in runs):
                break
            if time.monotonic() > deadline:
                states = ", ".join(f"{run['dag_id']} {run['day']} {run['state']}" for run in runs)
                raise NotSurvived(f"{day}: expected its night to end within {NIGHT_SECONDS} s, found {states}")
            time.sleep(PAUSE_SECONDS)
        told = Told(time.monotonic() - began)
        for run in runs:
            self._tell(run, told)
        return told

    def busy(self, hosts: Sequence[str]) -> str:
        """The first of these hosts that runs a task, or the first of them."""
        if len(hosts) > 1:
            running = AirflowClient(self._cluster).busy_hosts()
            return next((host for host in hosts if host in running), hosts[0])
        return hosts[0]

    def run(self, dag_id: str, run_id: str, conf: dict[str, object], seconds: float) -> None:
        """Start a run by its form, and wait for its success."""
        self._answered(lambda client: client.ensure(dag_id, run_id, conf=conf))
        self._answered(lambda client: client.wait(dag_id, run_id, seconds))

    def _runs(self, day: dt.date) -> list[Run]:
        """The runs of the day, of the day before, and of a retraining that one of them asked for."""
        return [*self._runs_of(str(day - DAY)), *self._runs_of(str(day))]

    def _runs_of(self, day: str) -> list[Run]:
        found = [{**run, "day": day} for run in self._answered(lambda client: client.runs_of(day))]
        retraining = self._answered(lambda client: client.run(f"train__{USE_CASE}", f"retrain__{day}"))
        return found if retraining is None else [*found, {**retraining, "day": "retraining"}]

    def _ingest(self, source: str, day: dt.date) -> None:
        self._answered(lambda client: client.ensure(f"ingest__{source}", f"night__{day}", str(day)))

    def _tell(self, run: Run, told: Told) -> None:
        dag_id, run_id = run["dag_id"], run["dag_run_id"]
        tries = self._answered(lambda client: client.tries(dag_id, run_id))
        told.again |= {f"{dag_id.partition('__')[0]}.{task}": count for task, count in tries.items() if count > 1}
        told.hosts |= self._answered(lambda client: client.hosts(dag_id, run_id))
        if run["state"] == "failed":
            told.failed.append(self._answered(lambda client: client.explain(dag_id, run_id)))

    def _answered(self, question: Callable[[AirflowClient], Answer]) -> Answer:
        """The answer, asked for again while what is asked is away."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                if self._client is None:
                    self._client = AirflowClient(self._cluster)
                return question(self._client)
            except (StackError, requests.RequestException, OSError) as error:
                if time.monotonic() > deadline:
                    raise NotSurvived(f"no answer within {ANSWER_SECONDS} s: {error}") from error
                self._client = None
                time.sleep(1)
