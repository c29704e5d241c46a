"""Starts the process that the scheduler's workers are copied from with the scheduler, and not with the first task.

It imports for some seconds (`stack.airflow_config` says what): meanwhile the stack comes up.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver

from airflow.listeners import hookimpl


@hookimpl
def on_starting(component: object) -> None:
    """Called by Airflow in each component's process, and in each task's: which is a copy itself, and is left alone."""
    starts_copies = multiprocessing.get_start_method(allow_none=True) == "forkserver"
    if starts_copies and multiprocessing.parent_process() is None:
        forkserver.ensure_running()
