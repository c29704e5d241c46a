"""A task whose host can't do it gives itself back, so that another host may take it.

A worker with a wrong clock tells Airflow by that clock when a try has ended, and the next try waits until then and longer: two
hours for a clock two hours ahead. Given back, a task waits for nothing, and does not use up its tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRescheduleException

from lakehouse.errors import ClockWrong

if TYPE_CHECKING:
    from airflow.sdk import Context

# The errors, as a job's result names them, that are the host's and not the work's.
OF_THE_HOST = frozenset({ClockWrong.__name__})
# So often a task is given back, and so many seconds after the error: five minutes in all. After that it fails as ever.
MOST, SECONDS = 30, 10


def may_take(result: Mapping[str, Any], context: Context, wait: Callable[[float], None] = time.sleep) -> None:
    """Give the task back when its job failed by its host; else return.

    Args:
        result: of the job.
        context: of the task.
        wait: for another host to be free.

    Raises:
        AirflowRescheduleException: Airflow takes the task from this host and starts it anew, on any.
    """
    if result.get("error") in OF_THE_HOST and context.get("task_reschedule_count", 0) < MOST:
        wait(SECONDS)
        # A moment that has passed by every clock: at once.
        raise AirflowRescheduleException(context["dag_run"].run_after)  # type: ignore[no-untyped-call]


@contextmanager
def or_another(context: Context, wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """The same for a task that looks at tables itself, in the block.

    Raises:
        AirflowRescheduleException: as `may_take`.
    """
    try:
        yield
    except ClockWrong:
        may_take({"error": ClockWrong.__name__}, context, wait)
        raise
