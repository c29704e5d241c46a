"""Imports what Airflow and the DAG files import to run a task, for the process that tasks are copied from."""

from __future__ import annotations

import airflow.dag_processing.dagbag
import airflow.executors.local_executor
import airflow.executors.workloads
import airflow.providers.standard.operators.empty
import airflow.providers.standard.operators.trigger_dagrun
import airflow.sdk.execution_time.supervisor
import airflow.sdk.execution_time.task_runner  # noqa: F401

import include.orchestration.approval
import include.orchestration.corrections
import include.orchestration.defaults
import include.orchestration.extract
import include.orchestration.form
import include.orchestration.form_values
import include.orchestration.ingest
import include.orchestration.inputs_arrived
import include.orchestration.late_score
import include.orchestration.model_docs
import include.orchestration.night_docs
import include.orchestration.schedules
import include.orchestration.source_docs
import include.orchestration.verdicts  # noqa: F401
from include.orchestration import prompt_end

prompt_end.install()
