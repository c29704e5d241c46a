"""Starts Airflow's DAG processor or triggerer so that it rests while it has nothing to do.

``python -m include.orchestration.at_rest dag-processor`` is ``airflow dag-processor``, and so for ``triggerer``. Both look into the
database once a second, day and night, which takes 6 % of a core; Airflow has no setting for it. These look every ten.
"""

from __future__ import annotations

import time

import anyio
from airflow import __main__ as airflow
from airflow.cli.commands import dag_processor_command
from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.jobs import triggerer_job_runner
from airflow.jobs.triggerer_job_runner import TriggerRunner, TriggerRunnerSupervisor

# A request of the page to parse a file again, or a task that begins to wait, may be so late.
REST_SECONDS = 10.0
# How soon a triggerer at rest sees that it shall end.
LOOK_SECONDS = 2.0


class RestingProcessor(DagFileProcessorManager):
    """A DAG processor that looks seldom for work while no file is being parsed or waits for it."""

    def _service_processor_sockets(self, timeout: float | None = 1.0) -> None:
        busy = self._processors or self._file_queue
        super()._service_processor_sockets(timeout=timeout if busy else REST_SECONDS)


class RestingRunner(TriggerRunner):
    """The triggerer's second process, in which triggers run: it asks its supervisor seldom while it has none."""

    async def sync_state_to_supervisor(self, finished_ids: list[int]) -> None:
        """Rest, unless there are triggers, and then tell what they did and ask for others."""
        if not (self.triggers or finished_ids or self.events or self.failed_triggers) and self._stop_event is not None:
            with anyio.move_on_after(REST_SECONDS - 1):
                await self._stop_event.wait()
        await super().sync_state_to_supervisor(finished_ids)

    async def block_watchdog(self) -> None:
        """Watch for triggers that block the others, from the first trigger on."""
        while not self.stop and not self.triggers:
            await anyio.sleep(1)
        await super().block_watchdog()  # type: ignore[no-untyped-call]


class RestingSupervisor(TriggerRunnerSupervisor):
    """A triggerer that looks seldom for triggers while it has none."""

    @classmethod
    def run_in_process(cls) -> None:
        """Run the triggers."""
        RestingRunner().run()  # type: ignore[no-untyped-call]

    def run_once(self) -> None:
        """Rest, unless there are triggers, and then do what is to be done."""
        until = time.monotonic() + REST_SECONDS
        while not self.busy() and time.monotonic() < until:
            self._service_subprocess(LOOK_SECONDS)
        super().run_once()

    def busy(self) -> bool:
        """Whether there are triggers, something that they said, or an end to come."""
        spoke = self.events or self.failed_triggers
        return bool(self.running_triggers or spoke) or self.should_stop() or not self.is_alive()


def main() -> None:
    """Run Airflow's command with these in the place of its own."""
    dag_processor_command.DagFileProcessorManager = RestingProcessor  # type: ignore[attr-defined]
    triggerer_job_runner.TriggerRunnerSupervisor = RestingSupervisor  # type: ignore[misc]
    airflow.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
