"""The log line of a failed task, for the engineer on call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def log_remedy(context: Context) -> None:
    """Log one line: what failed for which day, why, and what to do. Called when a task has failed for good."""
    task, run = context["ti"], context["dag_run"]
    day = run.partition_key or (context.get("params") or {}).get("partition") or "no day"
    cause = str(context.get("exception") or "see above").strip().splitlines()[0]
    log.error(
        "%s.%s failed for %s: %s | When the cause is fixed, clear this task: running it again is safe, "
        "each write replaces exactly its own partition.",
        task.dag_id,
        task.task_id,
        day,
        cause,
    )
