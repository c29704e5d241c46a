"""Airflow DAGs monitor__<use_case>: measure drift and performance of a scored day, and request a retraining."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from include.orchestration import (
    apart,
    defaults,
    form,
    form_fields,
    form_values,
    night_docs,
    schedules,
    verdicts,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"monitor__{use_case.name}",
            description=f"Drift and performance of {use_case.title}",
            doc_md=night_docs.monitor(use_case),
            schedule=schedules.when_scored_or_matured(use_case),
            **defaults.common(use_case.owner, "monitor", use_case.name),
        ),
        form_fields.shown(form.days("monitor")),
    ):
        measure = JobOperator(
            task_id="measure",
            stage="monitor",
            options={
                "use-case": use_case.name,
                "partition": form_values.PARTITION,
                "through": form_values.THROUGH,
                "actor": form_values.ACTOR,
            },
            # The verdict of a day covers those before it: of two days at once each could miss the other.
            max_active_tis_per_dag=1,
        )
        branch = verdicts.choose_retraining(measure.output)
        request_retraining = TriggerDagRunOperator(
            task_id="request_retraining",
            trigger_dag_id=f"train__{use_case.name}",
            trigger_run_id=f"{form_values.RETRAIN}{verdicts.RETRAIN_FOR}",
            conf={"partition": verdicts.RETRAIN_FOR, "reason": verdicts.REASONS},
            logical_date=None,
            skip_when_already_exists=True,
        )
        all_quiet = EmptyOperator(task_id="all_quiet")
        report = JobOperator(
            task_id="report",
            stage="report",
            options={"use-case": use_case.name, "partition": form_values.LAST_DAY},
            execution_timeout=defaults.DAILY,
            background=True,
            needs_spark=False,
        )
        branch >> [request_retraining, all_quiet]
        if use_case.rollout.rollback_margin is not None:
            request_rollback = TriggerDagRunOperator(
                task_id="request_rollback",
                trigger_dag_id=f"rollback__{use_case.name}",
                trigger_run_id=verdicts.ROLLBACK_RUN,
                conf=verdicts.ROLLBACK,
                logical_date=None,
                skip_when_already_exists=True,
            )
            champion_stays = EmptyOperator(task_id="champion_stays")
            verdicts.choose_rollback(measure.output) >> [request_rollback, champion_stays]
        measure >> report
