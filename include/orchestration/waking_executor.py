"""The executor of one machine: Airflow's LocalExecutor, during whose rest the scheduler rests too, until something happens."""

from __future__ import annotations

import time
from multiprocessing.connection import wait
from typing import Any

from airflow.executors.local_executor import LocalExecutor

import include.orchestration.sqlite_now  # noqa: F401  # the scheduler loads this module first of all
from include.orchestration.database_watch import DatabaseWatch

# How long the scheduler rests when nothing happens: a nightly run may begin so late. It beats in between, and is called dead when
# it has not for 30 s.
REST_SECONDS = 8.0
# The same where nobody sees that a person has started a run, or that a task's end was written down.
BLIND_REST_SECONDS = 1.5
# How often the database's files are looked at meanwhile.
LOOK_SECONDS = 0.25
# What a task's end brings about may take the scheduler several looks: a run that ends lets the next of its DAG begin.
BRISK_SECONDS = 3.0


class WakingExecutor(LocalExecutor):
    """Waits within its heartbeat, so that the scheduler looks seldom while nothing happens, and at once when something has.

    Airflow's scheduler sleeps a fixed time between looks, and each look costs some thirty questions to the database. A short sleep
    takes a tenth of a core, day and night; a long one is added to each of a night's dozen steps. So this one waits until a task
    ends, or until somebody writes work into the database.
    """

    def start(self) -> None:
        """Start the executor."""
        self._stirred = time.monotonic()
        self._database = DatabaseWatch.of_airflow()
        super().start()

    def sync(self) -> None:
        """Rest, unless something happened a moment ago, and see what has ended meanwhile."""
        if time.monotonic() - self._stirred > BRISK_SECONDS:
            self._rest()
        if not self.result_queue.empty():
            self._stirred = time.monotonic()
        # Before the scheduler looks: what is written from now on wakes it again.
        self._database.look()
        super().sync()

    def _rest(self) -> None:
        # The queue has no public way to wait for it with a limit.
        ends = [self.result_queue._reader]  # type: ignore[attr-defined]
        if not self._database.files:
            wait(ends, BLIND_REST_SECONDS)
            return
        until = time.monotonic() + REST_SECONDS
        while not self._database.work_came() and (left := until - time.monotonic()) > 0:
            if wait(ends, min(LOOK_SECONDS, left)):
                return

    def _process_workloads(self, workload_list: Any) -> None:
        self._stirred = time.monotonic()
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]
