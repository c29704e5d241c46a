"""The Airflow DAG alert__lakehouse: tells people what could not be told when it happened."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable

from include.orchestration import alerts, defaults, lakehouse_docs

with DAG(
    dag_id="alert__lakehouse",
    description="Messages that could not be sent when it happened",
    doc_md=lakehouse_docs.ALERT,
    schedule=CronTriggerTimetable("7 * * * *", timezone="UTC"),
    **{**defaults.common("nightjar", "alert"), "max_active_runs": 1},
):
    alerts.send_open()
