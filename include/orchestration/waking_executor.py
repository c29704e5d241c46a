"""The executor of one machine: Airflow's LocalExecutor, during whose rest the scheduler rests too, until a task ends."""

from __future__ import annotations

import time
from multiprocessing.connection import wait
from typing import Any

from airflow.executors.local_executor import LocalExecutor

# How long the scheduler rests when nothing happens. A person who starts a run waits for it; a task's end does not.
REST_SECONDS = 1.5
# What a task's end brings about may take the scheduler several looks: a run that ends lets the next of its DAG begin.
BRISK_SECONDS = 3.0


class WakingExecutor(LocalExecutor):
    """Waits within its heartbeat, so that the scheduler looks seldom while nothing happens, and at once when a task has ended.

    Airflow's scheduler sleeps a fixed time between looks, and each look costs some thirty questions to the database. A short sleep
    takes a tenth of a core, day and night; a long one is added to each of a night's dozen steps.
    """

    def start(self) -> None:
        """Start the executor."""
        self._stirred = time.monotonic()
        super().start()

    def sync(self) -> None:
        """Rest, unless something happened a moment ago, and see what has ended meanwhile."""
        if time.monotonic() - self._stirred > BRISK_SECONDS:
            # The queue has no public way to wait for it with a limit.
            wait([self.result_queue._reader], REST_SECONDS)  # type: ignore[attr-defined]
        if not self.result_queue.empty():
            self._stirred = time.monotonic()
        super().sync()

    def _process_workloads(self, workload_list: Any) -> None:
        self._stirred = time.monotonic()
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]
