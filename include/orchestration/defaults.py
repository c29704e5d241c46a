"""Common to all DAGs: owner, retries, timeouts, tags, limits."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from airflow.sdk.configuration import conf

from include.orchestration import access, alerts

# A day's work is minutes; the range of a whole history and a training may take hours on a small machine.
DAILY = dt.timedelta(minutes=30)
LONG = dt.timedelta(hours=4)

# Days in progress at once. Spark divides the machine among the jobs: more than a few only slow all of them down.
MAX_ACTIVE_RUNS = 4
MAX_ACTIVE_TASKS = 4


def default_args(owner: str, execution_timeout: dt.timedelta = LONG) -> dict[str, Any]:
    """Arguments of every task: three more tries after 15 s, 30 s and 60 s, and never more than 5 minutes apart."""
    return {
        "owner": owner,
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=15),
        "retry_exponential_backoff": 2,
        "max_retry_delay": dt.timedelta(minutes=5),
        "execution_timeout": execution_timeout,
        "on_failure_callback": [alerts.log_remedy, alerts.task_failed],
    }


def common(owner: str, stage: str, *names: str) -> dict[str, Any]:
    """Arguments of every DAG: ``stage`` and ``names`` (a use case, a source) become tags to filter by."""
    return {
        "default_args": default_args(owner),
        "tags": ["nightjar", stage, *names],
        "catchup": False,
        "max_active_runs": MAX_ACTIVE_RUNS,
        "max_active_tasks": MAX_ACTIVE_TASKS,
        # Only its FAB auth manager knows our roles: with another one a DAG is made as before.
        **({"access_control": access.of_dag(stage)} if _by_roles() else {}),
        **_configured(),
    }


@lru_cache
def _by_roles() -> bool:
    return "FabAuthManager" in conf.get("core", "auth_manager")


@lru_cache
def _configured() -> dict[str, Any]:
    """What Airflow takes from its configuration when it is not given, and looks up anew for each DAG: half of making one."""
    return {
        "max_consecutive_failed_dag_runs": conf.getint("core", "max_consecutive_failed_dag_runs_per_dag"),
        "disable_bundle_versioning": conf.getboolean("dag_processor", "disable_bundle_versioning"),
    }
