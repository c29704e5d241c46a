"""A task's supervisor that sees the task's process end when it ends.

Airflow's waits until the process has closed its pipes, and looks then whether it has ended. A process closes them a moment before
it ends: who looks in that moment waits for the next heartbeat, 5 s, and so long the task holds its place among those that may run.
"""

from __future__ import annotations

import os
import selectors
from contextlib import suppress
from typing import Any

from airflow.sdk.execution_time import supervisor
from airflow.sdk.execution_time.supervisor import ActivitySubprocess


class PromptlyEnding(ActivitySubprocess):
    """Waits for the process itself beside its pipes, where the system can (Linux)."""

    def _register_pipe_readers(self, *pipes: Any, **options: Any) -> None:
        super()._register_pipe_readers(*pipes, **options)
        # AttributeError: not on Linux. OSError: an old kernel, or a container that forbids it; then it is seen as by Airflow's own.
        with suppress(AttributeError, OSError):
            ended = open(os.pidfd_open(self.pid), "rb", buffering=0)  # noqa: SIM115  # the supervisor closes it
            self.selector.register(ended, selectors.EVENT_READ, (_no_more, self.selector.unregister))


def _no_more(ended: object) -> bool:
    del ended
    return False


def install() -> None:
    """Let the tasks that this process starts be supervised so."""
    supervisor.ActivitySubprocess = PromptlyEnding  # type: ignore[misc]
