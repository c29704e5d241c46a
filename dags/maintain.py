"""The Airflow DAG maintain__lakehouse: the weekly housekeeping of all tables."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable

from include.orchestration import defaults, form, form_fields, form_values, lakehouse_docs
from include.orchestration.job import JobOperator

with (
    DAG(
        dag_id="maintain__lakehouse",
        description="Weekly housekeeping of all tables",
        doc_md=lakehouse_docs.MAINTAIN,
        # No start date: the first run is the next Sunday's, and not last Sunday's as soon as the DAG is switched on.
        schedule=CronTriggerTimetable("0 4 * * 0", timezone="UTC"),
        **{**defaults.common("nightjar", "maintain"), "max_active_runs": 1},
    ),
    form_fields.shown(
        form.dry_run("the log of `maintain` lists which days retention would take, and nothing else is done")
    ),
):
    JobOperator(
        task_id="maintain",
        stage="maintain",
        options={"actor": form_values.ACTOR},
        switches={"dry-run": form_values.DRY_RUN},
    )
