"""A task as Airflow's worker runs it, in a copy of a process that has imported all: its listeners, its job, its listeners again.

``python -m tests.include.orchestration.told_task`` in an environment that names a receiver of lineage. Prints one JSON object.
"""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import sys
import uuid
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.api.datamodels._generated import DagRun, TIRunContext
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.utils.state import TaskInstanceState

import include.orchestration.preload  # noqa: F401
from include.orchestration import fork
from include.orchestration.job import JobOperator

BUNDLE = SimpleNamespace(name="dags", version=None)
AT = dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)


def task_instance() -> RuntimeTaskInstance:
    """One try of a task that runs a job."""
    with DAG("score__parcels", schedule=None, start_date=AT):
        task = JobOperator(task_id="score", stage="groups", options={}, needs_spark=False)
    run = DagRun.model_construct(
        dag_id="score__parcels", run_id="by hand", logical_date=AT, data_interval_start=AT, data_interval_end=AT, run_after=AT,
        start_date=AT, end_date=None, clear_number=0, run_type="manual", state="running", conf={}, consumed_asset_events=[],
        triggering_user_name=None, partition_key=None, partition_date=None, note=None, team_name=None,
    )  # fmt: skip
    made = RuntimeTaskInstance.model_construct(
        id=uuid.uuid4(), task_id="score", dag_id="score__parcels", run_id="by hand", try_number=1, dag_version_id=uuid.uuid4(),
        map_index=-1, hostname="here", task=task, bundle_instance=BUNDLE, start_date=AT, max_tries=0, is_mapped=False,
    )  # fmt: skip
    made._ti_context_from_server = TIRunContext.model_construct(
        dag_run=run, task_reschedule_count=0, max_tries=0, variables=[], connections=[], should_retry=False
    )
    return made


def run(answer: Any) -> None:
    """The task, in the copy."""
    from airflow.sdk.listener import get_listener_manager

    hooks, instance = get_listener_manager().hook, task_instance()
    hooks.on_task_instance_running(previous_state=TaskInstanceState.QUEUED, task_instance=instance)
    copied = fork.possible()
    result = instance.task.execute({"ti": instance, "outlet_events": {}})
    instance.end_date = AT
    hooks.on_task_instance_success(previous_state=TaskInstanceState.RUNNING, task_instance=instance)
    answer.send({"copied": copied, "result": result})


def main() -> None:
    """Copy this process, and print what the copy says."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    copy = context.Process(target=run, args=(sending,))
    copy.start()
    sending.close()
    said = receiving.recv() if receiving.poll(120) else {}
    copy.join(10)
    sys.stdout.write(json.dumps(said | {"exit": copy.exitcode}) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
